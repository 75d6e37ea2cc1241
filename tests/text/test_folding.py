import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.folding import LONGEST_KEY, comparable, expected_terms, fold, nearest


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Japhet Koome", "japhet koome"),
        ("  Joachim\n\tProhète ", "joachim prohete"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Zürich", "zurich"),
        ("Zu\u0308rich", "zurich"),
        ("50 ㎐", "50 hz"),
        ("Haïti’s", "haiti’s"),
        ("", ""),
    ],
)
def test_folding_takes_away_case_accents_and_spare_white_space(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=20))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_folding_twice_is_folding_once_for_every_letter() -> None:
    characters = map(chr, range(0x20000))  # Beyond are ideographs alone, which have neither case nor accents.
    assert [char for char in characters if fold(fold(char)) != fold(char)] == []


@given(st.text("ABCéÜñ ", max_size=20))
def test_case_makes_no_difference(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(text)


def test_a_long_text_is_compared_by_its_digest() -> None:
    assert comparable("Prohète") == "prohete"
    assert comparable("É" * LONGEST_KEY) == "e" * LONGEST_KEY
    assert comparable("É" * 201) == comparable("e" * 201) != comparable("e" * 202)
    assert len(comparable("e" * 100_000)) <= LONGEST_KEY


def test_the_nearest_word_is_found_and_nothing_is_guessed_from_afar() -> None:
    assert nearest("organization", ["person", "organisation", "organ"]) == "organisation"
    assert nearest("xyz", ["person", "organisation"]) is None
    assert nearest("xyz", []) is None


def test_terms_are_read_off_pydantics_list_of_them() -> None:
    assert expected_terms("'occurred', 'ongoing' or 'planned'") == ["occurred", "ongoing", "planned"]
    assert expected_terms("'evidence'") == ["evidence"]

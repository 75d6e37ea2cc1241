import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text import passages
from app.text.folding import fold
from app.text.passages import BEFORE, LOOKED_THROUGH, WIDEST, WORD, passage, words_in

LONG = " ".join(f"word{number}" for number in range(100))


def test_matches_stand_between_asterisks_whatever_their_case_and_accents() -> None:
    assert passage("Prohète met PROHETE, twice.", words_in("prohete")) == "**Prohète** met **PROHETE**, twice."
    assert passage("Koome met Gabow.", words_in("gabow koome")) == "**Koome** met **Gabow**."
    assert passage("A policeman met the police.", words_in("police")) == "A policeman met the **police**."


def test_a_passage_is_cut_around_its_first_match() -> None:
    found = passage(LONG, words_in("word50"))
    assert found.startswith(f"…word{50 - BEFORE} ")
    assert "**word50**" in found
    assert found.endswith(f" word{50 - BEFORE + WIDEST - 1}…")
    assert len(WORD.findall(found)) == WIDEST
    assert passage(LONG, words_in("word99")).endswith("**word99**")
    assert passage(LONG, words_in("word0")).startswith("**word0** word1")


def test_where_no_match_is_near_the_text_is_shown_from_its_beginning() -> None:
    assert passage("Ada spoke.", words_in("bob")) == "Ada spoke."
    assert passage("a " * LOOKED_THROUGH + "bob", words_in("bob")).startswith("a a a")
    assert passage("...", words_in("bob")) == ""
    assert passage("", words_in("bob")) == ""


@pytest.mark.parametrize("words", [26, 49, 50, 51, 74, 499, 500, 501, 800])
@pytest.mark.parametrize("at", [0, 8, 25, 26, 34, 35, 48, 49, 50, 58, 476, 484, 485, 498, 499, 500, 799])
def test_among_how_many_words_it_looks_first_makes_no_difference(
    monkeypatch: pytest.MonkeyPatch, words: int, at: int
) -> None:
    text = "(" + ", ".join("here" if number == at else "there" for number in range(words)) + ")"
    found = passage(text, words_in("here"))
    assert ("**here**" in found) == (at < words)
    monkeypatch.setattr(passages, "TRIED", (0,))
    assert passage(text, words_in("here")) == found


@given(st.text(st.sampled_from("aáB ,\n-_1é💥"), max_size=300), st.sampled_from(["a", "b", "A b", "é", "1", "_"]))
def test_a_passage_is_a_part_of_the_text_that_has_the_first_match(text: str, words: str) -> None:
    found = passage(text, words_in(words))
    assert re.sub(r"\*\*|…", "", found) in text
    assert len(WORD.findall(found)) <= WIDEST
    wanted = {fold(word) for word in WORD.findall(words)}
    assert ("**" in found) == any(fold(word) in wanted for word in WORD.findall(text))


@pytest.mark.parametrize("words", ["a.b", "(", "a*", "[x"])
def test_nothing_in_the_words_acts_as_a_pattern(words: str) -> None:
    assert passage("x y", words_in(words)).replace("*", "") == "x y"

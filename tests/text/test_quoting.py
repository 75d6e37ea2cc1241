from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.quoting import (
    CONTEXT,
    LONGEST_WORD,
    QuotationError,
    Span,
    UnfoundError,
    context,
    listed,
    locate,
    merged,
    nearest_words,
    occurrences,
    paragraph_at,
    paragraphs,
    printable,
    shown,
    whole_words,
    words,
)

# Few letters, so that words repeat and overlap; white space of several kinds; letters of two and four bytes.
TEXTS = st.text("ab é😀’-.\n\t\u00a0\u2028", max_size=120)


@st.composite
def quotations(draw: st.DrawFn) -> tuple[str, Span]:
    """A text and a place in it."""
    text = draw(TEXTS.filter(bool))
    start = draw(st.integers(0, len(text) - 1))
    return text, Span(start, draw(st.integers(start + 1, len(text))))


def naive_places(text: str, exact: str) -> list[int]:
    return [start for start in range(len(text)) if text[start : start + len(exact)] == exact]


@given(quotations())
def test_locating_the_nth_occurrence_is_the_inverse_of_slicing(quotation: tuple[str, Span]) -> None:
    text, span = quotation
    exact = text[span.start : span.end]
    nth = naive_places(text, exact).index(span.start) + 1
    assert locate(text, exact, nth=nth) == span


@given(quotations())
def test_everything_before_and_after_a_place_singles_it_out(quotation: tuple[str, Span]) -> None:
    text, span = quotation
    exact = text[span.start : span.end]
    marked = f"<{text[: span.start]}[{exact}]{text[span.end :]}>"
    place = Span(span.start + 2, span.end + 2)
    assert locate(marked, exact, prefix=marked[: place.start], suffix=marked[place.end :]) == place


@given(quotations())
def test_words_without_a_selector_are_found_if_and_only_if_they_occur_once(quotation: tuple[str, Span]) -> None:
    text, span = quotation
    exact = text[span.start : span.end]
    if len(naive_places(text, exact)) == 1:
        assert locate(text, exact) == span
    else:
        with pytest.raises(QuotationError, match=r"stand \d+ times"):
            locate(text, exact)


@given(st.text("ab", max_size=12), st.text("ab", min_size=1, max_size=3))
def test_occurrences_are_all_places_overlapping_ones_included(text: str, exact: str) -> None:
    assert [span.start for span in occurrences(text, exact)] == naive_places(text, exact)


def test_words_that_occur_twice_need_a_selector() -> None:
    with pytest.raises(QuotationError) as caught:
        locate("One unit met one other unit.", "unit")
    assert str(caught.value) == ("the words ‘unit’ stand 2 times, at 4-8, 23-27: add a `prefix`, a `suffix` or `nth`")


@pytest.mark.parametrize(
    ("prefix", "suffix", "nth", "start"),
    [
        ("One", None, None, 4),
        ("One ", None, None, 4),
        ("other", None, None, 23),
        (None, " met", None, 4),
        (None, "met", None, 4),
        (None, ".", None, 23),
        ("one other ", ".", None, 23),
        (None, None, 1, 4),
        (None, None, 2, 23),
        ("other", None, 1, 23),
    ],
)
def test_a_selector_tells_the_places_apart(prefix: str | None, suffix: str | None, nth: int | None, start: int) -> None:
    assert locate("One unit met one other unit.", "unit", prefix, suffix, nth) == Span(start, start + 4)


@pytest.mark.parametrize(
    ("prefix", "suffix", "nth", "message"),
    [
        ("no", None, None, "the words ‘unit’ stand at 4-8, 23-27, but never with that prefix and suffix"),
        ("One", ".", None, "the words ‘unit’ stand at 4-8, 23-27, but never with that prefix and suffix"),
        (None, None, 3, "nth is 3, but the words ‘unit’ stand only at 4-8, 23-27"),
        ("other", None, 2, "nth is 2, but the words ‘unit’ stand only at 23-27"),
    ],
)
def test_a_selector_that_fits_no_place_is_refused(
    prefix: str | None, suffix: str | None, nth: int | None, message: str
) -> None:
    with pytest.raises(QuotationError) as caught:
        locate("One unit met one other unit.", "unit", prefix, suffix, nth)
    assert str(caught.value) == message


def test_words_that_are_not_in_the_text_are_said_to_be_nowhere() -> None:
    with pytest.raises(UnfoundError) as caught:
        locate("aaaa aaaa", "zzzzzz")
    assert str(caught.value) == "the words ‘zzzzzz’ are not in the text"


def test_the_nearest_words_are_whole_ones() -> None:
    text = "The delegation, led by Joachim Prohete, arrived."
    near = nearest_words(text, "led by Joachim Prophete")
    assert near == Span(16, 39)
    assert text[near.start : near.end] == "led by Joachim Prohete,"


def test_words_unlike_anything_in_the_text_are_near_to_nothing() -> None:
    assert nearest_words("aaaa aaaa", "zzzzzz") is None


def test_words_that_stand_everywhere_are_no_quotation() -> None:
    with pytest.raises(QuotationError, match=r"stand more than 1000 times: quote more of the text"):
        locate("a" * 1001, "a", nth=5)
    assert locate("a" * 1000, "a", nth=1000) == Span(999, 1000)


@given(quotations())
def test_context_is_what_stands_around_the_words(quotation: tuple[str, Span]) -> None:
    text, span = quotation
    prefix, suffix = context(text, span)
    assert text[: span.start].endswith(prefix)
    assert text[span.end :].startswith(suffix)
    assert len(prefix) >= min(CONTEXT, span.start)
    assert len(suffix) >= min(CONTEXT, len(text) - span.end)
    assert len(prefix) <= CONTEXT + LONGEST_WORD
    assert len(suffix) <= CONTEXT + LONGEST_WORD


@given(quotations())
def test_context_is_no_wider_than_whole_words_need(quotation: tuple[str, Span]) -> None:
    prefix, suffix = context(*quotation)
    if len(prefix) > CONTEXT:
        assert not any(char.isspace() for char in prefix[: 1 - CONTEXT])
    if len(suffix) > CONTEXT:
        assert not any(char.isspace() for char in suffix[CONTEXT - 1 :])


@given(quotations())
def test_context_never_cuts_a_word(quotation: tuple[str, Span]) -> None:
    text, span = quotation
    prefix, suffix = context(text, span)
    first, last = span.start - len(prefix), span.end + len(suffix)
    if first > 0 and len(prefix) < CONTEXT + LONGEST_WORD:
        assert text[first].isspace() or text[first - 1].isspace()
    if last < len(text) and len(suffix) < CONTEXT + LONGEST_WORD:
        assert text[last - 1].isspace() or text[last].isspace()


def test_context_of_a_text_without_spaces_stays_short() -> None:
    prefix, suffix = context("x" * 1000, Span(500, 501))
    assert len(prefix) == len(suffix) == CONTEXT + LONGEST_WORD


def test_whole_words_widens_to_the_words_it_touches() -> None:
    assert whole_words("one two three", Span(5, 9)) == Span(4, 13)


@given(TEXTS)
def test_paragraphs_cover_all_characters_but_white_space(text: str) -> None:
    covered = {offset for span in paragraphs(text) for offset in range(span.start, span.end)}
    assert {offset for offset, char in enumerate(text) if not char.isspace()} <= covered


@given(TEXTS)
def test_paragraphs_are_in_order_trimmed_and_without_blank_lines(text: str) -> None:
    found = paragraphs(text)
    for span in found:
        paragraph = text[span.start : span.end]
        assert paragraph == paragraph.strip() != ""
        assert all(line.strip() for line in paragraph.split("\n"))
    for before, after in pairwise(found):
        gap = text[before.end : after.start]
        assert gap.isspace()
        assert gap.count("\n") >= 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo", ["one\ntwo"]),
        ("one\n\ntwo", ["one", "two"]),
        ("one\n \t\ntwo\n", ["one", "two"]),
        ("\n\n one \n\n\n\n two\n three ", ["one", "two\n three"]),
        (" \n\n", []),
    ],
)
def test_blank_lines_divide_paragraphs(text: str, expected: list[str]) -> None:
    assert [text[span.start : span.end] for span in paragraphs(text)] == expected


@given(TEXTS)
def test_a_paragraph_has_the_number_of_its_place_in_the_text(text: str) -> None:
    found = paragraphs(text)
    for number, span in enumerate(found, 1):
        assert {paragraph_at(found, offset) for offset in range(span.start, span.end)} == {number}


def test_white_space_before_the_first_paragraph_counts_as_the_first() -> None:
    assert paragraph_at(paragraphs("\n\n one\n\ntwo"), 0) == 1


def test_words_keep_the_marks_inside_them() -> None:
    text = "Haiti’s 1,000-strong units (MSS) – in Port-au-Prince, NPS,s."
    assert [text[span.start : span.end] for span in words(text)] == [
        "Haiti’s", "1,000-strong", "units", "MSS", "in", "Port-au-Prince", "NPS,s",
    ]  # fmt: skip


SPANS = st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda pair: Span(pair[0], sum(pair)))


@given(st.lists(SPANS))
def test_merged_spans_are_disjoint_and_cover_the_same(spans: list[Span]) -> None:
    result = merged(spans)
    covered = [offset for span in result for offset in range(span.start, span.end)]
    assert set(covered) == {offset for span in spans for offset in range(span.start, span.end)}
    assert all(before.end < after.start for before, after in pairwise(result))


def test_long_words_are_shortened_in_the_middle() -> None:
    assert shown("a" * 50 + "b" * 50) == "‘" + "a" * 40 + " ... " + "b" * 40 + "’"
    assert shown("a" * 80) == "‘" + "a" * 80 + "’"


@given(st.text(st.characters(), max_size=30))
def test_what_is_printed_is_one_line_that_any_terminal_takes(text: str) -> None:
    assert printable(text).isprintable()
    printable(text).encode()


def test_printing_escapes_line_breaks_terminal_codes_and_lone_surrogates() -> None:
    assert printable("a\n\x1b[31m\ud800é") == "a\\x0a\\x1b[31m\\xd800é"


def test_many_places_are_listed_in_part() -> None:
    places = [Span(start, start + 1) for start in range(9)]
    assert listed(places[:8]) == "0-1, 1-2, 2-3, 3-4, 4-5, 5-6, 6-7, 7-8"
    assert listed(places) == listed(places[:8]) + ", ..."

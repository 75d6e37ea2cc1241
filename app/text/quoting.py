"""Finding quoted words in a text, and showing them with their surroundings.

Offsets count Unicode code points from 0, end-exclusive, as in the W3C Web Annotation Data Model's
TextPositionSelector; exact, prefix and suffix are those of its TextQuoteSelector.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

WORD = re.compile(r"\w+(?:[’'\-,.]\w+)*")
"""A run of letters, digits and the apostrophes, hyphens and separators inside it."""
CONTEXT = 20
"""Code points of context on either side, before it is widened to whole words."""
LONGEST_WORD = 40
"""How far at most the context is widened: text without spaces must not come along whole."""
WIDEST_JOIN = 100
"""White space that may stand between words and their prefix or suffix."""


class Span(NamedTuple):
    """Words of a text: `text[start:end]`."""

    start: int
    end: int


MOST_PLACES = 1000
"""How often words may occur of which one occurrence is meant: more are no quotation."""


class QuotationError(ValueError):
    """The quoted words are not in the text, or are in it more than once."""


class UnfoundError(QuotationError):
    """The quoted words are not in the text."""


def occurrences(text: str, words: str) -> Iterator[Span]:
    """Yield every place where the words stand in the text, overlapping ones included."""
    start = text.find(words)
    while start >= 0:
        yield Span(start, start + len(words))
        start = text.find(words, start + 1)


def locate(text: str, exact: str, prefix: str | None = None, suffix: str | None = None, nth: int | None = None) -> Span:
    """Return the one place that is meant.

    Args:
        text: the article's text.
        exact: the words, letter for letter.
        prefix: what stands right before them, spaces at the join included or not.
        suffix: what stands right after them, likewise.
        nth: which of the places that are left, counted from 1.

    Raises:
        UnfoundError: the words are nowhere.
        QuotationError: no place is left, or several are; the message says where to look.
    """
    everywhere = list(islice(occurrences(text, exact), MOST_PLACES + 1))
    if not everywhere:
        raise UnfoundError(not_in_the_text(exact))
    if len(everywhere) > MOST_PLACES:
        raise QuotationError(f"the words {shown(exact)} stand more than {MOST_PLACES} times: quote more of the text")
    places = [span for span in everywhere if _fits(text, span, prefix, suffix)]
    if not places:
        raise QuotationError(
            f"the words {shown(exact)} stand at {listed(everywhere)}, but never with that prefix and suffix"
        )
    if nth is not None:
        if nth > len(places):
            raise QuotationError(f"nth is {nth}, but the words {shown(exact)} stand only at {listed(places)}")
        return places[nth - 1]
    if len(places) > 1:
        raise QuotationError(
            f"the words {shown(exact)} stand {len(places)} times, at {listed(places)}: "
            "add a `prefix`, a `suffix` or `nth`"
        )
    return places[0]


def _fits(text: str, span: Span, prefix: str | None, suffix: str | None) -> bool:
    """Tell whether the span stands between prefix and suffix; white space at the joins may be left out."""
    if prefix:
        before = text[max(0, span.start - len(prefix) - WIDEST_JOIN) : span.start]
        if not (before.endswith(prefix) or before.rstrip().endswith(prefix.rstrip())):
            return False
    if suffix:
        after = text[span.end : span.end + len(suffix) + WIDEST_JOIN]
        return after.startswith(suffix) or after.lstrip().startswith(suffix.lstrip())
    return True


def not_in_the_text(words: str) -> str:
    """Say that the words are not in the text."""
    return f"the words {shown(words)} are not in the text"


def effort(text: str, words: str) -> int:
    """Return how many nanoseconds it may take to find the nearest words, more than it does with most texts."""
    return len(text) * (32 + len(words)) * (1 + len(words) // 64)


def nearest_words(text: str, words: str) -> Span | None:
    """Return the words of the text, whole ones, that are most like the given ones; None where none are.

    It takes `effort(text, words)`.
    """
    from rapidfuzz import fuzz  # Here, as who reads evidence needs none of it.

    found = fuzz.partial_ratio_alignment(words, text, score_cutoff=60)
    if found is None or found.dest_start == found.dest_end:
        return None
    near = whole_words(text, Span(found.dest_start, found.dest_end))
    nearest = text[near.start : near.end].strip()
    start = text.index(nearest, near.start)
    return Span(start, start + len(nearest))


def context(text: str, span: Span) -> tuple[str, str]:
    """Return what stands before and after the span: at least 20 code points where there are, in whole words."""
    wide = whole_words(text, Span(max(0, span.start - CONTEXT), min(len(text), span.end + CONTEXT)))
    return text[wide.start : span.start], text[span.end : wide.end]


def whole_words(text: str, span: Span) -> Span:
    """Widen the span until neither end cuts a word (a run without white space), within bounds."""
    start, end = span.start, span.end
    lowest, highest = max(0, start - LONGEST_WORD), min(len(text), end + LONGEST_WORD)
    while start > lowest and not text[start].isspace() and not text[start - 1].isspace():
        start -= 1
    while end < highest and not text[end - 1].isspace() and not text[end].isspace():
        end += 1
    return Span(start, end)


def paragraphs(text: str) -> list[Span]:
    """Return the paragraphs: what blank lines (of white space at most) divide, without the white space around."""
    return [Span(match.start(), match.end()) for match in re.finditer(r"\S(?:.|\n(?!\s*\n))*(?<!\s)", text)]


def paragraph_at(places: list[Span], offset: int) -> int:
    """Return the number, from 1, of the paragraph (of `paragraphs(text)`) that holds the offset."""
    return max(1, bisect_right(places, offset, key=lambda place: place.start))


def words(text: str) -> list[Span]:
    """Return the words, each a `WORD`."""
    return [Span(match.start(), match.end()) for match in WORD.finditer(text)]


def merged(spans: list[Span]) -> list[Span]:
    """Return the same places as disjoint spans in order."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return result


def shown(words: str, longest: int = 80) -> str:
    """Return the words in quotation marks, shortened in the middle when long, safe to print."""
    if len(words) > longest:
        words = f"{words[: longest // 2]} ... {words[-longest // 2 :]}"
    return f"‘{printable(words)}’"


def printable(words: str) -> str:
    """Return the words on one line, with escapes for what a terminal would obey, hide or fail to encode."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in words)


def listed(places: list[Span], most: int = 8) -> str:
    """Return the places as readable offsets, a few of them when there are many."""
    return ", ".join(f"{span.start}-{span.end}" for span in places[:most]) + (", ..." if len(places) > most else "")

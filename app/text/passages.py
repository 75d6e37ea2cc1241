"""Showing where words stand in a text."""

import re
from functools import lru_cache
from itertools import islice
from unicodedata import normalize

from app.text.folding import fold

WIDEST = 24
"""Words of a passage."""
BEFORE = 8
"""Words of a passage that stand before its first match."""
LOOKED_THROUGH = 200_000
"""Code points from the start of a text in which a passage is looked for."""
MARK = "**"
"""Stands around a match."""
WORD = re.compile(r"[^\W_]+")


def words_in(question: str) -> frozenset[str]:
    """Return the words that are looked for, without case and accents."""
    return frozenset(fold(word) for word in WORD.findall(normalize("NFC", question)))


def passage(text: str, wanted: frozenset[str]) -> str:
    """Return the first passage in which one of the words occurs, its matches between asterisks.

    Case and accents make no difference. Where none of the words occurs early enough, it is the text's beginning.
    """
    text = text[:LOOKED_THROUGH]
    first = next((number for number, word in enumerate(WORD.finditer(text)) if _folded(word[0]) in wanted), 0)
    start = max(0, first - BEFORE)
    shown = list(islice(WORD.finditer(text), start, start + WIDEST + 1))
    cut, shown = len(shown) > WIDEST, shown[:WIDEST]
    if not shown:
        return ""
    pieces, end = ["…" if start else text[: shown[0].start()]], shown[0].start()
    for word in shown:
        marks = MARK if _folded(word[0]) in wanted else ""
        pieces += [text[end : word.start()], marks, word[0], marks]
        end = word.end()
    return "".join([*pieces, "…" if cut else text[end:]])


@lru_cache(maxsize=65536)
def _folded(word: str) -> str:
    return fold(word)

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
    words, shown, start = WORD.finditer(text), [], 0
    for word in words:
        shown.append(word)
        if _folded(word[0]) in wanted:
            break
        if len(shown) > BEFORE:
            del shown[0]
            start += 1
    else:
        words, shown, start = WORD.finditer(text), [], 0
    shown += islice(words, WIDEST + 1 - len(shown))
    cut, shown = len(shown) > WIDEST, shown[:WIDEST]
    if not shown:
        return ""
    begin, end = shown[0].start(), shown[-1].end()
    pieces = ["…" if start else text[:begin]]
    for word in shown:
        if _folded(word[0]) in wanted:
            pieces += text[begin : word.start()], MARK, word[0], MARK
            begin = word.end()
    return "".join([*pieces, text[begin:end], "…" if cut else text[end:]])


@lru_cache(maxsize=65536)
def _folded(word: str) -> str:
    return fold(word)

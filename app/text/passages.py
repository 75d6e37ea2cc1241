"""Showing where words stand in a text."""

import re
from functools import lru_cache
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
TRIED = (50, 500, 0)
"""Among how many words a match is looked for, and among how many after that: it is seldom far from the beginning. 0 is
all."""
WORD = re.compile(r"[^\W_]+")
WORDS_APART = re.compile(f"({WORD.pattern})")
"""Splits a text into words and what stands between them, by turns."""


def words_in(question: str) -> frozenset[str]:
    """Return the words that are looked for, without case and accents."""
    return frozenset(fold(word) for word in WORD.findall(normalize("NFC", question)))


def passage(text: str, wanted: frozenset[str]) -> str:
    """Return the first passage in which one of the words occurs, its matches between asterisks.

    Case and accents make no difference. Where none of the words occurs early enough, it is the text's beginning.
    """
    text = text[:LOOKED_THROUGH]
    for most in TRIED:
        parts = WORDS_APART.split(text, most)
        words = parts[1::2]
        matches = [number for number, word in enumerate(map(_folded, words)) if word in wanted]
        start = max(0, matches[0] - BEFORE) if matches else 0
        end = start + WIDEST
        if len(words) < most or (matches and end < len(words)):
            break
    if not words:
        return ""
    for number in matches:
        parts[2 * number + 1] = f"{MARK}{words[number]}{MARK}"
    shown = parts[2 * start + 1 : 2 * min(end, len(words))]
    return "".join(["…" if start else parts[0], *shown, "…" if end < len(words) else parts[-1]])


@lru_cache(maxsize=65536)
def _folded(word: str) -> str:
    return fold(word)

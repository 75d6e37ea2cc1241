"""Folding: text as people compare it, without case and accents."""

import difflib
import re
import unicodedata
from collections.abc import Iterable

LONGEST_WORD = 200
"""Characters of a word that can have been meant as another: comparing longer ones takes too long."""


def fold(text: str) -> str:
    """Return the text without case, accents and surrounding white space, as sorting and comparing see it."""
    decomposed = unicodedata.normalize("NFKD", text)  # First: ‘㎐’ has no case until it comes apart into ‘Hz’.
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).casefold().split())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like `word`, or None when none is like it at all."""
    if len(word) > LONGEST_WORD:
        return None
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def expected_terms(expected: str) -> list[str]:
    """Return the terms of pydantic's list of them: `'a', 'b' or 'c'`."""
    return re.findall(r"'([^']*)'", expected)

"""Folding: text as people compare it, without case and accents."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

LONGEST_KEY: Final = 200
"""Characters of a text that an index holds."""


def fold(text: str) -> str:
    """Return the text without case, accents and surrounding white space, as sorting and comparing see it."""
    if not text.isascii():  # First: ‘㎐’ has no case until it comes apart into ‘Hz’.
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(text.casefold().split())


def comparable(text: str) -> str:
    """Return the folded text, or its digest where it is too long to stand in an index: equal for equal texts."""
    folded = fold(text)
    return folded if len(folded) <= LONGEST_KEY else f"#{hashlib.sha256(folded.encode()).hexdigest()}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like `word`, or None when none is like it at all."""
    from rapidfuzz import fuzz, process  # Here, as answers without a fault need none of it.

    found = process.extractOne(word, list(known), scorer=fuzz.ratio, score_cutoff=60)
    return found and found[0]


def expected_terms(expected: str) -> list[str]:
    """Return the terms of pydantic's list of them: `'a', 'b' or 'c'`."""
    return re.findall(r"'([^']*)'", expected)

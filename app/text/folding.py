"""Folding: text as people compare it, without case and accents."""

import re
import unicodedata
from collections.abc import Iterable


def fold(text: str) -> str:
    """Return the text without case, accents and surrounding white space, as sorting and comparing see it."""
    decomposed = unicodedata.normalize("NFKD", text)  # First: ‘㎐’ has no case until it comes apart into ‘Hz’.
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).casefold().split())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like `word`, or None when none is like it at all."""
    from rapidfuzz import fuzz, process  # Here, as answers without a fault need none of it.

    found = process.extractOne(word, list(known), scorer=fuzz.ratio, score_cutoff=60)
    return found and found[0]


def expected_terms(expected: str) -> list[str]:
    """Return the terms of pydantic's list of them: `'a', 'b' or 'c'`."""
    return re.findall(r"'([^']*)'", expected)

"""Prepared items: JSON with a gap for each piece of evidence, so that one text serves with and without it."""

from typing import Final

GAP: Final = b"\x1e"
"""A byte that JSON never holds: it escapes control characters."""


def without_evidence(item: bytes) -> bytes:
    """Return the item as lists show it, its evidence null."""
    return item.replace(GAP, b"null")


def with_evidence(item: bytes, evidence: bytes) -> bytes:
    """Return the item with the evidence in its gaps."""
    pieces = item.split(GAP)
    filled = [pieces[0]]
    if len(pieces) > 1:
        for fill, piece in zip(evidence.split(GAP), pieces[1:], strict=True):
            filled += fill, piece
    return b"".join(filled)

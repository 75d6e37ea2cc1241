"""Content codings: which one a client takes, and bodies in it (RFC 9110, sections 8.4 and 12.5.3)."""

import gzip
from functools import lru_cache
from typing import Final

from zstandard import ZstdCompressor

IDENTITY: Final = ""
ZSTD: Final = "zstd"
GZIP: Final = "gzip"
CODINGS: Final = (ZSTD, GZIP)
"""What bodies can be compressed with, the better one first."""
SMALLEST: Final = 1024
"""Bytes of a body that compression makes worth its while: less fits into one packet anyway."""
GZIP_LEVEL: Final = 5
ZSTD_LEVEL: Final = 3


@lru_cache(maxsize=256)
def preferred(accepted: bytes | None) -> str:
    """Return the coding to answer in, by the `Accept-Encoding` header; `identity`, as "", where none is wanted more."""
    if accepted is None:
        return IDENTITY
    weights = dict(_weighted(part) for part in accepted.decode("latin-1").lower().split(","))
    others = weights.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else IDENTITY


def _weighted(part: str) -> tuple[str, float]:
    coding, _, parameter = part.partition(";")
    name, _, value = parameter.partition("=")
    if not name.strip():
        return coding.strip(), 1.0
    try:
        weight = float(value)
    except ValueError:
        weight = 0.0
    return coding.strip(), weight if name.strip() == "q" and 0 < weight <= 1 else 0.0


def encoded(body: bytes, coding: str) -> bytes:
    """Return the body in the coding."""
    if coding == ZSTD:
        return ZstdCompressor(ZSTD_LEVEL).compress(body)
    return gzip.compress(body, GZIP_LEVEL, mtime=0)  # always the same bytes, as a strong ETag promises


def tagged(etag: str, coding: str) -> str:
    """Return the strong ETag of a body in a coding: other bytes, so another tag (RFC 9110, section 8.8.3.3)."""
    return f'{etag[:-1]}-{coding}"' if coding else etag


def untagged(etag: str) -> tuple[str, str]:
    """Return the ETag without its coding, and the coding."""
    for coding in CODINGS:
        if etag.endswith(f'-{coding}"'):
            return f'{etag[: -len(coding) - 2]}"', coding
    return etag, IDENTITY

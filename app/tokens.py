"""Tokens of those who may write: the server knows their hashes alone.

A token has 256 random bits, so a plain SHA-256 of it can neither be guessed nor turned round; a slow hash, made for
passwords that people think up, would only slow the server down.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

PREFIX = "dateline_"
"""Lets people and scanners see what it is, should one turn up where it does not belong."""


def make_token() -> str:
    """Return a new token."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Return the SHA-256 of the token, in lower-case hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def writer_of(token: str, hashes: Mapping[str, str]) -> str | None:
    """Return the name of the writer whose token this is, None when it is nobody's.

    The time it takes says nothing of how much of a hash is right, nor of whose it is.
    """
    found = None
    given = hash_of(token)
    for name, known in hashes.items():
        if hmac.compare_digest(given, known):
            found = name
    return found

"""Answers to reads: bytes, in the coding that the client prefers, with their headers."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from app.encoding import SMALLEST, encoded, preferred, tagged

JSON: Final = b"application/json"
Header = tuple[bytes, bytes]
FRESH: Final = (b"cache-control", b"no-cache")
VARIES: Final = (b"vary", b"Accept-Encoding")
REVISION: Final = "X-Dateline-Revision"
"""The header in which a write says what it has made, and a read how much its answer has to know."""


class Answer(Response):
    """An answer of 200 to a read, put together already; the framework passes it on as it is."""

    body: bytes

    def __init__(self, body: bytes, etag: str, token: str, headers: Sequence[Header]) -> None:
        self.status_code = HTTPStatus.OK
        self.background = None
        self.body = body
        self.raw_headers = list(headers)
        self.etag = etag
        self.token = token
        """The mark of the load after which it is true."""


def make_answer(
    body: bytes,
    etag: str,
    token: str,
    accepted: bytes | None,
    media_type: bytes = JSON,
    more: Sequence[Header] = (),
) -> Answer:
    """Return the answer in the coding that the client prefers.

    Args:
        body: what is answered.
        etag: its strong ETag, as it stands.
        token: the mark of the load after which it is true.
        accepted: the request's `Accept-Encoding`.
        media_type: the body's.
        more: further headers.
    """
    headers = [(b"content-type", media_type), FRESH, VARIES, *more]
    coding = preferred(accepted)
    if coding and len(body) >= SMALLEST:
        body = encoded(body, coding)
        etag = tagged(etag, coding)
        headers.append((b"content-encoding", coding.encode()))
    headers += (b"etag", etag.encode()), (b"content-length", b"%d" % len(body))
    return Answer(body, etag, token, headers)


def as_json(value: BaseModel | bytes) -> bytes:
    """Return a wire model as JSON; what is JSON already stays as it is."""
    return value if isinstance(value, bytes) else to_json(value)

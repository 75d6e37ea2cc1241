"""Plain requests: those for a read, with nothing about them that only the application answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from httptools import HttpRequestParser, parse_url

DEMANDING: Final = frozenset((b"content-length", b"transfer-encoding", b"expect", b"if-match"))
"""Headers of a request that only the application answers: it brings a body, or wants one version and no other."""
OWN: Final = frozenset((b"authorization", b"cookie", b"x-request-id"))
"""Headers that others do not send letter for letter, or that are nobody's business once they are read."""
LONGEST: Final = 2_048
"""Bytes of a request that is remembered."""
MOST_HEADERS: Final = 30
"""Headers of one: each takes several times as much memory as its bytes."""
MOST: Final = 1_000
"""Requests that are remembered: together some megabytes."""


@dataclass(frozen=True)
class PlainRequest:
    """A request that the protocol may answer by itself."""

    url: bytes
    headers: Mapping[bytes, bytes]

    @classmethod
    def parsed(cls, parser: HttpRequestParser, url: bytes, headers: list[tuple[bytes, bytes]]) -> "PlainRequest | None":
        """Return the request that a parser has come to the end of the headers of; None if it is not a plain one."""
        found = dict(headers)
        is_plain = (
            parser.get_method() == b"GET"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and len(found) == len(headers)
            and DEMANDING.isdisjoint(found)
        )
        return cls(url, found) if is_plain else None

    def scope(self) -> dict[str, Any]:
        """Return the request as reads take it, its path as uvicorn has it."""
        url = parse_url(self.url)
        return {
            "type": "http",
            "method": "GET",
            "path": unquote(url.path.decode("ascii")),
            "raw_path": url.path,
            "query_string": url.query or b"",
            "headers": list(self.headers.items()),
        }


class KnownRequests:
    """Remembers what plain requests say: clients send the same again, and to parse it takes longer than to answer."""

    def __init__(self) -> None:
        self._requests: dict[bytes, PlainRequest] = {}

    def find(self, data: bytes) -> PlainRequest | None:
        """Return the request that these bytes are, if it is remembered."""
        return self._requests.get(data) if len(data) <= LONGEST else None  # To hash much takes longer than to parse it.

    def remember(self, data: bytes, request: PlainRequest) -> None:
        """Remember that these bytes are this request and nothing more; the oldest one is forgotten for it."""
        if len(data) > LONGEST or len(request.headers) > MOST_HEADERS or not OWN.isdisjoint(request.headers):
            return
        self._requests[data] = request
        if len(self._requests) > MOST:
            del self._requests[next(iter(self._requests))]

"""Plain requests: which are, and which are remembered."""

from contextlib import suppress
from typing import Any

import pytest
from httptools import HttpParserUpgrade, HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st

from app.plain import LONGEST, MOST, MOST_HEADERS, KnownRequests, PlainRequest


def request(*headers: bytes, url: bytes = b"/people") -> PlainRequest:
    return PlainRequest(url, dict.fromkeys(headers, b"x"))


class Collecting:
    """What a parser tells of a request."""

    def __init__(self, data: bytes) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.found: PlainRequest | None = None
        self.parser = HttpRequestParser(self)
        with suppress(HttpParserUpgrade):
            self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.found = PlainRequest.parsed(self.parser, self.url, self.headers)


def test_a_plain_request_is_as_the_application_would_have_it() -> None:
    found = Collecting(b"GET /people/%C3%A9?q=a+b&q= HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n").found
    assert found is not None
    assert found.scope() == {
        "type": "http",
        "method": "GET",
        "path": "/people/é",
        "raw_path": b"/people/%C3%A9",
        "query_string": b"q=a+b&q=",
        "headers": [(b"host", b"x"), (b"accept", b"*/*")],
    }


@pytest.mark.parametrize(
    "lines",
    [
        b"POST /people HTTP/1.1\r\nHost: x\r\n",
        b"HEAD /people HTTP/1.1\r\nHost: x\r\n",
        b"GET /people HTTP/1.0\r\nConnection: keep-alive\r\n",
        b"GET /people HTTP/1.1\r\nConnection: close\r\n",
        b"GET /people HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n",
        b"GET /people HTTP/1.1\r\nAccept: a\r\nAccept: b\r\n",
        b"GET /people HTTP/1.1\r\nIf-Match: *\r\n",
        b"GET /people HTTP/1.1\r\nContent-Length: 0\r\n",
    ],
)
def test_whatever_only_the_application_answers_is_not_plain(lines: bytes) -> None:
    assert Collecting(lines + b"\r\n").found is None


@given(st.lists(st.integers(0, 2 * MOST), max_size=3 * MOST, unique=True))
def test_the_newest_requests_are_remembered_and_no_more(numbers: list[int]) -> None:
    known, requests = KnownRequests(), {b"%d" % number: request(url=b"/%d" % number) for number in numbers}
    for data, each in requests.items():
        known.remember(data, each)
    for data, each in list(requests.items())[-MOST:]:
        assert known.find(data) is each
    for data in list(requests)[:-MOST]:
        assert known.find(data) is None


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (bytes(LONGEST + 1), ()),
        (b"much about itself", [b"%d" % number for number in range(MOST_HEADERS + 1)]),
        (b"its own id", (b"x-request-id",)),
        (b"a secret", (b"authorization",)),
        (b"a session", (b"cookie",)),
    ],
)
def test_what_is_long_or_somebodys_own_is_not_remembered(data: bytes, headers: Any) -> None:
    known = KnownRequests()
    known.remember(data, request(*headers))
    assert known.find(data) is None
    known.remember(data[:LONGEST], request(b"accept"))
    assert known.find(data[:LONGEST]) is not None

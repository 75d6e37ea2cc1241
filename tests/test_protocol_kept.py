"""Answers that the protocol gives by itself: as the application gave them, where nothing stands before them."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from app.kept import KeptAnswer, KeptAnswers
from app.middleware import ALWAYS
from app.reads import Reads
from tests.test_protocol import CLOSE, GET, POST, Run, answers_in, run, serving

__all__ = ["run"]  # a fixture

TAG = b'"tag"'
KEPT = b"from the shelf"
LATER = b"Content-Length: 0\r\nConnection: close\r\n\r\n"


def reads_with(kept: KeptAnswers) -> Reads:
    """Return reads of no path, that have seen a request go through the application."""
    reads = Reads(FastAPI(), [], kept)
    reads.is_untraced = True
    return reads


def shelf(token: str | None = "now") -> Reads:
    kept = KeptAnswers(1_000_000, lambda: token)
    headers = [(b"content-length", b"%d" % len(KEPT)), (b"etag", TAG), *ALWAYS]
    kept.keep(b"/people", None, KeptAnswer("now", TAG, headers, KEPT, "/people", b"", "/people"))
    return reads_with(kept)


def get(*headers: bytes, target: bytes = b"/people", version: bytes = b"1.1") -> bytes:
    lines = b"".join(b"%b\r\n" % header for header in headers)
    return b"GET %b HTTP/%b\r\nHost: x\r\n%b\r\n" % (target, version, lines)


def test_a_kept_answer_is_given_without_the_application(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await line.connect()
            for _ in range(3):
                writer.write(get(b"X-Request-ID: mine"))
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200 OK\r\n")
                assert b"x-request-id: mine\r\n" in head
                assert all(b"%b: %b\r\n" % header in head for header in ALWAYS)
                assert await reader.readexactly(len(KEPT)) == KEPT
            assert line.app.paths == []
            assert line.state.total_requests == 3
            assert line.metrics.answering == 0

    run(main())


def test_who_has_it_is_told_so(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await line.connect()
            writer.write(get(b"If-None-Match: " + TAG))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 304 Not Modified\r\n")
            assert b"etag: " + TAG in head
            assert b"content-length" not in head
            writer.write(get(b"If-None-Match: " + TAG) * 2)
            for _ in range(2):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 304")
            assert line.app.paths == []

    run(main())


UNLIKE = {
    "another URL": get(target=b"/people?"),
    "a URL in full": get(target=b"http://x/people"),
    "another method": b"HEAD /people HTTP/1.1\r\nHost: x\r\n\r\n",
    "a body": get(b"Content-Length: 0"),
    "a body in chunks": get(b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "an expectation": get(b"Expect: 100-continue"),
    "another coding": get(b"Accept-Encoding: gzip"),
    "other tags": get(b'If-None-Match: "other", ' + TAG),
    "a version that is wanted": get(b"If-Match: " + TAG),
    "a weak tag": get(b"If-None-Match: W/" + TAG),
    "a header twice": get(b"If-None-Match: " + TAG, b'If-None-Match: "other"'),
    "an old version": get(b"Connection: keep-alive", version=b"1.0"),
    "the last request": CLOSE,
}


@pytest.mark.parametrize("request_line", UNLIKE.values(), ids=list(UNLIKE))
def test_whatever_is_not_a_plain_read_goes_to_the_application(run: Run, request_line: bytes) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await line.connect()
            writer.write(request_line)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 ")
            assert len(line.app.paths) == 1

    run(main())


@pytest.mark.parametrize("token", ["later", None])
def test_an_answer_that_a_load_has_outdated_is_not_given(run: Run, token: str | None) -> None:
    async def main() -> None:
        async with serving(shelf(token)) as line:
            assert answers_in(await line.says(GET, CLOSE)) == [(200, False), (200, True)]
            assert line.app.paths == ["/people", "/people"]

    run(main())


def test_answers_come_in_the_order_of_their_requests(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            line.app.answer = b"slow"
            line.app.go_on.clear()
            reader, writer = await line.connect()
            writer.write(get() + get(target=b"/slow") + get() + POST + LATER)
            assert (await reader.readuntil(KEPT)).startswith(b"HTTP/1.1 200")
            line.app.go_on.set()
            rest = await reader.read()
            assert answers_in(rest) == [(200, False), (200, False), (200, True)]
            # The one behind the slow one has to wait, and then goes the same way.
            assert line.app.paths == ["/slow", "/people", "/people"]

    run(main())


class Noting:
    """A transport that notes down what is written to it."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.transport.write(data)


def test_kept_answers_to_requests_that_came_together_are_written_together(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await line.connect()
            (connection,) = await line.connections()
            connection.transport = noting = Noting(connection.transport)  # type: ignore[assignment]
            for number in (1, 3):
                writer.write(get() * number)
                for _ in range(number):
                    await reader.readuntil(KEPT)
            assert [data.count(KEPT) for data in noting.written] == [1, 3]

    run(main())


def test_a_client_that_says_no_more_has_its_answers(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await line.connect()
            writer.write(get() * 3)
            writer.write_eof()
            assert answers_in(await reader.read()) == [(200, False)] * 3
            assert line.app.paths == []

    run(main())


def test_a_refusal_comes_after_the_answers_before_it(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            assert answers_in(await line.says(get() * 2 + b"nonsense\r\n\r\n")) == [(200, False)] * 2 + [(400, True)]
            assert line.app.paths == []

    run(main())


@pytest.mark.parametrize(("size", "requests"), [(1_000_000, 50), (20_000, 1_000)])
def test_a_client_that_does_not_read_is_given_no_more_than_the_buffers_take(run: Run, size: int, requests: int) -> None:
    async def main() -> None:
        kept = KeptAnswers(100_000_000, lambda: "now")
        body = bytes(size)
        headers = [(b"content-length", b"%d" % len(body))]
        kept.keep(b"/people", None, KeptAnswer("now", TAG, headers, body, "/people", b"", "/people"))
        async with serving(reads_with(kept)) as line:
            _, writer = await line.connect(window=4096)
            writer.write(get() * requests)
            (connection,) = await line.connections()
            while not line.app.paths:
                await asyncio.sleep(0.01)
            assert connection.transport.get_write_buffer_size() < 5 * max(size, HIGH_WATER_LIMIT)

    run(main())


def test_when_a_stop_has_come_the_application_says_which_answer_is_the_last(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await line.connect()
            (connection,) = await line.connections()
            connection.shutdown()
            writer.write(GET)
            assert answers_in(await reader.read()) == [(200, True)]
            assert line.app.paths == ["/people"]

    run(main())


def test_requests_that_are_answered_at_once_are_counted(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await line.connect()
            writer.write(get() + get(b"If-None-Match: " + TAG))
            await reader.readuntil(b"HTTP/1.1 304")
            counted: Any = line.metrics.requests
            found = {labels: series._value.get() for labels, series in counted._metrics.items()}
            assert found == {("GET", "/people", "200"): 1, ("GET", "/people", "304"): 1}

    run(main())

"""Requests that are known letter for letter: answered without being parsed, and as if they were."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kept import KeptAnswer, KeptAnswers
from app.reads import Reads
from tests.test_protocol import CLOSE, GET, POST, Line, Run, answers_in, run, serving
from tests.test_protocol_kept import KEPT, LATER, TAG, get, reads_with, shelf

__all__ = ["run"]  # a fixture

MODIFIED = get(b"If-None-Match: " + TAG)


async def knowing(line: Line, *requests: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection on which the requests have been sent, each by itself, and answered."""
    reader, writer = await line.connect()
    for request in requests:
        writer.write(request)
        await reader.readuntil(KEPT if request != MODIFIED else b"\r\n\r\n")
    return reader, writer


class Unparsed:
    """A parser that is given nothing."""

    def feed_data(self, data: bytes) -> None:
        raise AssertionError(data)


def test_what_has_been_answered_is_answered_again_without_being_parsed(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            await knowing(line, GET, MODIFIED)
            reader, writer = await knowing(line)
            for connection in await line.connections():
                connection.parser = Unparsed()  # type: ignore[assignment]
            ids = set()
            for request, status in ((GET, b"200"), (MODIFIED, b"304"), (GET, b"200")):
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 " + status)
                ids.add(head.partition(b"x-request-id: ")[2][:32])
                if status == b"200":
                    assert await reader.readexactly(len(KEPT)) == KEPT
            assert len(ids) == 3
            assert line.app.paths == []
            assert line.state.total_requests == 5

    run(main())


def test_a_body_is_not_taken_for_the_request_that_it_looks_like(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await knowing(line, GET)
            writer.write(POST + b"Content-Length: %d\r\n\r\n" % len(GET))
            await asyncio.sleep(0.05)
            writer.write(GET)
            assert (await reader.readuntil(b"Hello")).startswith(b"HTTP/1.1 200")
            assert line.app.paths == ["/people"]
            writer.write(CLOSE)
            assert answers_in(await reader.read()) == [(200, True)]

    run(main())


def test_the_rest_of_a_body_that_nobody_waits_for_is_not_taken_for_a_request(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await knowing(line, GET)
            writer.write(b"POST /deaf HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(GET))
            await reader.readuntil(b"Hello")
            (connection,) = await line.connections()
            assert not connection.arriving
            writer.write(GET)
            await asyncio.sleep(0.05)
            writer.write(CLOSE)
            assert answers_in(await reader.read()) == [(200, True)]
            assert line.app.paths == ["/deaf", "/people"]

    run(main())


@pytest.mark.parametrize("behind", [b"", GET])
def test_half_a_request_is_not_remembered_as_one(run: Run, behind: bytes) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await line.connect()
            for _ in range(2):
                writer.write(GET[:20])
                await asyncio.sleep(0.05)
                writer.write(GET[20:] + behind)
                await reader.readuntil(KEPT)
                if behind:
                    await reader.readuntil(KEPT)
            writer.write(GET[20:] + behind)
            assert answers_in(await reader.read()) == [(400, True)]

    run(main())


def test_a_request_that_another_one_begins_behind_is_not_remembered_with_it(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await line.connect()
            for _ in range(2):
                writer.write(GET + GET[:20])
                await reader.readuntil(KEPT)
                writer.write(GET[20:])
                await reader.readuntil(KEPT)
            assert line.app.paths == []
            for _ in range(2):
                writer.write(GET * 3)
                for _ in range(3):
                    await reader.readuntil(KEPT)
            assert line.app.paths == []

    run(main())


def test_a_known_request_waits_for_the_answer_before_it(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await knowing(line, GET)
            line.app.answer = b"slow"
            line.app.go_on.clear()
            writer.write(get(target=b"/slow"))
            await asyncio.sleep(0.05)
            writer.write(GET)
            await asyncio.sleep(0.05)
            line.app.go_on.set()
            await reader.readuntil(b"slow")
            await reader.readuntil(b"slow")
            assert line.app.paths == ["/slow", "/people"]

    run(main())


def test_a_known_request_after_a_load_is_asked_anew(run: Run) -> None:
    async def main() -> None:
        marks = ["now"]
        kept = KeptAnswers(1_000_000, lambda: marks[-1])
        headers = [(b"content-length", b"%d" % len(KEPT)), (b"etag", TAG)]
        kept.keep(b"/people", None, KeptAnswer("now", TAG, headers, KEPT, "/people", b"", "/people"))
        async with serving(reads_with(kept)) as line:
            reader, writer = await knowing(line, GET, GET)
            marks.append("later")
            writer.write(GET)
            await reader.readuntil(b"Hello")
            assert line.app.paths == ["/people"]

    run(main())


def test_a_known_request_after_a_stop_is_told_that_it_is_the_last(run: Run) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await knowing(line, GET)
            (connection,) = await line.connections()
            connection.shutdown()
            writer.write(GET)
            assert answers_in(await reader.read()) == [(200, True)]

    run(main())


class Forgetful(Reads):
    """Reads that know no request."""

    def __init__(self, other: Reads) -> None:
        super().__init__(other.app, [], other.kept)
        self.is_untraced = True
        self.known.remember = lambda *_: None  # type: ignore[method-assign]


MESSAGES = st.sampled_from(
    [GET, GET, MODIFIED, get(target=b"/other"), POST + b"Content-Length: %d\r\n\r\n" % len(GET) + GET, POST + LATER]
)


@settings(max_examples=40)
@given(st.lists(MESSAGES, min_size=1, max_size=6), st.lists(st.integers(0, 400), max_size=4))
def test_however_requests_are_cut_into_pieces_the_answers_are_the_same(messages: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(messages)
    ends = [sum(map(len, messages[: index + 1])) for index in range(len(messages))]
    borders = sorted({0, *(cut for cut in cuts if cut < len(whole)), *ends})
    pieces = [whole[start:end] for start, end in pairwise(borders)]

    async def answers(reads: Reads) -> list[Any]:
        async with serving(reads) as line:
            await knowing(line, GET, MODIFIED)
            reader, _ = await knowing(line)
            (connection,) = [each for each in await line.connections() if each.cycle is None and not each.answered]
            for piece in pieces:
                if not connection.transport.is_closing():
                    connection.data_received(piece)
                    await asyncio.sleep(0.001)
            await connection_end(connection)
            return [*answers_in(await reader.read()), line.app.paths]

    assert asyncio.run(answers(shelf())) == asyncio.run(answers(Forgetful(shelf())))


async def connection_end(connection: Any) -> None:
    """Let all answers be given, and close."""
    while connection.cycle is not None and not connection.cycle.response_complete:
        await asyncio.sleep(0)
    await asyncio.sleep(0.002)
    connection.transport.close()


@pytest.mark.parametrize("request_line", [GET, MODIFIED])
def test_a_known_request_is_counted_like_any_other(run: Run, request_line: bytes) -> None:
    async def main() -> None:
        async with serving(shelf()) as line:
            reader, writer = await line.connect()
            for _ in range(3):
                writer.write(request_line)
                await reader.readuntil(b"\r\n\r\n" if request_line == MODIFIED else KEPT)
            counted: Any = line.metrics.requests
            assert sum(series._value.get() for series in counted._metrics.values()) == 3
            assert line.state.total_requests == 3

    run(main())

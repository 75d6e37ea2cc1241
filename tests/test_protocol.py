"""The protocol by itself, on both event loops: bounds on sizes, time and connections, and how it stops."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import pytest
import uvloop
from starlette.types import Message, Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from app import protocol
from app.metrics import Metrics
from app.middleware import ALWAYS
from app.protocol import SLOWEST, BoundedProtocol
from app.reads import Reads
from app.settings import Settings

GET = b"GET /people HTTP/1.1\r\nHost: x\r\n\r\n"
CLOSE = b"GET /people HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /people HTTP/1.1\r\nHost: x\r\n"
BEGUN = b"GET /begun HTTP/1.1\r\nHost: x\r\n\r\n"
DEAF = b"POST /deaf HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
QUICK = 0.2
"""Seconds that a client is given where the test lets it take longer."""

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    with asyncio.Runner(loop_factory=request.param) as runner:
        yield lambda main: runner.run(asyncio.wait_for(main, 20))


class Application:
    """An application that reads the body, and answers when it may; `/deaf` does not read, `/begun` begins at once."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.events: list[str] = []
        self.answer = b"Hello"
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])
        more = scope["path"] != "/deaf"
        while more:
            message: Message = await receive()
            self.events.append(message["type"])
            more = message.get("more_body", False)
        length = str(len(self.answer)).encode()
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
        if scope["path"] == "/begun":
            await send(start)
            await self.go_on.wait()
        else:
            await self.go_on.wait()
            await send(start)
        await send({"type": "http.response.body", "body": self.answer})


class Line:
    """A server with the protocol on a port of its own, and connections to it."""

    def __init__(self, app: Application, state: ServerState, metrics: Metrics, port: int) -> None:
        self.app = app
        self.state = state
        self.metrics = metrics
        self.port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self, *, window: int | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection; with a `window` the client takes few bytes before it reads them."""
        client = socket.socket()
        if window is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=client, limit=window or 65_536)
        self.writers.append(writer)
        return reader, writer

    async def says(self, *requests: bytes) -> bytes:
        """Send bytes piece by piece; return all that comes back until the server closes."""
        reader, writer = await self.connect()
        for request in requests:
            writer.write(request)
            await asyncio.sleep(0.01)
        return await reader.read()

    async def connections(self) -> list[BoundedProtocol]:
        """Return the server's ends, once they are as many as the clients' ends."""
        while len(self.state.connections) < len(self.writers):
            await asyncio.sleep(0.01)
        return [connection for connection in self.state.connections if isinstance(connection, BoundedProtocol)]

    async def empty(self) -> None:
        """Return when the server has no connection any more."""
        while self.state.connections:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(reads: Reads | None = None, **limits: float) -> AsyncIterator[Line]:
    app, state, metrics = Application(), ServerState(), Metrics()
    config = Config(app, log_config=None, lifespan="off", ws="none", timeout_keep_alive=100)
    settings = Settings.model_validate(limits)
    make = partial(BoundedProtocol, settings, config, state, {"metrics": metrics, "reads": reads})
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    line = Line(app, state, metrics, server.sockets[0].getsockname()[1])
    try:
        yield line
    finally:
        server.close()
        app.go_on.set()
        for writer in line.writers:
            writer.transport.abort()
        for connection in state.connections:
            connection.transport.abort()
        await line.empty()


def assert_refused(raw: bytes, status: int) -> Any:
    """Hold that all that came is one problem document, with all of its headers; return it."""
    assert raw.count(b"HTTP/1.1 ") == 1, raw
    head, _, body = raw.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status, raw
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"connection"] == b"close"
    assert int(headers[b"content-length"]) == len(body)
    assert ALWAYS[0] in headers.items()
    assert set(ALWAYS) <= set(headers.items())
    assert (b"retry-after" in headers) == (status == 503)
    problem = json.loads(body)
    assert problem["status"] == status
    assert list(problem) == ["type", "title", "status", "detail", "instance", "errors"]
    return problem


def answers_in(raw: bytes) -> list[tuple[int, bool]]:
    """Return the status of each answer, and whether it says that it is the last."""
    heads = [b"HTTP/1.1 " + part.partition(b"\r\n\r\n")[0] for part in raw.split(b"HTTP/1.1 ")[1:]]
    return [(int(head.split()[1]), b"connection: close" in head) for head in heads]


# --- Sizes --------------------------------------------------------------------------------------------------------


def test_a_body_that_is_going_to_be_too_large_is_refused_before_it_is_sent(run: Run) -> None:
    async def main() -> None:
        async with serving(max_body=100) as line:
            assert "100 bytes" in assert_refused(await line.says(POST + b"Content-Length: 101\r\n\r\n"), 413)["detail"]
            expecting = POST + b"Expect: 100-continue\r\nContent-Length: 101\r\n\r\n"
            assert_refused(await line.says(expecting), 413)
            assert_refused(await line.says(DEAF + b"Content-Length: 101\r\n\r\n" + b"x" * 101), 413)
            assert line.app.paths == []

    run(main())


def test_the_longest_body_is_within_bounds(run: Run) -> None:
    async def main() -> None:
        async with serving(max_body=100) as line:
            known = POST + b"Content-Length: 100\r\nConnection: close\r\n\r\n"
            assert answers_in(await line.says(known + b"x" * 100)) == [(200, True)]
            chunked = POST + b"Connection: close\r\n" + CHUNKED + b"64\r\n" + b"x" * 100 + b"\r\n"
            assert answers_in(await line.says(chunked, b"0\r\n\r\n")) == [(200, True)]
            expecting = POST + b"Expect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\n"
            assert answers_in(await line.says(expecting, b"x")) == [(100, False), (200, True)]

    run(main())


def test_a_body_that_grows_too_large_is_refused_then(run: Run) -> None:
    async def main() -> None:
        async with serving(max_body=100) as line:
            raw = await line.says(POST + CHUNKED, *[b"32\r\n" + b"x" * 50 + b"\r\n"] * 3)
            assert "100 bytes" in assert_refused(raw, 413)["detail"]
            assert line.app.events[-1] == "http.disconnect"
            raw = await line.says(POST + CHUNKED + b"65\r\n" + b"x" * 101)
            assert_refused(raw, 413)

    run(main())


def test_an_endless_body_that_nobody_reads_ends_with_the_answer_that_was_given(run: Run) -> None:
    async def main() -> None:
        async with serving(max_body=100) as line:
            reader, writer = await line.connect()
            writer.write(DEAF + CHUNKED)
            assert (await reader.readuntil(b"Hello")).startswith(b"HTTP/1.1 200")
            writer.write(b"65\r\n" + b"x" * 101)
            assert await reader.read() == b""

    run(main())


def test_many_small_headers_are_too_long_for_what_each_costs(run: Run) -> None:
    async def main() -> None:
        async with serving(max_headers=3300) as line:
            headers = [b"a: \r\n"] * 100
            assert_refused(await line.says(GET[:-2] + b"".join(headers) + b"\r\n"), 431)
            assert answers_in(await line.says(CLOSE[:-2] + b"".join(headers[:90]) + b"\r\n")) == [(200, True)]

    run(main())


def test_each_request_of_a_connection_has_bounds_of_its_own(run: Run) -> None:
    async def main() -> None:
        async with serving(max_body=100, max_headers=1024) as line:
            request = POST + b"X: " + b"x" * 800 + b"\r\n" + CHUNKED + b"50\r\n" + b"x" * 80 + b"\r\n0\r\n\r\n"
            assert answers_in(await line.says(request * 3 + CLOSE)) == [(200, False)] * 3 + [(200, True)]

    run(main())


def test_a_request_that_is_still_being_answered_is_answered_before_a_refusal_closes(run: Run) -> None:
    async def main() -> None:
        for refused in (b"this is no request\r\n\r\n", POST + b"Content-Length: 101\r\n\r\n", b"GET /" + b"a" * 300):
            async with serving(max_body=100, max_url=256) as line:
                line.app.go_on.clear()
                reader, writer = await line.connect()
                writer.write(GET + refused)
                await asyncio.sleep(0.02)
                line.app.go_on.set()
                assert answers_in(await reader.read()) == [(200, True)]

    run(main())


def test_a_refused_client_that_goes_on_reads_why_and_is_then_left_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with serving(max_url=256) as line:
            monkeypatch.setattr(protocol, "LINGER", 100)
            assert_refused(await line.says(b"GET /" + b"a" * 300, *[b"a" * 100_000] * 5), 414)
            line.writers.pop().close()
            await line.empty()
            monkeypatch.setattr(protocol, "LINGER", 0.05)
            assert_refused(await line.says(b"GET /" + b"a" * 300), 414)
            await line.empty()

    run(main())


# --- Time ---------------------------------------------------------------------------------------------------------


async def trickle(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while True:
        writer.write(piece)
        await asyncio.sleep(QUICK / 5)


@pytest.mark.parametrize(
    ("start", "piece", "status"),
    [
        (b"", b"", None),
        (b"", b"\r\n", None),
        (b"GET /people HTTP/1.1\r\n", b"", 408),
        (b"GET /people HTTP/1.1\r\n", b"X: y\r\n", 408),
        (b"GET /", b"a", 408),
        (POST + b"Content-Length: 1000\r\n\r\n", b"x", 408),
        (POST + CHUNKED, b"1\r\nx\r\n", 408),
        (DEAF + b"Content-Length: 1000\r\n\r\n", b"x", 200),
        (GET, b"\r\n", 200),
        (GET + b"GET /people HTTP/1.1\r\n", b"X: y\r\n", 200),
    ],
)
def test_a_client_that_does_not_come_to_the_point_is_cut_off(
    run: Run, start: bytes, piece: bytes, status: int | None
) -> None:
    async def main() -> None:
        async with serving(request_timeout=QUICK) as line:
            reader, writer = await line.connect()
            writer.write(start)
            task = asyncio.create_task(trickle(writer, piece))
            raw = b""
            with suppress(ConnectionResetError):  # It writes on when the server has closed.
                while found := await reader.read(1000):
                    raw += found
            task.cancel()
            if status == 408:
                assert "0.2 seconds" in assert_refused(raw, 408)["detail"]
                assert line.app.events in ([], ["http.request"] * len(line.app.events[1:]) + ["http.disconnect"])
            elif status == 200:
                assert answers_in(raw)[0] == (200, False)
                assert [found for found, _ in answers_in(raw)[1:]] == ([408] if b"GET /" in start[5:] else [])
            else:
                assert raw == b""

    run(main())


def test_time_that_the_application_takes_is_not_the_clients(run: Run) -> None:
    async def main() -> None:
        async with serving(request_timeout=QUICK) as line:
            line.app.go_on.clear()
            reader, writer = await line.connect()
            for piece in (GET, POST + b"Connection: close\r\nContent-Length: 2\r\n\r\n", b"xx"):
                writer.write(piece)  # The last of it is not read before the first request is answered.
                await asyncio.sleep(0.02)
            await asyncio.sleep(2.5 * QUICK)
            line.app.go_on.set()
            assert answers_in(await reader.read()) == [(200, False), (200, True)]

    run(main())


@pytest.mark.parametrize("requests", [1, 5])
@pytest.mark.parametrize("size", [600_000, 40_000])
def test_a_client_that_does_not_read_its_answer_is_cut_off(
    run: Run, caplog: pytest.LogCaptureFixture, requests: int, size: int
) -> None:
    async def main() -> None:
        async with serving(request_timeout=QUICK) as line:
            line.app.answer = b"x" * size
            _, writer = await line.connect(window=2048)
            (connection,) = await line.connections()
            connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            writer.write(GET * requests)
            await line.empty()

    run(main())
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


class Buffering:
    """A transport in which as much waits to be read as a test says."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.unread = 0
        self.aborted = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def get_write_buffer_size(self) -> int:
        return self.unread

    def abort(self) -> None:
        self.aborted = True


@pytest.mark.parametrize(
    ("unread", "aborted"),
    [
        ([0, 40_000], False),  # It has come since.
        ([0, 40_000, 40_000], True),
        ([0, 40_000, 40_000 - SLOWEST + 1], True),
        ([0, 40_000, 40_000 - SLOWEST, 40_000 - 2 * SLOWEST], False),
        ([100, 40_000, 50_000, 50_000 - SLOWEST], False),
        ([0, 40_000, 0, 0], False),
    ],
)
def test_a_client_has_its_time_for_an_answer_from_when_it_has_come(run: Run, unread: list[int], aborted: bool) -> None:
    async def main() -> None:
        async with serving() as line:
            await line.connect()
            (connection,) = await line.connections()
            connection.transport = buffering = Buffering(connection.transport)  # type: ignore[assignment]
            buffering.unread = unread[0]
            connection._note_progress()
            for buffering.unread in unread[1:]:
                connection._judge()
            assert buffering.aborted == aborted

    run(main())


async def read_slowly(line: Line, piece: int) -> int:
    """Return how many bytes come, where the client reads so many at a time."""
    reader, writer = await line.connect(window=2048)
    (connection,) = await line.connections()
    connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    writer.write(CLOSE)
    read = 0
    with suppress(ConnectionError):
        while found := await reader.read(piece):
            read += len(found)
            await asyncio.sleep(0.02)
    return read


@pytest.mark.parametrize(("size", "piece"), [(60_000, 4_000), (200_000, 40_000)])
def test_a_client_that_reads_slowly_but_steadily_gets_the_whole_answer(
    run: Run, monkeypatch: pytest.MonkeyPatch, size: int, piece: int
) -> None:
    monkeypatch.setattr(protocol, "SLOWEST", 1000)

    async def main() -> None:
        async with serving(request_timeout=QUICK) as line:
            line.app.answer = b"x" * size
            assert await read_slowly(line, piece) > size

    run(main())


def test_a_client_that_only_pretends_to_read_is_cut_off(run: Run) -> None:
    async def main() -> None:
        async with serving(request_timeout=QUICK) as line:
            line.app.answer = b"x" * 60_000
            assert await read_slowly(line, 300) < 60_000

    run(main())


def test_a_request_that_begins_late_has_its_whole_time(run: Run) -> None:
    async def main() -> None:
        async with serving(request_timeout=0.6) as line:
            reader, writer = await line.connect()
            await asyncio.sleep(0.4)
            writer.write(CLOSE[:10])
            await asyncio.sleep(0.35)
            writer.write(CLOSE[10:])
            assert answers_in(await reader.read()) == [(200, True)]

    run(main())


def test_nobody_watches_a_connection_that_is_no_more(run: Run) -> None:
    async def main() -> None:
        async with serving() as line:
            _, writer = await line.connect()
            (connection,) = await line.connections()
            assert connection.watch is not None
            assert not connection.watch.cancelled()
            writer.close()
            await line.empty()
            assert connection.watch.cancelled()

    run(main())


# --- Connections --------------------------------------------------------------------------------------------------


def test_one_connection_too_many_is_told_so_and_takes_no_place(run: Run) -> None:
    async def main() -> None:
        async with serving(max_connections=2) as line:
            first, second = await line.connect(), await line.connect()
            await line.connections()
            for _ in range(3):
                assert_refused(await line.says(GET), 503)
                assert len(line.state.connections) == 2
            second[1].write(CLOSE)
            assert answers_in(await second[0].read()) == [(200, True)]
            while len(line.state.connections) > 1:
                await asyncio.sleep(0.01)
            assert answers_in(await line.says(CLOSE)) == [(200, True)]
            first[1].write(CLOSE)
            assert answers_in(await first[0].read()) == [(200, True)]

    run(main())


# --- Stopping -----------------------------------------------------------------------------------------------------


@pytest.fixture
def drain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "DRAIN", QUICK)


def test_a_request_that_arrives_during_the_stop_is_answered_as_the_last(run: Run) -> None:
    async def main() -> None:
        async with serving() as line:
            fresh, used = await line.connect(), await line.connect()
            used[1].write(GET)
            await used[0].readuntil(b"Hello")
            for connection in await line.connections():
                connection.shutdown()
            for reader, writer in (fresh, used):
                writer.write(GET)
                assert answers_in(await reader.read()) == [(200, True)]

    run(main())


@pytest.mark.usefixtures("drain")
def test_an_idle_connection_closes_soon_and_one_in_the_middle_of_a_request_is_answered(run: Run) -> None:
    async def main() -> None:
        async with serving() as line:
            fresh, used, answered, headers, body = [await line.connect() for _ in range(5)]
            used[1].write(GET)
            answered[1].write(DEAF + b"Content-Length: 2\r\n\r\nx")
            for reader, _ in (used, answered):
                await reader.readuntil(b"Hello")
            headers[1].write(GET[:-2])
            body[1].write(POST + b"Content-Length: 2\r\n\r\nx")
            await asyncio.sleep(0.05)
            for connection in await line.connections():
                connection.shutdown()
            for reader, _ in (fresh, used, answered):
                assert await reader.read() == b""
            headers[1].write(b"\r\n")
            body[1].write(b"x")
            for reader, _ in (headers, body):
                assert answers_in(await reader.read()) == [(200, True)]

    run(main())


@pytest.mark.parametrize("before", [0, 1, 3])
def test_requests_in_a_row_are_all_answered_and_the_last_says_that_it_is(run: Run, before: int) -> None:
    async def main() -> None:
        async with serving() as line:
            line.app.go_on.clear()
            reader, writer = await line.connect()
            (connection,) = await line.connections()
            writer.write(GET * before)
            await asyncio.sleep(0.02)
            connection.shutdown()
            if before < 3:
                writer.write(GET * (3 - before))
                await asyncio.sleep(0.02)
            line.app.go_on.set()
            raw = await reader.read()
            # What comes while others wait is not read before they are answered.
            assert answers_in(raw) == [(200, False)] * 2 + [(200, True)]

    run(main())


@pytest.mark.usefixtures("drain")
def test_an_answer_that_has_begun_ends_and_then_its_connection_does(run: Run) -> None:
    async def main() -> None:
        async with serving() as line:
            line.app.answer = b"x" * 5_000_000
            reader, writer = await line.connect()
            writer.write(GET)
            await reader.readuntil(b"\r\n\r\n")
            (connection,) = await line.connections()
            connection.shutdown()
            assert len(await reader.read()) == 5_000_000

    run(main())


def test_an_answer_that_has_begun_does_not_say_that_it_is_the_last_and_so_is_not(run: Run) -> None:
    async def main() -> None:
        async with serving() as line:
            line.app.go_on.clear()
            reader, writer = await line.connect()
            (connection,) = await line.connections()
            writer.write(BEGUN)
            raw = await reader.readuntil(b"\r\n\r\n")
            connection.shutdown()
            line.app.go_on.set()
            raw += await reader.readexactly(5)
            writer.write(GET)
            assert answers_in(raw + await reader.read()) == [(200, False), (200, True)]

    run(main())


def test_nothing_is_answered_after_the_answer_that_said_that_it_is_the_last(run: Run) -> None:
    async def main() -> None:
        async with serving() as line:
            line.app.go_on.clear()
            reader, writer = await line.connect()
            (connection,) = await line.connections()
            connection.shutdown()
            writer.write(BEGUN)
            raw = await reader.readuntil(b"\r\n\r\n")
            writer.write(GET)
            await asyncio.sleep(0.02)
            line.app.go_on.set()
            assert answers_in(raw + await reader.read()) == [(200, True)]
            assert line.app.paths == ["/begun"]

    run(main())

"""What only a real server shows: bounds of the protocol, signals, workers, and how `serve` starts and fails to."""

import asyncio
import json
import re
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop
from uvicorn import Config

from app.database import create_writer
from app.loading.loader import load_article
from app.protocol import BoundedProtocol
from app.server import Server as StoppingServer
from app.server import address_of, listen, make_room_for
from app.settings import Settings
from tests.api import KOOME, Api, Server, assert_problem
from tests.newsroom import tiny_article

LONGEST_URL = Settings().max_url
LONGEST_HEADERS = Settings().max_headers
GET = b"GET /people?limit=1 HTTP/1.1\r\nHost: x\r\n"


def answer_in(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    """Take a raw answer apart: status, headers, body."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return int(first.split()[1]), headers, body


def assert_raw_problem(raw: bytes, status: int) -> None:
    assert raw.count(b"HTTP/1.1 ") == 1
    found, headers, body = answer_in(raw)
    assert found == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert int(headers["content-length"]) == len(body)
    problem = json.loads(body)
    assert problem["status"] == status
    assert list(problem) == ["type", "title", "status", "detail", "instance", "errors"]


def long(server: Server, length: int) -> httpx.Response:
    """Ask for a path of this many bytes; httpx would not make a URL of more than 65,536."""
    path = b"/people?q=".ljust(length, b"a")
    return server.client.get("/people", extensions={"target": path})


# --- Answers that are kept ----------------------------------------------------------------------------------------


def test_what_another_process_loads_is_in_the_next_answer(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        writer = create_writer(f"sqlite:///{tmp_path / 'dateline.db'}")
        tags = set()
        for number in range(20):
            answers = [server.client.get("/people?limit=100") for _ in range(3)]
            tag = answers[0].headers["etag"]
            tags.add(tag)
            assert [answer.status_code for answer in answers] == [200] * 3
            assert {answer.headers["etag"] for answer in answers} == {tag}
            assert server.client.get("/people?limit=100", headers={"If-None-Match": tag}).status_code == 304
            found = {person["id"] for answer in answers for person in answer.json()["items"]}
            assert {f"person-{before}" for before in range(number)} <= found
            with writer.begin() as connection:
                load_article(connection, tiny_article(number))
        writer.dispose()
        assert len(tags) == 20


def test_a_kept_answer_is_logged_like_any_other(server: Server) -> None:
    lines = []
    for number in range(3):
        own_id = f"kept-{number}"
        server.client.get("/units?limit=3", headers={"X-Request-ID": own_id})
        lines.append(server.line_of(own_id))
    own = ("time", "request_id", "milliseconds")
    assert len({tuple((name, value) for name, value in line.items() if name not in own) for line in lines}) == 1
    assert (lines[2]["route"], lines[2]["query"]) == ("/units", "limit=3")


# --- Bounds -------------------------------------------------------------------------------------------------------


def test_a_query_of_two_megabytes_is_told_that_it_is_too_long(server: Server) -> None:
    problem = assert_problem(long(server, 2_000_000), 414, path="")
    assert str(LONGEST_URL) in problem["detail"]
    assert_raw_problem(server.says(b"GET /people?q=" + b"a" * 2_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 414)
    assert server.client.get("/health").status_code == 200


@pytest.mark.parametrize("length", [65_535, 65_536, 65_546, 131_072, 131_100])
def test_a_query_that_wraps_round_the_parsers_counters_is_not_cut_short(server: Server, length: int) -> None:
    assert_problem(long(server, length), 414, path="")


def test_the_longest_url_is_within_bounds_and_one_byte_more_is_not(server: Server) -> None:
    assert long(server, LONGEST_URL).status_code == 422
    assert long(server, LONGEST_URL + 1).status_code == 414


def test_headers_that_are_too_long_are_told_so(server: Server) -> None:
    assert_problem(server.client.get("/people", headers={"X-Long": "a" * (LONGEST_HEADERS + 1)}), 431, path="")
    many = "".join(f"X-{number}: {'a' * 100}\r\n" for number in range(1000)).encode()
    assert_raw_problem(server.says(GET + many + b"\r\n"), 431)
    assert server.client.get("/people", headers={"X-Long": "a" * 8000}).status_code == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\xff garbage\r\n\r\n",
        b"GET people HTTP/1.1\r\n\r\n",
        b"GET /people HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /people HTTP/1.1\r\nNo colon\r\n\r\n",
        b"GET /p\xc3\xa9ople HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /people HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /people HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"{}\r\n\r\n",
        GET + b"Transfer-Encoding: chunked\r\n\r\nthis is no chunk\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_request_is_a_problem(server: Server, garbage: bytes) -> None:
    assert_raw_problem(server.says(garbage), 400)


def test_a_nul_byte_and_other_odd_paths_are_clear_problems(server: Server) -> None:
    for path in ("/%00", "/people/%00", "/people/a%00b", "/people/%FF", "//people", "/people/..%2f..", "/people//"):
        response = server.client.get(server.url + path)
        assert response.status_code in (404, 422)
        assert_problem(response, response.status_code, path=response.json()["instance"])
    assert_problem(server.client.get("/people?q=%00"), 422)


# --- Connections --------------------------------------------------------------------------------------------------


def test_a_connection_goes_on_after_an_ordinary_error(server: Server) -> None:
    close = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    bad = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    wrong = b"POST /people HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    raw = server.says(bad + wrong + GET + b"\r\n" + close)
    assert re.findall(rb"HTTP/1.1 (\d+)", raw) == [b"404", b"405", b"200", b"200"]


def test_head_on_a_real_connection_has_the_length_and_no_body(server: Server) -> None:
    get = server.client.get("/people?limit=1")
    raw = server.says(b"HEAD /people?limit=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    status, headers, body = answer_in(raw)
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) == len(get.content)
    assert headers["etag"] == get.headers["etag"]


def test_an_answer_in_pieces_and_a_slow_question(server: Server) -> None:
    raw = server.says(*(bytes([byte]) for byte in GET + b"Connection: close\r\n\r\n"))
    assert answer_in(raw)[0] == 200


def test_the_server_does_not_say_what_it_is(server: Server) -> None:
    headers = server.client.get("/people").headers
    assert "server" not in headers
    assert "date" in headers


def test_an_upgrade_that_nobody_offers_is_answered_as_a_read(server: Server) -> None:
    upgrade = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"
    raw = server.says(GET + upgrade)
    assert answer_in(raw)[0] in (200, 400)


# --- The process --------------------------------------------------------------------------------------------------


def test_serve_says_where_the_docs_are_and_loads_what_is_there(server: Server) -> None:
    assert f"Dateline: {server.url}/docs" in server.output()
    assert f"{KOOME}: created" in server.output()
    assert server.client.get("/docs").status_code == 200
    assert server.client.get("/people").json()["total"] == 5


async def ask_until_refused(server: Server, request: bytes, answers: list[int]) -> None:
    """Ask again and again, over one connection as long as it lasts, until nobody listens any more.

    A request that is sent, but not answered completely, is an error.
    """
    while True:
        try:
            reader, writer = await asyncio.open_connection(*server.address)
        except (ConnectionRefusedError, ConnectionResetError):  # reset: it came as the listener was closing
            return  # Nothing has been sent.
        last = False
        while not last:
            writer.write(request)
            status, headers, _ = answer_in(await reader.readuntil(b"\r\n\r\n"))
            await reader.readexactly(int(headers["content-length"]))
            answers.append(status)
            last = headers.get("connection") == "close"
        writer.close()


def stop_under_load(server: Server) -> tuple[int, list[int]]:
    """Stop the server while clients of both kinds ask; return its exit code and the answers that they got."""
    answers: list[int] = []

    async def main() -> int:
        requests = [GET + b"\r\n", GET + b"Connection: close\r\n\r\n"] * 8
        async with asyncio.TaskGroup() as clients:
            for request in requests:
                clients.create_task(ask_until_refused(server, request, answers))
            await asyncio.sleep(0.5)
            return await asyncio.to_thread(server.stop)

    return asyncio.run(main()), answers


def test_settings_reach_the_server_and_a_stop_under_load_drops_no_request(tmp_path: Path) -> None:
    limits = {
        "MAX_BODY": "10",
        "MAX_URL": "300",
        "MAX_HEADERS": "2000",
        "RATE_LIMIT": "100000",
    }
    with Server(tmp_path, **{f"DATELINE_{name}": value for name, value in limits.items()}) as server:
        assert_raw_problem(server.says(GET + b"Content-Length: 11\r\n\r\n"), 413)
        assert_raw_problem(server.says(b"GET /" + b"a" * 300 + b" HTTP/1.1\r\n\r\n"), 414)
        assert_raw_problem(server.says(GET + b"X: " + b"x" * 2000 + b"\r\n\r\n"), 431)
        code, answers = stop_under_load(server)
    assert (code, set(answers)) == (0, {200})
    assert len(answers) > 16
    assert "Traceback" not in server.output()


def test_a_server_that_was_killed_starts_again_and_workers_stop_together(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        assert server.client.get("/ready").json()["revision"] == 1
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    with Server(tmp_path, "--workers", "2") as server:
        assert f"{KOOME}: unchanged" in server.output()
        assert {httpx.get(f"{server.url}/people", timeout=60).json()["total"] for _ in range(10)} == {5}
        code, answers = stop_under_load(server)
        assert (code, set(answers)) == (0, {200})
    assert "died" not in server.output()
    assert "Traceback" not in server.output()


@pytest.mark.parametrize(
    ("limits", "made"),
    [((256, 4096), 2100), ((256, 1024), 1024), ((3000, 4096), 3000), ((256, -1), 2100), ((-1, -1), None)],
)
def test_there_is_room_for_all_connections_if_the_system_lets_it_be(
    limits: tuple[int, int], made: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to = []
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, given: set_to.append(given))
    make_room_for(1000)
    assert set_to == ([(made, limits[1])] if made not in (None, limits[0]) else [])


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_stop_takes_those_along_who_wait_to_be_accepted(
    loop: Callable[[], asyncio.AbstractEventLoop], koome: Api
) -> None:
    async def main() -> None:
        protocol: Any = partial(BoundedProtocol, Settings())
        config = Config(koome.app, http=protocol, log_config=None, lifespan="off", ws="none")
        config.load()
        server = StoppingServer(config)
        server.lifespan = config.lifespan_class(config)
        listener = listen("127.0.0.1", 0)
        address = listener.getsockname()
        await server.startup(sockets=[listener])
        clients = [socket.create_connection(address) for _ in range(20)]  # The server has had no time for them yet.
        for client in clients:
            client.sendall(GET + b"\r\n")
        await server.shutdown(sockets=[listener])
        for client in clients:
            with client, client.makefile("rb") as stream:
                status, headers, body = answer_in(stream.read())
            assert (status, headers["connection"], int(headers["content-length"])) == (200, "close", len(body))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


# --- Addresses ----------------------------------------------------------------------------------------------------


@pytest.fixture
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    with listen(request.param, 0) as listener:
        yield listener


@pytest.mark.parametrize(
    ("listener", "host"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "localhost"), ("localhost", "127.0.0.1")],
    indirect=["listener"],
)
def test_the_address_is_one_that_this_machine_can_open(listener: socket.socket, host: str) -> None:
    assert address_of(listener) == f"http://{host}:{listener.getsockname()[1]}"

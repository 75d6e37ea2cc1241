"""Every request has an id, one line in the log that nothing can forge, and is counted once."""

import asyncio
import json
import logging
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from app.access_log import LONGEST, LONGEST_AGENT
from app.logs import Lines, note
from app.metrics import METHODS, Metrics
from app.middleware import Unexpected
from app.observing import Observed
from app.protocol import BoundedProtocol
from app.queries import entities
from app.settings import Settings
from tests.api import KOOME, Api, Server, assert_problem, lines_in, logged, samples_in

NEW = re.compile("[0-9a-f]{32}")
FIELDS = [
    "time", "level", "logger", "message", "method", "route", "status", "path", "query", "bytes", "request_id",
    "milliseconds", "client", "agent",
]  # fmt: skip
GOOD = ["a", "A.b_c-9", "0" * 128, "7b1c9d2e-5a3f-4c8b-9e0d-1f2a3b4c5d6e"]
BAD = ["", " ", "a b", "a" * 129, "é", 'a"b', "a\tb", "a;b", "{}", "a,b"]
ASKED = [
    ("GET", "/people", 200, "/people"),
    ("GET", "/people/japhet-koome", 200, "/people/{id}"),
    ("GET", f"/articles/{KOOME}/text", 200, "/articles/{id}/text"),
    ("HEAD", "/people/japhet-koome", 200, "/people/{id}"),
    ("OPTIONS", "/people", 204, "/people"),
    ("GET", "/people?limit=0", 422, "/people"),
    ("GET", "/people/nobody", 404, "/people/{id}"),
    ("GET", "/nothing", 404, None),
    ("POST", "/nothing", 404, None),
    ("GET", "/docs", 200, "/docs"),
    ("GET", "/", 307, "/"),
    ("GET", "/openapi.json", 200, "/openapi.json"),
    ("GET", "/docs/assets/favicon.png", 200, "/docs/assets/{path}"),
    ("HEAD", "/docs/assets/favicon.png", 200, "/docs/assets/{path}"),
    ("GET", "/docs/assets/nothing", 404, "/docs/assets/{path}"),
    ("GET", "/metrics", 200, "/metrics"),
]

App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"some", "more_body": True})
    await send({"type": "http.response.body", "body": b"more"})


def ask(app: App, **scope: Any) -> list[Message]:
    """Ask an application for what no client library would let through."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asked = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "client": None, **scope}
    asyncio.run(app(asked, Mock(), send))  # type: ignore[arg-type]
    return sent


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


# --- Ids ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("own", GOOD)
def test_a_client_gets_its_own_id_back(koome: Api, own: str) -> None:
    assert koome.get("/people", headers={"X-Request-ID": own}).headers["x-request-id"] == own


@pytest.mark.parametrize("own", BAD)
def test_an_id_that_would_not_do_is_replaced_silently(koome: Api, own: str) -> None:
    response = koome.get("/people", headers={b"X-Request-ID": own.encode()})
    assert response.status_code == 200
    assert NEW.fullmatch(response.headers["x-request-id"])


@pytest.mark.parametrize(("method", "path", "status", "_route"), ASKED)
def test_every_answer_has_an_id(koome: Api, method: str, path: str, status: int, _route: str | None) -> None:
    one, other = (koome.request(method, path) for _ in range(2))
    assert one.status_code == other.status_code == status
    for response in (one, other):
        assert NEW.fullmatch(response.headers["x-request-id"])
        assert response.headers.get_list("x-request-id") == [response.headers["x-request-id"]]
    assert one.headers["x-request-id"] != other.headers["x-request-id"]


def test_answers_that_the_application_does_not_make_have_an_id_too(koome: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = {"Origin": "https://example.org", "X-Request-ID": "mine"}
    tag = koome.get("/people").headers["etag"]
    monkeypatch.setattr(entities, "refuse_unknown", None)
    for method, headers, status in (
        ("GET", {"If-None-Match": tag}, 304),
        ("OPTIONS", {"Access-Control-Request-Method": "GET"}, 200),
        ("OPTIONS", {"Access-Control-Request-Method": "BREW"}, 400),
        ("POST", {}, 405),
        ("GET", {}, 500),
    ):
        response = koome.request(method, "/people", headers=origin | headers)
        assert response.status_code == status
        assert response.headers["x-request-id"] == "mine"
        if "Access-Control-Request-Method" not in headers:
            assert "X-Request-ID" in response.headers["access-control-expose-headers"]


# --- Lines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path", "status", "route"), ASKED)
def test_a_request_has_one_line(koome: Api, log: Path, method: str, path: str, status: int, route: str | None) -> None:
    with logged(log) as lines:
        response = koome.request(method, path, headers={"User-Agent": "tests/1.0"})
    (line,) = lines
    assert list(line) == FIELDS
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert line["milliseconds"] > 0
    del line["time"], line["milliseconds"]
    plain, _, query = path.partition("?")
    assert line == {
        "level": "info",
        "logger": "dateline.request",
        "message": f"{method} {route or 'unmatched'} {status}",
        "request_id": response.headers["x-request-id"],
        "method": method,
        "path": plain,
        "query": query,
        "route": route,
        "status": status,
        "bytes": len(response.content),
        "client": "127.0.0.1",
        "agent": "tests/1.0",
    }


def test_a_failure_is_two_lines_with_one_id(koome: Api, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("a\nforged line")

    monkeypatch.setattr(entities, "refuse_unknown", fail)
    secrets = {"Authorization": "Bearer hidden-1", "Cookie": "session=hidden-2", "X-Request-ID": "mine"}
    with logged(log) as lines:
        assert_problem(koome.get("/people", headers=secrets), 500)
    failure, request = lines
    assert failure["request_id"] == request["request_id"] == "mine"
    assert (failure["level"], failure["message"]) == ("error", "GET /people")
    assert failure["exception"].startswith("Traceback")
    assert failure["exception"].endswith("RuntimeError: a\nforged line")
    assert (request["level"], request["status"], request["route"]) == ("error", 500, "/people")
    assert "hidden" not in log.read_text()


def test_only_failures_are_logged_where_requests_are_not(koome: Api, log: Path) -> None:
    with logged(log) as lines:
        logging.getLogger("dateline").setLevel(logging.WARNING)
        koome.get("/people")
        koome.get("/nothing")
    assert lines == []


def test_handlers_can_add_to_the_line(log: Path) -> None:
    async def write(scope: Scope, receive: Receive, send: Send) -> None:
        note(Request(scope).scope, writer='the "desk"\n')
        await answer(scope, receive, send)

    with logged(log) as lines:
        ask(Observed(write, Metrics()))
    (line,) = lines
    assert list(line) == [*FIELDS, "writer"]
    assert line["writer"] == 'the "desk"\n'
    assert line["bytes"] == len(b"somemore")


FORGED = [
    "a\nb", "a\r\nb", '"}\n{"level":"error"', "\x1b[31mred\x1b[0m", "\x00\x07\x7f", "a\u2028b\u2029c\x85d", "\u202eabc",
    "é💥", "\\u0041\\", "{}", "%s %d", "a" * 5_000, "\x9b31m", "\ufffd",
]  # fmt: skip


@pytest.mark.parametrize("forged", FORGED)
def test_a_path_and_a_query_that_would_forge_a_line_are_data(koome: Api, log: Path, forged: str) -> None:
    octets = "".join(f"%{byte:02x}" for byte in forged.encode())
    with logged(log) as lines:
        koome.get(f"/people/{octets}?q={octets}")
        koome.get(f"/{octets}")
    assert [line["path"] for line in lines] == [f"/people/{forged}"[:LONGEST], f"/{forged}"[:LONGEST]]
    assert lines[0]["query"] == f"q={octets}"[:LONGEST]


@given(st.text(), st.text(), st.binary(), st.binary(), st.binary(), st.text())
def test_nothing_that_a_client_sends_forges_a_line_or_a_field(
    method: str, path: str, query: bytes, agent: bytes, own: bytes, client: str
) -> None:
    kept: list[str] = []
    handler = Lines()
    handler.put = lambda make, *values: kept.append(make(*values))  # type: ignore[method-assign]
    logging.root.addHandler(handler)
    logging.getLogger("dateline").setLevel(logging.INFO)
    try:
        ask(
            Observed(answer, Metrics()),
            method=method,
            path=path,
            query_string=query,
            headers=[(b"user-agent", agent), (b"x-request-id", own)],
            client=(client, 1),
        )
    finally:
        logging.getLogger("dateline").setLevel(logging.NOTSET)
        logging.root.removeHandler(handler)
        handler.close()
    (line,) = lines_in("".join(kept).encode())
    assert list(line) == FIELDS
    assert (line["method"], line["path"], line["client"]) == (method, path[:LONGEST], client)
    assert line["query"] == query.decode("latin-1")[:LONGEST]
    assert line["agent"] == agent.decode("latin-1")[:LONGEST_AGENT]
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", line["request_id"])


def test_an_answer_that_breaks_off_is_a_failure(log: Path) -> None:
    async def break_off(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    metrics = Metrics()
    with logged(log) as lines, pytest.raises(RuntimeError):
        ask(Observed(break_off, metrics))
    (line,) = lines
    assert (line["status"], line["level"]) == (500, "error")
    assert b"dateline_requests_in_flight 0.0" in metrics.exposition("", {})[0]


def test_what_is_no_request_passes_by() -> None:
    passed = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        passed.append(scope)

    ask(Observed(app, Metrics()), type="lifespan")
    assert [scope["type"] for scope in passed] == ["lifespan"]


# --- Clients that go away -----------------------------------------------------------------------------------------


def test_a_client_that_goes_away_while_it_sends_is_no_failure(log: Path) -> None:
    async def read(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ClientDisconnect

    with logged(log) as lines:
        assert ask(Observed(Unexpected(read), Metrics())) == []
    (line,) = lines
    assert (line["status"], line["level"]) == (499, "info")


def test_a_client_that_goes_away_before_its_answer_is_told_apart(log: Path) -> None:
    metrics = Metrics()
    begun, gone = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await gone.wait()
        await answer(scope, receive, send)

    async def visit() -> None:
        http: Any = partial(BoundedProtocol, Settings())
        config = uvicorn.Config(Observed(slow, metrics), http=http, ws="none", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\nX-Request-ID: mine\r\n\r\n")
            await begun.wait()
            writer.close()
            while server.server_state.connections:
                await asyncio.sleep(0.01)
            gone.set()
            server.should_exit = True
            await serving

    with logged(log) as lines:
        asyncio.run(asyncio.wait_for(visit(), 30))
    (line,) = [line for line in lines if line["logger"] == "dateline.request"]
    assert (line["request_id"], line["status"], line["level"]) == ("mine", 499, "info")
    assert "exception" not in log.read_text()
    counted = samples_in(metrics.exposition("", {})[0].decode(), "dateline_requests_total")
    assert counted == {("GET", "unmatched", "499"): 1}


# --- A real server ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "status", "path"),
    [
        (b"GET /people?q=" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "/people"),
        (b"GET /people HTTP/1.1\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n", 431, "/people"),
        (b"GET /\x1b[31m HTTP/1.1\r\nHost: x\r\n\r\n", 400, ""),
        (b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b[31m\r\n\r\n", 400, "/"),
        (b'{"level":"error"}\r\n\r\n', 400, ""),
    ],
)
def test_what_the_server_refuses_has_an_id_and_a_line(server: Server, request_: bytes, status: int, path: str) -> None:
    answers = re.findall(rb"HTTP/1.1 (\d+).*?\r\n.*?x-request-id: ([0-9a-f]{32})\r\n", server.says(request_), re.DOTALL)
    (own_id,) = [own_id.decode() for found, own_id in answers if int(found) == status]
    line = server.line_of(own_id)
    assert list(line) == FIELDS
    assert (line["status"], line["path"]) == (status, path)


def test_a_refused_request_keeps_the_id_that_came_before_the_fault(server: Server) -> None:
    raw = server.says(b"GET /people?a=1 HTTP/1.1\r\nX-Request-ID: refused-1\r\nHost: x\r\nno colon\r\n\r\n")
    assert b"x-request-id: refused-1\r\n" in raw
    line = server.line_of("refused-1")
    assert (line["message"], line["status"]) == ("other unmatched 400", 400)
    assert (line["path"], line["query"], line["method"]) == ("/people", "a=1", None)


def test_the_server_says_all_in_lines_and_nothing_secret(server: Server) -> None:
    secrets = {"Authorization": "Bearer hidden-1", "Cookie": "a=hidden-2", "Proxy-Authorization": "hidden-3"}
    own_id = server.client.get("/people?limit=1", headers=secrets).headers["x-request-id"]
    assert server.line_of(own_id)["client"] == "127.0.0.1"
    said = server.output()
    assert "hidden" not in said
    plain = [line for line in said.splitlines() if not line.startswith("{")]
    assert [line.split(":")[0] for line in plain] == [KOOME, "Dateline"]
    assert {line["logger"] for line in server.logged()} <= {"uvicorn.error", "dateline.request", "dateline"}


# --- Counting -----------------------------------------------------------------------------------------------------


@pytest.fixture
def counted(make_database: Callable[..., str]) -> Iterator[Api]:
    """The API with numbers of its own."""
    with Api(make_database()) as api:
        yield api


def test_each_answer_is_counted_once(counted: Api) -> None:
    for method, path, _, _ in ASKED:
        counted.request(method, path)
    counted.get("/nothing/else")
    samples = samples_in(counted.get("/metrics").text, "dateline_requests_total")
    assert samples["GET", "unmatched", "404"] == 2
    assert samples["HEAD", "/docs/assets/{path}", "200"] == 1
    assert samples["GET", "/people", "422"] == 1
    assert sum(samples.values()) == len(ASKED) + 1


def test_no_client_can_make_labels(koome: Api) -> None:
    @given(st.text("ABGETPUHRW", max_size=5), st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
    def try_to(method: str, path: str) -> None:
        ask(koome.app, method=method, path=f"/{path}", raw_path=b"", http_version="1.1", root_path="", scheme="http")

    try_to()
    samples = samples_in(koome.get("/metrics").text, "dateline_requests_total")
    known = {*koome.app.openapi()["paths"], "/", "/docs", "/openapi.json", "/docs/assets/{path}", "unmatched"}
    assert {route for _, route, _ in samples} <= known
    assert {method for method, _, _ in samples} <= {*METHODS, "other"}


def test_the_line_is_json_that_any_reader_takes(koome: Api, log: Path) -> None:
    with logged(log):
        koome.get("/people", headers={"User-Agent": "x" * 10_000})
    (line,) = log.read_bytes().splitlines()
    assert len(json.loads(line)["agent"]) == LONGEST_AGENT

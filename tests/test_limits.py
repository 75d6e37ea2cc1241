"""Limits of the application itself, without a server in front of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.types import Message, Receive, Scope, Send

from app import limits, problems
from app.limits import BodyLimit, InFlight, RateLimit, network_of
from tests.api import Api, assert_problem


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the length of the body."""
    app = FastAPI()
    problems.add_handlers(app)

    @app.post("/read")
    async def read(request: Request) -> int:
        return len(await request.body())

    @app.post("/parse")
    async def parse(body: dict[str, Any]) -> int:
        return len(body)

    @app.post("/deaf")
    async def ignore() -> str:
        return "not read"

    await app(scope, receive, send)


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def post(app: Any, path: str, content: Any, **arguments: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://dateline.test") as client:
            return await client.post(path, content=content, **arguments)

    return asyncio.run(ask())


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", ["/read", "/parse", "/deaf", "/nothing"])
def test_a_body_of_a_known_length_is_refused_on_every_path(path: str) -> None:
    app = BodyLimit(reading, most=10, together=100)
    problem = assert_problem(post(app, path, b'{"a": 1, "b": 2}', headers=JSON), 413)
    assert problem["title"] == "Content Too Large"
    assert "10 bytes" in problem["detail"]
    assert post(app, path, b'{"a": 123}', headers=JSON).status_code == (404 if path == "/nothing" else 200)


@pytest.mark.parametrize("path", ["/read", "/parse"])
def test_a_body_of_an_unknown_length_is_refused_when_it_has_grown(path: str) -> None:
    app = BodyLimit(reading, most=10, together=100)
    assert_problem(post(app, path, in_pieces(b'{"a": 1', b', "b": 2}'), headers=JSON), 413)
    assert post(app, path, in_pieces(b'{"a": 1', b"23}"), headers=JSON).status_code == 200
    assert post(app, "/deaf", in_pieces(b"x" * 6, b"x" * 6)).status_code == 200
    assert app.held == 0


def test_bodies_have_a_limit_together() -> None:
    app = BodyLimit(reading, most=10, together=15)
    app.held = 6  # of other requests
    response = post(app, "/read", b"x" * 10)
    assert_problem(response, 503)
    assert response.headers["retry-after"] == "1"
    assert post(app, "/read", b"x" * 9).json() == 9
    assert app.held == 6


class Busy:
    """An application that reads the body, and answers when it is told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.seen = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body", False):
            pass
        self.seen += 1
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


class Exchange:
    """One request to an application, of which the test plays the client."""

    def __init__(self, app: Any, path: str = "/people", *, reads: bool = True) -> None:
        self.body: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.reads = asyncio.Event()
        if reads:
            self.reads.set()
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
        self.task = asyncio.create_task(app(scope, self.body.get, self.send))

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        self.sent.append(message)

    def arrives(self) -> None:
        self.body.put_nowait({"type": "http.request", "body": b"x", "more_body": False})

    async def status(self) -> int:
        await self.task
        status: int = self.sent[0]["status"]
        return status


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_more_requests_at_once_than_may_be_are_refused_but_not_the_sign_of_life() -> None:
    async def main() -> None:
        busy = Busy()
        app = InFlight(busy, most=2)
        first = [Exchange(app), Exchange(app)]
        for exchange in first:
            exchange.arrives()
        await settle()
        assert busy.seen == 2
        third = Exchange(app)
        assert await third.status() == 503
        assert dict(third.sent[0]["headers"])[b"retry-after"] == b"1"
        assert json.loads(third.sent[1]["body"])["status"] == 503
        alive = Exchange(app, "/health")
        alive.arrives()
        busy.go_on.set()
        assert [await exchange.status() for exchange in (*first, alive)] == [200, 200, 200]
        last = Exchange(app)
        last.arrives()
        assert await last.status() == 200
        assert app.answering == 0

    asyncio.run(main())


def test_clients_that_are_slow_to_send_or_to_read_keep_nobody_out() -> None:
    async def main() -> None:
        busy = Busy()
        busy.go_on.set()
        app = InFlight(busy, most=1)
        sending, reading = Exchange(app), Exchange(app, reads=False)
        reading.arrives()
        await settle()
        assert busy.seen == 1
        quick = Exchange(app)
        quick.arrives()
        assert await quick.status() == 200
        sending.arrives()
        reading.reads.set()
        assert [await exchange.status() for exchange in (sending, reading)] == [200, 200]
        assert app.answering == 0

    asyncio.run(main())


def test_bodies_that_arrive_together_are_not_all_worked_on() -> None:
    async def main() -> None:
        app = InFlight(reading, most=1)
        released = asyncio.Event()

        async def hold(_scope: Scope, receive: Receive, _send: Send) -> None:
            await receive()
            await released.wait()

        app.app, through = hold, app.app
        holding = Exchange(app)
        holding.arrives()
        await settle()
        app.app = through
        waiting = Exchange(app, "/read")
        await settle()
        waiting.arrives()
        assert await waiting.status() == 503
        released.set()
        await holding.task
        assert app.answering == 0

    asyncio.run(main())


# --- Requests a minute --------------------------------------------------------------------------------------------


@pytest.fixture
def limited(tmp_path: Path, empty_database: Path) -> Iterator[Api]:
    with Api(empty_database, rate_limit=3) as api:
        yield api


def test_a_client_that_asks_too_often_is_told_when_to_ask_again(limited: Api) -> None:
    for path in ("/people", "/nothing", "/docs"):
        assert limited.get(path).status_code != 429
    response = limited.get("/people", headers={"Origin": "https://example.org"})
    problem = assert_problem(response, 429)
    assert "3 times a minute" in problem["detail"]
    assert 1 <= int(response.headers["retry-after"]) <= 60
    assert response.headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in response.headers["access-control-expose-headers"]
    assert limited.request("HEAD", "/people").status_code == 429
    for _ in range(5):
        assert limited.get("/health").status_code == 200


def test_there_is_no_limit_by_default(koome: Api) -> None:
    assert {koome.get("/people?limit=1").status_code for _ in range(100)} == {200}


@pytest.mark.parametrize(
    ("client", "network"),
    [
        (("192.0.2.1", 5000), "192.0.2.1"),
        (("::ffff:192.0.2.1", 5000), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 5000), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::", 5000), "2001:db8:1:2::/64"),
        (("2001:db8:1:3::1", 5000), "2001:db8:1:3::/64"),
        (("fe80::1%eth0", 5000), "fe80::/64"),
        (("x" * 10_000, 0), "unknown"),
        (("", 0), "unknown"),
        (None, "unknown"),
    ],
)
def test_a_client_is_an_address_or_a_network_of_one_customer(client: tuple[str, int] | None, network: str) -> None:
    assert network_of({"type": "http", "client": client}) == network


def test_clients_are_counted_apart_and_no_more_of_them_than_memory_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CLIENTS", 50)

    async def main() -> None:
        statuses: list[int] = []

        async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def ask(client: str) -> int:
            async def send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])

            scope = {"type": "http", "method": "GET", "path": "/people", "client": (client, 1)}
            await app(scope, asyncio.Queue[Message]().get, send)
            return statuses[-1]

        app = RateLimit(answer, a_minute=1)
        assert [await ask("192.0.2.1"), await ask("192.0.2.1"), await ask("192.0.2.2")] == [200, 429, 200]
        for number in range(300):
            assert await ask(f"2001:db8:0:{number:x}::1") == 200
            assert len(app.storage.storage) <= 51
            assert len(app.storage.expirations) <= 51
            assert len(app.storage.locks) <= 51

    asyncio.run(main())

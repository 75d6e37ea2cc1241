"""Plain reads that the protocol answers by itself: as the application would, and one after the other."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from app.errors import TooSlowError
from app.loading.checking import CheckedArticle
from app.main import create_app
from app.plain import KnownRequests
from app.protocol import BoundedProtocol
from app.queries import entities
from app.reads import Reads
from app.settings import Settings
from tests.api import PATIENT, Api, logged
from tests.test_protocol import CLOSE, Run, run
from tests.test_protocol_kept import get
from tests.test_reads import ODD, OWN, PLAIN, shown

__all__ = ["run"]  # a fixture

pytestmark = pytest.mark.only("sqlite")


class Line:
    """The API behind the protocol, and a connection to it."""

    def __init__(self, app: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.app = app
        self.reader, self.writer = reader, writer
        self.passed: list[str] = []
        """The paths of the requests that have come to the application."""

    async def ask(self, *headers: bytes, target: bytes) -> tuple[int, httpx.Headers, bytes]:
        self.writer.write(get(*headers, target=target))
        return await self.answer()

    async def answer(self) -> tuple[int, httpx.Headers, bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        lines = (line.partition(": ") for line in head.split("\r\n")[1:-2])
        headers = httpx.Headers([(name, value) for name, _, value in lines])
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(head.split()[1]), headers, body


@asynccontextmanager
async def line_to(url: str, **given: Any) -> AsyncIterator[Line]:
    """Serve the API, and have one request answered by the application, as the first always is."""
    app = create_app(Settings(database_url=url, **PATIENT, **given))
    async with app.router.lifespan_context(app) as state:
        config = Config(app, log_config=None, lifespan="off", ws="none", proxy_headers=True)
        config.load()
        make = partial(BoundedProtocol, Settings(), config, ServerState(), dict(state or {}))
        server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
        line = Line(app, *await asyncio.open_connection(*server.sockets[0].getsockname()[:2]))
        await line.ask(target=b"/health")
        proxies: Any = config.loaded_app
        inner = proxies.app

        async def noting(scope: Any, receive: Any, send: Any) -> None:
            line.passed.append(scope["path"])
            await inner(scope, receive, send)

        proxies.app = noting
        try:
            yield line
        finally:
            server.close()
            line.writer.close()


@pytest.fixture(scope="module")
def api(make_database: Callable[..., str], koome_article: CheckedArticle) -> Any:
    with Api(make_database(koome_article)) as api:
        yield api


@pytest.mark.parametrize("coding", ["identity", "zstd"])
def test_what_is_answered_at_once_is_what_the_application_answers(run: Run, api: Api, coding: str) -> None:
    accepted = b"Accept-Encoding: " + coding.encode()
    found: dict[str, httpx.Response] = {}

    async def main() -> None:
        async with line_to(api.url) as line:
            for path in filter(str.isascii, [*PLAIN, *ODD]):
                status, headers, body = await line.ask(accepted, target=path.encode())
                found[path] = httpx.Response(status, headers=headers, content=body)
                if path in PLAIN:
                    tag = b"If-None-Match: W/" + headers["etag"].encode()
                    assert (await line.ask(accepted, tag, target=path.encode()))[0] == 304, path
                    assert line.passed == []
            assert {"/people/", "/nothing", "/openapi.json"} < set(line.passed)

    run(main())
    for path, answer in found.items():
        assert shown(answer) == shown(api.get(path, headers={"Accept-Encoding": coding})), path


@pytest.mark.parametrize("coding", [b"identity", b"zstd"])
@pytest.mark.parametrize("path", [b"/people?limit=20", b"/articles/koome-meets-haitian-police/text"])
def test_who_has_an_answer_from_elsewhere_is_told_so_and_then_told_again_without_a_question(
    run: Run, api: Api, monkeypatch: pytest.MonkeyPatch, path: bytes, coding: bytes
) -> None:
    accepted = b"Accept-Encoding: " + coding
    tag = api.get(path.decode(), headers={"Accept-Encoding": coding.decode()}).headers["etag"].encode()
    asked: list[str] = []
    ask = Reads.answer_at_once

    def noting(reads: Reads, scope: Any) -> Any:
        asked.append(scope["path"])
        return ask(reads, scope)

    monkeypatch.setattr(Reads, "answer_at_once", noting)

    async def main() -> None:
        async with line_to(api.url) as line:
            asked.clear()  # the first request, which nobody answers at once
            told = [await line.ask(accepted, b"If-None-Match: " + tag, target=path) for _ in range(3)]
            assert (len(asked), [status for status, _, _ in told]) == (1, [304] * 3)
            assert {name: value for name, value in told[0][1].items() if name not in OWN} == {
                name: value for name, value in told[1][1].items() if name not in OWN
            }
            assert (await line.ask(accepted, b'If-None-Match: "other"', target=path))[0] == 200
            assert (await line.ask(accepted, target=path))[0] == 200
            assert len(asked) == 2
            assert line.passed == []

    run(main())


def test_a_request_is_remembered_when_its_answer_is_given_again(
    run: Run, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered: list[bytes] = []
    monkeypatch.setattr(KnownRequests, "remember", lambda _, data, _request: remembered.append(data))

    async def main() -> None:
        async with line_to(api.url) as line:
            request = get(target=b"/people?limit=7")
            for expected in ([], [request]):
                await line.ask(target=b"/people?limit=7")
                assert remembered == expected
            assert line.passed == []

    run(main())


def test_an_error_that_has_an_answer_is_answered_at_once_and_only_asked_for_once(
    run: Run, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def too_slow(*given: object) -> None:
        asked.append(given)
        raise TooSlowError("it takes too long")

    monkeypatch.setattr(entities, "refuse_unknown", too_slow)

    async def main() -> None:
        async with line_to(api.url) as line:
            status, headers, body = await line.ask(target=b"/people")
            assert (status, len(asked), line.passed) == (503, 1, [])
            assert headers["content-type"] == "application/problem+json"
            assert headers["x-content-type-options"] == "nosniff"
            assert json.loads(body)["instance"] == "/people"

    run(main())


def test_what_goes_wrong_is_the_applications_to_tell(run: Run, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(entities, "refuse_unknown", fail)

    async def main() -> None:
        async with line_to(api.url) as line:
            assert (await line.ask(target=b"/people"))[0] == 500
            assert line.passed == ["/people"]

    run(main())


def test_who_sends_many_questions_at_once_takes_turns_with_others(run: Run, api: Api) -> None:
    async def main() -> None:
        async with line_to(api.url) as line:
            line.writer.write(b"".join(get(target=b"/people?limit=%d" % limit) for limit in range(1, 6)) + CLOSE)
            for limit in range(1, 6):
                _, _, body = await line.answer()
                assert len(json.loads(body)["items"]) == limit
            assert (await line.answer())[0] == 200
            assert line.passed == ["/people"] * 5  # all but the first

    run(main())


def test_the_first_of_all_requests_and_all_of_a_counted_client_go_to_the_application(run: Run, api: Api) -> None:
    async def main() -> None:
        async with line_to(api.url, rate_limit=1000) as line:
            assert (await line.ask(target=b"/people"))[0] == 200
            assert line.passed == ["/people"]

    run(main())


def test_the_line_of_the_log_is_that_of_the_application_with_the_client_of_a_proxy(
    run: Run, api: Api, tmp_path: Path
) -> None:
    async def main() -> None:
        async with line_to(api.url) as line:
            forwarded = b"X-Forwarded-For: 203.0.113.9"
            for _ in range(2):  # asked, and given again
                await line.ask(b"X-Request-ID: mine", forwarded, b"User-Agent: me", target=b"/people/japhet-koome")
            await line.ask(b"X-Request-ID: mine", forwarded, b"User-Agent: me", target=b"/people/nobody")
            assert line.passed == []

    with logged(tmp_path / "log") as lines:
        run(main())
    own = [line for line in lines if line.get("request_id") == "mine"]
    assert [(line["route"], line["status"], line["client"], line["agent"]) for line in own] == [
        ("/people/{id}", 200, "203.0.113.9", "me"),
        ("/people/{id}", 200, "203.0.113.9", "me"),
        ("/people/{id}", 404, "203.0.113.9", "me"),
    ]
    assert all(re.fullmatch(r"\d{4}-.*Z", line["time"]) for line in own)

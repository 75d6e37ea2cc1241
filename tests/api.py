"""The API as tests ask it: in this process without a socket, and as a real server in a process of its own."""

import asyncio
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import httpx
from fastapi.telemetry import TelemetryConfig
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, event

from app.database import create_writer
from app.database.questions import Compiled
from app.loading.checking import CheckedArticle
from app.logs import Lines
from app.main import create_app
from app.settings import ROOT, Settings
from app.tokens import hash_of
from tests.databases import load_into

KOOME = "koome-meets-haitian-police"
LISTS = {
    "/articles": ("id",),
    "/people": ("name", "id"),
    "/organisations": ("name", "id"),
    "/units": ("name", "id"),
    "/places": ("name", "id"),
    "/documents": ("name", "id"),
    "/events": ("name", "id", "date"),
    "/roles": ("position", "id"),
    "/dates": ("position", "id", "date"),
    "/quotes": ("position", "id"),
    "/figures": ("position", "id", "value"),
    "/notes": ("position", "id"),
    "/facts": ("position", "id"),
}
"""Every list whose items have paths of their own, and what it can be sorted by."""

TOKEN = "dateline_of-the-desk"
"""With which tests write, unless they say otherwise."""

PATIENT: dict[str, Any] = {"statement_timeout": 60, "check_timeout": 60}
"""What tests that are not about time let answers take: that says more of the machine than of the code."""

PLAINLY = {"Accept-Encoding": "identity"}
"""With which tests ask: lengths and tags are of what they read."""


def bearing(token: str = TOKEN, **headers: str) -> dict[str, str]:
    """Return headers with the token: `bearing(if_match=tag)`."""
    return {"Authorization": f"Bearer {token}"} | {name.replace("_", "-"): value for name, value in headers.items()}


class Api:
    """The application on one database, by its URL or its file, asked without a socket; `TOKEN` may write."""

    def __init__(self, database: str | Path, telemetry: TelemetryConfig | None = None, **given: Any) -> None:
        self.url = f"sqlite:///{database}" if isinstance(database, Path) else database
        settings = {"database_url": self.url, "tokens": {"desk": hash_of(TOKEN)}, **PATIENT, **given}
        self.app = app = create_app(Settings(**settings), telemetry)
        self.runner = asyncio.Runner()
        # What the application raises becomes its 500, as it would behind a socket.
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://dateline.test", headers=PLAINLY)
        self.lifespan = app.router.lifespan_context(app)
        self.writer = create_writer(self.url)

    def __enter__(self) -> Self:
        self.runner.run(self.lifespan.__aenter__())
        return self

    def __exit__(self, *_error: object) -> None:
        self.runner.run(self.client.aclose())
        self.runner.run(self.lifespan.__aexit__(None, None, None))
        self.runner.close()
        self.writer.dispose()

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        return self.runner.run(self.client.request(method, path, **arguments))

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("GET", path, **arguments)

    def read(self, path: str, **arguments: Any) -> Any:
        """Return what a path that must answer 200 answers."""
        response = self.get(path, **arguments)
        assert response.status_code == 200, (path, response.text)
        return response.json()

    def put(self, article_id: str, document: Any, **headers: str) -> httpx.Response:
        """Write a document, or bytes that should be one."""
        given = {"Content-Type": "application/json", **bearing(**headers)}
        return self.request("PUT", f"/articles/{article_id}", content=body_of(document), headers=given)

    def delete(self, article_id: str, **headers: str) -> httpx.Response:
        return self.request("DELETE", f"/articles/{article_id}", headers=bearing(**headers))

    def check(self, document: Any) -> httpx.Response:
        return self.request("POST", "/check", content=body_of(document), headers={"Content-Type": "application/json"})

    def items(self, path: str, **arguments: Any) -> list[Any]:
        """Return the items of all pages of a list."""
        return [item for page in self.pages(path, **arguments) for item in page["items"]]

    def ids(self, path: str, **arguments: Any) -> list[str]:
        return [item["id"] for item in self.items(path, **arguments)]

    def pages(self, path: str, **arguments: Any) -> Iterator[Any]:
        """Yield the pages of a list, each where the one before leads."""
        page = self.read(path, **arguments)
        yield page
        while page["next"] is not None:
            page = self.read(page["next"])
            yield page

    def text(self, article_id: str) -> str:
        response = self.get(f"/articles/{article_id}/text")
        assert response.status_code == 200
        return response.text

    def load(self, *articles: CheckedArticle) -> None:
        """Load the articles past the application."""
        load_into(self.writer, *articles)

    @contextmanager
    def asked(self) -> Iterator[list[tuple[str, Any]]]:
        """Collect the SQL statements that the application executes meanwhile, with their parameters."""
        statements: list[tuple[str, Any]] = []
        run = Compiled.all

        def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
            if not statement.startswith("BEGIN"):
                statements.append((statement, parameters))

        def note_question(compiled: Compiled, driver: Any, values: Any) -> Any:
            statements.append((compiled.sql, compiled.parameters(values)))
            return run(compiled, driver, values)

        reader: Engine = self.app.state.reader
        event.listen(reader, "before_cursor_execute", note)
        with patch.object(Compiled, "all", note_question):
            yield statements
        event.remove(reader, "before_cursor_execute", note)

    @contextmanager
    def explained(self) -> Iterator[list[tuple[str, list[str]]]]:
        """Collect the statements that the application executes meanwhile, each with SQLite’s plan for it."""
        plans: list[tuple[str, list[str]]] = []
        with self.asked() as statements:
            yield plans
        with self.app.state.reader.connect() as connection:
            for statement, parameters in statements:
                driver: Any = connection.connection.driver_connection
                rows = driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans.append((statement, [row[3] for row in rows]))


def body_of(document: Any) -> bytes:
    """Return the document as JSON; bytes stay what they are."""
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def assert_problem(response: httpx.Response, status: int, *, path: str | None = None) -> Any:
    """Hold that the answer is a problem document of this status, as RFC 9457 and the design have it; return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert list(problem) == ["type", "title", "status", "detail", "instance", "errors"]
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == (response.request.url.path if path is None else path)
    for fault in problem["errors"]:
        assert list(fault) == ["location", "name", "detail", "suggestion"]
        assert fault["location"] in ("query", "path", "header", "body")
        assert fault["detail"]
    for inside in ("Traceback", "sqlite", "sqlalchemy", ".py", "SELECT"):
        assert inside not in response.text
    return problem


def faults_of(problem: Any) -> dict[str, Any]:
    """Return the faults of a problem by the parameters that they are of."""
    return {fault["name"]: fault for fault in problem["errors"]}


def evidence_in(answer: Any) -> Iterator[Any]:
    """Yield every piece of evidence anywhere in an answer."""
    for place in objects_in(answer):
        if place.keys() >= {"exact", "prefix", "suffix"}:
            yield place


def objects_in(answer: Any) -> Iterator[dict[str, Any]]:
    """Yield every object anywhere in an answer, itself included."""
    if isinstance(answer, dict):
        yield answer
    for part in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        yield from objects_in(part)


def paths_in(answer: Any) -> Iterator[str]:
    """Yield every path of the API anywhere in an answer."""
    for place in objects_in(answer):
        for name, value in place.items():
            if name in ("url", "next", "text_url") and value is not None:
                yield value
            elif name in ("facts", "notes") and isinstance(value, list):
                yield from value


def environment_with(**given: str) -> dict[str, str]:
    """Return this process's environment without its Dateline settings, and with the given ones."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
    return {**kept, "PYTHONPATH": str(ROOT), **given}


def dateline(*arguments: str, timeout: float = 60, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env=environment_with(**environment),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@contextmanager
def logged(file: Path) -> Iterator[list[dict[str, Any]]]:
    """Log into the file meanwhile, as `serve` does; afterwards the list has its lines."""
    lines: list[dict[str, Any]] = []
    dateline = logging.getLogger("dateline")
    with file.open("wb") as opened:
        handler = Lines(opened.fileno())
        logging.root.addHandler(handler)
        dateline.setLevel(logging.INFO)
        try:
            yield lines
        finally:
            dateline.setLevel(logging.NOTSET)
            logging.root.removeHandler(handler)
            handler.close()
    lines += lines_in(file.read_bytes())


def lines_in(log: bytes) -> list[dict[str, Any]]:
    """Return the lines of a log, each of which must be one JSON object in nothing but printable ASCII."""
    assert log == b"" or log.endswith(b"\n")
    assert re.fullmatch(rb"[ -~\n]*", log)
    return [json.loads(line) for line in log.split(b"\n")[:-1]]


def samples_in(exposition: str, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of this name among Prometheus' text, by their labels' values."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
        if sample.name == name
    }


class Server:
    """A real server, `dateline serve`, in a process of its own on a free port, its database and log in the folder."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.log = folder / "server.log"
        given = {"DATELINE_DATABASE_URL": f"sqlite:///{folder / 'dateline.db'}", **environment}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve", "--port", "0", *arguments],
                env=environment_with(**given),
                stdout=log,
                stderr=log,
            )
        self.url = self._said(r"^Dateline: (http://\S+)/docs$")
        # It listens from here on, and answers as soon as it can.
        self.client = httpx.Client(base_url=self.url, headers=PLAINLY, trust_env=False, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.stop()

    @property
    def address(self) -> tuple[str, int]:
        url = httpx.URL(self.url)
        assert url.port is not None
        return url.host, url.port

    def output(self) -> str:
        return self.log.read_text()

    def logged(self) -> list[dict[str, Any]]:
        """Return the lines of the log so far: everything that is not said to people."""
        said = self.log.read_bytes().splitlines(keepends=True)
        return lines_in(b"".join(line for line in said if line.startswith(b"{")))

    def line_of(self, request_id: str) -> dict[str, Any]:
        """Return the one line that the server logs of a request; it comes a moment after the answer."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            requests = [line for line in self.logged() if line["logger"] == "dateline.request"]
            found = [line for line in requests if line["request_id"] == request_id]
            if found:
                (line,) = found
                return line
            time.sleep(0.02)
        raise AssertionError(f"the server never logged {request_id}: {self.output()}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send the process a signal; return its exit code."""
        self.process.send_signal(how)
        return self.process.wait(timeout=60)

    def says(self, *requests: bytes) -> bytes:
        """Send bytes over a socket of their own; return everything that comes back until the server closes it."""
        with socket.create_connection(self.address, timeout=60) as connection:
            for request in requests:
                connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def _said(self, pattern: str) -> str:
        """Wait until the output matches the pattern; return its group."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = re.search(pattern, self.output(), re.MULTILINE)
            if found:
                return found[1]
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.02)
                break
        self.process.kill()
        self.process.wait()
        raise AssertionError(f"the server never said {pattern}: {self.output()}")

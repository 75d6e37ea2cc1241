"""Reads from a replica, writes to its primary: real servers on 127.0.0.1, of which the primary dies."""

import asyncio
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from os import geteuid, kill
from pathlib import Path
from shutil import chown
from signal import SIGKILL, SIGQUIT
from threading import Event
from typing import Any, LiteralString

import httpx
import psycopg
import pytest

from app.database import closing, create_reader, postgres
from app.encoding import tagged
from app.errors import SettingsError
from app.settings import load_settings
from app.tokens import hash_of
from tests.api import TOKEN, Api, Server, assert_problem, bearing, body_of, dateline, faults_of
from tests.databases import PostgresDatabases, binaries_for, run_as_nobody
from tests.loading.articles import TEXT, small_document

REVISION = "X-Dateline-Revision"
DOCUMENT = {**small_document(), "text": TEXT}
CHANGED = {**DOCUMENT, "text": f"{TEXT}\nMore.\n"}
NOWHERE = "postgresql://dateline@127.0.0.1:1/dateline"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# --- Two databases: one knows what the other does not --------------------------------------------------------------


@pytest.fixture
def apart(postgres_databases: PostgresDatabases) -> Iterator[Api]:
    """The API whose replica never hears of anything."""
    urls = [postgres_databases.create() for _ in range(2)]
    with Api(urls[0], read_url=urls[1]) as api:
        yield api
    for url in urls:
        postgres_databases.drop(url)


def test_writes_look_at_the_primary_alone(apart: Api) -> None:
    created = apart.put("one", DOCUMENT, if_none_match="*")
    assert (created.status_code, created.headers[REVISION]) == (201, "1")
    assert_problem(apart.put("one", DOCUMENT, if_none_match="*"), 412)
    unchanged = apart.put("one", DOCUMENT, if_match=created.headers["etag"])
    assert (unchanged.status_code, unchanged.headers[REVISION]) == (200, "1")
    deleted = apart.delete("one", if_match=created.headers["etag"])
    assert (deleted.status_code, deleted.headers[REVISION]) == (204, "2")
    assert apart.read("/ready") == {"status": "ready", "revision": 0, "writable": True}


@pytest.mark.parametrize("path", ["/articles/one", "/articles/one/text", "/articles", "/search?q=ada", "/changes"])
def test_a_read_that_knows_of_a_write_is_told_that_the_replica_does_not(apart: Api, path: str) -> None:
    written = apart.put("one", DOCUMENT).headers
    assert apart.get(path).status_code == (404 if "one" in path else 200)
    held = {"If-None-Match": written["etag"]}
    for more in ({}, held):
        answer = apart.get(path, headers={REVISION: written[REVISION], **more})
        assert "behind: it is at revision 0, not yet at 1" in assert_problem(answer, 503)["detail"]
        assert answer.headers["retry-after"] == "1"
    assert apart.get("/people", headers={REVISION: "0"}).status_code == 200


OF_THE_ARTICLE = ("/articles/one", "/articles/one/text", "/articles/one/coverage", "/articles/one/document")


@dataclass
class Apart:
    """The API whose replica never hears of anything, and one that writes to that replica."""

    api: Api
    replica: Api


@pytest.fixture
def both(apart: Api) -> Iterator[Apart]:
    with Api(apart.app.state.settings.read_url) as replica:
        yield Apart(apart, replica)


def assert_behind(answer: httpx.Response, names: str) -> None:
    detail = assert_problem(answer, 503)["detail"]
    assert detail.startswith("the replica that answers here is behind, or there has been a change since: ")
    assert names in detail
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("path", OF_THE_ARTICLE)
@pytest.mark.parametrize("coding", ["", "zstd", "gzip"])
def test_who_has_the_tag_of_a_write_alone_is_told_that_the_replica_may_not_know_of_it(
    both: Apart, path: str, coding: str
) -> None:
    api = both.api
    written = api.put("one", DOCUMENT).headers["etag"]
    wanted = {"If-Match": tagged(written, coding)}
    assert_behind(api.get(path, headers=wanted), "there is no article ‘one’")
    assert_behind(api.get(path, headers={"If-Match": "*"}), "there is no article ‘one’")
    assert_problem(api.get(path), 404)

    older = both.replica.put("one", CHANGED).headers["etag"]
    for more in ({}, {"If-None-Match": older}, {"If-None-Match": "*"}):
        assert_behind(api.get(path, headers={**wanted, **more}), f"its ETag is {older}")
    for headers in ({}, {"If-Match": older}, {"If-Match": "*"}, {"If-Match": f"{older}, {written}"}):
        assert api.get(path, headers=headers).headers["etag"] == older

    both.replica.put("one", DOCUMENT)
    assert api.get(path, headers=wanted).headers["etag"] == written


@pytest.mark.parametrize("path", ["/people", "/search?q=ada", "/changes", "/people/ada", "/people?article=one"])
def test_so_is_who_has_the_tag_of_a_read_elsewhere(both: Apart, path: str) -> None:
    both.replica.put("one", DOCUMENT)
    seen = both.replica.get(path).headers["etag"]
    assert both.api.get(path, headers={"If-Match": seen}).status_code == 200
    both.replica.delete("one")
    assert_behind(both.api.get(path, headers={"If-Match": seen}), "")


def test_who_has_the_revision_too_is_told_what_there_is_by_a_replica_that_has_come_so_far(both: Apart) -> None:
    written = both.api.put("one", DOCUMENT).headers
    wanted = {"If-Match": written["etag"], REVISION: written[REVISION]}
    answer = both.api.get("/articles/one", headers=wanted)
    assert "it is at revision 0, not yet at 1" in assert_problem(answer, 503)["detail"]
    both.replica.put("one", CHANGED)
    assert_problem(both.api.get("/articles/one", headers=wanted), 412)
    both.replica.delete("one")
    assert_problem(both.api.get("/articles/one", headers=wanted), 404)


@pytest.mark.parametrize("value", ["", "one", "-1", "1.0", "1, 2", "9" * 20])
def test_what_is_no_revision_is_refused(apart: Api, value: str) -> None:
    answer = apart.get("/people", headers={REVISION: value})
    assert faults_of(assert_problem(answer, 422))[REVISION]["location"] == "header"


def test_where_nothing_is_behind_nobody_looks(empty: Api) -> None:
    written = empty.put("one", DOCUMENT)
    assert written.headers[REVISION] == "1"
    with empty.asked() as plain:
        empty.read("/articles/one")
    with empty.asked() as knowing:
        empty.read("/articles/one", headers={REVISION: "1"})
    assert len(knowing) == len(plain)


def test_without_a_primary_writes_are_told_to_come_again_and_documents_are_checked(
    postgres_databases: PostgresDatabases,
) -> None:
    url = postgres_databases.create()
    with Api(NOWHERE, read_url=url) as api:
        assert api.read("/ready") == {"status": "ready", "revision": 0, "writable": False}
        assert api.read("/people")["total"] == 0
        for answer in (api.put("one", DOCUMENT), api.delete("one")):
            assert "cannot be reached" in assert_problem(answer, 503)["detail"]
            assert answer.headers["retry-after"] == "5"
        assert api.check({**DOCUMENT, "id": "one"}).status_code == 200
    postgres_databases.drop(url)


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and says nothing, as a machine that is gone takes none."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"postgresql://dateline@127.0.0.1:{listener.getsockname()[1]}/dateline?connect_timeout=2"


def test_writers_who_wait_for_a_primary_that_is_silent_do_so_together(
    postgres_databases: PostgresDatabases, silent: str
) -> None:
    url = postgres_databases.create()
    with Api(silent, read_url=url) as api:

        async def write() -> list[httpx.Response]:
            headers = {"Content-Type": "application/json", **bearing()}
            put = partial(api.client.put, "/articles/one", content=body_of(DOCUMENT), headers=headers)
            return await asyncio.gather(*(put() for _ in range(8)))

        began = time.monotonic()
        answers = api.runner.run(write())
        assert time.monotonic() - began < 8  # one after the other, 16
        for answer in answers:
            assert "cannot be reached" in assert_problem(answer, 503)["detail"]
            assert answer.headers["retry-after"] == "5"
        began = time.monotonic()
        assert api.read("/ready")["writable"] is False
        assert time.monotonic() - began < 1.9  # as health checks do not wait long
    postgres_databases.drop(url)


def test_nobody_serves_where_there_is_neither_primary_nor_replica(tmp_path: Path) -> None:
    given: dict[str, Any] = {"DATELINE_DATABASE_URL": NOWHERE, "DATELINE_READ_URL": NOWHERE}
    done = dateline("serve", DATELINE_SEED_DATA=str(tmp_path), **given)
    assert done.returncode == 1
    assert "dateline: the database cannot be reached" in done.stderr
    assert "warning" not in done.stderr


# --- Settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("database_url", "read_url", "reason"),
    [
        ("sqlite:///dateline.db", "postgresql://db/dateline", "must both begin postgresql://"),
        ("postgresql://db/dateline", "sqlite:///dateline.db", "must both begin postgresql://"),
        ("sqlite:///dateline.db", "sqlite:///other.db", "must both begin postgresql://"),
        ("postgresql://db/dateline", "postgresql://u:hidden@a:1,b:2/dateline", "?host=A:5432&host=B:5433"),
        ("postgresql://db/dateline", "mysql://u:hidden@db/dateline", "must name a SQLite file"),
        ("postgresql://db/dateline", "", "is not a database URL"),
    ],
)
def test_only_postgresql_has_replicas(
    monkeypatch: pytest.MonkeyPatch, database_url: str, read_url: str, reason: str
) -> None:
    monkeypatch.setenv("DATELINE_DATABASE_URL", database_url)
    monkeypatch.setenv("DATELINE_READ_URL", read_url)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith("DATELINE_READ_URL=")
    assert reason in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_the_url_of_a_replica_is_not_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_DATABASE_URL", "postgresql://db/dateline")
    monkeypatch.setenv("DATELINE_READ_URL", "postgresql://desk:hidden@replica/dateline")
    assert "hidden" not in repr(load_settings())


# --- Real servers -------------------------------------------------------------------------------------------------


@dataclass
class Node:
    """A PostgreSQL server in a folder."""

    folder: Path
    binaries: Path
    data: Path
    port: int = field(default_factory=free_port)

    @property
    def process(self) -> int:
        """Its postmaster."""
        return int((self.data / "postmaster.pid").read_text().partition("\n")[0])

    def run(self, program: str, *arguments: str | Path) -> None:
        run_as_nobody(self.binaries / program, "-D", self.data, *arguments)

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder}"
        options += " -c fsync=off -c autovacuum=off -c shared_buffers=16MB"
        self.run("pg_ctl", "-l", f"{self.data}.log", "-o", options, "-w", "start")

    def kill(self) -> None:
        kill(self.process, SIGKILL)

    def has_stopped(self) -> bool:
        return not (self.data / "postmaster.pid").exists()

    def __call__(self, statement: LiteralString) -> Any:
        """Execute the statement; return the first column of the first row, if there is one."""
        with psycopg.connect(host="127.0.0.1", port=self.port, user="dateline", dbname="postgres") as connection:
            row = connection.execute(statement).fetchone()
            return row and row[0]


@pytest.fixture
def nodes() -> Iterator[tuple[Node, Node]]:
    """A primary and its streaming replica."""
    # Not in the folder of the test, which is closed to whom PostgreSQL runs as, and too deep for the name of a socket.
    with tempfile.TemporaryDirectory(prefix="dateline-") as name:
        folder = Path(name)
        if geteuid() == 0:
            chown(folder, "nobody")
        binaries = binaries_for(folder)
        if not (binaries / "pg_basebackup").exists():
            pytest.skip("this PostgreSQL comes without pg_basebackup")
        primary, replica = (Node(folder, binaries, folder / kind) for kind in ("primary", "replica"))
        try:
            primary.run("initdb", "-U", "dateline", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
            primary.start()
            at = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", "dateline")
            replica.run("pg_basebackup", *at, "-R", "-X", "stream", "-c", "fast", "--no-sync")
            replica.start()
            yield primary, replica
        finally:
            for node in (primary, replica):
                with suppress(FileNotFoundError, ProcessLookupError):
                    kill(node.process, SIGQUIT)
                    wait_until(node.has_stopped)


def test_who_reads_from_the_primary_while_the_replica_is_away_goes_back_to_it(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    primary, replica = nodes
    monkeypatch.setattr(postgres, "KEPT", 1)
    hosts = "&".join(f"host=127.0.0.1:{node.port}" for node in (replica, primary))
    with closing(create_reader(f"postgresql://dateline@/postgres?{hosts}")) as reader:

        def asks(node: Node) -> bool:
            with reader.connect() as connection:
                return bool(connection.exec_driver_sql("SELECT inet_server_port()").scalar() == node.port)

        assert asks(replica)
        replica.run("pg_ctl", "-m", "fast", "-w", "stop")
        assert asks(primary)
        replica.start()
        wait_until(partial(asks, replica))


def put(server: Server, article_id: str, document: Any = DOCUMENT) -> httpx.Response:
    headers = bearing(content_type="application/json")
    return server.client.put(f"/articles/{article_id}", content=body_of(document), headers=headers)


def is_refused(server: Server, article_id: str) -> bool:
    return put(server, article_id).status_code == 503


def read(server: Server, path: str, held: dict[str, str]) -> httpx.Response:
    """Read what was written, by its revision or its ETag: as soon as the replica has heard of it."""
    deadline = time.monotonic() + 30
    while (answer := server.client.get(path, headers=held)).status_code == 503 and time.monotonic() < deadline:
        assert "the replica that answers here is behind" in answer.json()["detail"]
    return answer


def by_revision(written: httpx.Response) -> dict[str, str]:
    return {REVISION: written.headers[REVISION]}


def by_tag(written: httpx.Response) -> dict[str, str]:
    return {"If-Match": tag_of(written)}


def tag_of(answer: httpx.Response) -> str:
    tag: str = answer.headers["etag"]
    return tag


def test_the_primary_dies_and_reads_go_on_and_so_do_writes_once_the_replica_is_promoted(
    tmp_path: Path, nodes: tuple[Node, Node]
) -> None:
    primary, replica = nodes
    hosts = "&".join(f"host=127.0.0.1:{node.port}" for node in nodes)
    given = {
        "DATELINE_DATABASE_URL": f"postgresql://dateline@/postgres?{hosts}&target_session_attrs=read-write",
        "DATELINE_READ_URL": f"postgresql://dateline@127.0.0.1:{replica.port}/postgres",
        "DATELINE_SEED_DATA": str(tmp_path),
        "DATELINE_TOKENS": f"desk:{hash_of(TOKEN)}",
    }
    with ExitStack() as stack:
        folders = [tmp_path / name for name in ("one", "two", "three")]
        for folder in folders:
            folder.mkdir()
        one, two = (stack.enter_context(Server(folder, **given)) for folder in folders[:2])
        wait_until(lambda: one.client.get("/ready").status_code == 200)

        # Who writes at one reads at the other.
        written = put(one, "first")
        assert written.status_code == 201
        for known in (by_revision(written), by_tag(written)):
            assert tag_of(read(two, "/articles/first", known)) == tag_of(written)
        replica("SELECT pg_wal_replay_pause()")
        changed, created = put(two, "first", CHANGED), put(two, "second")
        assert one.client.get("/articles/second").status_code == 404
        behind = one.client.get("/articles/second", headers=by_revision(created))
        assert "behind" in assert_problem(behind, 503)["detail"]
        assert_behind(one.client.get("/articles/second", headers=by_tag(created)), "there is no article ‘second’")
        assert_behind(one.client.get("/articles/first", headers=by_tag(changed)), f"its ETag is {tag_of(written)}")
        replica("SELECT pg_wal_replay_resume()")
        assert tag_of(read(one, "/articles/first", by_tag(changed))) == tag_of(changed)
        assert tag_of(read(one, "/articles/second", by_tag(created))) == tag_of(created)
        assert one.client.get("/ready").json() == {"status": "ready", "revision": 3, "writable": True}

        over = Event()
        statuses: dict[str, list[int]] = {"one": [], "two": []}

        def keep_reading(server: Server, name: str) -> None:
            with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
                while not over.wait(0.005):  # The servers need a processor too.
                    statuses[name].append(client.get("/articles/first").status_code)

        def goes_on() -> None:
            before = {name: len(seen) for name, seen in statuses.items()}
            wait_until(lambda: all(len(seen) > before[name] + 20 for name, seen in statuses.items()))

        threads = stack.enter_context(ThreadPoolExecutor())
        readers = [threads.submit(keep_reading, one, "one"), threads.submit(keep_reading, two, "two")]
        stack.callback(over.set)
        goes_on()
        primary.kill()
        for server in (one, two):
            # What was connected to it may live on for a moment; to store what is there already changes nothing.
            wait_until(partial(is_refused, server, "second"))
            refused = put(server, "third")
            assert "cannot be reached" in assert_problem(refused, 503)["detail"]
            assert refused.headers["retry-after"] == "5"
            assert server.client.get("/ready").json() == {"status": "ready", "revision": 3, "writable": False}
        goes_on()
        # Who comes now finds nobody to write to, and reads all the same.
        three = stack.enter_context(Server(folders[2], **given))
        assert "warning: DATELINE_DATABASE_URL cannot be written to" in three.output()
        assert three.client.get("/articles").json()["total"] == 2

        replica.run("pg_ctl", "-w", "promote")
        for server, name in ((one, "third"), (two, "fourth"), (three, "fifth")):
            written = put(server, name)
            assert written.status_code == 201, written.text
            assert tag_of(read(one, f"/articles/{name}", by_tag(written))) == tag_of(written)
        goes_on()
        over.set()
        for reader in readers:
            reader.result()
        assert {status for seen in statuses.values() for status in seen} == {200}
        assert two.client.get("/ready").json() == {"status": "ready", "revision": 6, "writable": True}

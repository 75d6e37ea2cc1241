"""Engines, sessions and migrations; what differs between databases; the revision counter."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from app.errors import BusyError, DatelineError, NotReadyError, ReadOnlyError, StorageFullError, TooSlowError
from app.settings import ROOT
from app.tables import Article, Entity, Fact, Revision, table_of

if TYPE_CHECKING:
    from alembic.config import Config  # Only who migrates imports Alembic: it takes longer than all of SQLAlchemy.

PRAGMAS = {
    "foreign_keys": "ON",
    "busy_timeout": 5000,  # milliseconds that a writer waits for another
    "temp_store": "MEMORY",
    "cache_size": -32000,  # kilobytes
    "mmap_size": 268435456,  # bytes
}

STEPS = 1000
"""Instructions of SQLite's virtual machine, some hundredths of a millisecond, after which it looks at the clock."""

BUSY = BusyError, "the database is busy with another write; try again in a moment"
UNREADABLE = NotReadyError, "the database cannot be read: run `dateline migrate`, or look at its file"
FAILURES: dict[int, tuple[type[DatelineError], str]] = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_PROTOCOL: BUSY,  # too many at once at the locks of the write-ahead log
    sqlite3.SQLITE_INTERRUPT: (
        TooSlowError,
        "the question took longer than it may; ask a narrower one, or again later",
    ),
    sqlite3.SQLITE_FULL: (StorageFullError, "the database has no room left; nothing has been stored"),
    sqlite3.SQLITE_READONLY: (ReadOnlyError, "the database can only be read; nothing has been stored"),
    sqlite3.SQLITE_PERM: UNREADABLE,
    sqlite3.SQLITE_CANTOPEN: UNREADABLE,
    sqlite3.SQLITE_IOERR: UNREADABLE,
    sqlite3.SQLITE_CORRUPT: UNREADABLE,
    sqlite3.SQLITE_NOTADB: UNREADABLE,
}
"""What a client is told of SQLite's primary error codes; all others are faults of the code."""


def code_of(error: BaseException | None) -> int:
    """Return SQLite's primary code of an error: its other bytes say more of its kind."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


@contextmanager
def explained() -> Iterator[None]:
    """Raise what the database fails with as an error that says what it means for the client.

    Raises:
        BusyError, TooSlowError, StorageFullError, ReadOnlyError, NotReadyError: as `FAILURES` has it.
    """
    try:
        yield
    except DBAPIError as error:
        primary = code_of(error.orig)
        if primary not in FAILURES:
            raise
        kind, detail = FAILURES[primary]
        raise kind(detail) from error.orig


def create_writer(url: str | URL) -> Engine:
    """Return the engine for loading and migrating; it creates the SQLite file, in WAL mode, where there is none."""
    # FULL: what has been committed outlives even a loss of power, for one fsync a transaction.
    pragmas = {"journal_mode": "WAL", "synchronous": "FULL", **PRAGMAS}
    return _with_pragmas(create_engine(url), pragmas, begin="BEGIN IMMEDIATE")


def create_reader(url: str | URL, timeout: float | None = None) -> Engine:
    """Return the engine for serving; it refuses every write, and interrupts a transaction after `timeout` seconds."""
    file = Path(make_url(url).database or "").absolute().as_uri()
    # Not as a string: parsing it would undo the file's escapes, and a `#` would end its name.
    read_only = URL.create("sqlite", database=file, query={"mode": "ro", "uri": "true"})
    engine = create_engine(read_only, pool_size=1, max_overflow=20)
    if timeout is not None:
        _with_deadline(engine, timeout)
    return _with_pragmas(engine, {**PRAGMAS, "query_only": "ON"}, begin="BEGIN")


@contextmanager
def closing(engine: Engine) -> Iterator[Engine]:
    """Lend the engine, and close its connections at the end."""
    try:
        yield engine
    finally:
        engine.dispose()


def _with_pragmas(engine: Engine, pragmas: dict[str, Any], begin: str) -> Engine:
    """Take transactions out of the driver's hands (it would begin late and commit before DDL), and set the pragmas."""

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma, value in pragmas.items():
            connection.execute(f"PRAGMA {pragma} = {value}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _with_deadline(engine: Engine, timeout: float) -> None:
    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        deadline = monotonic() + timeout
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: monotonic() > deadline, STEPS)


def alembic_config(engine: Engine) -> "Config":
    """Return Alembic's configuration, from pyproject.toml, bound to the engine."""
    from alembic.config import Config

    return Config(toml_file=ROOT / "pyproject.toml", attributes={"engine": engine})


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to the revision; `base` takes everything down.

    Raises:
        NotReadyError: there is no way from the schema's revision to this one.
    """
    if revision == "head":
        with engine.connect() as connection:
            if schema_of(connection) is Schema.CURRENT:
                return
    from alembic import command
    from alembic.util import CommandError

    move = command.downgrade if revision == "base" else command.upgrade
    try:
        move(alembic_config(engine), revision)
    except CommandError as error:
        raise NotReadyError(f"the schema cannot be brought to `{revision}`: {error}") from error


@cache
def revisions() -> tuple[str, ...]:
    """Return the schema's revisions up to the one that this version needs; each is the number of a migration's file."""
    return tuple(sorted(file.name.partition("_")[0] for file in (ROOT / "migrations" / "versions").glob("*.py")))


def _found(connection: Connection) -> set[str]:
    """Return what Alembic has noted down of the database: no revision before the first migration, one from then on."""
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars())


class Schema(StrEnum):
    """What a database is, as far as its tables tell."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    FOREIGN = "foreign"


def schema_of(connection: Connection) -> Schema:
    """Return how the database's schema stands to the one that this version needs; another program's is foreign."""
    tables = set(inspect(connection).get_table_names())
    found = _found(connection)
    if not tables - {"alembic_version"}:
        return Schema.EMPTY
    if not found or not tables >= {table_of(model).name for model in (Article, Entity, Fact)}:
        return Schema.FOREIGN
    if found == {revisions()[-1]}:
        return Schema.CURRENT
    return Schema.OLDER if found <= set(revisions()) else Schema.NEWER


def check_ready(engine: Engine) -> None:
    """Return if the database answers and its schema is the one that this version needs.

    Raises:
        NotReadyError: saying what is missing and how to mend it.
        BusyError: another holds the database.
    """
    with explained(), engine.connect() as connection:
        found = _found(connection)
    if found != {revisions()[-1]}:
        raise NotReadyError("the database's schema is not the one this version needs: run `dateline migrate`")


def current_token(connection: Connection) -> str:
    """Return the mark of the last committed load."""
    token: str = connection.execute(select(col(Revision.token))).scalar_one()
    return token


def current_revision(connection: Connection) -> int:
    """Return how many loads have been committed."""
    value: int = connection.execute(select(col(Revision.value))).scalar_one()
    return value


class Watch:
    """Tells for next to nothing whether something has been committed, by whatever process.

    SQLite's `data_version` changes with each commit of another connection; only then is the mark of the last load read
    anew. To be used from one thread.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._version: int | None = None
        self._token: str | None = None

    def token(self) -> str | None:
        """Return the mark of the last committed load; None when the database cannot be read."""
        try:
            if self._connection is None:
                self._connection = self._engine.raw_connection()
            driver: Any = self._connection.driver_connection
            (version,) = driver.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                (self._token,) = driver.execute("SELECT token FROM revision").fetchone()
                self._version = version
        except (sqlite3.Error, DBAPIError):
            self._token = self._version = None
        return self._token

    def close(self) -> None:
        """Close what is open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

"""SQLite: one file, one writer at a time, and as many readers as there are, each with its own snapshot."""

import sqlite3
from pathlib import Path
from time import monotonic
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event

from app.database.failures import BUSY, FULL, READ_ONLY, TOO_SLOW, Failure
from app.errors import NotReadyError
from app.text.words import says

PRAGMAS: Final = {
    "foreign_keys": "ON",
    "busy_timeout": 5000,  # milliseconds that a writer waits for another
    "temp_store": "MEMORY",
    "cache_size": -32000,  # kilobytes
    "mmap_size": 268435456,  # bytes
}

STEPS: Final = 1000
"""Instructions of SQLite's virtual machine, some hundredths of a millisecond, after which it looks at the clock."""

STATEMENTS: Final = 1000
"""How many statements a writer keeps prepared: a load takes some eighty, and others as its lists get longer."""

READING: Final = "BEGIN"
WRITING: Final = "BEGIN IMMEDIATE"

UNREADABLE: Final[Failure] = (
    NotReadyError,
    "the database cannot be read: run `dateline migrate`, or look at its file",
)
FAILURES: Final[dict[int, Failure]] = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_PROTOCOL: BUSY,  # too many at once at the locks of the write-ahead log
    sqlite3.SQLITE_INTERRUPT: TOO_SLOW,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
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


def failure_of(error: BaseException | None) -> Failure | None:
    """Return what a client is told of the error; None for a fault of the code."""
    return FAILURES.get(code_of(error))


def writer(url: URL) -> Engine:
    """Return the engine that writes; it creates the file, in WAL mode, where there is none."""
    # FULL: what has been committed outlives even a loss of power, for one fsync a transaction.
    pragmas = {"journal_mode": "WAL", "synchronous": "FULL", **PRAGMAS}
    return _with_pragmas(create_engine(url, connect_args={"cached_statements": STATEMENTS}), pragmas, begin=WRITING)


def reader(url: URL, timeout: float | None) -> Engine:
    """Return the engine that reads; it refuses every write, and interrupts a transaction after `timeout` seconds."""
    file = Path(url.database or "").absolute().as_uri()
    # Not as a string: parsing it would undo the file's escapes, and a `#` would end its name.
    read_only = URL.create("sqlite", database=file, query={"mode": "ro", "uri": "true"})
    engine = create_engine(read_only, pool_size=1, max_overflow=20)
    if timeout is not None:
        _with_deadline(engine, timeout)
    return _with_pragmas(engine, {**PRAGMAS, "query_only": "ON"}, begin=READING)


def _with_pragmas(engine: Engine, pragmas: dict[str, Any], begin: str) -> Engine:
    """Take transactions out of the driver's hands (it would begin late and commit before DDL), and set it up."""

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.create_function("says", 3, says, deterministic=True)
        for pragma, value in pragmas.items():
            connection.execute(f"PRAGMA {pragma} = {value}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        if begin == READING:  # It takes no lock, so it cannot fail: the driver itself needs a tenth of the time.
            driver: Any = connection.connection.driver_connection
            driver.execute(begin)
        else:
            connection.exec_driver_sql(begin)

    return engine


def _with_deadline(engine: Engine, timeout: float) -> None:
    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        deadline = monotonic() + timeout
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: monotonic() > deadline, STEPS)

"""Engines: what writes and what reads, on the database that a URL names."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from app.database import postgres, sqlite
from app.database.failures import BUSY


def _dialect(url: URL) -> ModuleType:
    return postgres if url.get_backend_name() == "postgresql" else sqlite


def create_writer(url: str | URL) -> Engine:
    """Return the engine for loading and migrating; of its transactions, wherever they are, one runs at a time."""
    url = make_url(url)
    engine: Engine = _dialect(url).writer(url)
    return engine


def create_reader(url: str | URL, timeout: float | None = None) -> Engine:
    """Return the engine for serving; it refuses every write, and stops a question that takes over `timeout` seconds.

    A transaction sees one snapshot of the database. On SQLite the time is that of the whole transaction, on PostgreSQL
    that of each of its statements.
    """
    url = make_url(url)
    engine: Engine = _dialect(url).reader(url, timeout)
    return engine


def runs_inline(engine: Engine) -> bool:
    """Tell whether a question is answered in the time that a hop to another thread would take: without a network."""
    return engine.dialect.name == "sqlite"


class Lender:
    """Lends a connection for one question after the other, all of them from one thread.

    It is always the same one: to take one from the pool and give it back takes as long as to ask.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Lend the connection; whatever snapshot is open at the end is left, and after a failure the connection too.

        Raises:
            DBAPIError: there is no connection to be had.
        """
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            yield self._connection
        except DBAPIError:
            self.close()
            raise
        finally:
            if self._connection is not None:
                self._connection.rollback()

    def close(self) -> None:
        """Close the connection; another one is opened if it is wanted again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def closing(engine: Engine) -> Iterator[Engine]:
    """Lend the engine, and close its connections at the end."""
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def explained() -> Iterator[None]:
    """Raise what the database fails with as an error that says what it means for the client.

    Raises:
        BusyError, TooSlowError, StorageFullError, ReadOnlyError, NotReadyError: as `FAILURES` of the database has it.
    """
    try:
        yield
    except NoConnectionError as error:
        kind, detail = BUSY
        raise kind(detail) from error
    except DBAPIError as error:
        dialect = sqlite if isinstance(error.orig, sqlite3.Error) else postgres
        failure = dialect.failure_of(error.orig)
        if failure is None:
            raise
        kind, detail = failure
        raise kind(detail) from error.orig

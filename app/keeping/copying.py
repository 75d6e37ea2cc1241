"""A private copy of a database that may be in use: one snapshot of it, whole, in one file."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, table
from sqlalchemy.exc import DatabaseError

from app.database import closing as lending
from app.database import create_reader
from app.errors import DatabaseFileError
from app.keeping.opening import url_of, with_hint

COMPANIONS = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a database; it would take one that was left behind for a part of the next."""


def companions_of(file: Path) -> list[Path]:
    """Return the files that SQLite may keep beside the database."""
    return [file.with_name(file.name + suffix) for suffix in COMPANIONS]


@contextmanager
def private_copy(source: Path, folder: Path) -> Iterator[Path]:
    """Lend a copy of the database, in a temporary file of the folder that goes away at the end unless it was renamed.

    Raises:
        DatabaseFileError: the database cannot be read, or the copy not be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{source.name}.", suffix=".part", dir=folder)
    except OSError as error:
        raise DatabaseFileError(f"{folder}: cannot be written to: {error.strerror}") from error
    os.close(descriptor)
    copy = Path(name)
    try:
        _copy(source, copy)
        yield copy
    finally:
        for leftover in (copy, *companions_of(copy)):
            leftover.unlink(missing_ok=True)


def _copy(source: Path, copy: Path) -> None:
    try:
        with lending(create_reader(url_of(source))) as reader, reader.connect() as connection:
            rows = counted(connection)  # begins the snapshot, which the copy is then made of
            driver = connection.connection.driver_connection
            with closing(sqlite3.connect(copy)) as target:
                driver.backup(target)  # type: ignore[union-attr]
                target.execute("PRAGMA journal_mode = DELETE")  # everything in one file
        with lending(create_reader(url_of(copy))) as reader, reader.connect() as connection:
            copied = counted(connection)
    except (sqlite3.Error, DatabaseError) as error:
        reason = with_hint(getattr(error, "orig", error))
        raise DatabaseFileError(f"{source}: cannot be copied to {copy.parent}: {reason}") from error
    if copied != rows:
        raise DatabaseFileError(f"{source}: has {rows} rows, but its copy {copied}")


def counted(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {
        name: connection.execute(select(func.count()).select_from(table(name))).scalar_one()
        for name in inspect(connection).get_table_names()
    }

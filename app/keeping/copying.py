"""A private copy of a database that may be in use: one snapshot of it, whole, in one file."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, func, inspect, select, table
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel

from app.database import closing as lending
from app.database import create_reader, create_writer, migrate
from app.errors import DatabaseFileError
from app.keeping.opening import Place, name_of, url_of, with_hint
from app.keeping.transfer import counted_rows, replace_rows

COMPANIONS = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a database; it would take one that was left behind for a part of the next."""


def companions_of(file: Path) -> list[Path]:
    """Return the files that SQLite may keep beside the database."""
    return [file.with_name(file.name + suffix) for suffix in COMPANIONS]


@contextmanager
def private_copy(source: Place, folder: Path) -> Iterator[Path]:
    """Lend a copy of the database, in a temporary file of the folder that goes away at the end unless it was renamed.

    It is one of SQLite, whatever the database is.

    Raises:
        DatabaseFileError: the database cannot be read, or the copy not be written.
    """
    stem = source.name if isinstance(source, Path) else source.database
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{stem}.", suffix=".part", dir=folder)
    except OSError as error:
        raise DatabaseFileError(f"{folder}: cannot be written to: {error.strerror}") from error
    os.close(descriptor)
    copy = Path(name)
    try:
        if isinstance(source, Path):
            _copy(source, copy)
        else:
            _copy_from_server(source, copy)
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


def _copy_from_server(source: URL, copy: Path) -> None:
    with lending(create_reader(source)) as reader, reader.connect() as server:
        rows = counted_rows(server)  # begins the snapshot, which the copy is then made of
        with lending(create_writer(url_of(copy))) as writer:
            migrate(writer)
            with writer.begin() as file:
                replace_rows(server, file, SQLModel.metadata.sorted_tables)
                copied = counted_rows(file)
            with writer.connect() as connection:
                connection.connection.cursor().execute("PRAGMA journal_mode = DELETE")  # everything in one file
    if copied != rows:
        raise DatabaseFileError(f"{name_of(source)}: has {rows} rows, but its copy {copied}")


def counted(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {
        name: connection.execute(select(func.count()).select_from(table(name))).scalar_one()
        for name in inspect(connection).get_table_names()
    }

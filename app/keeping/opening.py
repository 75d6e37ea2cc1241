"""What a database is, before anything is done with it; and what to do where SQLite fails on its file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DatabaseError

from app.database import Schema, closing, create_reader, schema_of
from app.database.sqlite import code_of
from app.errors import DamagedFileError, DatabaseFileError
from app.settings import without_secrets

QUICK = 64 * 1024 * 1024
"""Bytes of a database that is checked whole when the server starts: it takes less than a second."""
DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
HINTS = {
    sqlite3.SQLITE_BUSY: "another process is writing to it; try again",
    sqlite3.SQLITE_FULL: "make room, then try again; what was there before is untouched",
    sqlite3.SQLITE_IOERR: "is the disk full, or failing? What was there before is untouched",
}


Place = Path | URL
"""Where a database is: in a file of SQLite, or on a server."""


def place_of(url: str) -> Place:
    """Return the file of a SQLite URL; any other URL as it is."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else parsed


def url_of(place: Place) -> URL:
    """Return the URL of a database, whatever characters the name of its file has."""
    return URL.create("sqlite", database=str(place)) if isinstance(place, Path) else place


def name_of(place: Place) -> str:
    """Return what to call the database in messages."""
    return str(place) if isinstance(place, Path) else without_secrets(place.render_as_string(hide_password=False))


def with_hint(error: BaseException | None) -> str:
    """Return SQLite's error with what to do about it."""
    hint = HINTS.get(code_of(error))
    return f"{error} ({hint})" if hint else str(error)


@contextmanager
def offering_way_out(file: Path) -> Iterator[None]:
    """Let the error say what to do, when the database that is in use turns out to be damaged."""
    try:
        yield
    except DamagedFileError as error:
        raise DamagedFileError(
            f"{error}: move {file.name} away (with {file.name}-wal and {file.name}-shm, where they are), "
            "then bring back a backup with `dateline restore FILE`"
        ) from error


def examine(file: Path) -> Schema:
    """Return what the database file is.

    Raises:
        DamagedFileError: it is damaged, or no database.
        DatabaseFileError: it is not there, cannot be read, or is not for this version of Dateline.
    """
    if file.is_dir():
        raise DatabaseFileError(f"{file}: this is a folder, not a file")
    if not file.exists():
        raise DatabaseFileError(f"{file}: there is no such file")
    try:
        with closing(create_reader(url_of(file))) as reader, reader.connect() as connection:
            schema = schema_of(connection)
    except DatabaseError as error:
        kind = DamagedFileError if code_of(error.orig) in DAMAGE else DatabaseFileError
        raise kind(f"{file}: {with_hint(error.orig)}") from error
    return _ours(str(file), schema)


def examine_server(url: URL) -> Schema:
    """Return what the database on the server is.

    Raises:
        DatabaseFileError: it is not for this version of Dateline.
    """
    with closing(create_reader(url)) as reader, reader.connect() as connection:
        return _ours(name_of(url), schema_of(connection))


def _ours(name: str, schema: Schema) -> Schema:
    if schema is Schema.FOREIGN:
        raise DatabaseFileError(f"{name}: this is another program's database")
    if schema is Schema.NEWER:
        raise DatabaseFileError(f"{name}: this is of a newer version of Dateline, which can read it")
    return schema


def refuse_unusable(url: str) -> None:
    """Return if the database can be served, or there is none yet.

    Raises:
        DatabaseFileError: naming the database, what is wrong with it, and the way out.
    """
    place = place_of(url)
    if isinstance(place, URL):
        examine_server(place)
    elif place.exists():
        with offering_way_out(place):
            examine(place)
            if place.stat().st_size <= QUICK:
                _check_quickly(place)


def _check_quickly(file: Path) -> None:
    with closing(create_reader(url_of(file))) as reader, reader.connect() as connection:
        try:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        except DatabaseError as error:
            found = with_hint(error.orig)
    if found != "ok":
        raise DamagedFileError(f"{file}: {' '.join(found.removeprefix('*** in database main ***').split())}")

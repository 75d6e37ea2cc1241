"""The mark of the last load: reading it, and noticing for next to nothing that there is another."""

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from app.database.questions import Question
from app.tables import Revision

TOKEN = Question(select(col(Revision.token)))


def current_token(connection: Connection) -> str:
    """Return the mark of the last committed load."""
    token: str = TOKEN.scalar(connection)
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
                found = driver.execute("SELECT token FROM revision").fetchone()
                self._token, self._version = found and found[0], version
        except (sqlite3.Error, DBAPIError):
            self._token = self._version = None
        return self._token

    def close(self) -> None:
        """Close what is open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

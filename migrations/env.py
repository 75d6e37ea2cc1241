"""Runs migrations on the engine handed in, or on DATELINE_DATABASE_URL when called as `alembic`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import app.tables  # noqa: F401 (fills the metadata)
from app.database import create_writer
from app.database.postgres import index_words
from app.errors import NotReadyError
from app.settings import load_settings

OTHERWISE_SORTED = """
    SELECT format('ALTER TABLE %%s ALTER COLUMN %%I TYPE %%s COLLATE "C"',
                  attrelid::regclass, attname, format_type(atttypid, atttypmod))
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    AND attcollation NOT IN (0, 'pg_catalog."C"'::regcollation)
"""
"""The columns of text that PostgreSQL sorts by the rules of a language: how to have it sort them as SQLite does."""

COUNTS_WORDS = """
    SELECT EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = to_regclass('search_index_block') AND attname = 'documents'
    )
"""
"""Whether the words of documents go into the index in the form in which this version looks for them."""


def is_ours(thing: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Leave out what migrations make by hand: the full-text index, and an index of what is shorter than its column.

    Columns that the database works out are read back in other words.
    """
    if kind == "column" and thing.computed is not None:
        return False
    if kind == "index" and name == "ix_name_entity_id_text":
        return engine.dialect.name == "sqlite"
    return not (kind == "table" and (name or "").startswith("search_index"))


@contextmanager
def without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Have SQLite not follow references: to alter a column, it makes the table anew and drops the old one.

    That would delete all that refers to it.

    Raises:
        NotReadyError: afterwards, there are rows that refer to nothing.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            yield
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                raise NotReadyError(f"migrating would leave rows that refer to nothing: {broken[:5]}")
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


@contextmanager
def of_all_characters(connection: Connection) -> Iterator[None]:
    """Begin a transaction on a PostgreSQL database.

    Raises:
        NotReadyError: the database cannot hold every character.
    """
    with connection.begin():
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise NotReadyError(f"the database's encoding is {encoding}: create it with ENCODING 'UTF8'")
        yield
        if connection.exec_driver_sql(COUNTS_WORDS).scalar():
            index_words(connection)


def complete(*, ctx: Any, **_step: Any) -> None:
    """Sort the text of columns that a migration has made by code point; the next one may rely on it."""
    if ctx.dialect.name == "postgresql":
        for alteration in ctx.connection.exec_driver_sql(OTHERWISE_SORTED).scalars().all():
            ctx.connection.exec_driver_sql(alteration)


engine = context.config.attributes.get("engine") or create_writer(load_settings().database_url)
transaction = without_foreign_keys if engine.dialect.name == "sqlite" else of_all_characters
with engine.connect().execution_options(migrating=True) as connection, transaction(connection):
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_object=is_ours,
        render_as_batch=True,
        compare_server_default=True,
        on_version_apply=complete,  # type: ignore[arg-type]  # Alembic gives it by name
    )
    context.run_migrations()

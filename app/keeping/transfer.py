"""Rows from one database to another, whatever the two are: how a PostgreSQL database gets into a backup, and back."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, false, func, insert, select
from sqlmodel import SQLModel

from app.tables import stored_columns

BATCH = 1000
"""Rows that are held at once."""


def replace_rows(source: Connection, target: Connection, tables: Iterable[Table]) -> None:
    """Put the source's rows of the tables, which stand after those that they refer to, in the place of the target's."""
    tables = list(tables)
    for table in reversed(tables):
        target.execute(delete(table))
    for table in tables:
        for part in _stored(source, table).partitions(BATCH):
            target.execute(insert(table), [dict(row._mapping) for row in part])
    if target.dialect.name == "postgresql":
        _number_on(target, tables)


def _stored(connection: Connection, table: Table) -> Any:
    """Return the table's rows in the order of its key, which both databases sort alike."""
    rows = select(*stored_columns(table)).order_by(*table.primary_key)
    return connection.execute(rows, execution_options={"yield_per": BATCH})


def _number_on(connection: Connection, tables: list[Table]) -> None:
    """Have PostgreSQL go on to number rows after the highest number there is."""
    for table in tables:
        for column in table.primary_key:
            sequence = connection.execute(select(func.pg_get_serial_sequence(f'"{table.name}"', column.name))).scalar()
            if sequence is not None:
                following = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
                connection.execute(select(func.setval(sequence, following, false())))


def lost_rows(source: Connection, target: Connection, tables: Iterable[Table]) -> Iterator[str]:
    """Yield which tables have other rows in the target than in the source."""
    for table in tables:
        here, there = (_stored(connection, table) for connection in (target, source))
        differing = sum(1 for ours, theirs in zip_longest(here, there) if not _same(ours, theirs))
        if differing:
            yield f"{table.name}: {differing} rows are not those of the backup"


def _same(ours: Row[Any] | None, theirs: Row[Any] | None) -> bool:
    return ours is not None and theirs is not None and tuple(ours) == tuple(theirs)


def counted_rows(connection: Connection) -> dict[str, int]:
    """Return how many rows each of our tables has."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in SQLModel.metadata.sorted_tables
    }

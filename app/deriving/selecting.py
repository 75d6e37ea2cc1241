"""Rows of many ids: statements that name them, so many at a time."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import BindParameter, Connection, Delete, Row, Select, bindparam, insert
from sqlmodel import SQLModel

IdT = TypeVar("IdT")
Rows = Select[*tuple[Any, ...]]
AT_ONCE: Final = 5000
"""How many ids one statement names: both databases take as many, and more would not be faster."""
IDS: BindParameter[Any] = bindparam("ids", expanding=True)
"""What stands for the ids in a statement."""


def parts_of(ids: Collection[IdT], size: int = AT_ONCE) -> Iterator[Sequence[IdT]]:
    """Yield the ids, so many at a time."""
    listed = list(ids)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def rows_of_ids(connection: Connection, statement: Rows, ids: Collection[Any]) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield the rows of a statement that names the ids by `IDS`."""
    for part in parts_of(ids):
        yield from connection.execute(statement, {"ids": part})


def delete_ids(connection: Connection, statement: Delete, ids: Collection[Any]) -> None:
    """Delete the rows of a statement that names the ids by `IDS`."""
    for part in parts_of(ids):
        connection.execute(statement, {"ids": part})


def insert_rows(connection: Connection, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows, if there are any."""
    if rows:
        connection.execute(insert(table), rows)

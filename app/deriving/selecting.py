"""Rows of many ids: questions that name them, so many at a time; and the rows that are put in."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, TypeVar

from sqlalchemy import BindParameter, Connection, Delete, Dialect, Table, bindparam, insert
from sqlmodel import SQLModel

from app.database.questions import Question
from app.tables import table_of

IdT = TypeVar("IdT")
AT_ONCE: Final = 512
"""How many ids one statement names: both databases take as many, and more would not be faster."""
IDS: BindParameter[Any] = bindparam("ids", expanding=True)
"""What stands for the ids in a statement."""


def parts_of(ids: Collection[IdT], size: int = AT_ONCE) -> Iterator[Sequence[IdT]]:
    """Yield the ids, so many at a time."""
    listed = list(ids)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def rows_of_ids(
    connection: Connection, question: Question, ids: Collection[Any], values: Mapping[str, Any] | None = None
) -> Iterator[Any]:
    """Yield the rows of a question that names the ids by `IDS`; it may take other values too."""
    for part in parts_of(ids):
        yield from question.all(connection, {**(values or {}), "ids": part})


def delete_ids(connection: Connection, statement: Delete, ids: Collection[Any]) -> None:
    """Delete the rows of a statement that names the ids by `IDS`."""
    for part in parts_of(ids):
        connection.execute(statement, {"ids": part})


def insert_rows(connection: Connection, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows, all of the same columns, if there are any.

    What SQLAlchemy does for each row of its own statements takes longer than storing it; so they go to the driver.
    """
    if rows:
        statement, order, changes = _insertion(connection.dialect, table_of(model), tuple(rows[0]))
        if changes:
            rows = [{**row, **{name: change(row[name]) for name, change in changes.items()}} for row in rows]
        given: Any = rows if order is None else list(map(itemgetter(*order), rows))
        connection.exec_driver_sql(statement, given)


@lru_cache(maxsize=64)
def _insertion(
    dialect: Dialect, table: Table, names: tuple[str, ...]
) -> tuple[str, Sequence[str] | None, Mapping[str, Callable[[Any], Any]]]:
    """Return the statement that inserts a row, the order of its parameters, and what makes the driver's values of them.

    The order is None where the driver takes them by name.
    """
    compiled = insert(table).values({name: bindparam(name) for name in names}).compile(dialect=dialect)
    made = {name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names}
    changes = {name: change for name, change in made.items() if change is not None}
    return str(compiled), compiled.positiontup, changes

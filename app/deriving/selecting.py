"""Rows of many ids: questions that name them, so many at a time; and the rows that are put in."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
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
        statement, order, by_name, changes = _insertion(connection.dialect, table_of(model), tuple(rows[0]))
        # Column by column, as few of them need to be changed, and most rows have many.
        columns = [[row[name] for row in rows] for name in order]
        for place, change in changes:
            columns[place] = list(map(change, columns[place]))
        values = zip(*columns, strict=True)
        given: Any = [dict(zip(order, row, strict=True)) for row in values] if by_name else list(values)
        connection.exec_driver_sql(statement, given)


@lru_cache(maxsize=64)
def _insertion(
    dialect: Dialect, table: Table, names: tuple[str, ...]
) -> tuple[str, Sequence[str], bool, Sequence[tuple[int, Callable[[Any], Any]]]]:
    """Return the statement that inserts a row, and its parameters in their order.

    And whether the driver takes them by name; and what makes the driver's values of those at some places.
    """
    compiled = insert(table).values({name: bindparam(name) for name in names}).compile(dialect=dialect)
    order = compiled.positiontup or names
    made = (
        (place, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for place, name in enumerate(order)
    )
    changes = [(place, change) for place, change in made if change is not None]
    return str(compiled), order, compiled.positiontup is None, changes

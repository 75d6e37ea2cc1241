"""Rows of many ids: questions that name them, so many at a time; and the rows that are put in."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final, TypeVar

from sqlalchemy import BindParameter, Connection, Delete, Dialect, Table, bindparam, insert
from sqlmodel import SQLModel

from app.database.questions import Question
from app.tables import table_of

IdT = TypeVar("IdT")
RowT = TypeVar("RowT")
AT_ONCE: Final = 512
"""How many ids one statement names: both databases take as many, and more would not be faster."""
ROWS_AT_ONCE: Final = 128
"""How many rows one statement inserts; more would not be faster."""
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
    """Insert the rows, all of the same columns, two at least, if there are any.

    What SQLAlchemy does for each row of its own statements takes longer than storing it; so they go to the driver.
    SQLite is given many rows in a statement, as it writes to the index of full text after each. PostgreSQL is given
    them one by one, but none waits for the one before.
    """
    if rows:
        insertion = _insertion(connection.dialect, table_of(model), tuple(rows[0]))
        if insertion.takes_names:
            connection.exec_driver_sql(insertion.sql, insertion.named(rows))
        else:
            for part in halving(rows, ROWS_AT_ONCE):
                connection.exec_driver_sql(insertion.of(len(part)), tuple(insertion.listed(part)))


def halving(rows: Sequence[RowT], most: int) -> Iterator[Sequence[RowT]]:
    """Yield the rows, so many at a time, then by ever smaller powers of two: there are few lengths to compile."""
    start = 0
    while left := len(rows) - start:
        size = min(most, 1 << (left.bit_length() - 1))
        yield rows[start : start + size]
        start += size


@dataclass(frozen=True)
class Insertion:
    """The statement that inserts rows of some columns, in the words of one database."""

    sql: str
    """For one row."""
    order: Sequence[str]
    """The columns in the order of the parameters."""
    takes_names: bool
    """Whether the driver takes parameters by name."""
    changes: Sequence[tuple[int, Callable[[Any], Any]]]
    """What makes the driver's values of those of the columns at some places."""

    def of(self, count: int) -> str:
        """Return the statement for so many rows."""
        _, _, marks = self.sql.partition(" VALUES ")
        return ", ".join([self.sql, *[marks] * (count - 1)])

    def listed(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return the values of the rows, one row after the other."""
        values = list(chain.from_iterable(map(itemgetter(*self.order), rows)))
        for place, change in self.changes:
            values[place :: len(self.order)] = map(change, values[place :: len(self.order)])
        return values

    def named(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the values of each row by the names of the columns."""
        by_row = zip(*[iter(self.listed(rows))] * len(self.order), strict=True)
        return [dict(zip(self.order, values, strict=True)) for values in by_row]


@lru_cache(maxsize=64)
def _insertion(dialect: Dialect, table: Table, names: tuple[str, ...]) -> Insertion:
    compiled = insert(table).values({name: bindparam(name) for name in names}).compile(dialect=dialect)
    order = compiled.positiontup or names
    made = (
        (place, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for place, name in enumerate(order)
    )
    changes = [(place, change) for place, change in made if change is not None]
    return Insertion(str(compiled), order, compiled.positiontup is None, changes)

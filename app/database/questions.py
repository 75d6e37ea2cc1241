"""Questions that are compiled once and run by the driver itself.

What SQLAlchemy does around each execution (a key for its cache, a context, a result that can do anything) takes several
times as long as SQLite takes to find a page of a list. It still writes the SQL, in the words of each database.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import SelectBase

Convert = Callable[[Any], Any]
Values = Mapping[str, Any]


class Question:
    """A statement that is run often; its `bindparam`s, expanding ones included, get their values each time."""

    def __init__(self, statement: SelectBase) -> None:
        self.statement = statement
        self._sql: dict[str, tuple[SQLCompiler, list[str]]] = {}
        self._compiled: dict[tuple[Any, ...], Compiled] = {}

    def all(self, connection: Connection, values: Values | None = None) -> Sequence[Any]:
        """Return all rows, as named tuples of the columns.

        Raises:
            DBAPIError: as SQLAlchemy raises it.
        """
        if not connection.in_transaction():
            connection.begin()
        values = values or {}
        dialect = connection.dialect
        sql, lists = self._in_words_of(dialect)
        if lists:
            values = {**values, **{name: _filled_up(list(values[name])) for name in lists}}
        shape = (dialect.name, *(len(values[name]) for name in lists))
        compiled = self._compiled.get(shape)
        if compiled is None:
            compiled = self._compiled[shape] = Compiled(self.statement, sql, dialect, values)
        return compiled.all(connection.connection.driver_connection, values)

    def _in_words_of(self, dialect: Dialect) -> tuple[SQLCompiler, list[str]]:
        """Return the statement as it is for lists of any length, and the parameters that stand for lists."""
        if dialect.name not in self._sql:
            compiled = self.statement.compile(dialect=dialect)
            if not isinstance(compiled, SQLCompiler):
                raise TypeError(f"{self.statement} cannot be compiled to SQL")
            lists = [name for name, bind in compiled.binds.items() if bind.expanding and bind.required]
            self._sql[dialect.name] = compiled, lists
        return self._sql[dialect.name]

    def scalar(self, connection: Connection, values: Values | None = None) -> Any:
        """Return the first column of the first row; None if there is no row."""
        rows = self.all(connection, values)
        return rows[0][0] if rows else None


def _filled_up(values: list[Any]) -> list[Any]:
    """Return the values, the last one again up to the next power of two: so that there are few lengths to compile."""
    return values + values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values)) if values else values


class Compiled:
    """A statement in the words of one database, for lists of values of certain lengths."""

    def __init__(self, statement: SelectBase, compiled: SQLCompiler, dialect: Dialect, values: Values) -> None:
        expanded = compiled.construct_expanded_state(compiled.construct_params(dict(values)))
        self.sql = expanded.statement
        self.order = expanded.positiontup
        """The parameters by their places; None where the driver takes them by name."""
        self.expansions = {name: tuple(names) for name, names in expanded.parameter_expansion.items()}
        """The parameters that stand for the values of a list."""
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        made = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()}
        converters = {name: convert for name, convert in made.items() if convert is not None}
        self.binds = {
            inner: convert for name, convert in converters.items() for inner in self.expansions.get(name, (name,))
        }
        fixed = compiled.construct_params(_check=False)
        own = {name: fixed[name] for name, bind in binds.items() if not bind.required}
        self.fixed = self._bound(self._expanded(own))
        # Columns that have no name of their own get one of their place.
        names = [str(key) for key, _ in statement.selected_columns.items()]
        record: Any = namedtuple("Record", names, rename=True)  # type: ignore[misc]
        self.record: Convert = record._make
        self.types = [column.type for column in statement.selected_columns]
        self.results: dict[int, Convert] | None = None
        dbapi: Any = dialect.dbapi
        self.errors: type[Exception] = dbapi.Error
        self.dialect = dialect

    def all(self, driver: Any, values: Values) -> Sequence[Any]:
        """Run it on the driver's connection."""
        parameters = self.parameters(values)
        try:
            cursor = driver.execute(self.sql, parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        except self.errors as error:
            raise DBAPIError.instance(self.sql, parameters, error, self.errors, dialect=self.dialect) from error
        if self.results is None:
            self.results = self._results(cursor.description)
        if not self.results:
            return [self.record(row) for row in rows]
        return [self.record(_converted(row, self.results)) for row in rows]

    def _results(self, description: Sequence[Sequence[Any]]) -> dict[int, Convert]:
        """Return, by column, what turns the driver's values into Python's; it says what it has found."""
        dialect = self.dialect
        made = [
            each.dialect_impl(dialect).result_processor(dialect, found[1])
            for each, found in zip(self.types, description, strict=True)
        ]
        return {number: convert for number, convert in enumerate(made) if convert is not None}

    def parameters(self, values: Values) -> Any:
        """Return the values as the driver takes them."""
        given = {**self.fixed, **self._bound(self._expanded(values))}
        return given if self.order is None else [given[name] for name in self.order]

    def _expanded(self, values: Values) -> Values:
        if not self.expansions:
            return values
        expanded = dict(values)
        for name, names in self.expansions.items():
            if name in expanded:
                expanded.update(zip(names, expanded.pop(name), strict=True))
        return expanded

    def _bound(self, values: Values) -> Values:
        if not self.binds:
            return values
        return {name: self.binds[name](value) if name in self.binds else value for name, value in values.items()}


def _converted(row: tuple[Any, ...], converters: Mapping[int, Convert]) -> list[Any]:
    values = list(row)
    for number, convert in converters.items():
        values[number] = convert(values[number])
    return values

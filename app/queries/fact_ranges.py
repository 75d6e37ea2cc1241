"""Questions over facts by ranges of indexes: each is made once for a shape, and asked with other values ever after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    SelectBase,
    Tuple,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.sql.visitors import iterate
from sqlmodel import SQLModel

from app.database import Question
from app.queries.fact_filters import FACT, PROBES, Arm
from app.queries.hits import FACTS
from app.queries.matching import candidates, documents_of_articles, found_in, may_be_more
from app.tables import FACT_TABLES, UNDATED, UNVALUED, ListedFactRow, SearchDocument, table_of
from app.vocabulary import FactType

LIMIT: Any = bindparam("limit")
SEARCHED = table_of(SearchDocument).c
COMMON: Final = ("id", "article_id", "type", "statement", "basis", "reasoning", "attributed_to_id", "notes")
"""The columns of `fact` that every item is made of, in front of its own."""


class By(StrEnum):
    """The orders of lists of facts."""

    POSITION = "position"
    DATE = "date"
    VALUE = "value"


ORDER: Final = ("article_id", "position")
KEYS: Final = {By.POSITION: ORDER, By.DATE: ("day_key", *ORDER), By.VALUE: ("value_key", *ORDER)}
UNKNOWN: Final = {"day_key": UNDATED, "value_key": UNVALUED}
"""By sort key, what stands for what is not known: the last in its order."""
LOWEST: Final = {"day_key": date.min, "value_key": -UNVALUED}
"""What it counts as in the reverse order, so that it is the last there, too."""


class Part(StrEnum):
    """Which part of a range: the reverse of an order by days or values has what has none at its end."""

    ALL = "all"
    KNOWN = "known"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Range:
    """An arm without its values."""

    table: str
    equal: tuple[tuple[str, bool], ...] = ()
    """Columns, and whether each has several values."""
    bounds: tuple[tuple[str, str], ...] = ()
    part: Part = Part.ALL
    resumes: bool = False
    """Whether it starts after a cursor."""
    probes: tuple[str, ...] = ()
    ends: bool = False
    """Whether it ends with what `end_of` has found."""

    @property
    def has_alternatives(self) -> bool:
        """Whether one of its columns has several values."""
        return any(several for _, several in self.equal)

    @classmethod
    def of(cls, arm: Arm, part: Part = Part.ALL, *, resumes: bool = False) -> "Range":
        """Return the shape of an arm."""
        equal = tuple((name, len(values) > 1) for name, values in arm.equal)
        bounds = tuple((name, side) for name, side, _ in arm.bounds)
        return cls(arm.table.name, equal, bounds, part, resumes, arm.probes)


@dataclass(frozen=True)
class Shape:
    """What statements have in common, whatever the values in them."""

    fact_type: FactType | None
    ranges: tuple[Range, ...]
    by: By = By.POSITION
    descending: bool = False
    ordered: bool = True
    """Whether an index has each range in the order of the list."""
    overlapping: bool = False
    probes: tuple[str, ...] = ()


def values_of(arms: Sequence[Arm]) -> dict[str, Any]:
    """Return the values of ranges, by the names that statements give them."""
    values: dict[str, Any] = {}
    for number, arm in enumerate(arms):
        for name, alternatives in arm.equal:
            values[f"r{number}_{name}"] = list(alternatives) if len(alternatives) > 1 else alternatives[0]
        for name, side, value in arm.bounds:
            values[f"r{number}_{name}_{side}"] = value
    return values


@lru_cache(maxsize=1024)
def page_of(shape: Shape) -> Question:
    """Return the question for a page: what items are made of, then the keys of the order."""
    return Question(page_statement(shape))


def page_statement(shape: Shape) -> Select[Any]:
    """Return the statement for a page, to be narrowed down."""
    if len(shape.ranges) == 1 and not (shape.overlapping and shape.ranges[0].has_alternatives):
        driver: FromClause = _table(shape.ranges[0])
        keys = _keys(shape, 0)
        statement = joined(shape.fact_type, driver).where(*_rows(shape, 0), *(PROBES[name] for name in shape.probes))
    else:
        parts = [select(_part(shape, number).subquery()) for number in range(len(shape.ranges))]
        driver = (_once(parts) if shape.overlapping else union_all(*parts)).subquery("found")
        keys = [driver.c[name] for name in KEYS[shape.by]]
        statement = joined(shape.fact_type, driver)
    return _in_order(statement.add_columns(*keys), keys, descending=shape.descending).limit(LIMIT)


@lru_cache(maxsize=1024)
def end_of(shape: Shape) -> Question:
    """Return the question for the keys up to which a page may go, if no more than `limit` of each range are looked at.

    There is no row if the ranges are shorter than that.
    """
    bare = replace(shape, probes=())
    parts = []
    for number in range(len(shape.ranges)):
        named = _named(bare, number)
        source = _source(bare, _table(bare.ranges[number]))
        statement = select(*named).select_from(source).where(*_rows(bare, number))
        in_order = _in_order(statement, _keys(bare, number), descending=shape.descending)
        parts.append(select(in_order.limit(1).offset(LIMIT).subquery()))
    ends = union_all(*parts).subquery()
    keys = [ends.c[name] for name in KEYS[shape.by]]
    return Question(_in_order(select(*keys), keys, descending=shape.descending).limit(1))


@lru_cache(maxsize=256)
def found_of(shape: Shape, *, follow: bool) -> Question:
    """Return the question for a page of the facts of one range in which some words occur, or `follow` each other.

    Beside what items are made of, each row tells how many facts there are on `all_pages`, and whether there
    `may_be_more` that have the words: so that these are looked for once.
    """
    (of,) = shape.ranges
    table = _table(of)
    in_articles = any(name == "article_id" for name, _ in of.equal)
    among = documents_of_articles() if in_articles else None
    places, cut = candidates("", types_of(shape.fact_type), among, follow=follow)
    chosen = places.cte("chosen")
    has_words = _fact_id(table).in_(select(SEARCHED.subject_id).where(found_in(chosen)))
    named = [key.label(name) for key, name in zip(_keys(shape, 0), KEYS[shape.by], strict=True)]
    everything = (
        select(_fact_id(table).label("fact_id"), *named, func.count().over().label("all_pages"))
        .select_from(_source(shape, table))
        .where(has_words, *_bounds(of, 0), *(PROBES[name] for name in shape.probes))
        .subquery("everything")
    )
    page = select(*everything.c)
    if of.resumes:
        page = page.where(_comes_after(shape, [everything.c[name] for name in KEYS[shape.by]]))
    page = _in_order(page, [everything.c[name] for name in KEYS[shape.by]], descending=shape.descending)
    found = page.limit(LIMIT).subquery("found")
    more = may_be_more(chosen, cut).label("may_be_more")
    keys = [found.c[name] for name in KEYS[shape.by]]
    statement = joined(shape.fact_type, found).add_columns(found.c.all_pages, more, *keys)
    return Question(_in_order(statement, keys, descending=shape.descending).limit(LIMIT))


def types_of(fact_type: FactType | None) -> list[str]:
    """Return the types of search documents that facts of a type, or of any, have."""
    return [FACTS if fact_type is None else fact_type.value]


def _once(parts: Sequence[Select[Any]]) -> SelectBase:
    """Return the rows of all parts, each once, although one part may have it twice already."""
    return union(*parts) if len(parts) > 1 else parts[0].distinct()


def _part(shape: Shape, number: int) -> Select[Any]:
    """Return the keys of the facts of one range; where an index has them in order, no more than a page."""
    table = _table(shape.ranges[number])
    statement = select(_fact_id(table).label("fact_id"), *_named(shape, number)).select_from(_source(shape, table))
    statement = statement.where(*_rows(shape, number), *(PROBES[name] for name in shape.probes))
    if not shape.ordered:
        return statement
    return _in_order(statement, _keys(shape, number), descending=shape.descending).limit(LIMIT)


def _named(shape: Shape, number: int) -> list[ColumnElement[Any]]:
    """Return the keys of a range by their names; what sorts first is the same in all rows of which it is not known."""
    of, keys = shape.ranges[number], _keys(shape, number)
    named: list[ColumnElement[Any]] = [
        key.label(name) for key, name in zip(keys, KEYS[shape.by][-len(keys) :], strict=True)
    ]
    if of.part is Part.UNKNOWN:
        name = KEYS[shape.by][0]
        named.insert(0, literal(LOWEST[name], _table(of).c[name].type).label(name))
    return named


def _in_order(statement: Select[Any], keys: Sequence[ColumnElement[Any]], *, descending: bool) -> Select[Any]:
    return statement.order_by(*(key.desc() if descending else key.asc() for key in keys))


def _table(of: Range) -> FromClause:
    return SQLModel.metadata.tables[of.table]


def _fact_id(table: FromClause) -> ColumnElement[Any]:
    return table.c.id if table is FACT else table.c.fact_id


def _own(shape: Shape) -> FromClause | None:
    return None if shape.fact_type is None else table_of(FACT_TABLES[shape.fact_type])


def _source(shape: Shape, table: FromClause) -> FromClause:
    """Return the table, with those that conditions and keys look at."""
    source, own = table, _own(shape)
    if _look_at_facts(shape.probes) and table is not FACT:
        source = source.join(FACT, FACT.c.id == _fact_id(table))
    if own is not None and own is not table and (shape.probes or KEYS[shape.by][0] not in table.c):
        source = source.join(own, own.c.fact_id == _fact_id(table))
    return source


def _look_at_facts(probes: Sequence[str]) -> bool:
    """Tell whether one of the conditions is of a column that all facts have."""
    return any(getattr(part, "table", None) is FACT for name in probes for part in iterate(PROBES[name]))


def joined(fact_type: FactType | None, driver: FromClause) -> Select[Any]:
    """Return the statement that finds what items of a type, or of any, are made of by the rows of a driver."""
    fact_id = _fact_id(driver)
    source = driver if driver is FACT else driver.join(FACT, FACT.c.id == fact_id)
    if fact_type is not None:
        own = table_of(FACT_TABLES[fact_type])
        source = source if own is driver else source.join(own, own.c.fact_id == fact_id)
    else:
        for kind, model in FACT_TABLES.items():
            own = table_of(model)
            source = source.outerjoin(own, and_(own.c.fact_id == FACT.c.id, FACT.c.type == kind.value))
    return select(*(FACT.c[name] for name in COMMON), *own_columns(fact_type)).select_from(source)


DERIVED: Final = frozenset({"fact_id", *ORDER, *UNKNOWN, "title_key"})
"""The columns that no item shows."""


def own_columns(fact_type: FactType | None) -> list[ColumnElement[Any]]:
    """Return what items of the type, or of any, have of their own."""
    types = FACT_TABLES if fact_type is None else [fact_type]
    return [
        column.label(f"{kind}_{column.name}")
        for kind in types
        for column in table_of(FACT_TABLES[kind]).columns
        if column.name not in DERIVED
    ]


def _keys(shape: Shape, number: int) -> list[ColumnElement[Any]]:
    """Return the keys of the order, for the rows of a range.

    What sorts first is the same in all rows of which it is not known; the reverse of an order that no index has puts
    them last by another value.
    """
    of, own = shape.ranges[number], _own(shape)
    table = _table(of)
    keys: list[ColumnElement[Any]] = []
    for name in KEYS[shape.by]:
        key: ColumnElement[Any] = (table if name in table.c or own is None else own).c[name]
        if name in UNKNOWN and shape.descending and not shape.ordered:
            lowest = literal(LOWEST[name], key.type)
            key = case((key == literal(UNKNOWN[name], key.type), lowest), else_=key)
        if name not in UNKNOWN or of.part is not Part.UNKNOWN:
            keys.append(key)
    return keys


def _rows(shape: Shape, number: int) -> list[ColumnElement[bool]]:
    """Return the bounds between which an index has the range, and after which row it starts."""
    of, keys = shape.ranges[number], _keys(shape, number)
    table = _table(of)
    conditions = _bounds(of, number)
    if of.part is not Part.ALL:
        name = KEYS[shape.by][0]
        unknown = literal(UNKNOWN[name], table.c[name].type)
        conditions.append(table.c[name] < unknown if of.part is Part.KNOWN else table.c[name] == unknown)
    if of.resumes:
        conditions.append(_comes_after(shape, keys))
    if of.ends:
        here, last = tuple_(*keys), _given("last", shape, keys)
        conditions.append(here >= last if shape.descending else here <= last)
    return conditions


def _comes_after(shape: Shape, keys: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
    here, there = tuple_(*keys), _given("after", shape, keys)
    return here < there if shape.descending else here > there


def _given(prefix: str, shape: Shape, keys: Sequence[ColumnElement[Any]]) -> Tuple:
    """Return parameters in the place of keys."""
    names = KEYS[shape.by][-len(keys) :]
    return tuple_(*(bindparam(f"{prefix}_{name}", type_=key.type) for name, key in zip(names, keys, strict=True)))


def _bounds(of: Range, number: int) -> list[ColumnElement[bool]]:
    table = _table(of)
    conditions: list[ColumnElement[bool]] = []
    for name, several in of.equal:
        column, value = table.c[name], f"r{number}_{name}"
        conditions.append(column.in_(bindparam(value, expanding=True)) if several else column == bindparam(value))
    for name, side in of.bounds:
        column, bound = table.c[name], bindparam(f"r{number}_{name}_{side}", type_=table.c[name].type)
        conditions.append(column >= bound if side == "least" else column <= bound)
    return [*conditions, *(PROBES[name] for name in of.probes)]


@lru_cache(maxsize=1024)
def count_of(shape: Shape) -> Question:
    """Return the question that looks at no more than `limit` facts of the ranges: how many, and how many pass."""
    some = [select(_looked_at(shape, number).subquery()) for number in range(len(shape.ranges))]
    every: Any = union_all(*some).subquery("looked") if len(some) > 1 else some[0].subquery("looked")
    seen = select(every).distinct().subquery("seen") if shape.overlapping else every
    if not shape.probes:
        return Question(select(func.count(), func.count()).select_from(seen))
    source, own = seen, _own(shape)
    if own is None or _look_at_facts(shape.probes):
        source = source.join(FACT, FACT.c.id == seen.c.fact_id)
    if own is not None:
        source = source.join(own, own.c.fact_id == seen.c.fact_id)
    passes = and_(true(), *(PROBES[name] for name in shape.probes))
    return Question(select(func.count(), func.count(case((passes, 1)))).select_from(source))


def _looked_at(shape: Shape, number: int) -> Select[Any]:
    """Return the facts of one range, by what its index has unless conditions have to look at the facts themselves."""
    table = _table(shape.ranges[number])
    columns = [_fact_id(table).label("fact_id")] if shape.probes else [table.c[name] for name in ORDER]
    statement = select(*columns).where(*_bounds(shape.ranges[number], number)).limit(LIMIT)
    return statement.distinct() if shape.overlapping else statement


def plain_table(fact_type: FactType | None) -> Any:
    """Return the table that has a list in its order."""
    table = FACT_TABLES.get(fact_type) if fact_type is not None else None
    return table_of(table) if table is not None and issubclass(table, ListedFactRow) else FACT

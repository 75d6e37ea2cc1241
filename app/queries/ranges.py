"""Questions over ranges of lists: each is made once for a shape, and asked with other values ever after."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union,
    union_all,
)

from app.database import Question
from app.listings import Part
from app.tables import Listing, PreparedItem, Tally, table_of

LISTING, TALLY, ITEM = table_of(Listing), table_of(Tally).c, table_of(PreparedItem).c
FIRST, LAST = bindparam("first", type_=Date()), bindparam("last", type_=Date())
LIMIT: BindParameter[int] = bindparam("limit")


class By(StrEnum):
    """The orders of a list."""

    NAME = "name"
    ID = "id"
    DATE = "date"


KEYS: Final = {By.NAME: ("name_key", "entity_id"), By.ID: ("entity_id",), By.DATE: ("day", "entity_id")}


class Kind(StrEnum):
    """In which order an index has a range."""

    LIST = "list"
    """By name or id."""
    DAYS = "days"
    """By day; a period cuts it short."""
    WIDTH = "width"
    """By day, of events of one width."""


@dataclass(frozen=True)
class Range:
    """One range of a list."""

    kind: Kind = Kind.LIST
    part: Part = Part.DATED
    resumes: bool = False
    """Whether it starts after a cursor."""
    ends: bool = False
    """Whether it ends with what `end_of` has found."""


@dataclass(frozen=True)
class Shape:
    """What statements have in common, whatever the numbers of lists and other values in them."""

    ranges: tuple[Range, ...]
    by: By = By.ID
    descending: bool = False
    distinct: bool = False
    """Whether an entity may be in several of the ranges."""
    others: int = 0
    """In how many other alternatives an entity has to stand."""
    first: bool = False
    last: bool = False
    """Whether there is a period with a first day, and with a last one."""
    evidence: bool = False
    tally: bool = False
    """Whether the rows carry how many entities stand in the list, of which there is just one."""


def no_day(*, descending: bool) -> date:
    """Return the day by which what has no day comes last."""
    return date.min if descending else date.max


@lru_cache(maxsize=512)
def page_of(shape: Shape) -> Question:
    """Return the question for a page: the keys of the order, the item, its evidence, the tally."""
    if len(shape.ranges) == 1:
        statement = _range(shape, 0)
        rows: Any = LISTING
        entity: Any = LISTING.c.entity_id
    else:
        parts = [select(_range(shape, place).subquery()) for place in range(len(shape.ranges))]
        rows = (union if shape.distinct else union_all)(*parts).subquery()
        entity = rows.c.entity_id
        statement = _ordered(select(*rows.c), shape, [rows.c[key] for key in KEYS[shape.by]])
    statement = statement.join_from(rows, table_of(PreparedItem), ITEM.entity_id == entity).add_columns(ITEM.item)
    if shape.evidence:
        statement = statement.add_columns(ITEM.evidence)
    if shape.tally:
        tally = select(TALLY.entities).where(TALLY.number == bindparam("n0")).scalar_subquery()
        statement = statement.add_columns(tally.label("total"))
    return Question(statement)


def _range(shape: Shape, place: int) -> Select[Any]:
    """Return the statement for one range, in order, from the cursor on and not longer than the page."""
    read = _read(shape, place)
    return _ordered(read.statement.where(*_passing(shape, shape.ranges[place], LISTING.c)), shape, read.keys)


class _Read(NamedTuple):
    """What a range has, before it is looked whether it passes."""

    statement: Select[Any]
    keys: list[ColumnElement[Any]]


def _read(shape: Shape, place: int) -> _Read:
    of, row = shape.ranges[place], LISTING.c
    keys: list[ColumnElement[Any]] = [row[key] for key in KEYS[shape.by]]
    columns = keys
    if shape.by is By.DATE and of.part is Part.UNDATED:
        keys, columns = keys[1:], [literal(no_day(descending=shape.descending), Date()).label("day"), keys[1]]
    statement = select(*columns).where(*_in_range(shape, place))
    here = tuple_(*keys)
    if of.resumes:
        after = tuple_(*(bindparam(f"after_{key.name}", type_=key.type) for key in keys))
        statement = statement.where(here < after if shape.descending else here > after)
    if of.ends:
        last = tuple_(*(bindparam(f"last_{key.name}", type_=key.type) for key in keys))
        statement = statement.where(here >= last if shape.descending else here <= last)
    return _Read(statement, keys)


@lru_cache(maxsize=512)
def end_of(shape: Shape) -> Question:
    """Return the question for the keys up to which a page may go, if no more than `limit` of each range are looked at.

    There is no row if the ranges are shorter than that.
    """
    parts = []
    for place in range(len(shape.ranges)):
        statement, keys = _read(shape, place)
        parts.append(select(_in_order(statement, shape, keys).limit(1).offset(LIMIT).subquery()))
    ends = union_all(*parts).subquery()
    return Question(_in_order(select(*ends.c), shape, [ends.c[key] for key in KEYS[shape.by]]).limit(1))


def _ordered(statement: Select[Any], shape: Shape, keys: list[ColumnElement[Any]]) -> Select[Any]:
    return _in_order(statement, shape, keys).limit(LIMIT)


def _in_order(statement: Select[Any], shape: Shape, keys: list[ColumnElement[Any]]) -> Select[Any]:
    return statement.order_by(*(key.desc() if shape.descending else key.asc() for key in keys))


def _in_range(shape: Shape, place: int) -> list[ColumnElement[bool]]:
    """Return the bounds between which an index has the range."""
    of, row = shape.ranges[place], LISTING.c
    bounds: list[ColumnElement[bool]] = [row.number == bindparam(f"n{place}")]
    if of.kind is Kind.DAYS:
        bounds.append(row.day.is_not(None))
    if of.kind is Kind.WIDTH:
        bounds += row.width == bindparam(f"w{place}"), row.width.is_not(None)
        if shape.first:
            bounds.append(row.day >= bindparam(f"from{place}", type_=Date()))
    if of.kind is Kind.DAYS and of.part is Part.ENDING and shape.first:
        bounds.append(row.day >= FIRST)
    if of.kind is not Kind.LIST and of.part is not Part.ENDING and shape.last:
        bounds.append(row.day <= LAST)
    return bounds


def _passing(shape: Shape, of: Range, row: Any) -> list[ColumnElement[bool]]:
    """Return what has to hold of each entity in a range."""
    return [*_in_period(shape, of, row), *_stands_in_others(shape, row.entity_id)]


def _in_period(shape: Shape, of: Range, row: Any) -> list[ColumnElement[bool]]:
    first = FIRST if shape.first and of.part is not Part.UNDATED else None
    last = LAST if shape.last and of.part is not Part.UNDATED else None
    conditions = [] if first is None else [or_(row.latest.is_(None), row.latest >= first)]
    conditions += [] if last is None else [or_(row.earliest.is_(None), row.earliest <= last)]
    return conditions


def _stands_in_others(shape: Shape, entity: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    return [stands_in(f"others{other}", entity) for other in range(shape.others)]


def stands_in(numbers: str, entity: ColumnElement[Any]) -> ColumnElement[bool]:
    """Hold for entities that stand in one of the lists, whose numbers the parameter of this name has."""
    there = LISTING.alias(numbers).c
    return exists().where(there.number.in_(bindparam(numbers, expanding=True)), there.entity_id == entity)


@lru_cache(maxsize=512)
def count_of(shape: Shape) -> Question:
    """Return the question that looks at no more than `limit` entities: how many, and how many pass.

    Where an entity may be in several ranges, it looks at so many of each.
    """
    row = LISTING.c
    parts = [
        select(
            select(row.entity_id, _meets(shape, place).label("meets"))
            .where(*_in_range(shape, place))
            .limit(LIMIT)
            .subquery()
        )
        for place in range(len(shape.ranges))
    ]
    seen = (union(*parts) if shape.distinct else union_all(*parts).limit(LIMIT)).subquery()
    passes = and_(seen.c.meets, *_stands_in_others(shape, seen.c.entity_id))
    return Question(select(func.count(), func.count(case((passes, 1)))).select_from(seen))


def _meets(shape: Shape, place: int) -> ColumnElement[bool]:
    """Tell whether an entity of the range may have been in the period.

    Mostly the range says so: only of what begins before the period no index has the end, which the entity itself tells.
    """
    of, row = shape.ranges[place], LISTING.c
    if of.kind is Kind.LIST:
        return and_(true(), *_in_period(shape, of, row))
    if of.part is not Part.DATED or not shape.first:
        return true()
    itself = LISTING.alias("itself").c
    latest = select(itself.latest).where(itself.number == row.number, itself.entity_id == row.entity_id)
    return case((row.day >= FIRST, true()), else_=latest.scalar_subquery() >= FIRST)

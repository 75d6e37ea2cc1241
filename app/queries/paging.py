"""Keyset pagination, written once: order, count, cut to a page, and the cursor to the next.

A cursor holds the sort keys of the last row of its page, so the next page starts right after them: page 20,000 costs
what page 1 costs, and rows loaded meanwhile neither repeat nor skip. It also holds which question it belongs to: with
another one it would lead to a page that nobody asked for.
"""

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    TypeDecorator,
    bindparam,
    func,
    literal,
    select,
    tuple_,
)

from app.errors import InputError, InvalidInputError
from app.schemas.parameters import ListParameters
from app.vocabulary import TotalRelation

ItemT = TypeVar("ItemT")
NOT_OURS = "this is not a cursor of this list: take it from `next`, or leave it out"
LARGEST_INTEGER = 2**63 - 1
"""What a 64-bit column can be compared with."""
MOST_COUNTED = 1_000
"""How many items of a list are counted: what a list costs must not grow with what it does not show."""


@dataclass(frozen=True)
class Order:
    """A total order of a question's rows, by sort keys that are never null, the last one unique."""

    question: str
    keys: tuple[ColumnElement[Any], ...]
    descending: bool = False


@dataclass(frozen=True)
class Total:
    """How many items all pages have together, or have at least."""

    number: int
    relation: TotalRelation = TotalRelation.EXACT


@dataclass(frozen=True)
class Slice(Generic[ItemT]):
    """One page of a list, with the total of all items and the cursor to the next page."""

    items: list[ItemT]
    total: Total
    cursor: str | None


def order_by(filters: ListParameters, keys: dict[str, tuple[ColumnElement[Any], ...]]) -> Order:
    """Return the order that `sort` names, `-` in front turning it round, by keys of its own where it has some."""
    sort = filters.sort
    return Order(question_of(filters), keys.get(sort) or keys[sort.removeprefix("-")], sort.startswith("-"))


def question_of(filters: ListParameters) -> str:
    """Return what tells the question from others: the list, its filters and its order, whatever the page."""
    asked = filters.model_dump_json(exclude={"limit", "cursor", "include"})
    return hashlib.sha256(f"{type(filters).__name__} {asked}".encode()).hexdigest()[:12]


def fetch_slice(
    connection: Connection,
    statement: Select[Any],
    order: Order,
    limit: int,
    cursor: str | None,
    total: Total | None = None,
) -> Slice[Row[Any]]:
    """Return one page of the statement's rows.

    Args:
        connection: where to ask.
        statement: the rows, filtered, neither ordered nor limited.
        order: their order.
        limit: how many a page has.
        cursor: the end of the page before, or None for the first.
        total: what is known of it; None to have the rows counted, unless the page shows them all.

    Raises:
        InvalidInputError: the cursor is not one of this list and order.
    """
    keyed = statement.add_columns(*(key.label(f"key_{number}") for number, key in enumerate(order.keys)))
    if cursor is not None:
        keyed = keyed.where(_after(order, decode(cursor, order)))
    keyed = keyed.order_by(*(key.desc() if order.descending else key.asc() for key in order.keys)).limit(limit + 1)
    rows = connection.execute(keyed).all()
    if total is None:
        shows_all = cursor is None and len(rows) <= limit
        total = Total(len(rows)) if shows_all else count(connection, statement)
    if len(rows) <= limit:
        return Slice(list(rows), total, None)
    rows = rows[:limit]
    last = [rows[-1]._mapping[f"key_{number}"] for number in range(len(order.keys))]
    return Slice(list(rows), total, encode(order.question, last))


def count(connection: Connection, statement: Select[Any]) -> Total:
    """Return how many rows the statement has, neither ordered nor limited; past `MOST_COUNTED` none is counted."""
    bare = statement.with_only_columns(literal(1), maintain_column_froms=True)  # an index alone may do
    some = bare.limit(MOST_COUNTED + 1).subquery()
    number: int = connection.execute(select(func.count()).select_from(some)).scalar_one()
    return Total(number) if number <= MOST_COUNTED else Total(MOST_COUNTED, TotalRelation.AT_LEAST)


def _after(order: Order, values: Sequence[Any]) -> ColumnElement[bool]:
    keys = tuple_(*order.keys)
    bound = tuple_(*(_bound(key, value) for key, value in zip(order.keys, values, strict=True)))
    return keys < bound if order.descending else keys > bound


def _bound(key: ColumnElement[Any], value: Any) -> ColumnElement[Any]:
    # A cursor may hold any integer of 64 bits, whatever the column's.
    kind = BigInteger() if isinstance(key.type, Integer) else key.type
    return bindparam(None, value, type_=kind, unique=True)


def encode(question: str, values: Sequence[Any]) -> str:
    """Return an opaque cursor for the sort keys of a row."""
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    packed = json.dumps([question, *plain], separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode(cursor: str, order: Order) -> list[Any]:
    """Return the sort keys in a cursor, each of its column's type.

    Raises:
        InvalidInputError: it was not made here, or for another question.
    """
    question, values = _unpacked(cursor)
    if question != order.question:
        raise _invalid("the cursor belongs to another question: use it with the list, filters and `sort` it came from")
    try:
        return [_typed(_python_type(key), value) for key, value in zip(order.keys, values, strict=True)]
    except (ValueError, TypeError) as error:
        raise _invalid(NOT_OURS) from error


def question_in(cursor: str) -> str:
    """Return the question that the cursor belongs to.

    Raises:
        InvalidInputError: it was not made here.
    """
    return _unpacked(cursor)[0]


def _unpacked(cursor: str) -> tuple[str, list[Any]]:
    try:
        content = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as error:  # bad base64, UTF-8 and JSON are all ValueErrors
        raise _invalid(NOT_OURS) from error
    if not (isinstance(content, list) and content and isinstance(content[0], str)):
        raise _invalid(NOT_OURS)
    return content[0], content[1:]


def _python_type(key: ColumnElement[Any]) -> type:
    """SQLModel's strings are decorated, and hide their type."""
    column_type = key.type.impl_instance if isinstance(key.type, TypeDecorator) else key.type
    return column_type.python_type


def _typed(kind: type, value: Any) -> Any:
    if kind is date:
        return date.fromisoformat(value)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if kind is int and type(value) is int and abs(value) <= LARGEST_INTEGER:
        return value
    if kind is bool and isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str):
        value.encode()  # JSON can hold halves of characters, which no column can
        return value
    raise ValueError("another type of key")


def _invalid(detail: str) -> InvalidInputError:
    return InvalidInputError([InputError("query", "cursor", detail)])

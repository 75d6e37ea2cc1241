"""Ids that nothing answers to: found out in one question, answered with the nearest id there is."""

from collections.abc import Iterator
from typing import Any, NoReturn

from sqlalchemy import Connection, Select, literal, select, union_all
from sqlmodel import col

from app.errors import InputError, NotFoundError
from app.schemas.base import entity_url, fact_url
from app.schemas.parameters import Names, Parameters
from app.tables import Article, Entity, Fact
from app.text.folding import nearest
from app.vocabulary import EntityType

NOBODY = "none"
"""In `attributed_to`: the article's own voice."""
TABLES: dict[str, tuple[Any, Any]] = {
    "article": (col(Article.id), literal("article")),
    "fact": (col(Fact.id), literal("fact")),
    "entity": (col(Entity.id), col(Entity.type)),
}
"""Where ids are looked up, and what the rows there are."""
CANDIDATES = 200
"""How many ids are compared at most: the help must not cost more than the answer."""


def refuse_unknown(connection: Connection, filters: Parameters) -> None:
    """Return if every id in the filters names something of the type that its parameter wants.

    Raises:
        NotFoundError: with a fault for each id that does not.
    """
    wanted = [
        (name, "fact" if "." in value else mark.type, value)  # as no other id has a dot
        for name, field in type(filters).model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Names)
        for value in getattr(filters, name)
        if value != NOBODY
    ]
    found: dict[str, dict[str, str]] = {table: {} for table in TABLES}
    lookups = [
        select(literal(table), id_, kind).where(id_.in_(values))
        for table, (id_, kind) in TABLES.items()
        if (values := {value for _, kind, value in wanted if _table(kind) == table})
    ]
    if lookups:
        for table, value, actual in connection.execute(union_all(*lookups)):
            found[table][value] = actual
    faults = [
        _fault(connection, name, kind, value, there)
        for name, kind, value in wanted
        if (there := found[_table(kind)].get(value)) is None or kind not in (None, there)
    ]
    if faults:
        raise NotFoundError("; ".join(fault.detail for fault in faults), faults)


def _table(kind: str | None) -> str:
    """Return where ids of this kind are looked up."""
    return kind if kind in TABLES else "entity"


def _fault(connection: Connection, name: str, kind: str | None, value: str, actual: str | None) -> InputError:
    near = nearest_id(connection, kind, value)
    detail = f"there is no {kind or 'entity'} ‘{value}’" + (f", it is of type {actual}" if actual else "")
    return InputError("query", name, detail + (f"; did you mean ‘{near}’?" if near else ""), near)


def nothing_answers(connection: Connection, kind: str, value: str) -> NoReturn:
    """Raise that no entity of this type, or no article, has the id of a path; say where it is, or what is near.

    Raises:
        NotFoundError: always.
    """
    actual = connection.execute(select(col(Entity.type)).where(col(Entity.id) == value)).scalar_one_or_none()
    if actual is not None:
        _not_found(f"there is no {kind} ‘{value}’: it is of type {actual}, at {entity_url(actual, value)}", None)
    near = nearest_id(connection, kind, value)
    _not_found(f"there is no {kind} ‘{value}’" + (f"; did you mean ‘{near}’?" if near else ""), near)


def fact_not_found(connection: Connection, kind: str | None, value: str) -> NoReturn:
    """Raise that no fact, of this type, has the id of a path; say where it is, or where to look.

    Raises:
        NotFoundError: always.
    """
    actual = connection.execute(select(col(Fact.type)).where(col(Fact.id) == value)).scalar_one_or_none()
    if actual is not None:
        _not_found(f"there is no {kind} ‘{value}’: it is of type {actual}, at {fact_url(actual, value)}", None)
    _not_found(f"there is no {kind or 'fact'} ‘{value}’; `/facts` lists the facts with their ids", None)


def _not_found(detail: str, suggestion: str | None) -> NoReturn:
    raise NotFoundError(detail, [InputError("path", "id", detail, suggestion)])


def nearest_id(connection: Connection, kind: str | None, value: str) -> str | None:
    """Return the id, of entities of this type or of articles, that is most like the value; None when none is.

    Facts are too many, and their ids too long, to guess one.
    """
    if kind == "fact":
        return None
    for candidates in _candidates(kind, value):
        near = nearest(value, connection.execute(candidates.limit(CANDIDATES)).scalars().all())
        if near is not None:
            return near
    return None


def _candidates(kind: str | None, value: str) -> Iterator[Select[str]]:
    """Yield first the ids that begin alike, then any."""
    if kind == "article":
        ids = select(col(Article.id)).order_by(col(Article.id))
        column = col(Article.id)
    else:
        ids = select(col(Entity.id)).order_by(col(Entity.id))
        column = col(Entity.id)
        if kind is not None:
            ids = ids.where(col(Entity.type) == EntityType(kind))
    yield ids.where(column.startswith(value[:3].lower(), autoescape=True))
    yield ids

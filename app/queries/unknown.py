"""Ids that nothing answers to: found out in one question, answered with the nearest id there is."""

from collections.abc import Iterator
from typing import NoReturn

from sqlalchemy import Connection, Select, select
from sqlmodel import col

from app.errors import InputError, NotFoundError
from app.schemas.parameters import Names, Parameters
from app.tables import Article, Entity
from app.text.folding import nearest
from app.vocabulary import EntityType

NOBODY = "none"
"""In `attributed_to`: the article's own voice."""
CANDIDATES = 200
"""How many ids are compared at most: the help must not cost more than the answer."""


def refuse_unknown(connection: Connection, filters: Parameters) -> None:
    """Return if every id in the filters names something of the type that its parameter wants.

    Raises:
        NotFoundError: with a fault for each id that does not.
    """
    wanted = [
        (name, mark.type, value)
        for name, field in type(filters).model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Names)
        for value in getattr(filters, name)
        if value != NOBODY
    ]
    if not wanted:
        return
    entities = {value for _, kind, value in wanted if kind != "article"}
    articles = {value for _, kind, value in wanted if kind == "article"}
    types = (
        dict(connection.execute(select(col(Entity.id), col(Entity.type)).where(col(Entity.id).in_(entities))).all())
        if entities
        else {}
    )
    known = set(
        connection.execute(select(col(Article.id)).where(col(Article.id).in_(articles))).scalars() if articles else ()
    )
    faults = [
        _fault(connection, name, kind, value, types.get(value))
        for name, kind, value in wanted
        if (value not in known if kind == "article" else value not in types or kind not in (None, types[value]))
    ]
    if faults:
        raise NotFoundError("; ".join(fault.detail for fault in faults), faults)


def _fault(connection: Connection, name: str, kind: str | None, value: str, actual: str | None) -> InputError:
    near = nearest_id(connection, kind, value)
    detail = f"there is no {kind or 'entity'} ‘{value}’" + (f", it is of type {actual}" if actual else "")
    return InputError("query", name, detail + (f"; did you mean ‘{near}’?" if near else ""), near)


def nothing_answers(connection: Connection, kind: str, value: str) -> NoReturn:
    """Raise that no entity of this type, or no article, has the id of a path.

    Raises:
        NotFoundError: always.
    """
    near = nearest_id(connection, kind, value)
    detail = f"there is no {kind} ‘{value}’" + (f"; did you mean ‘{near}’?" if near else "")
    raise NotFoundError(detail, [InputError("path", "id", detail, near)])


def nearest_id(connection: Connection, kind: str | None, value: str) -> str | None:
    """Return the id, of entities of this type or of articles, that is most like the value; None when none is."""
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
    yield ids.where(column.startswith(value[:3], autoescape=True))
    yield ids

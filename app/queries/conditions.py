"""Conditions that filters are made of, each written once."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, SQLColumnExpression, or_, select
from sqlmodel import col

from app.tables import Entity, Fact, Mention, Participation, Relation
from app.vocabulary import EntityType, RelationKind

ORGANISATIONAL = (RelationKind.PART_OF,)
"""What makes a child a part of an organisation."""
SPATIAL = (RelationKind.WITHIN, RelationKind.CAPITAL_OF, RelationKind.LOCATED_IN)
"""What makes a child lie in a place."""

Ids = Select[Any] | CompoundSelect[Any]


def descendants(roots: Iterable[str], kinds: Iterable[RelationKind]) -> Ids:
    """Return the ids of everything below the roots by relations of these kinds, at any depth, without the roots.

    UNION, not UNION ALL: relations that go in a circle end there.
    """
    kinds = list(kinds)
    below = (
        select(col(Relation.child_id).label("id"))
        .where(col(Relation.parent_id).in_(roots), col(Relation.kind).in_(kinds))
        .cte(recursive=True)  # unnamed: one question may look below several roots
    )
    below = below.union(
        select(col(Relation.child_id)).where(col(Relation.parent_id) == below.c.id, col(Relation.kind).in_(kinds))
    )
    return select(below.c.id)


def themselves_and_descendants(roots: list[str], kinds: Iterable[RelationKind]) -> Select[Any]:
    """Return the ids of the roots and of everything below them."""
    return select(col(Entity.id)).where(or_(col(Entity.id).in_(roots), col(Entity.id).in_(descendants(roots, kinds))))


def organisations_with_parts(ids: list[str]) -> Ids:
    """Return the ids of the organisations and of their parts at any depth."""
    return themselves_and_descendants(ids, ORGANISATIONAL)


def places_with_inner(ids: list[str]) -> Ids:
    """Return the ids of the places and of the places in them at any depth; who has a seat there is no place."""
    return themselves_and_descendants(ids, SPATIAL).where(col(Entity.type) == EntityType.PLACE)


def took_part_in(events: list[str]) -> ColumnElement[bool]:
    """Hold for entities that took part in one of the events."""
    return col(Entity.id).in_(select(col(Participation.entity_id)).where(col(Participation.event_id).in_(events)))


def had_part(participants: list[str] | Ids) -> ColumnElement[bool]:
    """Hold for events in which one of the entities took part."""
    return col(Entity.id).in_(select(col(Participation.event_id)).where(col(Participation.entity_id).in_(participants)))


def mentioned_in(articles: list[str]) -> ColumnElement[bool]:
    """Hold for entities that a fact of one of the articles mentions."""
    return col(Entity.id).in_(
        select(col(Mention.entity_id))
        .join(Fact, col(Fact.id) == col(Mention.fact_id))
        .where(col(Fact.article_id).in_(articles))
    )


def overlaps(
    earliest: SQLColumnExpression[Any], latest: SQLColumnExpression[Any], first: date | None, last: date | None
) -> list[ColumnElement[bool]]:
    """Hold for what may have been in the period; an open bound reaches everywhere."""
    conditions = []
    if first is not None:
        conditions.append(or_(latest.is_(None), latest >= first))
    if last is not None:
        conditions.append(or_(earliest.is_(None), earliest <= last))
    return conditions

"""Conditions that filters are made of, each written once."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, or_, select
from sqlmodel import col

from app.tables import Entity, Fact, Mention


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

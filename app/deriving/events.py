"""When events were: the bounds that their date facts give together, found without reading all of them."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Connection, ScalarSelect, bindparam, exists, func, null, select, update
from sqlmodel import col

from app.database.questions import Question
from app.deriving.selecting import IDS, rows_of_ids
from app.tables import Date, Entity, Occurrence, table_of
from app.vocabulary import EntityType, Status

ENTITY = table_of(Entity)
Bounds = tuple[date | None, date | None]


def _of_dates(value: Any) -> ScalarSelect[Any]:
    return select(value).where(col(Date.entity_id) == ENTITY.c.id).correlate(ENTITY).scalar_subquery()


def _some(*conditions: Any) -> Any:
    return exists().where(col(Date.entity_id) == ENTITY.c.id, *conditions).correlate(ENTITY)


# One look into an index each, however many dates an event has.
DATED = Question(
    select(
        ENTITY.c.id,
        ENTITY.c.earliest,
        ENTITY.c.latest,
        _of_dates(func.max(col(Date.earliest))).label("last_start"),
        _of_dates(func.min(col(Date.latest))).label("first_end"),
        _of_dates(func.min(col(Date.earliest))).label("first_start"),
        _of_dates(func.max(col(Date.latest))).label("last_end"),
        _some(col(Date.earliest).is_(null())).label("opens"),
        _some(col(Date.latest).is_(null())).label("ends_open"),
        exists()
        .where(col(Occurrence.event_id) == ENTITY.c.id, col(Occurrence.status) == Status.ONGOING)
        .correlate(ENTITY)
        .label("is_ongoing"),
    )
    .where(ENTITY.c.id.in_(IDS), ENTITY.c.type == EntityType.EVENT)
    .order_by(ENTITY.c.id)
)
BOUND = update(ENTITY).where(ENTITY.c.id == bindparam("e"))


def bound_events(connection: Connection, entities: Collection[str]) -> None:
    """Bring the bounds of those of the entities that are events up to date."""
    changed = [
        {"e": row.id, "earliest": bounds[0], "latest": bounds[1]}
        for row in rows_of_ids(connection, DATED, entities)
        if (bounds := _bounds(row)) != (row.earliest, row.latest)
    ]
    if changed:
        connection.execute(BOUND, changed)


def bounds_of_events(connection: Connection, entities: Collection[str]) -> dict[str, Bounds]:
    """Return the bounds of those of the entities that are events.

    Every date of an event narrows its bounds; where they disagree, they span them all, open where one of them is.
    """
    return {row.id: _bounds(row) for row in rows_of_ids(connection, DATED, entities)}


def _bounds(row: Any) -> Bounds:
    earliest, latest = row.last_start, row.first_end
    if earliest is not None and latest is not None and earliest > latest:
        earliest = None if row.opens else row.first_start
        latest = None if row.ends_open else row.last_end
    return earliest, None if row.is_ongoing else latest  # What goes on has no last day yet.

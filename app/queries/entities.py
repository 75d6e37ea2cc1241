"""Entities with all that is said of them, as they were put together when their facts were loaded."""

from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal, select
from sqlmodel import col

from app.database import Question
from app.prepared import with_evidence
from app.queries.filters import wanted_by
from app.queries.lists import View, fetch_page
from app.queries.matching import bounded
from app.queries.paging import Slice, order_by
from app.queries.ranges import By
from app.queries.unknown import nothing_answers, refuse_unknown
from app.schemas import entities as wire
from app.schemas.parameters import ListParameters
from app.tables import Entity, PreparedItem, table_of
from app.vocabulary import EntityType

ENTITY = table_of(Entity).c
SORT_KEYS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "id": (ENTITY.id,),
    "name": (ENTITY.name_key, ENTITY.id),
    "date": (func.coalesce(ENTITY.earliest, ENTITY.latest, literal(date.max)), ENTITY.id),
    "-date": (func.coalesce(ENTITY.earliest, ENTITY.latest, literal(date.min)), ENTITY.id),
}
TYPES: Final[dict[type[wire.EntityItem], EntityType]] = {
    wire.PersonItem: EntityType.PERSON,
    wire.OrganisationItem: EntityType.ORGANISATION,
    wire.UnitItem: EntityType.UNIT,
    wire.PlaceItem: EntityType.PLACE,
    wire.DocumentItem: EntityType.DOCUMENT,
    wire.EventItem: EntityType.EVENT,
}
ITEM_OF = Question(
    select(col(PreparedItem.item), col(PreparedItem.evidence))
    .join(Entity, ENTITY.id == col(PreparedItem.entity_id))
    .where(col(PreparedItem.entity_id) == bindparam("id"), ENTITY.type == bindparam("type"))
)


def list_entities(connection: Connection, model: type[wire.EntityItem], filters: ListParameters) -> Slice[bytes]:
    """Return one page of the entities of the model's type that the filters let through, as JSON.

    Raises:
        InvalidInputError: a forged cursor.
        NotFoundError: a filter names something that is not there.
    """
    refuse_unknown(connection, filters)
    kind = TYPES[model]
    page = fetch_page(connection, wanted_by(kind, filters), view_of(filters))
    return bounded(connection, page, filters, [kind])


def view_of(filters: ListParameters) -> View:
    """Return which page of a list the parameters ask for, and how."""
    return View(
        order_by(filters, SORT_KEYS),
        By(filters.sort.removeprefix("-")),
        filters.limit,
        filters.cursor,
        evidence="evidence" in filters.include,
    )


def get_entity(connection: Connection, model: type[wire.EntityItem], entity_id: str) -> bytes:
    """Return one entity with everything that is said of it, and the evidence, as JSON.

    Raises:
        NotFoundError: there is none of this type with this id.
    """
    entity_type = TYPES[model]
    rows = ITEM_OF.all(connection, {"id": entity_id, "type": entity_type.value})
    if not rows:
        nothing_answers(connection, entity_type, entity_id)
    return with_evidence(rows[0].item, rows[0].evidence)

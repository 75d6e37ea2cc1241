"""Facts as items: what a row has of them, and what that refers to and rests on, in a few statements for a page."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import Connection, bindparam, select

from app.database import Question
from app.queries.evidence import EVIDENCE_OF_FACTS, IDS, REFERENCES, notes_on
from app.queries.fact_filters import FACT
from app.queries.fact_pages import page_of_facts
from app.queries.fact_ranges import COMMON, joined, own_columns
from app.queries.paging import Slice
from app.queries.unknown import fact_not_found, refuse_unknown
from app.schemas import facts as wire
from app.schemas.base import EvidenceItem, entity_url, fact_url
from app.schemas.parameters import ListParameters
from app.vocabulary import FactType

ITEMS: dict[FactType, type[wire.FactItem]] = {
    FactType.NAME: wire.NameItem,
    FactType.ROLE: wire.RoleItem,
    FactType.RELATION: wire.RelationItem,
    FactType.SEQUENCE: wire.SequenceItem,
    FactType.DESCRIPTION: wire.DescriptionItem,
    FactType.OCCURRENCE: wire.OccurrenceItem,
    FactType.PARTICIPATION: wire.ParticipationItem,
    FactType.DATE: wire.DateItem,
    FactType.QUOTE: wire.QuoteItem,
    FactType.FIGURE: wire.FigureItem,
    FactType.NOTE: wire.NoteItem,
}
TYPES = {model: fact_type for fact_type, model in ITEMS.items()}
Item = dict[str, Any]
"""An item with the fields of its model, in their order; what a load has checked need not be checked again."""
Refs = dict[str | None, Item | None]
EVIDENCE_FIELDS = tuple(EvidenceItem.model_fields)
REFERENCED = Question(select(FACT.c.id, FACT.c.type, FACT.c.statement).where(FACT.c.id.in_(IDS)))


def list_facts(connection: Connection, model: type[wire.FactItem], filters: ListParameters) -> Slice[Item]:
    """Return one page of the facts of the model's type, or of all for `FactItem`, that the filters let through.

    Raises:
        InvalidInputError: a forged cursor.
        NotFoundError: a filter names something that is not there.
    """
    refuse_unknown(connection, filters)
    fact_type = TYPES.get(model)
    page = page_of_facts(connection, fact_type, filters)
    items = _items(connection, fact_type, page.items, with_evidence="evidence" in filters.include)
    return Slice(items, page.total, page.cursor)


def get_fact(connection: Connection, model: type[wire.FactItem], fact_id: str) -> bytes:
    """Return one fact with its evidence as JSON, of the model's type or, for `FactItem`, of any.

    Raises:
        NotFoundError: there is none, of this type, with this id.
    """
    fact_type = TYPES.get(model)
    rows = _one(fact_type).all(connection, {"id": fact_id})
    if not rows:
        fact_not_found(connection, fact_type, fact_id)
    return to_json(_items(connection, fact_type, rows, with_evidence=True)[0])


@cache
def _one(fact_type: FactType | None) -> Question:
    one = joined(fact_type, FACT).where(FACT.c.id == bindparam("id"))
    return Question(one if fact_type is None else one.where(FACT.c.type == fact_type.value))


class Field(NamedTuple):
    """A field that items of one type have of their own: its column in a row, and what that refers to."""

    name: str
    place: int
    is_entity: bool
    is_fact: bool


@cache
def _fields(fact_type: FactType | None, own_type: str) -> tuple[Field, ...]:
    """Return the own fields of items of a type, in rows of that type or of any."""
    columns = [column.name for column in own_columns(fact_type)]
    fields = []
    for name in ITEMS[FactType(own_type)].model_fields:
        if name not in wire.FactItem.model_fields:
            choices = (f"{own_type}_{name}_fact_id", f"{own_type}_{name}_id", f"{own_type}_{name}")
            column = next(choice for choice in choices if choice in columns)
            is_fact = column.endswith("_fact_id")
            is_entity = not is_fact and column == f"{own_type}_{name}_id"
            fields.append(Field(name, len(COMMON) + columns.index(column), is_entity, is_fact))
    return tuple(fields)


def _items(
    connection: Connection, fact_type: FactType | None, rows: Sequence[Any], *, with_evidence: bool
) -> list[Item]:
    """Return the facts with what they refer to and rest on; without a type each is of its own."""
    if not rows:
        return []
    fields = [_fields(fact_type, row.type) for row in rows]
    placed = list(zip(rows, fields, strict=True))
    entities = {row[field.place] for row, own in placed for field in own if field.is_entity}
    refs = _entities(connection, entities | {row.attributed_to_id for row in rows})
    refs |= _facts(connection, {row[field.place] for row, own in placed for field in own if field.is_fact})
    noted = [row.id for row in rows if row.notes]
    notes = notes_on(connection, noted) if noted else {}
    evidence = _evidence(connection, [row.id for row in rows]) if with_evidence else None
    return [
        {
            "id": row.id,
            "url": fact_url(row.type, row.id),
            "type": row.type,
            "article": {"id": row.article_id, "url": f"/articles/{row.article_id}"},
            "statement": row.statement,
            "basis": row.basis,
            "reasoning": row.reasoning,
            "attributed_to": refs[row.attributed_to_id],
            "notes": notes.get(row.id, ()),
            "evidence": None if evidence is None else evidence.get(row.id, ()),
            **{
                name: refs[row[place]] if is_entity or is_fact else row[place]
                for name, place, is_entity, is_fact in own
            },
        }
        for row, own in placed
    ]


def _entities(connection: Connection, ids: set[str | None]) -> Refs:
    """Return how to refer to the entities, by id; None refers to nothing."""
    refs: Refs = {None: None}
    if wanted := list(ids - {None}):
        for entity_id, kind, name in REFERENCES.all(connection, {"ids": wanted}):
            refs[entity_id] = {"type": kind, "id": entity_id, "name": name, "url": entity_url(kind, entity_id)}
    return refs


def _facts(connection: Connection, ids: set[str | None]) -> Refs:
    """Return how to refer to the facts, by id."""
    refs: Refs = {}
    if wanted := list(ids - {None}):
        for fact_id, kind, statement in REFERENCED.all(connection, {"ids": wanted}):
            refs[fact_id] = {"type": kind, "id": fact_id, "statement": statement, "url": fact_url(kind, fact_id)}
    return refs


def _evidence(connection: Connection, ids: list[str]) -> dict[str, list[Item]]:
    """Return the evidence of the facts, in the order of the text, by fact id."""
    evidence: dict[str, list[Item]] = defaultdict(list)
    for fact_id, *values in EVIDENCE_OF_FACTS.all(connection, {"ids": ids}):
        evidence[fact_id].append(dict(zip(EVIDENCE_FIELDS, values, strict=True)))
    return evidence

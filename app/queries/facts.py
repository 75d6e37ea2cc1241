"""Facts with their columns, evidence and notes: a bounded number of statements for a page, whatever its size."""

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal, or_, select
from sqlmodel import col

from app.queries.conditions import organisations_with_parts, overlaps
from app.queries.evidence import evidence_of, notes_on, references
from app.queries.matching import found_by_text
from app.queries.paging import Slice, fetch_slice, order_by
from app.queries.unknown import NOBODY, fact_not_found, refuse_unknown
from app.schemas import facts as wire
from app.schemas.base import article_ref, fact_url
from app.schemas.parameters import (
    DateFilters,
    FactFilters,
    FigureFilters,
    ListParameters,
    NoteFilters,
    QuoteFilters,
    RoleFilters,
)
from app.tables import (
    FACT_TABLES,
    Date,
    Evidence,
    Fact,
    FactRow,
    Figure,
    Mention,
    Note,
    Quote,
    Role,
    Span,
    table_of,
)
from app.text.folding import comparable
from app.vocabulary import Basis, FactType

FACT = table_of(Fact).c
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
ItemT = TypeVar("ItemT", bound=wire.FactItem)
BY_POSITION: dict[str, tuple[ColumnElement[Any], ...]] = {
    "id": (FACT.id,),
    "position": (FACT.article_id, FACT.position, FACT.id),
}
DATE, FIGURE = table_of(Date).c, table_of(Figure).c
LARGEST = sys.float_info.max
ORDERS: dict[type[ListParameters], dict[str, tuple[ColumnElement[Any], ...]]] = {
    DateFilters: {
        **BY_POSITION,
        "date": (func.coalesce(DATE.earliest, DATE.latest, literal(date.max)), FACT.id),
        "-date": (func.coalesce(DATE.earliest, DATE.latest, literal(date.min)), FACT.id),
    },
    FigureFilters: {
        **BY_POSITION,
        "value": (func.coalesce(FIGURE.value, LARGEST), FACT.id),
        "-value": (func.coalesce(FIGURE.value, -LARGEST), FACT.id),
    },
}
"""What has no day or no value comes last, whichever way round."""


def list_facts(connection: Connection, model: type[ItemT], filters: ListParameters) -> Slice[ItemT]:
    """Return one page of the facts of the model's type, or of all for `FactItem`, that the filters let through.

    Raises:
        InvalidInputError: a forged cursor.
        NotFoundError: a filter names something that is not there.
    """
    refuse_unknown(connection, filters)
    fact_type = TYPES.get(model)
    statement = facts_of(fact_type).where(*_conditions(fact_type, filters))
    order = order_by(filters, ORDERS.get(type(filters), BY_POSITION))
    page = fetch_slice(connection, statement, order, filters.limit, filters.cursor)
    items = items_of(connection, model, page.items, with_evidence="evidence" in filters.include)
    return Slice(items, page.total, page.cursor)


def get_fact(connection: Connection, model: type[ItemT], fact_id: str) -> ItemT:
    """Return one fact with its evidence, of the model's type or, for `FactItem`, of any.

    Raises:
        NotFoundError: there is none, of this type, with this id.
    """
    fact_type = TYPES.get(model)
    rows = connection.execute(facts_of(fact_type).where(FACT.id == fact_id)).all()
    if not rows:
        fact_not_found(connection, fact_type, fact_id)
    return items_of(connection, model, rows, with_evidence=True)[0]


def facts_of(fact_type: FactType | None) -> Select[Any]:
    """Return the statement for all facts of a type, its table joined, or for all facts."""
    statement = select(
        FACT.id, FACT.article_id, FACT.type, FACT.statement, FACT.basis, FACT.reasoning, FACT.attributed_to_id
    )
    if fact_type is None:
        return statement
    own = table_of(FACT_TABLES[fact_type])
    return statement.join(own, own.c.fact_id == FACT.id).where(FACT.type == fact_type)


def items_of(
    connection: Connection, model: type[ItemT], rows: Sequence[Row[Any]], *, with_evidence: bool
) -> list[ItemT]:
    """Return the facts with their own columns and what they refer to; for `FactItem` each is of its own type."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    own: dict[str, dict[str, Any]] = {}
    for fact_type in sorted({row.type for row in rows}):
        table = table_of(FACT_TABLES[FactType(fact_type)])
        statement = select(table).where(table.c.fact_id.in_([row.id for row in rows if row.type == fact_type]))
        own |= {row.fact_id: dict(row._mapping) for row in connection.execute(statement)}
    refs: dict[str | None, Any] = dict(references(connection, _entity_ids(rows, own)))
    refs |= _fact_refs(connection, [columns.get("about_fact_id") for columns in own.values()])
    notes = notes_on(connection, ids)
    evidence = evidence_of(connection, ids) if with_evidence else None
    return [
        _make(model, row.type)(
            id=row.id,
            type=FactType(row.type),
            url=fact_url(row.type, row.id),
            article=article_ref(row.article_id),
            statement=row.statement,
            basis=Basis(row.basis),
            reasoning=row.reasoning,
            attributed_to=refs[row.attributed_to_id],
            notes=notes.get(row.id, []),
            evidence=None if evidence is None else evidence.get(row.id, []),
            **_own_fields(FactType(row.type), own[row.id], refs),
        )
        for row in rows
    ]


def _make(model: type[ItemT], fact_type: str) -> Callable[..., ItemT]:
    """Return what makes an item of the fact's own type, which is a kind of the model asked for."""
    return cast("type[ItemT]", model if model in TYPES else ITEMS[FactType(fact_type)])


def _own_fields(fact_type: FactType, columns: dict[str, Any], refs: dict[str | None, Any]) -> dict[str, Any]:
    """Return the values of the model's own fields: a field whose column ends in `_id` refers to something."""
    fields = {}
    for name in ITEMS[fact_type].model_fields:
        if name in wire.FactItem.model_fields:
            continue
        column = {"about": "about_fact_id"}.get(name, f"{name}_id")
        fields[name] = refs[columns[column]] if column in columns else columns[name]
    return fields


def _entity_ids(rows: Sequence[Row[Any]], own: dict[str, dict[str, Any]]) -> Iterator[str | None]:
    for row in rows:
        yield row.attributed_to_id
    for columns in own.values():
        for name, value in columns.items():
            if name.endswith("_id") and not name.endswith("fact_id"):
                yield value


def _fact_refs(connection: Connection, ids: Sequence[str | None]) -> dict[str | None, wire.FactRef | None]:
    wanted = [fact_id for fact_id in ids if fact_id is not None]
    if not wanted:
        return {None: None}
    statement = select(FACT.id, FACT.type, FACT.statement).where(FACT.id.in_(wanted))
    return {None: None} | {
        row.id: wire.FactRef(
            type=FactType(row.type), id=row.id, statement=row.statement, url=fact_url(row.type, row.id)
        )
        for row in connection.execute(statement)
    }


Conditions = Iterator[ColumnElement[bool]]


def _conditions(fact_type: FactType | None, filters: ListParameters) -> Conditions:
    if filters.q is not None:
        types = FactType.values() if fact_type is None else [fact_type]
        yield found_by_text(col(Fact.id), types, filters.q)
    if filters.article:
        yield FACT.article_id.in_(filters.article)
    match filters:
        case RoleFilters():
            yield from _equal(Role, filters, person="person_id")
            if filters.organisation:
                yield col(Role.organisation_id).in_(organisations_with_parts(filters.organisation))
            if filters.title:
                yield col(Role.title_key).in_([comparable(title) for title in filters.title])
        case DateFilters():
            yield from _equal(Date, filters, entity="entity_id", relation="relation", precision="precision")
            yield from _equal(Fact, filters, basis="basis")
            yield from overlaps(col(Date.earliest), col(Date.latest), filters.from_, filters.to)
        case QuoteFilters():
            yield from _equal(Quote, filters, speaker="speaker_id", addressee="addressee_id", event="event_id")
            if filters.direct is not None:
                yield col(Quote.direct) == filters.direct
        case FigureFilters():
            yield from _equal(Figure, filters, subject="subject_id", unit="unit")
            if filters.min is not None:
                yield col(Figure.value) >= filters.min
            if filters.max is not None:
                yield col(Figure.value) <= filters.max
        case NoteFilters():
            yield from _equal(Note, filters, category="category")
            if filters.about:
                yield col(Note.about_fact_id).in_(_about(filters.about))
        case FactFilters():
            yield from _equal(Fact, filters, type="type", basis="basis")
            yield from _about_facts(filters)


def _equal(table: type[FactRow] | type[Fact], filters: ListParameters, **columns: str) -> Conditions:
    """Yield that each column is one of the values of its filter, for the filters that are set."""
    for name, column in columns.items():
        values = getattr(filters, name)
        if values:
            yield table_of(table).c[column].in_(values)


def _about(ids: list[str]) -> Select[Any]:
    """Return the facts that the ids name: facts themselves, or all that mention an entity."""
    mentions = select(col(Mention.fact_id)).where(col(Mention.entity_id).in_(ids))
    return select(FACT.id).where(or_(FACT.id.in_(ids), FACT.id.in_(mentions)))


def _about_facts(filters: FactFilters) -> Conditions:
    if filters.entity:
        yield FACT.id.in_(select(col(Mention.fact_id)).where(col(Mention.entity_id).in_(filters.entity)))
    if filters.attributed_to:
        voices = [FACT.attributed_to_id.in_([voice for voice in filters.attributed_to if voice != NOBODY])]
        if NOBODY in filters.attributed_to:
            voices.append(FACT.attributed_to_id.is_(None))
        yield or_(*voices)
    if filters.at is not None:
        covering = (
            select(col(Evidence.fact_id))
            .join(Span, col(Span.id) == col(Evidence.span_id))
            .where(col(Span.article_id).in_(filters.article), col(Span.start) <= filters.at, col(Span.end) > filters.at)
        )
        yield FACT.id.in_(covering)

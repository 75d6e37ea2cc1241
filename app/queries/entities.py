"""Entities with all that is said of them: a bounded number of statements for a page, whatever its size."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import compress
from typing import Any, NamedTuple, Self, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, literal, select
from sqlmodel import col

from app.queries.evidence import evidence_of_mentions, notes_on_mentions, references
from app.queries.filters import conditions_of
from app.queries.paging import Order, Slice, fetch_slice, order_by
from app.queries.unknown import nothing_answers, refuse_unknown
from app.schemas import entities as wire
from app.schemas.base import ArticleRef, EntityRef, EvidenceItem, Statement, article_ref, entity_url, fact_url
from app.schemas.parameters import ListParameters
from app.tables import (
    Date,
    Description,
    Entity,
    Fact,
    FactRow,
    Figure,
    Mention,
    Name,
    Occurrence,
    Participation,
    Quote,
    Relation,
    Role,
    table_of,
)
from app.tables import (
    Sequence as EventSequence,
)
from app.vocabulary import Basis, EntityType, ParticipationRole

ItemT = TypeVar("ItemT", bound=wire.EntityItem)
ENTITY = table_of(Entity).c
FACT = table_of(Fact).c
SORT_KEYS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "id": (ENTITY.id,),
    "name": (ENTITY.name_key, ENTITY.id),
    "date": (func.coalesce(ENTITY.earliest, ENTITY.latest, literal(date.max)), ENTITY.id),
    "-date": (func.coalesce(ENTITY.earliest, ENTITY.latest, literal(date.min)), ENTITY.id),
}
PLACE_ROLES = (ParticipationRole.VENUE, ParticipationRole.DESTINATION)


@dataclass(frozen=True, eq=False)
class Section:
    """One list of statements inside an item: rows of a fact table that one of its columns ties to the entity.

    The model's own fields name the columns; a field that refers to an entity has its column in `<field>_id`, or in
    the one that `renamed` gives.
    """

    name: str
    model: type[Statement]
    table: type[FactRow]
    anchor: str
    renamed: dict[str, str] = field(default_factory=dict)
    only: ColumnElement[bool] | None = None

    @cached_property
    def columns(self) -> dict[str, str]:
        """The table's column of each of the model's own fields."""
        known = table_of(self.table).c
        return {
            name: self.renamed.get(name, f"{name}_id" if f"{name}_id" in known else name)
            for name in self.model.model_fields
            if name not in Statement.model_fields
        }

    @cached_property
    def references(self) -> list[bool]:
        """Whether each of the model's own fields refers to an entity."""
        return [column.endswith("_id") for column in self.columns.values()]

    @cached_property
    def statement(self) -> Select[Any]:
        """The section's rows for entities `ids`: `Said`, and the own columns; in the order of articles and texts."""
        columns = table_of(self.table).c
        statement = (
            select(
                columns[self.anchor],
                FACT.id,
                FACT.type,
                FACT.basis,
                FACT.reasoning,
                FACT.attributed_to_id,
                *(columns[column] for column in self.columns.values()),
            )
            .join(Fact, FACT.id == columns.fact_id)
            .where(columns[self.anchor].in_(bindparam("ids", expanding=True)))
            .order_by(FACT.article_id, FACT.position, FACT.id)
        )
        return statement if self.only is None else statement.where(self.only)


NAMES = Section("names", wire.NameStatement, Name, "entity_id")
COMMON = (
    NAMES,
    Section("descriptions", wire.DescriptionStatement, Description, "entity_id"),
    Section("parents", wire.ParentStatement, Relation, "child_id"),
    Section("children", wire.ChildStatement, Relation, "parent_id"),
    Section("figures", wire.FigureStatement, Figure, "subject_id"),
)
TAKES_PART = Section("events", wire.EventStatement, Participation, "entity_id")
SPEAKS = Section("quotes", wire.SpokenStatement, Quote, "speaker_id")
MEMBERS = Section("people", wire.MemberStatement, Role, "organisation_id")
DATES = Section("dates", wire.DateStatement, Date, "entity_id")

SECTIONS: dict[EntityType, tuple[Section, ...]] = {
    EntityType.PERSON: (*COMMON, Section("roles", wire.RoleStatement, Role, "person_id"), TAKES_PART, SPEAKS),
    EntityType.ORGANISATION: (*COMMON, MEMBERS, TAKES_PART, SPEAKS),
    EntityType.UNIT: (*COMMON, MEMBERS, TAKES_PART, SPEAKS),
    EntityType.PLACE: (*COMMON, TAKES_PART, SPEAKS),
    EntityType.DOCUMENT: (*COMMON, DATES, TAKES_PART),
    EntityType.EVENT: (
        *COMMON,
        Section("statuses", wire.StatusStatement, Occurrence, "event_id"),
        DATES,
        Section(
            "participants",
            wire.ParticipantStatement,
            Participation,
            "event_id",
            only=col(Participation.role).not_in(PLACE_ROLES),
        ),
        Section(
            "places",
            wire.ParticipantStatement,
            Participation,
            "event_id",
            only=col(Participation.role).in_(PLACE_ROLES),
        ),
        Section("earlier", wire.EarlierStatement, EventSequence, "later_id", renamed={"event": "earlier_id"}),
        Section("later", wire.LaterStatement, EventSequence, "earlier_id", renamed={"event": "later_id"}),
        Section("quotes", wire.HeardStatement, Quote, "event_id"),
    ),
}
TYPES: dict[type[wire.EntityItem], EntityType] = {
    wire.PersonItem: EntityType.PERSON,
    wire.OrganisationItem: EntityType.ORGANISATION,
    wire.UnitItem: EntityType.UNIT,
    wire.PlaceItem: EntityType.PLACE,
    wire.DocumentItem: EntityType.DOCUMENT,
    wire.EventItem: EntityType.EVENT,
}


def list_entities(connection: Connection, model: type[ItemT], filters: ListParameters) -> Slice[ItemT]:
    """Return one page of the entities of the model's type that the filters let through.

    Raises:
        InvalidInputError: a forged cursor.
        NotFoundError: a filter names something that is not there.
    """
    refuse_unknown(connection, filters)
    entity_type = TYPES[model]
    statement = entities_of(entity_type).where(*conditions_of(entity_type, filters))
    return slice_of_items(connection, model, statement, order_by(filters, SORT_KEYS), filters)


def get_entity(connection: Connection, model: type[ItemT], entity_id: str) -> ItemT:
    """Return one entity with everything that is said of it, and the evidence.

    Raises:
        NotFoundError: there is none of this type with this id.
    """
    entity_type = TYPES[model]
    rows = connection.execute(entities_of(entity_type).where(ENTITY.id == entity_id)).all()
    if not rows:
        nothing_answers(connection, entity_type, entity_id)
    return items_of(connection, model, rows, with_evidence=True)[0]


def slice_of_items(
    connection: Connection, model: type[ItemT], statement: Select[Any], order: Order, filters: ListParameters
) -> Slice[ItemT]:
    """Return one page of the entities that the statement selects, as items."""
    page = fetch_slice(connection, statement, order, filters.limit, filters.cursor)
    items = items_of(connection, model, page.items, with_evidence="evidence" in filters.include)
    return Slice(items, page.total, page.cursor)


def entities_of(entity_type: EntityType) -> Select[Any]:
    """Return the statement for all entities of a type."""
    columns = (ENTITY.id, ENTITY.name, ENTITY.kind, ENTITY.earliest, ENTITY.latest)
    return select(*columns).where(ENTITY.type == entity_type)


def items_of(
    connection: Connection, model: type[ItemT], rows: Sequence[Row[Any]], *, with_evidence: bool
) -> list[ItemT]:
    """Return the entities with all that is said of them."""
    if not rows:
        return []
    entity_type = TYPES[model]
    ids = [row.id for row in rows]
    found = {section: _said(connection, section, ids) for section in SECTIONS[entity_type]}
    behind = Background.fetch(connection, ids, found, with_evidence=with_evidence)
    make: Any = model  # the fields beyond the common ones are the sections
    dated = {"earliest", "latest"} if entity_type is EntityType.EVENT else set()
    return [
        make(
            type=entity_type,
            id=row.id,
            url=entity_url(entity_type, row.id),
            name=row.name,
            kind=row.kind,
            more={},
            articles=behind.articles[row.id],
            **{name: getattr(row, name) for name in dated},
            **{section.name: _merged(section, facts_of[row.id], behind) for section, facts_of in found.items()},
        )
        for row in rows
    ]


class Said(NamedTuple):
    """One fact of a section: what all have, and the values of the model's own fields."""

    fact_id: str
    fact_type: str
    basis: str
    reasoning: str | None
    attributed_to: str | None
    own: tuple[Any, ...]


Found = dict[Section, dict[str, list[Said]]]


def _said(connection: Connection, section: Section, ids: list[str]) -> dict[str, list[Said]]:
    """Return the section's facts, by the entity that they are of."""
    facts: dict[str, list[Said]] = defaultdict(list)
    for entity_id, fact_id, fact_type, basis, reasoning, voice, *own in connection.execute(
        section.statement, {"ids": ids}
    ):
        facts[entity_id].append(Said(fact_id, fact_type, basis, reasoning, voice, tuple(own)))
    return facts


@dataclass(frozen=True)
class Background:
    """What the statements of a page refer to and rest on, each fetched in one go."""

    articles: dict[str, list[ArticleRef]]
    refs: dict[str | None, EntityRef | None]
    notes: dict[str, list[str]]
    evidence: dict[str, list[EvidenceItem]] | None

    @classmethod
    def fetch(cls, connection: Connection, ids: list[str], found: Found, *, with_evidence: bool) -> Self:
        """Fetch it for the entities and the facts of their sections."""
        return cls(
            articles=_articles(connection, ids),
            refs=references(connection, _referred_to(found)),
            notes=notes_on_mentions(connection, ids),
            evidence=evidence_of_mentions(connection, ids) if with_evidence else None,
        )


ARTICLES_OF = (
    select(col(Mention.entity_id), FACT.article_id)
    .join(Fact, FACT.id == col(Mention.fact_id))
    .where(col(Mention.entity_id).in_(bindparam("ids", expanding=True)))
    .distinct()
    .order_by(FACT.article_id)
)


def _articles(connection: Connection, ids: list[str]) -> dict[str, list[ArticleRef]]:
    articles: dict[str, list[ArticleRef]] = defaultdict(list)
    for entity_id, article_id in connection.execute(ARTICLES_OF, {"ids": ids}):
        articles[entity_id].append(article_ref(article_id))
    return articles


def _referred_to(found: Found) -> Iterator[str | None]:
    for section, by_entity in found.items():
        for facts in by_entity.values():
            for said in facts:
                yield said.attributed_to
                yield from compress(said.own, section.references)


def _merged(section: Section, facts: Iterable[Said], behind: Background) -> list[Statement]:
    """Return the statements; facts of several articles that say the same become one, stated if one of them is."""
    same: dict[tuple[Any, ...], list[Said]] = defaultdict(list)
    for said in facts:
        same[(said.attributed_to, *said.own)].append(said)
    return [_statement(section, alike, behind) for alike in same.values()]


def _statement(section: Section, facts: list[Said], behind: Background) -> Statement:
    first = min(facts, key=lambda said: said.basis != Basis.STATED)
    values = (
        behind.refs[value] if is_ref else value for value, is_ref in zip(first.own, section.references, strict=True)
    )
    return section.model(
        basis=Basis(first.basis),
        reasoning=first.reasoning,
        attributed_to=behind.refs[first.attributed_to],
        facts=[fact_url(said.fact_type, said.fact_id) for said in facts],
        notes=[note for said in facts for note in behind.notes.get(said.fact_id, ())],
        evidence=None
        if behind.evidence is None
        else [item for said in facts for item in behind.evidence.get(said.fact_id, ())],
        **dict(zip(section.columns, values, strict=True)),
    )

"""The lists of statements inside an item: which facts each is made of, and which of them it shows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ScalarSelect, func, select

from app.database.questions import Question
from app.deriving.selecting import IDS
from app.schemas import entities as wire
from app.schemas.base import Statement
from app.tables import (
    FACT_TABLES,
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
    Sequence,
    table_of,
)
from app.vocabulary import EntityType, FactType, ParticipationRole

MOST: Final = 50
"""Of how many facts of one type an item shows what they say: the first that mention the entity, in their order."""
ENTITY, FACT, MENTION = table_of(Entity).c, table_of(Fact).c, table_of(Mention).c
PLACE_ROLES = frozenset({ParticipationRole.VENUE.value, ParticipationRole.DESTINATION.value})
FACT_TYPE_OF = {table: fact_type for fact_type, table in FACT_TABLES.items()}
AFTER_ALL: Final = "~"
"""What comes after the ids of all articles."""
OF_ALL = (MENTION.entity_id, FACT.id, FACT.basis, FACT.reasoning, FACT.attributed_to_id, MENTION.article_id)
"""What of its rows all types of facts have."""
NOT_OWN: Final = ("fact_id", "article_id", "position")
SOURCES: Final = tuple(fact_type for fact_type in FactType if fact_type is not FactType.NOTE)
"""The types of facts that mention entities."""


@cache
def article_beyond(fact_type: FactType) -> ScalarSelect[str]:
    """Return which article says the first fact of a type beyond the `MOST` of an `Entity`; NULL if there is none."""
    further = table_of(Mention).alias("further").c
    return (
        select(further.article_id)
        .where(further.entity_id == ENTITY.id, further.type == fact_type)
        .order_by(further.article_id, further.position)
        .offset(MOST)
        .limit(1)
        .correlate(Entity)
        .scalar_subquery()
    )


@cache
def facts_of(fact_type: FactType) -> Question:
    """Return the question for the facts of a type that mention entities `ids`, in the order of each entity's.

    It has the first `MOST`, and the rest of what the article of the next one says, if there is one.
    """
    own = table_of(FACT_TABLES[fact_type])
    return Question(
        select(*OF_ALL, *(column for column in own.columns if column.name not in NOT_OWN))
        .select_from(Entity)
        .join(Mention, (MENTION.entity_id == ENTITY.id) & (MENTION.type == fact_type))
        .join(Fact, FACT.id == MENTION.fact_id)
        .join(own, own.c.fact_id == MENTION.fact_id)
        .where(ENTITY.id.in_(IDS), MENTION.article_id <= func.coalesce(article_beyond(fact_type), AFTER_ALL))
        .order_by(MENTION.entity_id, MENTION.article_id, MENTION.position)
    )


@cache
def places_of_entities(fact_type: FactType) -> tuple[int, ...]:
    """Return where in the rows of facts of a type the ids of the entities are that they refer to."""
    return tuple(
        place
        for place, column in enumerate(facts_of(fact_type).statement.selected_columns)
        if column.name.endswith("_id") and column.name != "article_id"
    )


@dataclass(frozen=True, eq=False)
class Section:
    """One list of statements inside an item, made of the facts of a table that have the entity in the `anchor`.

    The model's own fields name the columns; a field that refers to an entity has its column in `<field>_id`, or in
    the one that `renamed` gives.
    """

    name: str
    model: type[Statement]
    table: type[FactRow]
    anchor: str
    renamed: dict[str, str] = field(default_factory=dict)
    only: Callable[[Any], bool] | None = None

    @cached_property
    def fact_type(self) -> FactType:
        """The type of its facts."""
        return FACT_TYPE_OF[self.table]

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
    def fields(self) -> list[tuple[str, bool]]:
        """The model's own fields, and whether each refers to an entity."""
        return [(name, column.endswith("_id")) for name, column in self.columns.items()]

    @cached_property
    def anchor_place(self) -> int:
        """Where in the rows of its facts the entity is."""
        return self._place(self.anchor)

    @cached_property
    def said(self) -> Callable[[Any], tuple[Any, ...]]:
        """What returns what a row of its facts says: in whose voice, and the values of the model's own fields."""
        return itemgetter(OF_ALL.index(FACT.attributed_to_id), *map(self._place, self.columns.values()))

    def _place(self, column: str) -> int:
        names = [each.name for each in facts_of(self.fact_type).statement.selected_columns]
        return names.index(column, len(OF_ALL))


def _is_at_a_place(row: Any) -> bool:
    return row.role in PLACE_ROLES


def _is_at_no_place(row: Any) -> bool:
    return row.role not in PLACE_ROLES


COMMON = (
    Section("names", wire.NameStatement, Name, "entity_id"),
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
    EntityType.PERSON: (
        *COMMON,
        Section("roles", wire.RoleStatement, Role, "person_id"),
        TAKES_PART,
        SPEAKS,
    ),
    EntityType.ORGANISATION: (*COMMON, MEMBERS, TAKES_PART, SPEAKS),
    EntityType.UNIT: (*COMMON, MEMBERS, TAKES_PART, SPEAKS),
    EntityType.PLACE: (*COMMON, TAKES_PART, SPEAKS),
    EntityType.DOCUMENT: (*COMMON, DATES, TAKES_PART),
    EntityType.EVENT: (
        *COMMON,
        Section("statuses", wire.StatusStatement, Occurrence, "event_id"),
        DATES,
        Section("participants", wire.ParticipantStatement, Participation, "event_id", only=_is_at_no_place),
        Section("places", wire.ParticipantStatement, Participation, "event_id", only=_is_at_a_place),
        Section("earlier", wire.EarlierStatement, Sequence, "later_id", renamed={"event": "earlier_id"}),
        Section("later", wire.LaterStatement, Sequence, "earlier_id", renamed={"event": "later_id"}),
        Section("quotes", wire.HeardStatement, Quote, "event_id"),
    ),
}
MODELS: dict[EntityType, type[wire.EntityItem]] = {
    EntityType.PERSON: wire.PersonItem,
    EntityType.ORGANISATION: wire.OrganisationItem,
    EntityType.UNIT: wire.UnitItem,
    EntityType.PLACE: wire.PlaceItem,
    EntityType.DOCUMENT: wire.DocumentItem,
    EntityType.EVENT: wire.EventItem,
}

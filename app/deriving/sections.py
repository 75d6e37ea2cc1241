"""The lists of statements inside an item: which facts each is made of, and which of them it shows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Row, Select, select

from app.deriving.selecting import IDS
from app.schemas import entities as wire
from app.schemas.base import Statement
from app.tables import (
    FACT_TABLES,
    Date,
    Description,
    Fact,
    FactRow,
    Figure,
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
"""How many facts of one table and one entity an item shows: the first of them, in the order of articles and texts."""
FACT = table_of(Fact).c
FIRST_OWN: Final = 5
"""Where the columns of the fact's own table begin in the rows of a source."""
PLACE_ROLES = frozenset({ParticipationRole.VENUE.value, ParticipationRole.DESTINATION.value})
FACT_TYPE_OF = {table: fact_type for fact_type, table in FACT_TABLES.items()}


@dataclass(frozen=True)
class Source:
    """Rows of a fact table that one of its columns ties to an entity."""

    table: type[FactRow]
    anchor: str

    @property
    def fact_type(self) -> FactType:
        """What its facts say."""
        return FACT_TYPE_OF[self.table]

    @cached_property
    def statement(self) -> Select[Any]:
        """The rows of the entities `ids`: the entity, what all facts have, and the table's own columns; in order."""
        own = table_of(self.table)
        return (
            select(
                own.c[self.anchor],
                FACT.id,
                FACT.basis,
                FACT.reasoning,
                FACT.attributed_to_id,
                *(column for column in own.columns if column.name != "fact_id"),
            )
            .join(Fact, FACT.id == own.c.fact_id)
            .where(own.c[self.anchor].in_(IDS))
            .order_by(own.c[self.anchor], FACT.article_id, FACT.position, FACT.id)
        )


@dataclass(frozen=True, eq=False)
class Section:
    """One list of statements inside an item, made of the rows of a source.

    The model's own fields name the columns; a field that refers to an entity has its column in `<field>_id`, or in
    the one that `renamed` gives.
    """

    name: str
    model: type[Statement]
    source: Source
    renamed: dict[str, str] = field(default_factory=dict)
    only: Callable[[Row[Any]], bool] | None = None

    @cached_property
    def columns(self) -> dict[str, str]:
        """The table's column of each of the model's own fields."""
        known = table_of(self.source.table).c
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
    def values(self) -> Callable[[Row[Any]], tuple[Any, ...]]:
        """What takes the values of the model's own fields from a row of the source."""
        names = [column.name for column in self.source.statement.selected_columns]
        places = [names.index(column, FIRST_OWN) for column in self.columns.values()]
        return lambda row: tuple(row[place] for place in places)


def _is_at_a_place(row: Row[Any]) -> bool:
    return row.role in PLACE_ROLES


def _is_at_no_place(row: Row[Any]) -> bool:
    return row.role not in PLACE_ROLES


COMMON = (
    Section("names", wire.NameStatement, Source(Name, "entity_id")),
    Section("descriptions", wire.DescriptionStatement, Source(Description, "entity_id")),
    Section("parents", wire.ParentStatement, Source(Relation, "child_id")),
    Section("children", wire.ChildStatement, Source(Relation, "parent_id")),
    Section("figures", wire.FigureStatement, Source(Figure, "subject_id")),
)
TAKES_PART = Section("events", wire.EventStatement, Source(Participation, "entity_id"))
SPEAKS = Section("quotes", wire.SpokenStatement, Source(Quote, "speaker_id"))
MEMBERS = Section("people", wire.MemberStatement, Source(Role, "organisation_id"))
DATES = Section("dates", wire.DateStatement, Source(Date, "entity_id"))
PARTICIPANTS = Source(Participation, "event_id")

SECTIONS: dict[EntityType, tuple[Section, ...]] = {
    EntityType.PERSON: (
        *COMMON,
        Section("roles", wire.RoleStatement, Source(Role, "person_id")),
        TAKES_PART,
        SPEAKS,
    ),
    EntityType.ORGANISATION: (*COMMON, MEMBERS, TAKES_PART, SPEAKS),
    EntityType.UNIT: (*COMMON, MEMBERS, TAKES_PART, SPEAKS),
    EntityType.PLACE: (*COMMON, TAKES_PART, SPEAKS),
    EntityType.DOCUMENT: (*COMMON, DATES, TAKES_PART),
    EntityType.EVENT: (
        *COMMON,
        Section("statuses", wire.StatusStatement, Source(Occurrence, "event_id")),
        DATES,
        Section("participants", wire.ParticipantStatement, PARTICIPANTS, only=_is_at_no_place),
        Section("places", wire.ParticipantStatement, PARTICIPANTS, only=_is_at_a_place),
        Section("earlier", wire.EarlierStatement, Source(Sequence, "later_id"), renamed={"event": "earlier_id"}),
        Section("later", wire.LaterStatement, Source(Sequence, "earlier_id"), renamed={"event": "later_id"}),
        Section("quotes", wire.HeardStatement, Source(Quote, "event_id")),
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

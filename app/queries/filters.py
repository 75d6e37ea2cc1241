"""Filters of entities as lists: values of one filter are alternatives, different filters all apply."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.listings import Part, number_of, parts_of
from app.queries.conditions import mentioned_in
from app.queries.matching import found_by_text
from app.schemas.parameters import (
    DocumentFilters,
    EventFilters,
    ListParameters,
    OrganisationFilters,
    PersonFilters,
    PlaceFilters,
    TimelineFilters,
    UnitFilters,
)
from app.tables import Entity
from app.text.folding import comparable
from app.vocabulary import EntityType

Named = list[dict[str, str]]
"""Lists by their filters, one of which must have the entity."""


@dataclass(frozen=True)
class Alternatives:
    """Lists one of which must have the entity, by number; an entity may stand in several, unless they are `apart`."""

    numbers: tuple[int, ...]
    apart: bool


@dataclass(frozen=True)
class Wanted:
    """Which entities a question wants: those in a list of each of the alternatives, of which other conditions hold."""

    all_of: tuple[Alternatives, ...]
    first: date | None = None
    last: date | None = None
    found: tuple[ColumnElement[bool], ...] = ()
    """What few entities meet, by an index of its own."""

    @property
    def has_period(self) -> bool:
        """Whether it wants what may have been in a period."""
        return self.first is not None or self.last is not None


def wanted_by(entity_type: EntityType, filters: ListParameters, parts: Iterable[Part] | None = None) -> Wanted:
    """Return which entities the filters let through, of these parts of the lists."""
    kept = parts_of(entity_type) if parts is None else tuple(parts)
    groups = [*NAMED[type(filters)](filters)] or [[{}]]
    found = []
    if filters.q is not None:
        found.append(found_by_text(col(Entity.id), [entity_type], filters.q, filters.article))
    if filters.article:
        found.append(mentioned_in(filters.article))
    return Wanted(
        tuple(
            Alternatives(
                tuple(number_of(entity_type, **names) | part for names in group for part in kept),
                apart=len(group) == 1 or group[0].keys() == {"kind"},
            )
            for group in groups
        ),
        getattr(filters, "from_", None),
        getattr(filters, "to", None),
        tuple(found),
    )


def _each(name: str, values: Iterable[str]) -> Iterator[Named]:
    """Yield the lists of a filter's values, if it has any."""
    if named := [{name: value} for value in values]:
        yield named


def _person(filters: PersonFilters) -> Iterator[Named]:
    titles = sorted({comparable(title) for title in filters.title})
    if filters.organisation and titles:  # One and the same post must be there and have the title.
        yield [{"organisation": place, "title": title} for place, title in product(filters.organisation, titles)]
    else:
        yield from _each("organisation", filters.organisation)
        yield from _each("title", titles)
    yield from _each("event", filters.event)


def _organisation(filters: OrganisationFilters) -> Iterator[Named]:
    yield from _each("kind", filters.kind)
    yield from _each("parent", filters.parent)
    yield from _each("event", filters.event)


def _unit(filters: UnitFilters) -> Iterator[Named]:
    yield from _each("organisation", filters.organisation)
    yield from _each("event", filters.event)


def _place(filters: PlaceFilters) -> Iterator[Named]:
    yield from _each("kind", filters.kind)
    yield from _each("within", filters.within)


def _document(filters: DocumentFilters) -> Iterator[Named]:
    yield from _each("kind", filters.kind)
    yield from _each("issuer", filters.issuer)


def _event(filters: EventFilters) -> Iterator[Named]:
    yield from _each("kind", filters.kind)
    yield from _each("status", sorted({status.value for status in filters.status}))
    yield from _each("participant", filters.document)
    yield from _participants(filters)


def _participants(filters: EventFilters | TimelineFilters) -> Iterator[Named]:
    yield from _each("participant", filters.person)
    yield from _each("organisation", filters.organisation)
    yield from _each("participant", filters.unit)
    yield from _each("place", filters.place)


NAMED: dict[type[ListParameters], Callable[[Any], Iterator[Named]]] = {
    PersonFilters: _person,
    OrganisationFilters: _organisation,
    UnitFilters: _unit,
    PlaceFilters: _place,
    DocumentFilters: _document,
    EventFilters: _event,
    TimelineFilters: _participants,
}

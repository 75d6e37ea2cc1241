"""Filters of entities as conditions: values of one filter are alternatives, different filters all apply."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from app.queries.conditions import (
    ORGANISATIONAL,
    SPATIAL,
    descendants,
    had_part,
    mentioned_in,
    organisations_with_parts,
    overlaps,
    places_with_inner,
    took_part_in,
)
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
from app.tables import Entity, Occurrence, Relation, Role
from app.text.folding import comparable
from app.vocabulary import EntityType, RelationKind

Conditions = Iterator[ColumnElement[bool]]


def conditions_of(entity_type: EntityType, filters: ListParameters) -> Conditions:
    """Yield the conditions of the filters that are set."""
    if filters.q is not None:
        yield found_by_text(col(Entity.id), [entity_type], filters.q)
    if filters.article:
        yield mentioned_in(filters.article)
    yield from OWN_CONDITIONS[type(filters)](filters)


def _person(filters: PersonFilters) -> Conditions:
    posts = []  # One and the same post must be there and have the title.
    if filters.organisation:
        posts.append(col(Role.organisation_id).in_(organisations_with_parts(filters.organisation)))
    if filters.title:
        posts.append(col(Role.title_key).in_([comparable(title) for title in filters.title]))
    if posts:
        yield col(Entity.id).in_(select(col(Role.person_id)).where(*posts))
    if filters.event:
        yield took_part_in(filters.event)


def _organisation(filters: OrganisationFilters) -> Conditions:
    if filters.kind:
        yield col(Entity.kind).in_(filters.kind)
    if filters.parent:
        yield col(Entity.id).in_(descendants(filters.parent, ORGANISATIONAL))
    if filters.event:
        yield took_part_in(filters.event)


def _unit(filters: UnitFilters) -> Conditions:
    if filters.organisation:
        yield col(Entity.id).in_(descendants(filters.organisation, ORGANISATIONAL))
    if filters.event:
        yield took_part_in(filters.event)


def _place(filters: PlaceFilters) -> Conditions:
    if filters.kind:
        yield col(Entity.kind).in_(filters.kind)
    if filters.within:
        yield col(Entity.id).in_(descendants(filters.within, SPATIAL))


def _document(filters: DocumentFilters) -> Conditions:
    if filters.kind:
        yield col(Entity.kind).in_(filters.kind)
    if filters.issuer:
        issued = select(col(Relation.child_id)).where(
            col(Relation.kind) == RelationKind.ISSUED_BY, col(Relation.parent_id).in_(filters.issuer)
        )
        yield col(Entity.id).in_(issued)


def _event(filters: EventFilters) -> Conditions:
    if filters.kind:
        yield col(Entity.kind).in_(filters.kind)
    if filters.status:
        statuses = select(col(Occurrence.event_id)).where(col(Occurrence.status).in_(filters.status))
        yield col(Entity.id).in_(statuses)
    if filters.document:
        yield had_part(filters.document)
    yield from _participants_and_period(filters)


def _participants_and_period(filters: EventFilters | TimelineFilters) -> Conditions:
    if filters.person:
        yield had_part(filters.person)
    if filters.organisation:
        yield had_part(organisations_with_parts(filters.organisation))
    if filters.unit:
        yield had_part(filters.unit)
    if filters.place:
        yield had_part(places_with_inner(filters.place))
    yield from overlaps(col(Entity.earliest), col(Entity.latest), filters.from_, filters.to)


OWN_CONDITIONS: dict[type[ListParameters], Callable[[Any], Conditions]] = {
    PersonFilters: _person,
    OrganisationFilters: _organisation,
    UnitFilters: _unit,
    PlaceFilters: _place,
    DocumentFilters: _document,
    EventFilters: _event,
    TimelineFilters: _participants_and_period,
}

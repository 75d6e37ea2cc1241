"""In which lists entities stand, and by how many facts: kept by what comes and goes, never by looking at everything."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from app.database.questions import Question
from app.deriving.lineage import Above, Move, above
from app.deriving.selecting import IDS, rows_of_ids
from app.listings import number_of
from app.tables import Entity, Occurrence, Participation, Relation, Role, table_of
from app.vocabulary import EntityType, RelationKind, Tree

Row = Mapping[str, Any]
Rows = Mapping[str, Iterable[Row]]
"""Rows of fact tables, by the table's name."""
Places = Counter[tuple[int, str]]
"""How many facts put an entity into a list, by the list's number, without the part, and the entity."""
LISTING_TABLES: tuple[type[SQLModel], ...] = (Role, Participation, Occurrence, Relation)
"""The fact tables that put entities into lists."""
ROLE, PARTICIPATION, OCCURRENCE, RELATION = (str(table.__tablename__) for table in LISTING_TABLES)
TAKING_PART = {EntityType.PERSON, EntityType.ORGANISATION, EntityType.UNIT}
"""Whose lists have a filter for the events that they took part in."""
BELOW = {
    (Tree.PARTS, EntityType.ORGANISATION): "parent",
    (Tree.PARTS, EntityType.UNIT): "organisation",
    (Tree.PLACES, EntityType.PLACE): "within",
}
"""By what filter a list is asked for what lies below an entity."""


class State(NamedTuple):
    """What an entity is by itself: that decides which lists it may stand in, and where in them."""

    type: str
    name: str
    kind: str | None
    name_key: str
    earliest: date | None
    latest: date | None


_STATE = (table_of(Entity).c[name] for name in ("id", "type", "name", "kind", "name_key", "earliest", "latest"))
STATES = Question(select(*_STATE).where(table_of(Entity).c.id.in_(IDS)))


def types_of(states: Mapping[str, State]) -> dict[str, str]:
    """Return their types."""
    return {entity: state.type for entity, state in states.items()}


def states_of(connection: Connection, entities: Iterable[str]) -> dict[str, State]:
    """Return what those of the entities are that are there."""
    return {row.id: State._make(row[1:]) for row in rows_of_ids(connection, STATES, {*entities})}


@dataclass(frozen=True)
class Surroundings:
    """What decides, beside the facts themselves, which lists they put entities into."""

    types: Mapping[str, str]
    parts: Above
    places: Above

    @classmethod
    def of(cls, connection: Connection, rows: Rows, types: Mapping[str, str]) -> "Surroundings":
        """Return those of the facts, as the trees have it now."""
        organisations = {row["organisation_id"] for row in rows.get(ROLE, ())} - {None}
        taking_part = {row["entity_id"] for row in rows.get(PARTICIPATION, ())}
        places = {entity for entity in taking_part if types[entity] == EntityType.PLACE}
        return cls(
            types,
            above(connection, Tree.PARTS, organisations | taking_part),
            above(connection, Tree.PLACES, places),
        )


def by_itself(entity_id: str, state: State) -> Places:
    """Return the lists that an entity stands in by what it is."""
    places = Places({(number_of(state.type), entity_id): 1})
    if state.kind is not None:
        places[number_of(state.type, kind=state.kind), entity_id] = 1
    return places


def by_facts(rows: Rows, around: Surroundings) -> Places:
    """Return the lists that facts put entities into."""
    places = Places()
    for row in rows.get(ROLE, ()):
        person, organisation, title = row["person_id"], row["organisation_id"], row["title_key"]
        if around.types[person] == EntityType.PERSON:
            places[number_of(EntityType.PERSON, title=title), person] += 1
            if organisation is not None:
                for root in {organisation, *around.parts.get(organisation, ())}:
                    _put_by_role(places, person, title, root, 1)
    for row in rows.get(PARTICIPATION, ()):
        _put_by_participation(places, row["event_id"], row["entity_id"], around)
    for row in rows.get(OCCURRENCE, ()):
        places[number_of(EntityType.EVENT, status=row["status"]), row["event_id"]] += 1
    for row in rows.get(RELATION, ()):
        if row["kind"] == RelationKind.ISSUED_BY and around.types[row["child_id"]] == EntityType.DOCUMENT:
            places[number_of(EntityType.DOCUMENT, issuer=row["parent_id"]), row["child_id"]] += 1
    return places


def _put_by_role(places: Places, person: str, title: str, organisation: str, facts: int) -> None:
    places[number_of(EntityType.PERSON, organisation=organisation), person] += facts
    places[number_of(EntityType.PERSON, organisation=organisation, title=title), person] += facts


def _put_by_participation(places: Places, event: str, entity: str, around: Surroundings) -> None:
    entity_type = around.types[entity]
    if entity_type in TAKING_PART:
        places[number_of(entity_type, event=event), entity] += 1
    places[number_of(EntityType.EVENT, participant=entity), event] += 1
    itself = {entity} if entity_type == EntityType.ORGANISATION else ()
    for root in {*itself, *around.parts.get(entity, ())}:
        places[number_of(EntityType.EVENT, organisation=root), event] += 1
    if entity_type == EntityType.PLACE:
        for root in {entity, *around.places.get(entity, ())}:
            places[number_of(EntityType.EVENT, place=root), event] += 1


def by_lineage(tree: Tree, entity: str, entity_type: str, roots: Iterable[str]) -> Places:
    """Return the lists that an entity stands in because these are above it."""
    name = BELOW.get((tree, EntityType(entity_type)))
    return Places({(number_of(entity_type, **{name: root}), entity): 1 for root in roots} if name else {})


def by_moving(connection: Connection, move: Move, types: Mapping[str, str]) -> Places:
    """Return what changes as entities have others above them than before: for all facts that there are by now.

    It costs what it touches: all that stands in lists by way of an entity that has moved.
    """
    places = Places()
    parts, within = move.of(Tree.PARTS), move.of(Tree.PLACES)
    for (tree, entity), roots in move.after.items():
        places.update(by_lineage(tree, entity, types[entity], roots))
        places.subtract(by_lineage(tree, entity, types[entity], move.before[tree, entity]))
    for organisation, person, title, facts in rows_of_ids(connection, HOLDERS, parts):
        for sign, root in _of_others(move, Tree.PARTS, organisation):
            _put_by_role(places, person, title, root, sign * facts)
    for entity, event, facts in rows_of_ids(connection, EVENTS_OF, {*parts, *within}):
        for sign, root in _of_others(move, Tree.PARTS, entity):
            places[number_of(EntityType.EVENT, organisation=root), event] += sign * facts
        if types[entity] == EntityType.PLACE:
            for sign, root in _of_others(move, Tree.PLACES, entity):
                places[number_of(EntityType.EVENT, place=root), event] += sign * facts
    return places


def _columns(table: type[SQLModel], *names: str) -> list[Any]:
    return [table_of(table).c[name] for name in names]


_HOLDING = _columns(Role, "organisation_id", "person_id", "title_key")
HOLDERS = Question(select(*_HOLDING, func.count()).where(_HOLDING[0].in_(IDS)).group_by(*_HOLDING))
_TAKING = _columns(Participation, "entity_id", "event_id")
EVENTS_OF = Question(select(*_TAKING, func.count()).where(_TAKING[0].in_(IDS)).group_by(*_TAKING))


def _of_others(move: Move, tree: Tree, entity: str) -> Iterator[tuple[int, str]]:
    """Yield who is above an entity now, as 1, and is no more, as -1; itself left out: that it always stands for."""
    before, after = (state.get((tree, entity), set()) - {entity} for state in (move.before, move.after))
    yield from ((1, root) for root in after - before)
    yield from ((-1, root) for root in before - after)

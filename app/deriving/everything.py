"""Deriving all anew, of what the facts are: after a migration, by another version of the code, and to compare."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, or_, select
from sqlmodel import col

from app import database
from app.database.questions import Question
from app.deriving.documents import settle_documents
from app.deriving.events import bound_events
from app.deriving.form import is_current, note_form
from app.deriving.items import prepare_items
from app.deriving.lineage import above, reached
from app.deriving.listing import keys_of, numbered
from app.deriving.selecting import IDS, insert_rows, rows_of_ids
from app.deriving.standing import (
    OCCURRENCE,
    PARTICIPATION,
    RELATION,
    ROLE,
    Places,
    Row,
    State,
    Surroundings,
    by_facts,
    by_itself,
    by_lineage,
    states_of,
    types_of,
)
from app.tables import (
    Entity,
    Lineage,
    Listing,
    Occurrence,
    Participation,
    PreparedItem,
    Relation,
    Role,
    Tally,
    table_of,
)
from app.vocabulary import TREES, Tree

AT_ONCE: Final = 500
"""Of how many entities what hangs on them is derived at once."""
HOLDERS: Final = {
    name: Question(select(Entity.metadata.tables[name]).where(held))
    for name, held in {
        ROLE: table_of(Role).c.person_id.in_(IDS),
        PARTICIPATION: or_(table_of(Participation).c.event_id.in_(IDS), table_of(Participation).c.entity_id.in_(IDS)),
        OCCURRENCE: table_of(Occurrence).c.event_id.in_(IDS),
        RELATION: table_of(Relation).c.child_id.in_(IDS),
    }.items()
}
"""By table, the question for the rows that put the entities `ids` into lists."""


def bring_up_to_date(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to the revision, and what is derived to this version of the code.

    Raises:
        NotReadyError: there is no way from the schema's revision to this one.
    """
    database.migrate(engine, revision)
    if revision == "head":
        with engine.begin() as connection:
            keep_current(connection)


def keep_current(connection: Connection) -> None:
    """See to it that this version of the code has derived what is derived: the schema may have come without it."""
    if not is_current(connection):
        derive_everything(connection)


def derive_everything(connection: Connection) -> None:
    """Derive all that is derived anew."""
    for table in (Listing, Tally, Lineage, PreparedItem):
        connection.execute(delete(table))
    insert_rows(connection, Lineage, list(lineage_of_all(connection)))
    tallies: Counter[int] = Counter()
    for entities in batches_of_entities(connection):
        bound_events(connection, entities)
        listings = list(listings_of(connection, entities))
        tallies.update(row["number"] for row in listings)
        insert_rows(connection, Listing, listings)
        settle_documents(connection, entities)
        prepare_items(connection, entities)
    insert_rows(connection, Tally, [{"number": number, "entities": count} for number, count in sorted(tallies.items())])
    note_form(connection)


def batches_of_entities(connection: Connection) -> Iterator[Sequence[str]]:
    """Yield the ids of all entities, some at a time."""
    ids = select(col(Entity.id)).order_by(col(Entity.id)).limit(AT_ONCE)
    last = ""
    while entities := connection.execute(ids.where(col(Entity.id) > last)).scalars().all():
        yield entities
        last = entities[-1]


def listings_of(connection: Connection, entities: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield in which lists those of the entities stand that are there, in order."""
    states = states_of(connection, entities)
    places = Places()
    for entity, state in states.items():
        places.update(by_itself(entity, state))
    for tree in Tree:
        for entity, ancestors in above(connection, tree, states).items():
            places.update(by_lineage(tree, entity, states[entity].type, ancestors))
    places.update(_by_their_facts(connection, states))
    for (number, entity), facts in sorted(places.items()):
        if entity in states:
            state = states[entity]
            yield {"number": numbered(number, state), "entity_id": entity, "facts": facts, **keys_of(state)}


def _by_their_facts(connection: Connection, states: dict[str, State]) -> Places:
    rows: dict[str, list[Row]] = {}
    for name, question in HOLDERS.items():
        rows[name] = [*{row.fact_id: row._asdict() for row in rows_of_ids(connection, question, states)}.values()]
    types = types_of(states)
    others = {row[column] for row in rows[PARTICIPATION] for column in ("event_id", "entity_id")} - states.keys()
    types |= types_of(states_of(connection, others))
    return by_facts(rows, Surroundings.of(connection, rows, types))


def lineage_of_all(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield who is above whom, as the relations have it."""
    child, parent, kind = col(Relation.child_id), col(Relation.parent_id), col(Relation.kind)
    for tree, kinds in TREES.items():
        steps: dict[str, dict[str, int]] = defaultdict(dict)
        stated = select(child, parent, func.count()).where(kind.in_(kinds)).group_by(child, parent)
        for below, right_above, facts in connection.execute(stated):
            steps[below][right_above] = facts
        for entity in sorted(steps):
            for ancestor, facts in sorted((dict.fromkeys(reached(entity, steps), 0) | steps[entity]).items()):
                yield {"entity_id": entity, "tree": tree.value, "ancestor_id": ancestor, "facts": facts}

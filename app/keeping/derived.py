"""Whether what is derived of the facts is what this version of the code would derive of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, exists, func, select
from sqlmodel import col

from app.database.questions import Question
from app.deriving.everything import batches_of_entities, lineage_of_all, listings_of
from app.deriving.form import is_current
from app.deriving.items import prepared_items
from app.deriving.selecting import IDS, rows_of_ids
from app.keeping.comparing import Placed, differences
from app.tables import Entity, Lineage, Listing, PreparedItem, Tally, table_of

STORED = {
    name: Question(select(table).where(table.c.entity_id.in_(IDS)))
    for name, table in (("listing", table_of(Listing)), ("prepared item", table_of(PreparedItem)))
}


def derived_faults(connection: Connection) -> Iterator[str]:
    """Yield where what is derived is not that of the facts, which have to be sound."""
    if not is_current(connection):
        yield "what is derived of the facts: another version has derived it; `dateline migrate` does so anew"
        return
    lineage = (row._mapping for row in connection.execute(select(table_of(Lineage))))
    yield from differences(_placed("lineage", lineage), _placed("lineage", lineage_of_all(connection)))
    tallies: Counter[int] = Counter()
    for entities in batches_of_entities(connection):
        listings = list(listings_of(connection, entities))
        tallies.update(row["number"] for row in listings)
        yield from differences(_stored(connection, entities), _derived(connection, entities, listings))
    yield from _strays(connection)
    stored: dict[int, int] = dict(connection.execute(select(col(Tally.number), col(Tally.entities))).all())
    for number in sorted(stored.keys() | tallies.keys()):
        if stored.get(number, 0) != tallies[number]:
            yield f"tally {number}: is {stored.get(number, 0)}, but {tallies[number]} entities stand in the list"


def _stored(connection: Connection, entities: Sequence[str]) -> Placed:
    placed: Placed = {}
    for name, question in STORED.items():
        placed |= _placed(name, (row._asdict() for row in rows_of_ids(connection, question, entities)))
    return placed


def _derived(connection: Connection, entities: Sequence[str], listings: list[dict[str, Any]]) -> Placed:
    return _placed("listing", listings) | _placed("prepared item", prepared_items(connection, entities))


def _placed(name: str, rows: Iterable[Any]) -> Placed:
    keys = ("number", "entity_id", "tree", "ancestor_id")
    return {" ".join([name, *(str(row[key]) for key in keys if key in row)]): dict(row) for row in rows}


def _strays(connection: Connection) -> Iterator[str]:
    known = exists().where(col(Entity.id) == col(Listing.entity_id))
    strays = select(col(Listing.entity_id), func.count()).where(~known).group_by(col(Listing.entity_id))
    for entity, count in connection.execute(strays):
        yield f"entity {entity}: is not there, but stands in {count} lists"

"""Writing down in which lists entities stand, where in them, and how many stand in each."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from app.database.questions import Question
from app.deriving.selecting import IDS, delete_ids, insert_rows, rows_of_ids
from app.deriving.standing import Places, State, states_of
from app.listings import DIGITS, part_of_entity, width_of
from app.tables import Listing, Tally, table_of

LISTING, TALLY = table_of(Listing), table_of(Tally)
OF_ONE = Question(
    select(LISTING.c.number, LISTING.c.facts).where(LISTING.c.number.in_(IDS), LISTING.c.entity_id == bindparam("e"))
)
OF_ENTITIES = Question(
    select(LISTING.c.number, LISTING.c.entity_id, LISTING.c.facts).where(LISTING.c.entity_id.in_(IDS))
)
TALLIES = Question(select(TALLY).where(TALLY.c.number.in_(IDS)))
PAIR = (LISTING.c.number == bindparam("n")) & (LISTING.c.entity_id == bindparam("e"))


def keys_of(state: State) -> dict[str, Any]:
    """Return where in its lists an entity stands."""
    first, last = state.earliest, state.latest
    return {
        "name_key": state.name_key,
        "day": first or last,
        "earliest": first,
        "latest": last,
        "width": width_of(first, last) if first and last else None,
    }


def numbered(number: int, state: State) -> int:
    """Return the number of the part of a list that an entity in this state stands in."""
    return number | part_of_entity(state.type, state.earliest, state.latest)


def settle_listings(
    connection: Connection, changes: Places, before: Mapping[str, State], after: Mapping[str, State]
) -> None:
    """Bring the lists up to date.

    Args:
        connection: where they are.
        changes: how many facts more, or fewer, put entities into lists.
        before: what those of the entities were that were there; who is neither here nor in `after` stays what it is.
        after: what those are that are there now.
    """
    elsewhere = states_of(connection, {entity for _, entity in changes} - before.keys() - after.keys())
    tallies: Counter[int] = Counter()
    moved = {entity for entity in before.keys() & after.keys() if _place(before[entity]) != _place(after[entity])}
    changes = Counter(changes)
    changes.update(_taken_out(connection, moved, tallies))
    states = {**before, **elsewhere, **after}
    wanted = {(numbered(number, states[entity]), entity): facts for (number, entity), facts in changes.items() if facts}
    known = [pair for pair in wanted if pair[1] in elsewhere or (pair[1] in before and pair[1] not in moved)]
    stored = dict(_stored(connection, known))
    _write(connection, wanted, stored, states, tallies)
    _settle_tallies(connection, tallies)


def _place(state: State) -> tuple[Any, ...]:
    return state.type, *keys_of(state).values()


def _taken_out(connection: Connection, entities: set[str], tallies: Counter[int]) -> Places:
    """Take the entities out of all their lists; return by how many facts they stood there."""
    places = Places()
    for number, entity, facts in rows_of_ids(connection, OF_ENTITIES, entities):
        places[number >> DIGITS << DIGITS, entity] += facts
        tallies[number] -= 1
    delete_ids(connection, delete(LISTING).where(LISTING.c.entity_id.in_(IDS)), entities)
    return places


def _stored(connection: Connection, pairs: list[tuple[int, str]]) -> Iterator[tuple[tuple[int, str], int]]:
    """Yield by how many facts the entities stand in the lists: asked for each by itself.

    SQLite would look at all rows for pairs of both that one statement names.
    """
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, entity in pairs:
        numbers[entity].append(number)
    for entity, of_entity in numbers.items():
        for number, facts in rows_of_ids(connection, OF_ONE, of_entity, {"e": entity}):
            yield (number, entity), facts


def _write(
    connection: Connection,
    wanted: Mapping[tuple[int, str], int],
    stored: Mapping[tuple[int, str], int],
    states: Mapping[str, State],
    tallies: Counter[int],
) -> None:
    keys = {entity: keys_of(states[entity]) for entity in {entity for _, entity in wanted}}
    gone, new, other = [], [], []
    for (number, entity), more in sorted(wanted.items()):
        was = stored.get((number, entity), 0)
        if not was:
            new.append({"number": number, "entity_id": entity, "facts": more, **keys[entity]})
            tallies[number] += 1
        elif was + more:
            other.append({"n": number, "e": entity, "facts": was + more})
        else:
            gone.append({"n": number, "e": entity})
            tallies[number] -= 1
    if gone:
        connection.execute(delete(LISTING).where(PAIR), gone)
    if other:
        connection.execute(update(LISTING).where(PAIR), other)
    insert_rows(connection, Listing, new)


def _settle_tallies(connection: Connection, changes: Counter[int]) -> None:
    numbers = sorted(number for number, more in changes.items() if more)
    stored = dict(rows_of_ids(connection, TALLIES, numbers))
    totals = {number: stored.get(number, 0) + changes[number] for number in numbers}
    row = TALLY.c.number == bindparam("n")
    gone = [{"n": number} for number, total in totals.items() if not total]
    other = [{"n": number, "entities": total} for number, total in totals.items() if total and number in stored]
    if gone:
        connection.execute(delete(TALLY).where(row), gone)
    if other:
        connection.execute(update(TALLY).where(row), other)
    insert_rows(
        connection,
        Tally,
        [{"number": number, "entities": total} for number, total in totals.items() if number not in stored],
    )

"""Bringing up to date what is derived, after facts have come and gone: by what they touch, not by what there is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, select
from sqlmodel import col

from app.database.questions import Question
from app.deriving.documents import settle_documents
from app.deriving.events import bound_events
from app.deriving.items import prepare_items
from app.deriving.lineage import above, settle_lineage, steps_of
from app.deriving.listing import settle_listings
from app.deriving.selecting import IDS, delete_ids, rows_of_ids
from app.deriving.showing import First, first_of, showing
from app.deriving.standing import (
    LISTING_TABLES,
    RELATION,
    Places,
    Row,
    Rows,
    State,
    Surroundings,
    by_facts,
    by_itself,
    by_lineage,
    by_moving,
    states_of,
    types_of,
)
from app.tables import Entity, Fact, Mention, table_of
from app.vocabulary import Tree


@dataclass(frozen=True)
class Removal:
    """What facts that are about to go have to do with."""

    mentions: First
    rows: Rows

    @property
    def entities(self) -> set[str]:
        """The entities that they mention."""
        return {entity for entity, _ in self.mentions}


OF_ARTICLES = col(Fact.article_id).in_(IDS)
MENTIONS = Question(
    select(col(Mention.entity_id), col(Mention.type), func.min(col(Mention.article_id)))
    .join(Fact, col(Fact.id) == col(Mention.fact_id))
    .where(OF_ARTICLES)
    .group_by(col(Mention.entity_id), col(Mention.type))
)
GOING = {
    table.name: Question(select(table).join(Fact, col(Fact.id) == table.c.fact_id).where(OF_ARTICLES))
    for table in map(table_of, LISTING_TABLES)
}
NOTHING = Removal({}, {})
UNMENTIONED = delete(Entity).where(col(Entity.id).in_(IDS), ~exists().where(col(Mention.entity_id) == col(Entity.id)))


def removal_of(connection: Connection, articles: Collection[str]) -> Removal:
    """Return what the facts of the articles, which are about to go, have to do with."""
    mentions = first_of(rows_of_ids(connection, MENTIONS, articles))
    rows: dict[str, list[Row]] = {
        name: [row._asdict() for row in rows_of_ids(connection, question, articles)] for name, question in GOING.items()
    }
    return Removal(mentions, rows)


def settle(
    connection: Connection,
    touched: Collection[str],
    before: Mapping[str, State],
    removed: Removal,
    added: Rows,
    mentions: First,
) -> None:
    """Bring what hangs on the facts of the touched entities up to date.

    Args:
        connection: where the facts are, those that have come, and no more those that have gone.
        touched: the entities that facts of either have to do with.
        before: what those of them were that were there before.
        removed: what has gone.
        added: the rows of fact tables that have come.
        mentions: the first articles of what has come.
    """
    delete_ids(connection, UNMENTIONED, removed.entities)  # Those of an article that comes are all mentioned in it.
    bound_events(connection, touched)
    after = states_of(connection, touched)
    places = _changes(connection, before, after, removed.rows, added)
    steps = steps_of(added.get(RELATION, ()))
    steps.subtract(steps_of(removed.rows.get(RELATION, ())))
    move = settle_lineage(connection, steps)
    known = {**before, **after}
    known |= states_of(connection, {entity for _, entity in move.after} - known.keys())
    places.update(by_moving(connection, move, types_of(known)))
    settle_listings(connection, places, before, after)
    settle_documents(connection, touched)
    changed = {entity for entity in touched if before.get(entity) != after.get(entity)}
    moved = first_of(
        (*key, article)
        for each in (removed.mentions, mentions)
        for key, article in each.items()
        if key[0] not in changed
    )
    prepare_items(connection, changed | showing(connection, moved))


def _changes(
    connection: Connection, before: Mapping[str, State], after: Mapping[str, State], removed: Rows, added: Rows
) -> Places:
    """Return how many facts more, or fewer, put entities into lists, as long as nobody moves in a tree."""
    places = by_facts(added, Surroundings.of(connection, added, types_of(after)))
    places.subtract(by_facts(removed, Surroundings.of(connection, removed, types_of(before))))
    for entity, state in after.items():
        if before.get(entity) != state:
            places.update(by_itself(entity, state))
    for entity, state in before.items():
        if after.get(entity) != state:
            places.subtract(by_itself(entity, state))
    changed = {entity for entity in before.keys() & after.keys() if before[entity].type != after[entity].type}
    for tree in Tree:
        for entity, ancestors in above(connection, tree, changed).items():
            places.subtract(by_lineage(tree, entity, before[entity].type, ancestors))
            places.update(by_lineage(tree, entity, after[entity].type, ancestors))
    return places

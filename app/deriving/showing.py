"""Whose items have to be put together anew: those that show something of what has come or gone.

An item shows the first `MOST` facts of each type, in the order of their articles. Of an entity that many articles
mention, most of what comes and goes is beyond them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from sqlalchemy import Connection, select

from app.database.questions import Question
from app.deriving.sections import ENTITY, article_beyond
from app.deriving.selecting import IDS, rows_of_ids
from app.vocabulary import FactType

First = Mapping[tuple[str, str], str]
"""By an entity and a type of facts: of the articles whose facts of the type mention it, the first."""


def first_of(mentions: Iterable[tuple[str, str, str]]) -> First:
    """Return the first articles of mentions: the entity, the type of the fact, and the article of each."""
    first: dict[tuple[str, str], str] = {}
    for entity, fact_type, article in mentions:
        known = first.get((entity, fact_type))
        if known is None or article < known:
            first[entity, fact_type] = article
    return first


def showing(connection: Connection, moved: First) -> set[str]:
    """Return the entities whose items show a fact of what has come or gone, or have shown one.

    An item ends before the article that says the next fact of the type; if that one comes before all that has moved,
    then neither what it shows nor where it ends is another than before.
    """
    entities = defaultdict(list)
    for entity, fact_type in moved:
        entities[fact_type].append(entity)
    return {
        row.id
        for fact_type, ids in entities.items()
        for row in rows_of_ids(connection, _beyond(FactType(fact_type)), ids)
        if row.article_id is None or row.article_id >= moved[row.id, fact_type]
    }


@cache
def _beyond(fact_type: FactType) -> Question:
    """Return the question for the articles of the first facts that items do not show."""
    return Question(select(ENTITY.id, article_beyond(fact_type).label("article_id")).where(ENTITY.id.in_(IDS)))

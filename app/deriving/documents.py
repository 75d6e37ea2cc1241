"""What full text knows of entities: each is found by its own name and by all that articles call it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, func, literal, select
from sqlmodel import col

from app.database.questions import Question
from app.deriving.selecting import IDS, delete_ids, insert_rows, rows_of_ids
from app.tables import SEARCHED, Entity, Name, SearchDocument, table_of
from app.vocabulary import EntityType

ENTITY, DOCUMENT = table_of(Entity).c, table_of(SearchDocument).c
TITLES = Question(select(ENTITY.id, ENTITY.type, ENTITY.name).where(ENTITY.id.in_(IDS)))
DOCUMENTS = Question(
    select(DOCUMENT.id, DOCUMENT.subject_id, DOCUMENT.type, DOCUMENT.title, DOCUMENT.body).where(
        DOCUMENT.subject_id.in_(IDS), DOCUMENT.type.in_(EntityType.values())
    )
)
MOST_NAMES: Final = 1000
"""How many names of one entity are indexed, the first ones in alphabetical order."""


def _names() -> Question:
    """Return the question for the names of entities, each once: it goes from one to the next, past repetitions."""
    first = select(func.min(col(Name.text))).where(col(Name.entity_id) == ENTITY.id).correlate(Entity).scalar_subquery()
    found = select(ENTITY.id.label("id"), first.label("text"), literal(1).label("place")).where(ENTITY.id.in_(IDS))
    names = found.cte("names", recursive=True)
    following = select(func.min(col(Name.text))).where(col(Name.entity_id) == names.c.id, col(Name.text) > names.c.text)
    step = select(names.c.id, following.correlate(names).scalar_subquery(), names.c.place + 1)
    names = names.union_all(step.where(names.c.text.is_not(None), names.c.place < MOST_NAMES))
    found_all = select(names.c.id, names.c.text).where(names.c.text.is_not(None))
    return Question(found_all.order_by(names.c.id, names.c.text))


NAMES = _names()


def settle_documents(connection: Connection, entities: Collection[str]) -> None:
    """Bring the search documents of the entities up to date; those that stay as they are cost the index nothing."""
    wanted = {row["subject_id"]: row for row in search_documents_of(connection, entities)}
    gone = []
    for row in rows_of_ids(connection, DOCUMENTS, entities):
        stored = {"subject_id": row.subject_id, "type": row.type, "title": row.title, "body": row.body}
        if wanted.get(row.subject_id) == stored:
            del wanted[row.subject_id]
        else:
            gone.append(row.id)
    delete_ids(connection, delete(SearchDocument).where(DOCUMENT.id.in_(IDS)), gone)
    insert_documents(connection, list(wanted.values()))


def insert_documents(connection: Connection, documents: Sequence[Mapping[str, Any]]) -> None:
    """Insert search documents in the order of their types, which is that of the index.

    Where one comes before the last, SQLite first writes to the index what it has gathered of the others.
    """
    insert_rows(connection, SearchDocument, sorted(documents, key=lambda row: SEARCHED.index(row["type"])))


def search_documents_of(connection: Connection, entities: Collection[str]) -> list[dict[str, Any]]:
    """Return the search documents of those of the entities that are there."""
    names: dict[str, list[str]] = defaultdict(list)
    for entity_id, text in rows_of_ids(connection, NAMES, entities):
        names[entity_id].append(text)
    rows = sorted(rows_of_ids(connection, TITLES, entities), key=lambda row: str(row.id))
    return [
        {"subject_id": row.id, "type": row.type, "title": row.name, "body": "\n".join(names.get(row.id, ()))}
        for row in rows
    ]

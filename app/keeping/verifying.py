"""Verifying: every invariant of the design, on a database that may be in use, from one snapshot of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, exists, func, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.database import closing, create_reader, current_revision
from app.errors import DatabaseFileError
from app.keeping.comparing import differences_of_article, differences_of_entities
from app.keeping.derived import derived_faults
from app.keeping.full_text import index_faults
from app.keeping.opening import Place, name_of, url_of
from app.keeping.rules import broken_rules
from app.tables import Article, Change, Entity, Fact, Revision, Span
from app.text.quoting import printable
from app.vocabulary import ChangeAction

VAGUE = re.compile(r"(CHECK constraint failed|\w+ value) in ")
"""What SQLite says of a row without saying which: the rules and comparisons name it."""
LISTED = 20
"""Faults that an error lists; `verify` lists them all."""


@dataclass(frozen=True)
class Summary:
    """How much there is in a database."""

    articles: int
    facts: int
    entities: int
    spans: int
    revision: int

    def __str__(self) -> str:
        """Count it in words."""
        return (
            f"{self.articles} articles, {self.facts} facts, {self.entities} entities, {self.spans} spans, "
            f"revision {self.revision}"
        )


def summary_of(connection: Connection) -> Summary:
    """Return how much there is."""
    articles, facts, entities, spans = (
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (Article, Fact, Entity, Span)
    )
    return Summary(articles, facts, entities, spans, current_revision(connection))


def faults(connection: Connection) -> Iterator[str]:
    """Yield everything that is wrong with the database: on one line each, the place first."""
    vague: list[str] = []
    for line in file_faults(connection):
        if VAGUE.search(line):
            vague.append(line)
        else:
            yield line
    for fault in row_faults(connection):
        vague.clear()
        yield fault
    yield from vague
    yield from index_faults(connection)
    yield from feed_faults(connection)


def file_faults(connection: Connection) -> Iterator[str]:
    """Yield what SQLite itself finds wrong with the file; what newer ones find of the index, `index_faults` finds.

    PostgreSQL keeps its files to itself.
    """
    if connection.dialect.name != "sqlite":
        return
    try:
        for (text,) in connection.exec_driver_sql("PRAGMA main.integrity_check"):
            for line in text.splitlines():
                if line != "ok" and not line.startswith("***") and "FTS5" not in line:
                    yield f"file: {line}"
    except DatabaseError as error:
        yield f"file: cannot be read ({error.orig})"


def row_faults(connection: Connection) -> Iterator[str]:
    """Yield what is wrong with the rows of articles and entities."""
    broken: set[str | None] = set()
    told: set[str] = set()  # what is wrong with an entity is wrong with every article that mentions it
    try:
        for fault in broken_rules(connection):
            broken.add(fault.article_id)
            yield fault.message
        for article_id in connection.execute(select(col(Article.id)).order_by(col(Article.id))).scalars().all():
            if article_id not in broken:
                new = [line for line in differences_of_article(connection, article_id) if line not in told]
                told |= {*new}
                yield from new
        found = list(differences_of_entities(connection))
        yield from found
        if not (broken or told or found):  # Else it would be told of all that hangs on the faults.
            yield from derived_faults(connection)
    except (DatabaseError, ValueError) as error:
        yield f"rows: cannot be read further ({getattr(error, 'orig', error)})"


def feed_faults(connection: Connection) -> Iterator[str]:
    """Yield where the feed of changes does not lead to the articles that are there."""
    try:
        values = connection.execute(select(col(Revision.value))).scalars().all()
        revision = col(Change.revision)
        count, first, last = connection.execute(select(func.count(), func.min(revision), func.max(revision))).one()
        if not values:
            yield "revision: its row is missing"
        elif count and values != [last]:
            yield f"revision: it stands at {values[0]}, but the last change at {last}"
        if count and count != last - first + 1:
            yield f"change: between {first} and {last} there are only {count}"
        yield from _untrue_changes(connection)
    except DatabaseError as error:
        yield f"change: cannot be read ({error.orig})"


def _untrue_changes(connection: Connection) -> Iterator[str]:
    later = aliased(Change)
    is_last = ~exists().where(
        col(later.article_id) == col(Change.article_id), col(later.revision) > col(Change.revision)
    )
    stays = col(Change.action) != ChangeAction.DELETED
    there = exists().where(col(Article.id) == col(Change.article_id))
    gone = select(col(Change.revision), col(Change.article_id)).where(is_last, stays, ~there)
    for row in connection.execute(gone):
        yield f"change {row.revision}: after it the article {row.article_id} should be there"
    told = exists().where(col(Change.article_id) == col(Article.id), is_last, stays)
    for article_id in connection.execute(select(col(Article.id)).where(~told)).scalars():
        yield f"article {article_id}: by the feed of changes it should not be there"


def verified(file: Path, called: Place) -> Summary:
    """Return how much there is in the database file, if nothing is wrong with it.

    Raises:
        DatabaseFileError: listing what is; it calls the file by what it was made of, as the user knows that.
    """
    with closing(create_reader(url_of(file))) as reader, reader.connect() as connection:
        refuse_faults(list(faults(connection)), f"{name_of(called)}: does not verify")
        return summary_of(connection)


def refuse_faults(found: list[str], reason: str) -> None:
    """Return if there are none.

    Raises:
        DatabaseFileError: giving the reason and the first of them.
    """
    if found:
        more = [f"... and {len(found) - LISTED} more"] if len(found) > LISTED else []
        raise DatabaseFileError("\n".join([f"{reason}:", *map(printable, found[:LISTED]), *more]))

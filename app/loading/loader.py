"""Loading: a checked article into the database, all or nothing, in the caller's transaction."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, case, delete, exists, func, insert, or_, select, update
from sqlmodel import SQLModel, col

from app.errors import NotFoundError
from app.loading.checking import CheckedArticle
from app.loading.rows import ArticleRows, Row, rows_of
from app.loading.source import DisagreementError
from app.tables import (
    Article,
    Change,
    Date,
    Entity,
    Evidence,
    Fact,
    Mention,
    Name,
    NoteSubject,
    Occurrence,
    Revision,
    SearchDocument,
    Span,
    table_of,
)
from app.text.quoting import Span as Place
from app.vocabulary import ChangeAction, Status


class Outcome(StrEnum):
    """What a load did."""

    CREATED = "created"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


def load_article(connection: Connection, article: CheckedArticle, beside: Iterable[str] = ()) -> Outcome:
    """Create or replace the article with its facts; an article that is there as it stands is left alone.

    Articles loaded `beside` it, known to agree with it, are not asked: what they said before is about to be replaced.

    Raises:
        DisagreementError: another article calls one of its entities otherwise; the caller's transaction must roll back.
    """
    rows = rows_of(article)
    digest = connection.execute(select(col(Article.digest)).where(col(Article.id) == article.id)).scalar_one_or_none()
    if digest == rows.article["digest"]:
        return Outcome.UNCHANGED
    known = known_entities(connection, article, beside)
    touched = {row["id"] for row in rows.entities}
    if digest is not None:
        touched |= _remove(connection, article.id)
    _insert(connection, rows, known)
    _settle(connection, touched)
    record(connection, article.id, ChangeAction.ADDED if digest is None else ChangeAction.REPLACED)
    return Outcome.CREATED if digest is None else Outcome.REPLACED


def delete_article(connection: Connection, article_id: str) -> None:
    """Remove the article, its facts, and the entities that no other article supports.

    Raises:
        NotFoundError: there is no such article.
    """
    if connection.execute(select(col(Article.id)).where(col(Article.id) == article_id)).first() is None:
        raise NotFoundError(f"there is no article ‘{article_id}’")
    _settle(connection, _remove(connection, article_id))
    record(connection, article_id, ChangeAction.DELETED)


def known_entities(
    connection: Connection, article: CheckedArticle, beside: Iterable[str] = ()
) -> dict[str, RowMapping]:
    """Return those entities of the article that are there, if whoever else mentions one agrees on what it is called.

    Raises:
        DisagreementError: naming each entity of which another article has another name, type or kind; articles `beside`
            are not asked.
    """
    rows = connection.execute(select(table_of(Entity)).where(col(Entity.id).in_(article.entities))).mappings()
    known = {row["id"]: row for row in rows}
    different = {
        (slug, field): row[field]
        for slug, row in known.items()
        for field in ("name", "type", "kind")
        if getattr(article.entities[slug], field) != row[field]
    }
    others = connection.execute(
        select(col(Mention.entity_id), func.min(col(Fact.article_id)).label("article"))
        .join(Fact, col(Fact.id) == col(Mention.fact_id))
        .where(
            col(Mention.entity_id).in_({slug for slug, _ in different}),
            col(Fact.article_id).not_in({article.id, *beside}),
        )
        .group_by(col(Mention.entity_id))
    )
    problems = [
        article.source.diagnostic(
            ("entities", row.entity_id, field),
            f"{getattr(article.entities[slug], field) or 'nothing'} here, but {there or 'nothing'} in "
            f"{article.source.other(row.article)}: articles that share an entity agree on it",
            there,
        )
        for row in others
        for (slug, field), there in different.items()
        if slug == row.entity_id
    ]
    if problems:
        raise DisagreementError(problems)
    return known


def _remove(connection: Connection, article_id: str) -> set[str]:
    """Delete the article with everything that is its own; return the entities that it supported."""
    facts = select(col(Fact.id)).where(col(Fact.article_id) == article_id)
    entities = select(col(Mention.entity_id)).where(col(Mention.fact_id).in_(facts)).distinct()
    supported = set(connection.execute(entities).scalars())
    connection.execute(
        delete(SearchDocument).where(
            or_(
                col(SearchDocument.subject_id).in_(facts),
                (col(SearchDocument.type) == "article") & (col(SearchDocument.subject_id) == article_id),
            )
        )
    )
    connection.execute(delete(Article).where(col(Article.id) == article_id))
    return supported


def _insert(connection: Connection, rows: ArticleRows, known: Mapping[str, RowMapping]) -> None:
    _insert_all(connection, Article, [rows.article])
    _insert_all(connection, Entity, [row for row in rows.entities if row["id"] not in known])
    for row in rows.entities:
        if row["id"] in known and not row.items() <= known[row["id"]].items():
            # Without bounds, which `_settle` works out anew: what was an event may have become a document.
            connection.execute(
                update(Entity).where(col(Entity.id) == row["id"]).values(**row, earliest=None, latest=None)
            )
    _insert_all(connection, Fact, rows.facts)
    for table, entries in rows.fact_tables.items():
        connection.execute(insert(SQLModel.metadata.tables[table]), entries)
    _insert_all(connection, Span, rows.spans)
    numbered = connection.execute(
        select(col(Span.id), col(Span.start), col(Span.end)).where(col(Span.article_id) == rows.article["id"])
    )
    span_ids = {Place(row.start, row.end): row.id for row in numbered}
    _insert_all(
        connection,
        Evidence,
        [{"fact_id": fact_id, "span_id": span_ids[place]} for fact_id, place in rows.evidence],
    )
    _insert_all(connection, Mention, rows.mentions)
    _insert_all(connection, NoteSubject, rows.note_subjects)
    _insert_all(connection, SearchDocument, rows.search_documents)


def _insert_all(connection: Connection, table: type[SQLModel], rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _settle(connection: Connection, touched: set[str]) -> None:
    """Bring what hangs on the facts of the touched entities up to date."""
    _delete_orphans(connection, touched)
    _bound_events(connection, touched)
    _index_entities(connection, touched)


def record(connection: Connection, article_id: str, action: ChangeAction) -> None:
    """Raise the revision, and put into the feed of changes what it did."""
    raised = update(Revision).values(value=col(Revision.value) + 1, token=secrets.token_hex(8))
    revision = connection.execute(raised.returning(col(Revision.value))).scalar_one()
    row = {"revision": revision, "article_id": article_id, "action": action.value, "at": datetime.now(UTC)}
    connection.execute(insert(Change), row)


def _delete_orphans(connection: Connection, touched: Iterable[str]) -> None:
    mentioned = exists().where(col(Mention.entity_id) == col(Entity.id))
    connection.execute(delete(Entity).where(col(Entity.id).in_(touched), ~mentioned))


def _bound_events(connection: Connection, touched: Iterable[str]) -> None:
    connection.execute(update(Entity).where(col(Entity.id).in_(touched)).values(earliest=None, latest=None))
    for entity_id, (earliest, latest) in bounds_of_events(connection, touched).items():
        connection.execute(update(Entity).where(col(Entity.id) == entity_id).values(earliest=earliest, latest=latest))


def bounds_of_events(connection: Connection, entities: Iterable[str]) -> dict[str, tuple[date | None, date | None]]:
    """Return the bounds of those entities that are dated events.

    Every date of an event narrows its bounds; where they disagree, they span them all, open where one of them is.
    """
    bounds = connection.execute(
        select(
            col(Date.entity_id),
            func.max(col(Date.earliest)).label("last_start"),
            func.min(col(Date.latest)).label("first_end"),
            case((func.count(col(Date.earliest)) == func.count(), func.min(col(Date.earliest)))).label("first_start"),
            case((func.count(col(Date.latest)) == func.count(), func.max(col(Date.latest)))).label("last_end"),
        )
        .join(Entity, col(Entity.id) == col(Date.entity_id))
        .where(col(Date.entity_id).in_(entities), col(Entity.type) == "event")
        .group_by(col(Date.entity_id))
    ).all()
    ongoing = set(
        connection.execute(
            select(col(Occurrence.event_id)).where(
                col(Occurrence.event_id).in_(entities), col(Occurrence.status) == Status.ONGOING
            )
        ).scalars()
    )
    found = {}
    for row in bounds:
        agree = row.last_start is None or row.first_end is None or row.last_start <= row.first_end
        earliest, latest = (row.last_start, row.first_end) if agree else (row.first_start, row.last_end)
        # What goes on has no last day yet.
        found[row.entity_id] = earliest, None if row.entity_id in ongoing else latest
    return found


def _index_entities(connection: Connection, touched: Iterable[str]) -> None:
    of_entities = col(SearchDocument.type).not_in(["article"]) & col(SearchDocument.subject_id).in_(touched)
    connection.execute(delete(SearchDocument).where(of_entities))
    _insert_all(connection, SearchDocument, search_documents_of(connection, touched))


def search_documents_of(connection: Connection, entities: Iterable[str]) -> list[Row]:
    """Return what full text knows of the entities: it finds one by its own name and by all that articles give it."""
    rows = connection.execute(
        select(col(Entity.id), col(Entity.type), col(Entity.name))
        .where(col(Entity.id).in_(entities))
        .order_by(col(Entity.id))
    ).all()
    names: dict[str, dict[str, None]] = {}
    for entity_id, text in connection.execute(
        select(col(Name.entity_id), col(Name.text)).where(col(Name.entity_id).in_(entities)).order_by(col(Name.text))
    ):
        names.setdefault(entity_id, {})[text] = None
    return [
        {"subject_id": row.id, "type": row.type, "title": row.name, "body": "\n".join(names.get(row.id, ()))}
        for row in rows
    ]

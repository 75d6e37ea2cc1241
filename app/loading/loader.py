"""Loading: a checked article into the database, all or nothing, in the caller's transaction."""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, select, update
from sqlmodel import col

from app.database.questions import Question
from app.deriving.documents import insert_documents
from app.deriving.everything import keep_current
from app.deriving.selecting import IDS, delete_ids, insert_rows, rows_of_ids
from app.deriving.settling import NOTHING, removal_of, settle
from app.deriving.showing import first_of
from app.deriving.standing import states_of
from app.errors import NotFoundError
from app.loading.checking import CheckedArticle, check_agreement
from app.loading.rows import ArticleRows, Row, rows_of
from app.loading.source import DisagreementError
from app.tables import (
    FACT_TABLES,
    Article,
    Change,
    Entity,
    Evidence,
    Fact,
    Mention,
    NoteSubject,
    Revision,
    SearchDocument,
    Span,
    table_of,
)
from app.vocabulary import ChangeAction

DIGESTS = Question(select(col(Article.id), col(Article.digest)).where(col(Article.id).in_(IDS)))
ENTITIES = Question(select(table_of(Entity)).where(col(Entity.id).in_(IDS)))
SPANS = Question(
    select(col(Span.article_id), col(Span.start), col(Span.end), col(Span.id)).where(col(Span.article_id).in_(IDS))
)


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
    return load_articles(connection, [Load.of(article)], beside)[0]


@dataclass(frozen=True)
class Load:
    """An article that is about to be loaded, with its rows, which are made before the database is locked."""

    article: CheckedArticle
    rows: ArticleRows

    @classmethod
    def of(cls, article: CheckedArticle) -> "Load":
        """Make the rows."""
        return cls(article, rows_of(article))


def load_articles(connection: Connection, loads: Sequence[Load], beside: Iterable[str] = ()) -> list[Outcome]:
    """Create or replace the articles, no two of them with one id, as `load_article` does one after the other.

    Raises:
        DisagreementError: one calls an entity otherwise than another article, or than another one of these; the
            caller's transaction must roll back.
    """
    ids = [load.article.id for load in loads]
    stored: dict[str, str] = dict(rows_of_ids(connection, DIGESTS, ids))
    outcomes = [_outcome(load.rows, stored) for load in loads]
    changed = [load for load, outcome in zip(loads, outcomes, strict=True) if outcome is not Outcome.UNCHANGED]
    if changed:
        keep_current(connection)
        known = _known_to_all(connection, [load.article for load in changed], beside)
        _store(connection, [load.rows for load in changed], known, stored.keys())
        actions = {Outcome.CREATED: ChangeAction.ADDED, Outcome.REPLACED: ChangeAction.REPLACED}
        record_all(
            connection,
            [(article, actions[outcome]) for article, outcome in zip(ids, outcomes, strict=True) if outcome in actions],
        )
    return outcomes


def _outcome(rows: ArticleRows, stored: Mapping[str, str]) -> Outcome:
    digest = stored.get(rows.article["id"])
    if digest is None:
        return Outcome.CREATED
    return Outcome.UNCHANGED if digest == rows.article["digest"] else Outcome.REPLACED


def _known_to_all(connection: Connection, articles: Sequence[CheckedArticle], beside: Iterable[str]) -> dict[str, Row]:
    """Return those entities of the articles that are there.

    Raises:
        DisagreementError: as `known_entities` does, or an article calls an entity otherwise than one before it.
    """
    known = _entities(connection, {slug for article in articles for slug in article.entities})
    for article in articles:
        if any(_differences(article, known)):
            known_entities(connection, article, beside)
    if problems := check_agreement(articles):
        raise DisagreementError(problems)
    return known


def _store(
    connection: Connection, loads: Sequence[ArticleRows], known: Mapping[str, Row], stored: Collection[str]
) -> None:
    replaced = [rows.article["id"] for rows in loads if rows.article["id"] in stored]
    removed = removal_of(connection, replaced) if replaced else NOTHING
    touched = {row["id"] for rows in loads for row in rows.entities} | removed.entities
    before = states_of(connection, touched)
    _remove(connection, replaced)
    added = _insert(connection, loads, known)
    mentions = first_of((row["entity_id"], row["type"], row["article_id"]) for rows in loads for row in rows.mentions)
    settle(connection, touched, before, removed, added, mentions)


def delete_article(connection: Connection, article_id: str) -> None:
    """Remove the article, its facts, and the entities that no other article supports.

    Raises:
        NotFoundError: there is no such article.
    """
    if connection.execute(select(col(Article.id)).where(col(Article.id) == article_id)).first() is None:
        raise NotFoundError(f"there is no article ‘{article_id}’")
    keep_current(connection)
    removed = removal_of(connection, [article_id])
    before = states_of(connection, removed.entities)
    _remove(connection, [article_id])
    settle(connection, removed.entities, before, removed, {}, {})
    record(connection, article_id, ChangeAction.DELETED)


def known_entities(connection: Connection, article: CheckedArticle, beside: Iterable[str] = ()) -> dict[str, Row]:
    """Return those entities of the article that are there, if whoever else mentions one agrees on what it is called.

    Raises:
        DisagreementError: naming each entity of which another article has another name, type or kind; articles `beside`
            are not asked.
    """
    known = _entities(connection, article.entities)
    different = dict(_differences(article, known))
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


def _entities(connection: Connection, slugs: Collection[str]) -> dict[str, Row]:
    return {row.id: row._asdict() for row in rows_of_ids(connection, ENTITIES, slugs)}


def _differences(article: CheckedArticle, known: Mapping[str, Row]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what entities are called there and not in the article: the entity with the field, and its value there."""
    for slug, entry in article.entities.items():
        if slug in known:
            for field in ("name", "type", "kind"):
                if getattr(entry, field) != known[slug][field]:
                    yield (slug, field), known[slug][field]


def _remove(connection: Connection, articles: Collection[str]) -> None:
    """Delete the articles with everything that is their own."""
    facts = select(col(Fact.id)).where(col(Fact.article_id).in_(IDS))
    of_facts = col(SearchDocument.subject_id).in_(facts)
    of_articles = (col(SearchDocument.type) == "article") & col(SearchDocument.subject_id).in_(IDS)
    delete_ids(connection, delete(SearchDocument).where(of_facts | of_articles), articles)
    delete_ids(connection, delete(Article).where(col(Article.id).in_(IDS)), articles)


def _insert(connection: Connection, loads: Sequence[ArticleRows], known: Mapping[str, Row]) -> dict[str, list[Row]]:
    """Insert the rows of the articles; return those of the fact tables."""
    insert_rows(connection, Article, [rows.article for rows in loads])
    _insert_entities(connection, {row["id"]: row for rows in loads for row in rows.entities}, known)
    insert_rows(connection, Fact, [row for rows in loads for row in rows.facts])
    fact_rows: dict[str, list[Row]] = defaultdict(list)
    for rows in loads:
        for table, entries in rows.fact_tables.items():
            fact_rows[table] += entries
    for model in FACT_TABLES.values():
        insert_rows(connection, model, fact_rows[str(model.__tablename__)])
    insert_rows(connection, Span, [row for rows in loads for row in rows.spans])
    span_ids = _span_ids(connection, [rows.article["id"] for rows in loads])
    evidence = [
        {"fact_id": fact_id, "span_id": span_ids[rows.article["id"], place.start, place.end]}
        for rows in loads
        for fact_id, place in rows.evidence
    ]
    insert_rows(connection, Evidence, evidence)
    insert_rows(connection, Mention, [row for rows in loads for row in rows.mentions])
    insert_rows(connection, NoteSubject, [row for rows in loads for row in rows.note_subjects])
    insert_documents(connection, [row for rows in loads for row in rows.search_documents])
    return fact_rows


def _insert_entities(connection: Connection, entities: Mapping[str, Row], known: Mapping[str, Row]) -> None:
    insert_rows(connection, Entity, [row for slug, row in entities.items() if slug not in known])
    for slug, row in entities.items():
        if slug in known and not row.items() <= known[slug].items():
            # Without bounds, which are worked out anew: what was an event may have become a document.
            connection.execute(update(Entity).where(col(Entity.id) == slug).values(**row, earliest=None, latest=None))


def _span_ids(connection: Connection, articles: Collection[str]) -> dict[tuple[str, int, int], int]:
    return {(article, start, end): number for article, start, end, number in rows_of_ids(connection, SPANS, articles)}


def record(connection: Connection, article_id: str, action: ChangeAction) -> None:
    """Raise the revision, and put into the feed of changes what it did."""
    record_all(connection, [(article_id, action)])


def record_all(connection: Connection, changes: Sequence[tuple[str, ChangeAction]]) -> None:
    """Raise the revision by one for each change, and put the changes into the feed, the last one last."""
    raised = update(Revision).values(value=col(Revision.value) + len(changes), token=secrets.token_hex(8))
    last = connection.execute(raised.returning(col(Revision.value))).scalar_one()
    first, now = last - len(changes) + 1, datetime.now(UTC)
    rows = [
        {"revision": number, "article_id": article_id, "action": action.value, "at": now}
        for number, (article_id, action) in enumerate(changes, start=first)
    ]
    insert_rows(connection, Change, rows)

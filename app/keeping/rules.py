"""What must hold of rows, as questions to the database: each finds the places where it does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Connection,
    Date,
    Select,
    Table,
    and_,
    exists,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
)
from sqlmodel import SQLModel, col

from app.loading.format import ENTRIES, Refers, marked
from app.tables import FACT_TABLES, Article, Entity, Evidence, Fact, Mention, Note, SearchDocument, Span, table_of
from app.vocabulary import Basis, FactType, NoteCategory


@dataclass(frozen=True)
class Fault:
    """A place in the database and what is wrong there."""

    message: str
    article_id: str | None
    """Whose rows are at fault, where they are those of one article."""


Rule = tuple[str, Select[*tuple[Any, ...]]]
"""What to say, and where: the article, then what fills the message's braces."""

IN_WORDS = {"ck_fact_reasoning"}
"""The constraints that a rule says in words."""


def broken_rules(connection: Connection) -> Iterator[Fault]:
    """Yield every breach of the rules."""
    for message, places in _rules(connection.dialect.name):
        for article_id, *place in connection.execute(places):
            yield Fault(message.format(*place), article_id)


@cache
def _rules(dialect: str) -> tuple[Rule, ...]:
    return (
        *_references(),
        *_checks(),
        *(_dates() if dialect == "sqlite" else ()),  # PostgreSQL has a type for them
        *_facts(),
        *_spans(),
        *_mentions(),
        *_entities(),
        *_search_documents(),
    )


def _references() -> Iterator[Rule]:
    """What a row names is there."""
    for table in SQLModel.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            missing = ~exists().where(key.column == key.parent).correlate(table)
            yield (
                f"{_place_in(table)}: names no {key.column.table.name} in its `{key.parent.name}`",
                select(_article_of(table), *table.primary_key).where(key.parent.is_not(None), missing),
            )


def _checks() -> Iterator[Rule]:
    """The constraints hold: SQLite leaves them out of its own check of a file that it may only read."""
    for table in SQLModel.metadata.sorted_tables:
        for check in sorted(table.constraints, key=lambda constraint: str(constraint.name)):
            if isinstance(check, CheckConstraint) and check.name not in IN_WORDS:
                kept: ColumnElement[bool] = literal_column(f"({check.sqltext})")
                places = select(_article_of(table), *table.primary_key).where(not_(kept))
                yield f"{_place_in(table)}: breaks the constraint {check.sqltext}", places


def _dates() -> Iterator[Rule]:
    """A date is one of the calendar, as ISO 8601 writes it."""
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Date):
                places = select(_article_of(table), *table.primary_key)
                yield (
                    f"{_place_in(table)}: its `{column.name}` is no date",
                    places.where(func.date(func.julianday(column)).is_distinct_from(column)),
                )


def _place_in(table: Table) -> str:
    return " ".join([table.name, *("{}" for _ in table.primary_key)])


def _article_of(table: Table) -> ColumnElement[Any]:
    """Return the article that a row of the table belongs to."""
    if "article_id" in table.columns:
        return table.columns["article_id"]
    if "fact_id" in table.columns:
        article = select(col(Fact.article_id)).where(col(Fact.id) == table.columns["fact_id"])
        return article.correlate(table).scalar_subquery()
    return null()


def _facts() -> Iterator[Rule]:
    facts = select(col(Fact.article_id), col(Fact.id))
    reasoning = func.trim(func.coalesce(col(Fact.reasoning), ""))
    evidence = exists().where(col(Evidence.fact_id) == col(Fact.id))
    gap = exists().where(col(Note.fact_id) == col(Fact.id), col(Note.category) == NoteCategory.NOT_STATED)
    rows = {kind: exists().where(col(table.fact_id) == col(Fact.id)) for kind, table in FACT_TABLES.items()}
    own = col(Fact.article_id) + "."
    own_row = or_(*(and_(col(Fact.type) == kind, row) for kind, row in rows.items()))
    yield (
        "fact {}: inferred, but has no reasoning",
        facts.where(col(Fact.basis) == Basis.INFERRED, reasoning == ""),
    )
    yield (
        "fact {}: stated, but has a reasoning",
        facts.where(col(Fact.basis) == Basis.STATED, col(Fact.reasoning).is_not(None)),
    )
    yield "fact {}: has no evidence", facts.where(~evidence, ~gap)
    yield "fact {}: has no row in the table of its type", facts.where(~own_row)
    for kind, row in rows.items():
        yield f"fact {{}}: is no {kind}, but has a row in that table", facts.where(col(Fact.type) != kind, row)
    yield (
        "fact {}: its id does not begin with its article’s",
        facts.where(func.substr(col(Fact.id), 1, func.length(own)) != own),
    )


def _spans() -> Iterator[Rule]:
    there = func.substr(col(Article.text), col(Span.start) + 1, col(Span.end) - col(Span.start))
    yield (
        "span {} {}-{}: its words are not the text’s there",
        select(col(Span.article_id), col(Span.article_id), col(Span.start), col(Span.end))
        .join(Article, col(Article.id) == col(Span.article_id))
        .where(there != col(Span.exact)),
    )
    yield (
        "fact {}: its evidence is a span of the article {}",
        select(col(Fact.article_id), col(Fact.id), col(Span.article_id))
        .join(Evidence, col(Evidence.fact_id) == col(Fact.id))
        .join(Span, col(Span.id) == col(Evidence.span_id))
        .where(col(Span.article_id) != col(Fact.article_id)),
    )


def _mentions() -> Iterator[Rule]:
    """The mentions are the entities that stand in the columns of facts, and no others."""
    columns = {kind: _entity_columns(kind) for kind in FACT_TABLES}
    for kind, table in FACT_TABLES.items():
        for column in columns[kind]:
            mentioned = exists().where(col(Mention.fact_id) == col(table.fact_id), col(Mention.entity_id) == column)
            yield (
                f"fact {{}}: its `{column.name}` {{}} is not among its mentions",
                select(col(Fact.article_id), col(Fact.id), column)
                .join(table, col(table.fact_id) == col(Fact.id))
                .where(column.is_not(None), ~mentioned),
            )
    named = or_(
        *(
            exists().where(col(table.fact_id) == col(Mention.fact_id), col(Mention.entity_id).in_(columns[kind]))
            for kind, table in FACT_TABLES.items()
            if columns[kind]
        )
    )
    yield (
        "fact {}: mentions {}, which is in none of its columns",
        select(col(Fact.article_id), col(Fact.id), col(Mention.entity_id))
        .join(Mention, col(Mention.fact_id) == col(Fact.id))
        .where(~named),
    )


def _entity_columns(kind: FactType) -> list[ColumnElement[str | None]]:
    table = table_of(FACT_TABLES[kind])
    return [table.columns[f"{field}_id"] for field in marked(ENTRIES[kind], Refers) if field != "attributed_to"]


def _entities() -> Iterator[Rule]:
    mentioned = exists().where(col(Mention.entity_id) == col(Entity.id))
    yield "entity {}: no fact mentions it", select(null(), col(Entity.id)).where(~mentioned)


def _search_documents() -> Iterator[Rule]:
    subject, kind = col(SearchDocument.subject_id), col(SearchDocument.type)
    subjects = or_(
        and_(kind == "article", exists().where(col(Article.id) == subject)),
        exists().where(col(Entity.id) == subject, col(Entity.type) == kind),
        exists().where(col(Fact.id) == subject, col(Fact.type) == kind),
    )
    yield "search document {} {}: there is no such {}", select(null(), kind, subject, kind).where(~subjects)

"""Comparing what is stored with what a load of the same articles would store."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, or_, select
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel, col

from app.database import Question
from app.deriving.documents import search_documents_of
from app.deriving.events import bounds_of_events
from app.errors import FolderError
from app.loading.checking import CheckedArticle, Checker
from app.loading.exporting import article_document
from app.loading.rows import SORTED, ArticleRows, Row, rows_of
from app.loading.source import FACTS_FILE, CheckError, Diagnostic, Source
from app.tables import (
    FACT_TABLES,
    Article,
    Entity,
    Evidence,
    Fact,
    Mention,
    NoteSubject,
    SearchDocument,
    Span,
    stored_columns,
    table_of,
)
from app.text.folding import fold
from app.text.quoting import Span as Place
from app.text.quoting import shown
from app.vocabulary import EntityType, FactType

BATCH = 500
"""Entities that are compared at once."""


def _rows_where(table: type[SQLModel], condition: ColumnElement[bool], *without: str) -> Question:
    """Return the question for the stored columns of the rows of a table."""
    columns = (column for column in stored_columns(table_of(table)) if column.name not in without)
    return Question(select(*columns).where(condition))


_ID: BindParameter[str] = bindparam("article")
_OF_ARTICLE = select(col(Fact.id)).where(col(Fact.article_id) == _ID)
_DOCUMENT_TYPE, _SUBJECT = col(SearchDocument.type), col(SearchDocument.subject_id)
ARTICLE = _rows_where(Article, col(Article.id) == _ID)
FACTS = _rows_where(Fact, col(Fact.article_id) == _ID)
OWN_ROWS = {kind: _rows_where(table, col(table.fact_id).in_(_OF_ARTICLE)) for kind, table in FACT_TABLES.items()}
SPANS = _rows_where(Span, col(Span.article_id) == _ID, "id")
EVIDENCE = Question(
    select(col(Evidence.fact_id), col(Span.start), col(Span.end))
    .join(Span, col(Span.id) == col(Evidence.span_id))
    .where(col(Evidence.fact_id).in_(_OF_ARTICLE))
)
MENTIONS = _rows_where(Mention, col(Mention.fact_id).in_(_OF_ARTICLE))
NOTE_SUBJECTS = _rows_where(NoteSubject, col(NoteSubject.fact_id).in_(_OF_ARTICLE))
DOCUMENTS = _rows_where(
    SearchDocument,
    or_(
        and_(_DOCUMENT_TYPE == "article", _SUBJECT == _ID),
        and_(_DOCUMENT_TYPE.in_(FactType.values()), _SUBJECT.in_(_OF_ARTICLE)),
    ),
    "id",
)

Placed = dict[str, Row]
"""Rows by the words for their place."""


def differences_of_article(connection: Connection, article_id: str) -> Iterator[str]:
    """Yield where the rows of the article are not those that its export would be loaded to."""
    try:
        expected = rows_of(_exported(connection, article_id))
    except CheckError as error:
        facts = select(col(Fact.id)).where(col(Fact.article_id) == article_id)
        ids = connection.execute(facts.order_by(col(Fact.position), col(Fact.id))).scalars().all()
        yield from (_placed_diagnostic(diagnostic, article_id, ids) for diagnostic in error.diagnostics)
    except FolderError as error:
        yield from str(error).splitlines()
    except DatabaseError as error:
        yield f"article {article_id}: cannot be read ({error.orig})"
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # what no load writes may be anything
        yield f"article {article_id}: cannot be exported ({type(error).__name__}: {error})"
    else:
        yield from differences(_placed(_stored(connection, article_id)), _placed(expected))


def _exported(connection: Connection, article_id: str) -> CheckedArticle:
    text, document = article_document(connection, article_id)
    return Checker(article_id, text, Source(Path(article_id, FACTS_FILE), document)).check()


def _placed_diagnostic(diagnostic: Diagnostic, article_id: str, facts: Sequence[str]) -> str:
    """Say of which fact or entity a diagnostic of the exported article is."""
    parts = re.match(r"(?:facts\[(?P<fact>\d+)\]|entities\.(?P<entity>[^.]+))?\.?(?P<field>.*)", diagnostic.path)
    place, field = f"article {article_id}", ""
    if parts:
        field = f"`{parts['field']}`: " if parts["field"] else ""
        place = f"fact {facts[int(parts['fact'])]}" if parts["fact"] else place
        place = f"entity {parts['entity']}" if parts["entity"] else place
    return f"{place}: {field}{diagnostic.message}"


def _stored(connection: Connection, article_id: str) -> ArticleRows:
    """Return the article's rows as they are, in the form in which a load makes them."""

    def rows(question: Question) -> list[Row]:
        return [row._asdict() for row in question.all(connection, {"article": article_id})]

    return ArticleRows(
        article=rows(ARTICLE)[0],
        entities=[],  # are shared, and compared by themselves
        facts=rows(FACTS),
        fact_tables={kind: rows(question) for kind, question in OWN_ROWS.items()},
        spans=rows(SPANS),
        evidence=[(row["fact_id"], Place(row["start"], row["end"])) for row in rows(EVIDENCE)],
        mentions=rows(MENTIONS),
        note_subjects=rows(NOTE_SUBJECTS),
        search_documents=rows(DOCUMENTS),
    )


def _placed(rows: ArticleRows) -> Placed:
    placed = {f"article {rows.article['id']}": rows.article}
    placed |= {f"fact {row['id']}": row for row in rows.facts}
    for table, entries in rows.fact_tables.items():
        placed |= {f"{table} {row['fact_id']}": row for row in entries}
    placed |= {f"span {row['article_id']} {row['start']}-{row['end']}": row for row in rows.spans}
    placed |= {f"evidence {fact_id} {place.start}-{place.end}": {} for fact_id, place in rows.evidence}
    placed |= {f"mention {row['fact_id']} {row['entity_id']}": row for row in rows.mentions}
    placed |= {f"note_subject {row['fact_id']} {row['entity_id']}": row for row in rows.note_subjects}
    return placed | _placed_documents(rows.search_documents)


def _placed_documents(documents: list[Row]) -> Placed:
    return {f"search document {row['type']} {row['subject_id']}": row for row in documents}


def differences_of_entities(connection: Connection) -> Iterator[str]:
    """Yield where what is derived of entities, over all articles, is not what a load would derive."""
    entities = select(*(table_of(Entity).columns[name] for name in ("id", "name", "name_key", "earliest", "latest")))
    documents = select(*(column for column in stored_columns(table_of(SearchDocument)) if column.name != "id"))
    of_entities = documents.where(col(SearchDocument.type).in_(EntityType.values()))
    last = ""
    while rows := connection.execute(entities.where(col(Entity.id) > last).order_by(col(Entity.id)).limit(BATCH)).all():
        ids = [row.id for row in rows]
        bounds = bounds_of_events(connection, ids)
        stored, expected = {}, {}
        for row in rows:
            earliest, latest = bounds.get(row.id, (None, None))
            derived = {"name_key": fold(row.name)[:SORTED], "earliest": earliest, "latest": latest}
            stored[f"entity {row.id}"] = {column: getattr(row, column) for column in derived}
            expected[f"entity {row.id}"] = derived
        found = connection.execute(of_entities.where(col(SearchDocument.subject_id).in_(ids)))
        stored |= _placed_documents([dict(row._mapping) for row in found])
        yield from differences(stored, expected | _placed_documents(search_documents_of(connection, ids)))
        last = ids[-1]


def differences(stored: Placed, expected: Placed) -> Iterator[str]:
    """Yield where rows are not those that a load would make."""
    for place in sorted(stored.keys() | expected.keys()):
        if place not in stored:
            yield f"{place}: is missing"
        elif place not in expected:
            yield f"{place}: is there, but a load would not make it"
        else:
            here, there = stored[place], expected[place]
            for column in sorted(here.keys() | there.keys()):
                if column == "digest" and here[column] != there[column]:
                    yield f"{place}: its rows are not those that were loaded: they have another digest"
                elif here.get(column) != there.get(column):
                    yield f"{place}: `{column}` is {_value(here, column)}, but should be {_value(there, column)}"


def _value(row: Row, column: str) -> str:
    value = row.get(column)
    return "nothing" if value is None else shown(str(value))

"""Full text over names, statements and quoted words, best match first."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, or_, select, text
from sqlmodel import col

from app.queries.conditions import RANK, SEARCH_INDEX, SNIPPET, full_text
from app.queries.evidence import evidence_of
from app.queries.paging import Order, Slice, fetch_slice, question_of
from app.queries.unknown import refuse_unknown
from app.schemas.base import EvidenceItem, entity_url, fact_url
from app.schemas.parameters import SearchFilters
from app.schemas.views import SearchHit
from app.tables import Fact, Mention, Name, SearchDocument, table_of
from app.vocabulary import EntityType, FactType


def search(connection: Connection, filters: SearchFilters) -> Slice[SearchHit]:
    """Return one page of what has all the words.

    Raises:
        InvalidInputError: a forged cursor.
        NotFoundError: a filter names something that is not there.
    """
    refuse_unknown(connection, filters)
    order = Order(question_of(filters), (RANK, table_of(SearchDocument).c.id))
    page = fetch_slice(connection, _hits(filters), order, filters.limit, filters.cursor)
    evidence = _evidence(connection, page.items) if "evidence" in filters.include else None
    return Slice([_hit(row, evidence) for row in page.items], page.total, page.cursor)


def _hits(filters: SearchFilters) -> Select[Any]:
    statement = (
        select(
            col(SearchDocument.type),
            col(SearchDocument.subject_id),
            col(SearchDocument.title),
            SNIPPET.label("snippet"),
        )
        .join(SEARCH_INDEX, SEARCH_INDEX.c.rowid == col(SearchDocument.id))
        .where(text("search_index MATCH :words").bindparams(words=full_text(filters.q)))
    )
    return statement.where(*_conditions(filters))


def _conditions(filters: SearchFilters) -> Iterator[ColumnElement[bool]]:
    if filters.type:
        yield col(SearchDocument.type).in_(filters.type)
    if filters.article:
        facts = select(col(Fact.id)).where(col(Fact.article_id).in_(filters.article))
        entities = select(col(Mention.entity_id)).where(col(Mention.fact_id).in_(facts))
        is_article = col(SearchDocument.type) == "article"
        yield or_(
            col(SearchDocument.subject_id).in_(facts),
            ~is_article & col(SearchDocument.subject_id).in_(entities),
            is_article & col(SearchDocument.subject_id).in_(filters.article),
        )


def _hit(row: Row[Any], evidence: dict[tuple[str, str], list[EvidenceItem]] | None) -> SearchHit:
    return SearchHit(
        type=row.type,
        id=row.subject_id,
        name=row.title,
        url=_url(row.type, row.subject_id),
        snippet=row.snippet,
        evidence=None if evidence is None else evidence.get((row.type, row.subject_id), []),
    )


def _url(kind: str, subject_id: str) -> str:
    if kind == "article":
        return f"/articles/{subject_id}"
    return fact_url(kind, subject_id) if kind in FactType.values() else entity_url(kind, subject_id)


def _evidence(connection: Connection, rows: Sequence[Row[Any]]) -> dict[tuple[str, str], list[EvidenceItem]]:
    """Return the words behind each hit: of a fact its evidence, of an entity the evidence of its names."""
    facts = [row.subject_id for row in rows if row.type in FactType.values()]
    entities = {row.subject_id: row.type for row in rows if row.type in EntityType.values()}
    naming = connection.execute(
        select(col(Name.fact_id), col(Name.entity_id)).where(col(Name.entity_id).in_(entities))
    ).all()
    by_fact = evidence_of(connection, facts + [fact_id for fact_id, _ in naming])
    types = {row.subject_id: row.type for row in rows if row.type in FactType.values()}
    evidence: dict[tuple[str, str], list[EvidenceItem]] = defaultdict(list)
    for fact_id in facts:
        evidence[types[fact_id], fact_id] += by_fact.get(fact_id, [])
    for fact_id, entity_id in naming:
        evidence[entities[entity_id], entity_id] += by_fact.get(fact_id, [])
    return evidence

"""Full text over names, statements and quoted words, best match first."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, or_, select
from sqlmodel import col

from app.queries.evidence import evidence_of
from app.queries.matching import SEARCH_INDEX, Matches, Rank, Snippet
from app.queries.paging import Order, Slice, fetch_slice, question_of
from app.queries.unknown import refuse_unknown
from app.schemas.base import EvidenceItem, entity_url, fact_url
from app.schemas.parameters import SearchFilters
from app.schemas.views import SearchHit
from app.tables import Fact, Mention, Name, SearchDocument, table_of
from app.text.passages import LOOKED_THROUGH, MARK, passage
from app.vocabulary import EntityType, FactType

DOCUMENT = table_of(SearchDocument).c
SHORT = 4000
"""Code points of a body that has no more matches than SQLite's own function deals with in hundredths of a second."""


def search(connection: Connection, filters: SearchFilters) -> Slice[SearchHit]:
    """Return one page of what has all the words.

    Raises:
        InvalidInputError: a forged cursor.
        NotFoundError: a filter names something that is not there.
    """
    refuse_unknown(connection, filters)
    order = Order(question_of(filters), (Rank(filters.q), DOCUMENT.id))
    page = fetch_slice(connection, _hits(filters), order, filters.limit, filters.cursor)
    evidence = _evidence(connection, page.items) if "evidence" in filters.include else None
    snippets = _snippets(connection, page.items, filters.q)
    return Slice([_hit(row, snippets[row.id], evidence) for row in page.items], page.total, page.cursor)


def _hits(filters: SearchFilters) -> Select[Any]:
    hits = select(DOCUMENT.id, DOCUMENT.type, DOCUMENT.subject_id, DOCUMENT.title)
    return _matching(hits, filters.q).where(*_conditions(filters))


def _matching(statement: Select[Any], words: str) -> Select[Any]:
    """Narrow a statement over search documents to those that have all the words."""
    return statement.join(SEARCH_INDEX, SEARCH_INDEX.c.rowid == DOCUMENT.id).where(Matches(words))


def _snippets(connection: Connection, rows: Sequence[Row[Any]], words: str) -> dict[int, str]:
    """Return the best passages of one page's hits; SQLite would make those of all hits before it sorts them.

    What its function takes grows with the square of the matches, so a long text is looked through here; and
    PostgreSQL's would know other words.
    """
    is_short = func.length(DOCUMENT.body) <= SHORT
    found = _matching(
        select(
            DOCUMENT.id,
            DOCUMENT.title,
            case((is_short, Snippet())).label("snippet"),
            func.substr(DOCUMENT.body, 1, LOOKED_THROUGH).label("beginning"),
        ),
        words,
    ).where(DOCUMENT.id.in_([row.id for row in rows]))
    return {
        row.id: _passage(row.title, row.beginning, words) if row.snippet is None else row.snippet
        for row in connection.execute(found)
    }


def _passage(title: str, body: str, words: str) -> str:
    """Return a passage of the body, or of the title where only that has one of the words."""
    found, titled = passage(body, words), passage(title, words)
    return titled if MARK in titled and MARK not in found else found


def _conditions(filters: SearchFilters) -> Iterator[ColumnElement[bool]]:
    if filters.type:
        yield DOCUMENT.type.in_(filters.type)
    if filters.article:
        facts = select(col(Fact.id)).where(col(Fact.article_id).in_(filters.article))
        entities = select(col(Mention.entity_id)).where(col(Mention.fact_id).in_(facts))
        is_article = DOCUMENT.type == "article"
        yield or_(
            DOCUMENT.subject_id.in_(facts),
            ~is_article & DOCUMENT.subject_id.in_(entities),
            is_article & DOCUMENT.subject_id.in_(filters.article),
        )


def _hit(row: Row[Any], snippet: str, evidence: dict[tuple[str, str], list[EvidenceItem]] | None) -> SearchHit:
    return SearchHit(
        type=row.type,
        id=row.subject_id,
        name=row.title,
        url=_url(row.type, row.subject_id),
        snippet=snippet,
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

"""Full text over names, statements and quoted words, best match first."""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Row,
    bindparam,
    column,
    func,
    select,
    tuple_,
)
from sqlmodel import col

from app.database import Question
from app.queries.evidence import evidence_of
from app.queries.matching import (
    MOST,
    candidates,
    documents_of_articles,
    first_of,
    is_one,
    may_be_more,
    may_leave_out,
    must_follow,
    values_of,
)
from app.queries.paging import Order, Slice, Total, decode, encode, question_of
from app.queries.unknown import refuse_unknown
from app.schemas.base import EvidenceItem, entity_url, fact_url
from app.schemas.parameters import SearchFilters
from app.tables import Name, SearchDocument, table_of
from app.text.passages import LOOKED_THROUGH, MARK, passage, words_in
from app.vocabulary import EntityType, FactType, TotalRelation

DOCUMENT = table_of(SearchDocument).c
DOCUMENTS = Question(
    select(
        DOCUMENT.place,
        DOCUMENT.type,
        DOCUMENT.subject_id,
        DOCUMENT.title,
        func.substr(DOCUMENT.body, 1, LOOKED_THROUGH).label("beginning"),
    ).where(DOCUMENT.place.in_(bindparam("places", expanding=True)))
)
RANK = (column("tier", Integer), DOCUMENT.size, DOCUMENT.place)
AFTER = ("after_tier", "after_size", "after_place")
OF_FACTS, OF_ENTITIES = frozenset(FactType.values()), frozenset(EntityType.values())


def search(connection: Connection, filters: SearchFilters) -> Slice[bytes]:
    """Return one page of what has all the words, as JSON: those in whose titles they are first, then the shorter first.

    Raises:
        InvalidInputError: a forged cursor.
        NotFoundError: a filter names something that is not there.
    """
    refuse_unknown(connection, filters)
    order = Order(question_of(filters), RANK)
    after = None if filters.cursor is None else tuple(decode(filters.cursor, order))
    ranked, total = _ranked(connection, filters, after)
    page = ranked[: filters.limit]
    rows = _documents(connection, [place for *_, place in page])
    evidence = _evidence(connection, rows) if "evidence" in filters.include else None
    cursor = encode(order.question, page[-1]) if len(ranked) > filters.limit else None
    wanted = words_in(filters.q)
    return Slice([_hit(row, wanted, evidence) for row in rows], total, cursor)


def _ranked(
    connection: Connection, filters: SearchFilters, after: Sequence[int] | None
) -> tuple[list[tuple[int, int, int]], Total]:
    """Return the ranks of a page's hits and of one more, and how many there are on all pages.

    A rank is what hits are sorted by: whether the title has all the words, how long it is, and its place.
    """
    types = tuple(str(kind) for kind in filters.type)
    values = {
        **values_of(filters.q, types, filters.article),
        "limit": filters.limit + 1,
        **dict(zip(AFTER, after or (), strict=False)),
    }
    in_articles, follow = bool(filters.article), must_follow(filters.q)
    rows = _page(types, in_articles=in_articles, follow=follow, resumes=after is not None).all(connection, values)
    if rows:
        number, is_a_part = min(rows[0].candidates, MOST), rows[0].may_be_more
    elif after is None:
        number, is_a_part = 0, not is_one(filters.q) and may_leave_out(connection, filters.q, types, filters.article)
    else:  # Nothing comes after what was the last once.
        return [], _ranked(connection, filters, None)[1]
    relation = TotalRelation.AT_LEAST if is_a_part else TotalRelation.EXACT
    return [(tier, size, place) for tier, size, place, *_ in rows], Total(number, relation)


@lru_cache(maxsize=256)
def _page(types: tuple[str, ...], *, in_articles: bool, follow: bool, resumes: bool) -> Question:
    """Return the question for the first ranks among the hits of these types or of any, or for those after another."""
    places, cut = candidates("", types, documents_of_articles() if in_articles else None, follow=follow)
    chosen = places.cte("chosen")
    number = select(func.count()).select_from(chosen).scalar_subquery()
    first = first_of(chosen).subquery()
    rank = (first.c.tier, DOCUMENT.size, DOCUMENT.place)
    about_all = number.label("candidates"), may_be_more(chosen, cut).label("may_be_more")
    page = select(*rank, *about_all).join(first, first.c.place == DOCUMENT.place)
    if resumes:
        page = page.where(tuple_(*rank) > tuple_(*(bindparam(name, type_=BigInteger) for name in AFTER)))
    return Question(page.order_by(*rank).limit(bindparam("limit", type_=Integer)))


def _documents(connection: Connection, places: list[int]) -> list[Any]:
    """Return the documents at the places, in their order; of a long text the beginning."""
    rows = {row.place: row for row in DOCUMENTS.all(connection, {"places": places})}
    return [rows[place] for place in places]


def _passage(title: str, body: str, wanted: frozenset[str]) -> str:
    """Return a passage of the body, or of the title where only that has one of the words."""
    found = passage(body, wanted)
    if MARK in found:
        return found
    titled = passage(title, wanted)
    return titled if MARK in titled else found


def _hit(row: Row[Any], wanted: frozenset[str], evidence: dict[tuple[str, str], list[EvidenceItem]] | None) -> bytes:
    """Return a `SearchHit` as JSON; the model would take longer to check what is known than the database to find it."""
    return to_json(
        {
            "type": row.type,
            "id": row.subject_id,
            "name": row.title,
            "url": _url(row.type, row.subject_id),
            "snippet": _passage(row.title, row.beginning, wanted),
            "evidence": None if evidence is None else evidence.get((row.type, row.subject_id), []),
        }
    )


def _url(kind: str, subject_id: str) -> str:
    if kind == "article":
        return f"/articles/{subject_id}"
    return fact_url(kind, subject_id) if kind in OF_FACTS else entity_url(kind, subject_id)


def _evidence(connection: Connection, rows: Sequence[Row[Any]]) -> dict[tuple[str, str], list[EvidenceItem]]:
    """Return the words behind each hit: of a fact its evidence, of an entity the evidence of its names."""
    facts = [row.subject_id for row in rows if row.type in OF_FACTS]
    entities = {row.subject_id: row.type for row in rows if row.type in OF_ENTITIES}
    naming = connection.execute(
        select(col(Name.fact_id), col(Name.entity_id)).where(col(Name.entity_id).in_(entities))
    ).all()
    by_fact = evidence_of(connection, facts + [fact_id for fact_id, _ in naming])
    types = {row.subject_id: row.type for row in rows if row.type in OF_FACTS}
    evidence: dict[tuple[str, str], list[EvidenceItem]] = defaultdict(list)
    for fact_id in facts:
        evidence[types[fact_id], fact_id] += by_fact.get(fact_id, [])
    for fact_id, entity_id in naming:
        evidence[entities[entity_id], entity_id] += by_fact.get(fact_id, [])
    return evidence

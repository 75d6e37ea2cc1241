"""Which search documents have all the words; at most so many of them are looked at, however many there are."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    SQLColumnExpression,
    Subquery,
    TableValuedAlias,
    bindparam,
    case,
    column,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlmodel import col

from app.database import Question
from app.queries.hits import FORMS, Asked, Hits, Level, Says
from app.queries.paging import Slice, Total
from app.schemas.parameters import ListParameters
from app.tables import Fact, Mention, SearchDocument, table_of
from app.text.words import parts_of
from app.vocabulary import TotalRelation

MOST: Final = 1000
"""How many documents are ranked, or let through by a filter: those with all the words in their titles first."""
COMMON: Final = 2**15
"""A word that more documents have is common, if it is looked for with others: they may seldom meet."""
COMMON_ALONE: Final = 2**12
"""A word that more documents have is common, if it is looked for alone: it may seldom be in titles."""
READ: Final = 2000
"""How many documents are read, at most, to see whether words follow each other in them."""
LENGTH: Final = 2**22
"""How many characters these have together, at most."""
ItemT = TypeVar("ItemT")
Parameters = dict[str, BindParameter[Any]]
DOCUMENT = table_of(SearchDocument).c


def _limits(words: str, types: Sequence[str]) -> dict[str, int | bool]:
    """Return, by the names of parameters, how much is looked at for some words, in each of the types."""
    several = len({word for part in parts_of(words) for word in part}) > 1
    return {
        "one_more": MOST + 1,  # so as to know that there are more than are ranked
        "all_found": MOST,
        "several": several,
        "common": COMMON if several else COMMON_ALONE,
        "read": max(1, READ // max(1, len(types))),
        "length": max(1, LENGTH // max(1, len(types))),
    }


def values_of(words: str, types: Sequence[str], articles: Sequence[str] = ()) -> dict[str, Any]:
    """Return the values by which a statement with the candidates for some words asks for others."""
    asked = [Asked(words, titles, kind) for titles in (True, False) for kind in types or (None,)]
    values = {each.name_of(form): each for each in asked for form in FORMS}
    return {"articles": articles, **_limits(words, types), **values}


def _parameters(words: str, types: Sequence[str]) -> Parameters:
    return {name: bindparam(name, value) for name, value in _limits(words, types).items()}


def must_follow(words: str) -> bool:
    """Tell whether some of the words must follow each other: a hyphen or an apostrophe joins them."""
    return any(len(part) > 1 for part in parts_of(words))


def is_one(words: str) -> bool:
    """Tell whether it is one word, all documents with which are looked at."""
    return sum(map(len, parts_of(words))) == 1


class Candidates(NamedTuple):
    """What to choose from."""

    places: Select[Any]
    """The `place` of one more than `MOST`, at most, and as `tier` 0 for a match in the title."""
    cut: ColumnElement[bool]
    """Whether not all documents were looked at that may match."""


def candidates(
    words: str, types: Sequence[str] = (), among: CompoundSelect[Any] | None = None, *, follow: bool | None = None
) -> Candidates:
    """Return the first documents that match.

    Args:
        words: all of which must occur.
        types: of which types, if not of any.
        among: the places to look at, if not at all.
        follow: whether some of the words must follow each other; of a statement that is given other words as values,
            some of those.
    """
    limits = _parameters(words, types)
    follow = must_follow(words) if follow is None else follow
    titled, others, cut = [], [], []
    for kind in types or (None,):
        in_title, anywhere = (Asked(words, titles, kind) for titles in (True, False))
        if among is not None:
            titled.append(_places_among(in_title, among, limits))
            others.append(_places_among(anywhere, among, limits))
            continue
        level = _level(anywhere, limits)
        only = case((limits["several"], level), else_=0)  # A single word is found wherever it is looked for.
        titled.append(_places(in_title, level, limits, follow=follow))
        others.append(_places(anywhere, only, limits, follow=follow))
        cut += [only > 0, _are_many(anywhere, only, limits)] if follow else [only > 0]
    in_titles = union_all(*titled).cte()
    too_few = select(func.count() < limits["one_more"]).select_from(in_titles).scalar_subquery()
    parts = union_all(select(in_titles), *(other.where(too_few) for other in others)).subquery()
    tier = func.min(parts.c.tier)
    places = (
        select(parts.c.place, tier.label("tier"))
        .group_by(parts.c.place)
        .order_by(tier, parts.c.place)
        .limit(limits["one_more"])
    )
    return Candidates(places, or_(false(), *cut))


def _level(asked: Asked, limits: Parameters) -> ColumnElement[int]:
    """Return how large a part of the documents is looked through; it is found out once, however often that is told."""
    found_out = select(func.coalesce(Level(asked, limits["common"]), 0).label("level")).cte()
    return select(found_out.c.level).scalar_subquery()


def _are_many(asked: Asked, level: ColumnElement[int], limits: Parameters) -> ColumnElement[bool]:
    """Tell whether more documents have all the words, or longer ones, than are read to see whether they follow."""
    hits = _measured(_hits(asked, level, limits["read"] + 1))
    many = func.count() > limits["read"], func.coalesce(func.sum(hits.c.size), 0) > limits["length"]
    return select(or_(*many)).select_from(hits).scalar_subquery()


def _hits(asked: Asked, level: ColumnElement[int], most: ColumnElement[int]) -> TableValuedAlias:
    return Hits(asked, level, most).table_valued(column("place", BigInteger))


def _measured(hits: TableValuedAlias) -> Subquery:
    """Return hits with their sizes, and with those of all up to each of them."""
    length = func.sum(DOCUMENT.size).over(order_by=hits.c.place).label("length")
    return select(hits.c.place, DOCUMENT.size, length).where(DOCUMENT.place == hits.c.place).subquery()


def _places(asked: Asked, level: ColumnElement[int], limits: Parameters, *, follow: bool) -> Select[Any]:
    """Return the places of the first documents that match, and whether it was by more than their titles."""
    if not follow:
        return select(_hits(asked, level, limits["one_more"]).c.place, _tier(asked))
    hits = _measured(_hits(asked, level, limits["read"]))
    is_read = hits.c.length <= limits["length"]
    return select(hits.c.place, _tier(asked)).where(is_read, Says(asked, hits.c.place))


def _places_among(asked: Asked, among: CompoundSelect[Any], limits: Parameters) -> Select[Any]:
    """Return the same of the documents at some places, which are all read."""
    listed = DOCUMENT.place.in_(among) & DOCUMENT.place.between(*asked.places()) & Says(asked, DOCUMENT.place)
    found_first = select(DOCUMENT.place).where(listed).order_by(DOCUMENT.place).limit(limits["one_more"]).subquery()
    return select(found_first.c.place, _tier(asked))


def _tier(asked: Asked) -> ColumnElement[int]:
    return literal(0 if asked.titles else 1).label("tier")


def documents_of_articles(articles: Sequence[str] | None = None) -> CompoundSelect[Any]:
    """Return the places of the articles, of their facts, and of the entities that these mention."""
    name = "articles"
    wanted: BindParameter[Any] = (
        bindparam(name, expanding=True) if articles is None else bindparam(name, list(articles), expanding=True)
    )
    facts = select(col(Fact.id)).where(col(Fact.article_id).in_(wanted))
    entities = select(col(Mention.entity_id)).where(col(Mention.fact_id).in_(facts))
    is_article = DOCUMENT.type == "article"
    # Not by OR: PostgreSQL would read all documents.
    return union_all(
        select(DOCUMENT.place).where(DOCUMENT.subject_id.in_(facts)),
        select(DOCUMENT.place).where(DOCUMENT.subject_id.in_(entities), ~is_article),
        select(DOCUMENT.place).where(DOCUMENT.subject_id.in_(wanted), is_article),
    )


def found(words: str, types: Sequence[str] = (), articles: Sequence[str] = ()) -> ColumnElement[bool]:
    """Hold for search documents, perhaps of articles alone, in which all the words occur, the first `MOST` of them."""
    among = documents_of_articles(articles) if articles else None
    return DOCUMENT.place.in_(select(candidates(words, types, among).places.limit(MOST).subquery().c.place))


def first_of(chosen: CTE) -> Select[Any]:
    """Return the first `MOST` of the candidates."""
    return select(chosen).order_by(chosen.c.tier, chosen.c.place).limit(bindparam("all_found", MOST))


def found_in(chosen: CTE) -> ColumnElement[bool]:
    """Hold for search documents among the first `MOST` of the candidates."""
    return DOCUMENT.place.in_(select(first_of(chosen).subquery().c.place))


def may_be_more(chosen: CTE, cut: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tell whether there are more candidates than `found_in` holds for, or may be, where not all were looked at."""
    more = select(func.count() > bindparam("all_found", MOST)).select_from(chosen).scalar_subquery()
    return case((cut, true()), else_=more)


def may_leave_out(connection: Connection, words: str, types: Sequence[str] = (), articles: Sequence[str] = ()) -> bool:
    """Tell whether more documents may have all the words than `found` holds for."""
    question = _whether_more(tuple(types), in_articles=bool(articles), follow=must_follow(words))
    return bool(question.scalar(connection, values_of(words, types, articles)))


@cache
def _whether_more(types: tuple[str, ...], *, in_articles: bool, follow: bool) -> Question:
    among = documents_of_articles() if in_articles else None
    places, cut = candidates("", types, among, follow=follow)
    return Question(select(may_be_more(places.cte(), cut)))


def bounded(connection: Connection, page: Slice[ItemT], filters: ListParameters, types: Iterable[str]) -> Slice[ItemT]:
    """Return the page of a list, its total a lower bound where more have the words than were let through."""
    if filters.q is None or page.total.relation is TotalRelation.AT_LEAST:
        return page
    is_a_part = may_leave_out(connection, filters.q, list(types), filters.article)
    return replace(page, total=Total(page.total.number, TotalRelation.AT_LEAST)) if is_a_part else page


def found_by_text(
    subject: SQLColumnExpression[Any], types: Iterable[str], words: str, articles: Sequence[str] = ()
) -> ColumnElement[bool]:
    """Hold for entities, facts or articles of these types whose search document has all the words, `MOST` of them."""
    return subject.in_(select(DOCUMENT.subject_id).where(found(words, list(types), articles)))

"""Full text: which search documents have all the words; at most so many of them are looked at, however many there are.

SQLite asks its FTS5 index, in which documents of a type stand side by side, and stops when it has enough. PostgreSQL
has the same words as terms of a table of its own. An index of those gives all that match at once, so it is asked for
one block of places after the other, of those in which the rarest word is: it finds what SQLite finds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    String,
    Text,
    TypeDecorator,
    bindparam,
    column,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from app.database import Question
from app.queries.paging import Slice, Total
from app.tables import SEARCHED, SIDE_BY_SIDE, SearchDocument
from app.text.words import in_title, terms_of
from app.vocabulary import FactType, TotalRelation

MOST: Final = 1000
"""How many documents are ranked, or let through by a filter: those with all the words in their titles first."""
ItemT = TypeVar("ItemT")
FACTS: Final = "fact"
"""Stands for all types of facts, which are side by side in the index."""
NOTHING: Final = [""]
"""Terms that no document has."""


def full_text(words: str) -> str:
    """Return an FTS5 query that finds all the words; each is quoted, so nothing in it acts as an operator."""
    return " ".join('"{}"'.format(word.replace('"', '""')) for word in words.split())


@dataclass(frozen=True)
class Asked:
    """What is looked for: words, perhaps only in titles, perhaps only in documents of a type."""

    words: str
    titles: bool = False
    kind: str | None = None

    def places(self) -> tuple[int, int]:
        """Return the first and the last place where it may be: documents of a type, or all facts, are side by side."""
        types = FactType.values() if self.kind == FACTS else [self.kind] if self.kind else SEARCHED
        numbers = [SEARCHED.index(each) for each in types]
        return min(numbers) * SIDE_BY_SIDE, (max(numbers) + 1) * SIDE_BY_SIDE - 1

    def parameters(self) -> dict[str, type[TypeDecorator[Any]]]:
        """Return the names that it has as a parameter, each with what it is asked as."""
        return {f"{kind.__name__}_{self.titles}_{self.kind}": kind for kind in (Query, Terms, Phrases)}


class Query(TypeDecorator[Any]):
    """What is asked as an FTS5 query."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str:
        """Quote the words."""
        return f"title : ({full_text(value.words)})" if value.titles else full_text(value.words)


class Terms(TypeDecorator[Any]):
    """What is asked as the terms that a document must have."""

    impl = ARRAY(Text)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> list[str]:
        """Split and fold the words."""
        terms = sorted({in_title(term) if value.titles else term for part in terms_of(value.words) for term in part})
        return terms or NOTHING


class Phrases(TypeDecorator[Any]):
    """What is asked as patterns of those words that must follow each other: `no-one` is two."""

    impl = ARRAY(Text)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> list[str]:
        """Split and fold the words: letters and digits, so nothing in them acts as a wildcard."""
        return [f"% {' '.join(part)} %" for part in terms_of(value.words) if len(part) > 1]


IN_FTS5: Final = """(
    SELECT rowid AS place FROM search_index
    WHERE search_index MATCH {query} AND rowid BETWEEN {first} AND {last} {listed} LIMIT {most}
)"""
BLOCK_BY_BLOCK: Final = """(
    SELECT hit.place FROM (
        SELECT block FROM search_index_block
        WHERE block BETWEEN {first} >> 14 AND {last} >> 14 AND term = (
            SELECT word FROM unnest({terms}) AS word ORDER BY (
                SELECT count(*) FROM (SELECT FROM search_index_block WHERE term = word LIMIT 1000) AS few
            ) LIMIT 1
        )
        ORDER BY block
    ) AS candidate CROSS JOIN LATERAL (
        SELECT place FROM search_index
        WHERE search_index_keys(terms, place >> 14) @> search_index_keys({terms}, candidate.block) AND {follow}
        ORDER BY place LIMIT {most}
    ) AS hit
    LIMIT {most}
)"""
"""Goes through the blocks in which the rarest of the terms is, until there are enough."""
AMONG: Final = """(
    SELECT place FROM search_index
    WHERE rowid IN (SELECT mod(place, {side}) FROM {listed} AS listed (place))
    AND place BETWEEN {first} AND {last} AND terms @> {terms} AND {follow}
    ORDER BY place LIMIT {most}
)"""


class Hits(FunctionElement[Any]):
    """A table of the places of the first documents in which all the words occur."""

    inherit_cache = True

    def __init__(self, asked: Asked, among: Select[Any] | None) -> None:
        super().__init__(
            *(bindparam(name, asked, kind()) for name, kind in asked.parameters().items()),
            literal_column("title" if asked.titles else "title || '  ' || body"),
            *(literal(place, BigInteger) for place in asked.places()),
            _one_more(),
            *([] if among is None else [among.scalar_subquery()]),
        )


@compiles(Hits)
def _hits_in_sqlite(element: Hits, compiler: SQLCompiler, **options: Any) -> str:
    query, _terms, _phrases, _words, *rest = element.clauses
    matched, first, last, most, *among = (compiler.process(clause, **options) for clause in (query, *rest))
    listed = f"AND rowid IN {among[0]}" if among else ""
    return IN_FTS5.format(query=matched, first=first, last=last, listed=listed, most=most)


@compiles(Hits, "postgresql")
def _hits_in_postgresql(element: Hits, compiler: SQLCompiler, **options: Any) -> str:
    clauses = (compiler.process(clause, **options) for clause in list(element.clauses)[1:])
    terms, phrases, words, first, last, most, *among = clauses
    follow = f"(cardinality({phrases}) = 0 OR ' ' || {words} || ' ' LIKE ALL ({phrases}))"
    asked = {"terms": terms, "follow": follow, "first": first, "last": last, "most": most}
    return AMONG.format(**asked, listed=among[0], side=SIDE_BY_SIDE) if among else BLOCK_BY_BLOCK.format(**asked)


def _places(asked: Asked, among: Select[Any] | None) -> Select[Any]:
    """Return the places of the first documents that match, and whether it was by more than their titles."""
    return select(
        Hits(asked, among).table_valued(column("place", BigInteger)).c.place,
        literal(0 if asked.titles else 1).label("tier"),
    )


def _one_more() -> BindParameter[int]:
    """Return how many are chosen from: one more than are ranked, so as to know that there are more."""
    return bindparam("one_more", MOST + 1)


def _all_found() -> BindParameter[int]:
    return bindparam("all_found", MOST)


def _asked(words: str, types: Sequence[str], *, titles: bool) -> list[Asked]:
    return [Asked(words, titles, kind) for kind in types or (None,)]


def candidates(words: str, types: Sequence[str] = (), among: Select[Any] | None = None) -> Select[Any]:
    """Return what to choose from, at most one more than `MOST`: the `place`, and as `tier` 0 for a match in the title.

    Args:
        words: all of which must occur.
        types: of which types, if not of any.
        among: the places to look at, if not at all.
    """
    titled = union_all(*(_places(asked, among) for asked in _asked(words, types, titles=True))).cte()
    too_few = select(func.count() < _one_more()).select_from(titled).scalar_subquery()
    others = [_places(asked, among).where(too_few) for asked in _asked(words, types, titles=False)]
    parts = union_all(select(titled), *others).subquery()
    tier = func.min(parts.c.tier)
    return (
        select(parts.c.place, tier.label("tier"))
        .group_by(parts.c.place)
        .order_by(tier, parts.c.place)
        .limit(_one_more())
    )


def values_of(words: str, types: Sequence[str]) -> dict[str, Any]:
    """Return the values by which a statement with the candidates for some words asks for others."""
    return {
        "one_more": MOST + 1,
        "all_found": MOST,
        **{
            name: asked
            for titles in (True, False)
            for asked in _asked(words, types, titles=titles)
            for name in asked.parameters()
        },
    }


def found(words: str, types: Sequence[str] = ()) -> ColumnElement[bool]:
    """Hold for search documents in which all the words occur, the first `MOST` of them."""
    return col(SearchDocument.place).in_(select(candidates(words, types).limit(MOST).subquery().c.place))


def first_of(chosen: CTE) -> Select[Any]:
    """Return the first `MOST` of the candidates."""
    return select(chosen).order_by(chosen.c.tier, chosen.c.place).limit(_all_found())


def found_in(chosen: CTE) -> ColumnElement[bool]:
    """Hold for search documents among the first `MOST` of the candidates."""
    return col(SearchDocument.place).in_(select(first_of(chosen).subquery().c.place))


def has_more(chosen: CTE) -> ScalarSelect[bool]:
    """Tell whether there are more candidates than `found_in` holds for."""
    return select(func.count() > _all_found()).select_from(chosen).scalar_subquery()


def is_common(connection: Connection, words: str, types: Sequence[str] = ()) -> bool:
    """Tell whether more documents have all the words than `found` holds for."""
    return bool(_several(tuple(types)).scalar(connection, values_of(words, types)) > MOST)


@cache
def _several(types: tuple[str, ...]) -> Question:
    return Question(select(func.count()).select_from(candidates("", types).subquery()))


def bounded(connection: Connection, page: Slice[ItemT], words: str | None, types: Iterable[str]) -> Slice[ItemT]:
    """Return the page of a list, its total a lower bound where more have the words than were let through."""
    if words is None or page.total.relation is TotalRelation.AT_LEAST or not is_common(connection, words, list(types)):
        return page
    return replace(page, total=Total(page.total.number, TotalRelation.AT_LEAST))


def found_by_text(subject: SQLColumnExpression[Any], types: Iterable[str], words: str) -> ColumnElement[bool]:
    """Hold for entities, facts or articles of these types whose search document has all the words, `MOST` of them."""
    return subject.in_(select(col(SearchDocument.subject_id)).where(found(words, list(types))))

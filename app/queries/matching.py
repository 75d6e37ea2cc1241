"""Full text: which search documents have all the words, and how well each matches, on either database.

SQLite asks its FTS5 index. PostgreSQL has the same words in a table of its own, and asks that: it finds what SQLite
finds, but ranks without knowing how rare a word is.
"""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Float,
    SQLColumnExpression,
    String,
    Text,
    TypeDecorator,
    bindparam,
    column,
    select,
    table,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from app.tables import SearchDocument
from app.text.words import terms_of

SEARCH_INDEX = table("search_index", column("rowid"), column("title"), column("body"))
NOTHING: Final = [""]
"""Terms that no document has."""


def full_text(words: str) -> str:
    """Return an FTS5 query that finds all the words; each is quoted, so nothing in it acts as an operator."""
    return " ".join('"{}"'.format(word.replace('"', '""')) for word in words.split())


class Query(TypeDecorator[str]):
    """Words as an FTS5 query."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Quote them."""
        return value and full_text(value)


class Terms(TypeDecorator[Any]):
    """Words as the terms that a document must have."""

    impl = ARRAY(Text)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> list[str]:
        """Split and fold them."""
        return sorted({term for part in terms_of(value) for term in part}) or NOTHING


class Phrases(TypeDecorator[Any]):
    """Words as patterns of those terms that must follow each other: `no-one` is two."""

    impl = ARRAY(Text)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> list[str]:
        """Split and fold them; terms are letters and digits, so nothing in them acts as a wildcard."""
        return [f"% {' '.join(part)} %" for part in terms_of(value) if len(part) > 1]


class Matches(FunctionElement[Any]):
    """Holds for documents of the index in which all the words occur.

    Not a Boolean, which SQLite is asked to compare with 1: it knows MATCH by itself alone.
    """

    inherit_cache = True

    def __init__(self, words: str) -> None:
        super().__init__(*(bindparam(None, words, kind(), unique=True) for kind in (Query, Terms, Phrases)))


@compiles(Matches)
def _matches_in_sqlite(element: Matches, compiler: SQLCompiler, **options: Any) -> str:
    query, *_ = element.clauses
    return f"search_index MATCH {compiler.process(query, **options)}"


@compiles(Matches, "postgresql")
def _matches_in_postgresql(element: Matches, compiler: SQLCompiler, **options: Any) -> str:
    terms, phrases = (compiler.process(clause, **options) for clause in list(element.clauses)[1:])
    return (
        f"(array_remove(string_to_array(search_index.title || ' ' || search_index.body, ' '), '') @> {terms} "
        f"AND ' ' || search_index.title || '  ' || search_index.body || ' ' LIKE ALL ({phrases}))"
    )


class Rank(FunctionElement[float]):
    """How well a document matches, best lowest; a match in the title counts four times one in the body."""

    type = Float()
    inherit_cache = True

    def __init__(self, words: str) -> None:
        super().__init__(bindparam(None, words, Terms(), unique=True))


@compiles(Rank)
def _rank_in_sqlite(_element: Rank, _compiler: SQLCompiler, **_options: Any) -> str:
    return "bm25(search_index, 4.0, 1.0)"


RANK: Final = """(
    SELECT -sum(often * 2.2 / (often + 0.3 + 0.045 * (cardinality(titled) + cardinality(told))))::float8
    FROM (SELECT string_to_array(search_index.title, ' '), string_to_array(search_index.body, ' ')) _ (titled, told),
    unnest({terms}) term,
    LATERAL (SELECT 4 * cardinality(array_positions(titled, term)) + cardinality(array_positions(told, term)))
    counted (often)
)"""


@compiles(Rank, "postgresql")
def _rank_in_postgresql(element: Rank, compiler: SQLCompiler, **options: Any) -> str:
    """Reckon as bm25 does, with its customary constants, but every word as rare and a document of 20 words as usual."""
    (terms,) = (compiler.process(clause, **options) for clause in element.clauses)
    return RANK.format(terms=terms)


class Snippet(FunctionElement[str]):
    """The best passage, of at most 24 words, its matches between asterisks; null where the database makes none."""

    type = String()
    inherit_cache = True


@compiles(Snippet)
def _snippet_in_sqlite(_element: Snippet, _compiler: SQLCompiler, **_options: Any) -> str:
    return "snippet(search_index, -1, '**', '**', '…', 24)"


@compiles(Snippet, "postgresql")
def _snippet_in_postgresql(_element: Snippet, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST(NULL AS TEXT)"


def found(words: str) -> ColumnElement[bool]:
    """Hold for search documents in which all the words occur."""
    return col(SearchDocument.id).in_(select(SEARCH_INDEX.c.rowid).where(Matches(words)))


def found_by_text(subject: SQLColumnExpression[Any], types: Iterable[str], words: str) -> ColumnElement[bool]:
    """Hold for entities, facts or articles of these types whose search document has all the words."""
    return subject.in_(
        select(col(SearchDocument.subject_id)).where(found(words), col(SearchDocument.type).in_(list(types)))
    )

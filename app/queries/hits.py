"""The documents that have all of some words, found in the index of each database: the first ones by their places.

SQLite asks its FTS5 index, in which documents of a type stand side by side, and stops when it has enough. PostgreSQL
has the same words as terms of a table of its own. An index of those gives all that match at once, so it is asked for
one block of places after the other, of those in which the rarest word is: it finds what SQLite finds.

What is looked at is bounded, also for words that each are common and hardly ever meet:

- Words one of which is rare are compared as often as that one occurs. Words all of which are common are looked for in
  a sample of the documents: in some of the blocks of their ids, at equal distances, as the articles of a block were
  loaded one after the other. A single word needs that only in titles: it occurs wherever it is looked for.
- Words that must follow each other are looked for by their own, and the texts of the first documents that have them are
  read. FTS5 would look for the next place where they do follow each other, be it the last one of all.
"""

import json
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    String,
    Text,
    TypeDecorator,
    bindparam,
    literal,
    literal_column,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from app.tables import SEARCHED, SIDE_BY_SIDE
from app.text.words import SHELF, in_title, parts_of, terms_of
from app.vocabulary import FactType

FACTS: Final = "fact"
"""Stands for all types of facts, which are side by side in the index."""
NO_WORD: Final = "\n"
"""What is in no document: the words of a question that has none."""


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

    def parameter(self, form: "type[Form]") -> ColumnElement[Any]:
        """Return the parameter that stands for it in a form."""
        return bindparam(self.name_of(form), self, form())

    def name_of(self, form: "type[Form]") -> str:
        """Return the name of that parameter."""
        return f"{form.__name__}_{self.titles}_{self.kind}"


class Form(TypeDecorator[Any]):
    """What is asked, in the form in which a database wants it: a string for SQLite, an array for PostgreSQL."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the parameter."""
        return ARRAY(Text()) if dialect.name == "postgresql" else String()

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | list[str]:
        """Return the value of the parameter."""
        return self.terms(value) if dialect.name == "postgresql" else self.string(value)

    @abstractmethod
    def string(self, asked: Asked) -> str:
        """Return it for SQLite."""

    @abstractmethod
    def terms(self, asked: Asked) -> list[str]:
        """Return it for PostgreSQL."""


class Query(Form):
    """An FTS5 query, or the terms that a document must have."""

    cache_ok = True

    def string(self, asked: Asked) -> str:
        """Return the words, each quoted, and the type of documents that are looked through."""
        words = " ".join(f'"{word}"' for word in _each(parts_of(asked.words)) or [NO_WORD])
        query = f"{'title' if asked.titles else '{title body}'} : ({words})"
        return query if asked.kind is None else f'{query} AND shelf : "{SHELF}{asked.kind}"'

    def terms(self, asked: Asked) -> list[str]:
        """Return the words as the index has them."""
        terms = _each(terms_of(asked.words)) or [NO_WORD]
        return list(map(in_title, terms)) if asked.titles else terms


class Words(Form):
    """The words, each by its own, wherever they are in a document."""

    cache_ok = True

    def string(self, asked: Asked) -> str:
        """Return an FTS5 query for each."""
        return json.dumps([f'{{title body}} : "{word}"' for word in _each(parts_of(asked.words))])

    def terms(self, asked: Asked) -> list[str]:
        """Return the words as the index has them."""
        return _each(terms_of(asked.words))


class Parts(Form):
    """What must occur in a text: words, and words that must follow each other, as in `no-one`."""

    cache_ok = True

    def string(self, asked: Asked) -> str:
        """Return what `says` looks for."""
        return json.dumps([f" {' '.join(part)} " for part in parts_of(asked.words)] or [NO_WORD])

    def terms(self, asked: Asked) -> list[str]:
        """Return patterns: words are letters and digits, so nothing in them acts as a wildcard."""
        return [f"% {' '.join(part)} %" for part in terms_of(asked.words)] or [f"%{NO_WORD}%"]


FORMS: Final = (Query, Words, Parts)


def _each(parts: Iterable[Iterable[str]]) -> list[str]:
    """Return the words, the longest first: it is seldom the most frequent."""
    return sorted({word for part in parts for word in part}, key=lambda word: (-len(word), word))


class _InWordsOfBoth(FunctionElement[Any]):
    """What each database is asked in its own words, of which there is a template."""

    inherit_cache = True
    names: tuple[str, ...]
    """What the clauses stand for in a template."""
    sqlite: str
    postgresql: str


SAMPLE: Final = 2**18
"""Documents of a sample, at most; it has less than half as many only where ids have gone."""
FIXED: Final = {
    "sample": SAMPLE,
    "halvings": " ".join(f"WHEN highest < {SAMPLE << level} THEN {level}" for level in range(23)),
    "shelf": SHELF,
    "side": SIDE_BY_SIDE,
}
"""What all templates have in common."""


class Level(_InWordsOfBoth):
    """How often the blocks of 16,384 ids are halved in number: every 2^`Level`-th of them is looked through.

    It is 0, for all of them, if there are not many documents, or one of the words is in no more than so many.
    """

    inherit_cache = True
    type = Integer()
    names = ("words", "first", "last", "common")
    sqlite = """(
        SELECT CASE {halvings} END
        FROM (SELECT id AS highest FROM search_document AS newest ORDER BY id DESC LIMIT 1) AS newest
        WHERE highest >= {sample} AND NOT EXISTS (
            SELECT 1 FROM json_each({words}) AS word WHERE NOT EXISTS (
                SELECT 1 FROM search_index
                WHERE search_index MATCH word.value AND rowid BETWEEN {first} AND {last} LIMIT 1 OFFSET {common}
            )
        )
    )"""
    postgresql = """(
        SELECT CASE {halvings} END
        FROM (SELECT id AS highest FROM search_document AS newest ORDER BY id DESC LIMIT 1) AS newest
        WHERE highest >= {sample} AND NOT EXISTS (
            SELECT FROM unnest({words}) AS word WHERE NOT EXISTS (
                SELECT FROM (
                    SELECT sum(documents) OVER (ORDER BY block) AS seen FROM search_index_block
                    WHERE term = word AND block BETWEEN {first} >> 14 AND {last} >> 14
                ) AS counted
                WHERE seen > {common}
            )
        )
    )"""

    def __init__(self, asked: Asked, common: ColumnElement[int]) -> None:
        super().__init__(asked.parameter(Words), *_literal(asked.places()), common)


class Hits(_InWordsOfBoth):
    """A table of the places of the first documents in which all the words occur, perhaps of a sample."""

    inherit_cache = True
    names = ("query", "first", "last", "level", "most")
    sqlite = """(
        SELECT rowid AS place FROM search_index
        WHERE search_index MATCH {query} || coalesce(' AND shelf : "{shelf}' || nullif({level}, 0) || '"', '')
        AND rowid BETWEEN {first} AND {last} LIMIT {most}
    )"""
    postgresql = """(
        SELECT hit.place FROM (
            SELECT word, {level} AS level FROM unnest({query}) AS word ORDER BY (
                SELECT count(*) FROM (SELECT FROM search_index_block WHERE term = word LIMIT 1000) AS few
            ) LIMIT 1
        ) AS rarest CROSS JOIN LATERAL (
            (
                SELECT block FROM search_index_block
                WHERE level = 0 AND term = word AND block BETWEEN {first} >> 14 AND {last} >> 14
                ORDER BY block
            ) UNION ALL (
                SELECT noted.block
                FROM generate_series({first} >> 40, {last} >> 40) AS type
                CROSS JOIN generate_series(
                    (1::BIGINT << level) - 1, (SELECT max(id) >> 14 FROM search_document), 1::BIGINT << level
                ) AS number
                CROSS JOIN LATERAL (
                    SELECT block FROM search_index_block
                    WHERE term = word AND block = (type << 26) + number LIMIT 1
                ) AS noted
                WHERE level > 0
                ORDER BY block
            )
        ) AS candidate CROSS JOIN LATERAL (
            SELECT place FROM search_index
            WHERE search_index_keys(terms, place >> 14) @> search_index_keys({query}, candidate.block)
            ORDER BY place LIMIT {most}
        ) AS hit
        LIMIT {most}
    )"""
    """Goes through the blocks in which the rarest of the terms is, until there are enough."""

    def __init__(self, asked: Asked, level: ColumnElement[int], most: ColumnElement[int]) -> None:
        super().__init__(asked.parameter(Query), *_literal(asked.places()), level, most)


class Says(_InWordsOfBoth):
    """Holds for the document at a place whose text, or title, has all the words, some of them one after the other."""

    inherit_cache = True
    type = Boolean()
    names = ("parts", "place", "body", "text")
    sqlite = """(
        SELECT says({parts}, title, {body}) FROM search_document AS document WHERE document.place = {place}
    )"""
    postgresql = """(
        SELECT ' ' || {text} || ' ' LIKE ALL ({parts}) FROM search_index WHERE rowid = mod({place}, {side})
    )"""
    """Not by EXISTS, of which PostgreSQL would make a join: it would read all documents before it looks for these."""

    def __init__(self, asked: Asked, place: ColumnElement[int]) -> None:
        body, text = ("''", "title") if asked.titles else ("body", "title || '  ' || body")
        super().__init__(asked.parameter(Parts), place, literal_column(body), literal_column(text))


def _literal(places: Iterable[int]) -> list[ColumnElement[int]]:
    return [literal(place, BigInteger) for place in places]


@compiles(_InWordsOfBoth)
def _in_words_of_both(element: _InWordsOfBoth, compiler: SQLCompiler, **options: Any) -> str:
    template = element.postgresql if compiler.dialect.name == "postgresql" else element.sqlite
    clauses = (compiler.process(clause, **options) for clause in element.clauses)
    return template.format(**FIXED, **dict(zip(element.names, clauses, strict=True)))

"""The words of a text, as full text finds them: split and folded by FTS5's own tokenizer, on whichever database."""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable
from functools import lru_cache
from threading import local
from typing import Final

TOKENIZER: Final = "unicode61 remove_diacritics 2"
"""Words are made of letters and digits, whatever the script; case and accents make no difference."""
SHELF: Final = "\ue000"
"""Begins the words that SQLite's index has about documents. Nobody may ask for these, which are in so many: the
character, of which every font thinks something else, stands between words of a question."""
LONGEST: Final = 255
"""Characters of a word; of a longer one, which an index could not hold, its digest stands in its place."""


class _Threads(local):
    """SQLite in memory, one a thread, with a table whose documents are never kept."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute(f"CREATE VIRTUAL TABLE document USING fts5(text, content='', tokenize='{TOKENIZER}')")
        self.connection.execute("CREATE VIRTUAL TABLE word USING fts5vocab('document', 'instance')")


_threads = _Threads()


def words_of(texts: Iterable[str]) -> list[list[str]]:
    """Return the words of each text, in their order."""
    texts = list(texts)
    words: list[list[str]] = [[] for _ in texts]
    connection = _threads.connection
    connection.execute("BEGIN")
    try:
        connection.executemany("INSERT INTO document (rowid, text) VALUES (?, ?)", enumerate(texts))
        for number, word in connection.execute("SELECT doc, term FROM word ORDER BY doc, offset"):
            words[number].append(word)
    finally:
        connection.execute("ROLLBACK")
    return words


def indexed(texts: Iterable[str]) -> list[list[str]]:
    """Return the words of each text as PostgreSQL's index has them."""
    return [list(map(_bounded, words)) for words in words_of(texts)]


def in_title(word: str) -> str:
    """Return the term that says that the word is in the title: no word has such a character."""
    return f"^{word}"


def terms_of_document(title: list[str], body: list[str]) -> list[str]:
    """Return the terms by which PostgreSQL's index finds a document with the words."""
    return sorted({*map(in_title, title), *title, *body})


def _bounded(word: str) -> str:
    return word if len(word) <= LONGEST else f"#{hashlib.sha256(word.encode()).hexdigest()}"


@lru_cache(maxsize=1000)
def parts_of(question: str) -> tuple[tuple[str, ...], ...]:
    """Return what is looked for: for each part of the question the words that must follow each other."""
    return tuple(tuple(words) for words in words_of(question.replace(SHELF, " ").split()) if words)


def terms_of(question: str) -> list[list[str]]:
    """Return the parts of the question as PostgreSQL's index has their words."""
    return [list(map(_bounded, words)) for words in parts_of(question)]


class _Folds(dict[int, str]):
    """What becomes of each character, asked of the tokenizer when one comes up for the first time."""

    def __missing__(self, code: int) -> str:
        (words,) = words_of([f"a{chr(code)}b"])
        self[code] = words[0][1:-1] if len(words) == 1 else " "
        return self[code]


_FOLDS = _Folds()
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def folded(text: str) -> str:
    """Return the words of the text with a space on either side: as `words_of`, without a table of documents."""
    if not text.isascii():  # Python translates a text that is ASCII, as it then mostly is, ten times as fast.
        text = _NOT_ASCII.sub(lambda found: _FOLDS[ord(found[0])], text)
    return f" {' '.join(text.translate(_FOLDS).split())} "


def says(parts: str, title: str, body: str) -> bool:
    """Tell whether each part of a question occurs, in the title or in the body.

    Args:
        parts: a list in JSON, of words that must follow each other with a space on either side of each.
        title: of a search document.
        body: of the same.
    """
    texts = folded(title), folded(body)
    return all(any(part in text for text in texts) for part in _listed(parts))


@lru_cache(maxsize=100)
def _listed(parts: str) -> tuple[str, ...]:
    return tuple(json.loads(parts))

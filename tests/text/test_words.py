"""The words of texts, by the tokenizer and without it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.text.words import TOKENIZER, folded, parts_of, says, words_of

TEXTS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("ab AB éÉ-’\u0301 ")), max_size=40)
SHORT = st.text("ab -", max_size=12)


@given(TEXTS)
@example("E\u0301tat d’urgence, «Côte-d’Ivoire» ÅNGSTRÖM straße ﬁn \u0301x x\u0301")
@example("\0a\0b\t\r\n\x1cc\x85d\ue000")
def test_a_text_is_folded_into_the_words_that_the_tokenizer_finds(text: str) -> None:
    (words,) = words_of([text])
    assert folded(text) == f" {' '.join(words)} "


@pytest.fixture(scope="module")
def fts5() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE VIRTUAL TABLE document USING fts5(title, body, tokenize='{TOKENIZER}')")
        yield connection


@given(SHORT, SHORT, SHORT)
@example("a b", "b a", "a-b")
@example("a", "b", "a-b")
def test_a_document_says_what_fts5_would_find_in_it(
    fts5: sqlite3.Connection, title: str, body: str, question: str
) -> None:
    parts = [" ".join(part) for part in parts_of(question)]
    query = " ".join(f'"{part}"' for part in parts)
    fts5.execute("INSERT INTO document VALUES (?, ?)", (title, body))
    found = fts5.execute("SELECT count(*) FROM document WHERE document MATCH ?", (query or '""',)).fetchone()[0]
    fts5.rollback()
    assert says(json.dumps([f" {part} " for part in parts]), title, body) == (bool(found) or not parts)

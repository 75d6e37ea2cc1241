"""What is asked, in the words of each database."""

import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from app.queries.hits import FORMS, Asked, Form, Parts, Query, Words
from app.tables import SEARCHED
from app.text.words import SHELF, TOKENIZER, parts_of


def asked_of(form: type[Form], asked: Asked, dialect: str) -> str | list[str]:
    """Return what a database is asked."""
    dialects = {"sqlite": sqlite.dialect, "postgresql": postgresql.dialect}
    return form().process_bind_param(asked, dialects[dialect]())


@given(st.text(max_size=30), st.booleans(), st.sampled_from([None, "fact", *SEARCHED]))
@example('"', True, None)
@example("- : ^ * ( NOT a OR b", False, "person")
@example('a"b AND c', False, "fact")
@example("\ue000fact a\ue000person", False, "fact")
def test_whatever_is_asked_fts5_understands_and_finds(words: str, titles: bool, kind: str | None) -> None:
    found = {word for part in parts_of(words) for word in part}
    query = asked_of(Query, Asked(words, titles, kind), "sqlite")
    each = json.loads(str(asked_of(Words, Asked(words), "sqlite")))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE VIRTUAL TABLE document USING fts5(title, body, shelf, tokenize='{TOKENIZER}')")
        text, shelf = words.replace(SHELF, " "), f"{SHELF}{kind}"
        rows = [(text, "", shelf), ("", text, shelf), ("", "", f"{shelf} {words}")]
        connection.executemany("INSERT INTO document VALUES (?, ?, ?)", rows)
        matching = "SELECT rowid FROM document WHERE document MATCH ?"
        matched, *of_each = ([row[0] for row in connection.execute(matching, (one,))] for one in (query, *each))
    assert matched == ([1] if titles else [1, 2]) * bool(found)
    assert of_each == [[1, 2]] * len(found)


@pytest.mark.parametrize(
    ("form", "dialect", "expected"),
    [
        (Query, "sqlite", '{title body} : ("says" "one" "no") AND shelf : "\ue000role"'),
        (Query, "postgresql", ["says", "one", "no"]),
        (Words, "sqlite", '["{title body} : \\"says\\"", "{title body} : \\"one\\"", "{title body} : \\"no\\""]'),
        (Words, "postgresql", ["says", "one", "no"]),
        (Parts, "sqlite", '[" says ", " no one "]'),
        (Parts, "postgresql", ["% says %", "% no one %"]),
    ],
)
def test_words_that_must_follow_each_other_are_looked_for_by_their_own(
    form: type[Form], dialect: str, expected: str | list[str]
) -> None:
    assert asked_of(form, Asked("Says no-one", kind="role"), dialect) == expected


def test_terms_of_titles_are_their_own() -> None:
    assert asked_of(Query, Asked("no", titles=True), "postgresql") == ["^no"]
    assert asked_of(Words, Asked("no", titles=True), "postgresql") == ["no"]


def test_the_first_and_the_last_place_are_those_of_a_type_or_of_all_facts() -> None:
    places = [Asked("", kind=kind).places() for kind in SEARCHED]
    assert [last + 1 for _, last in places[:-1]] == [first for first, _ in places[1:]]
    assert Asked("").places() == (places[0][0], places[-1][1])
    assert Asked("", kind="fact").places() == (places[SEARCHED.index("name")][0], places[-2][1])


def test_each_form_of_what_is_asked_is_a_parameter_of_its_own() -> None:
    every = [Asked("a", titles, kind) for titles in (True, False) for kind in (None, *SEARCHED)]
    names = [asked.name_of(form) for asked in every for form in FORMS]
    assert len(set(names)) == len(names)


@given(st.text(st.sampled_from("\ue000 ab-1"), max_size=10))
def test_nobody_asks_for_what_the_index_has_about_documents(words: str) -> None:
    forms = [asked_of(form, Asked(words), dialect) for form in FORMS for dialect in ("sqlite", "postgresql")]
    assert not any(SHELF in each for form in forms for each in form)

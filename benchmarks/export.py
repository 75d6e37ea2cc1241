"""What people would publish with a peer: the answers of Dateline as rows, so that all serve the same information.

Peers get what Dateline works out (the statements of a person joined, the parts of an organisation walked) ready made,
in one SQLite file and as rows for those that have a format of their own.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.asking import Asked

Row = dict[str, Any]
NESTED = ("articles", "names", "descriptions", "parents", "children", "figures", "roles", "events", "quotes", "more")
"""What a person has inside; a SQLite column holds one as JSON."""
STATEMENTS = ("names", "descriptions", "figures", "roles", "events", "quotes")
"""Those that the usual handler has rows of."""

SCHEMA = """
CREATE TABLE people (id TEXT PRIMARY KEY, url TEXT, type TEXT, name TEXT, kind TEXT, position INTEGER, {nested});
CREATE INDEX people_by_position ON people (position);
CREATE TABLE people_full (id TEXT PRIMARY KEY, url TEXT, type TEXT, name TEXT, kind TEXT, position INTEGER,
                          {nested});
CREATE TABLE people_in (key TEXT PRIMARY KEY, organisation TEXT, id TEXT, url TEXT, type TEXT, name TEXT, kind TEXT,
                        position INTEGER, {nested});
CREATE INDEX people_in_by_organisation ON people_in (organisation, position);
CREATE TABLE search (key INTEGER PRIMARY KEY, type TEXT, id TEXT, name TEXT, url TEXT, body TEXT);
CREATE VIRTUAL TABLE search_fts USING fts5 (name, body, content=search, content_rowid=key,
                                            tokenize="unicode61 remove_diacritics 2");
CREATE TABLE person (id TEXT PRIMARY KEY, url TEXT, name TEXT, position INTEGER);
CREATE INDEX person_by_position ON person (position);
CREATE TABLE statement (id INTEGER PRIMARY KEY, person_id TEXT REFERENCES person, section TEXT, text TEXT,
                        other_id TEXT, other_name TEXT, other_url TEXT, basis TEXT, reasoning TEXT, attributed_to TEXT,
                        facts TEXT);
CREATE INDEX statement_by_person ON statement (person_id);
CREATE TABLE passage (id INTEGER PRIMARY KEY, statement_id INTEGER REFERENCES statement, article TEXT, exact TEXT,
                      prefix TEXT, suffix TEXT, start INTEGER, "end" INTEGER, paragraph INTEGER);
CREATE INDEX passage_by_statement ON passage (statement_id);
""".format(nested=", ".join(f"{name} TEXT" for name in NESTED))


def export(source: Path, dateline: Asked, target: Path) -> None:
    """Write the SQLite file of the peers.

    Args:
        source: Dateline's database.
        dateline: the API over it.
        target: the file to write.
    """
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as made, closing(sqlite3.connect(source)) as given:
        made.executescript(SCHEMA)
        people = {row["id"]: row for row in _people(dateline)}
        _insert(made, "people", people.values())
        _insert(made, "people_in", _by_organisation(given, people))
        for row in _people(dateline, include="evidence"):
            _insert(made, "people_full", [row])
            _insert_as_usual(made, row)
        _insert(made, "search", _search_rows(given))
        made.execute("INSERT INTO search_fts (search_fts) VALUES ('rebuild')")
        made.execute("ANALYZE")
        made.commit()
        made.execute("PRAGMA journal_mode = WAL")
    part.rename(target)


def rows(file: Path, table: str) -> Iterator[Row]:
    """Yield the rows of a table of the file, lists as lists."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        for row in connection.execute(f"SELECT * FROM {table}"):
            yield {name: json.loads(row[name]) if name in NESTED else row[name] for name in row.keys()}  # noqa: SIM118


def _people(dateline: Asked, **parameters: str) -> Iterator[Row]:
    """Yield the people in the order of Dateline's list; their position is what peers sort by."""
    for position, item in enumerate(dateline.items("/people", limit="100", **parameters)):
        yield {**item, "position": position}


def _by_organisation(given: sqlite3.Connection, people: dict[str, Row]) -> Iterator[Row]:
    """Yield each person once for each organisation that they have a post in, or in a part of it."""
    parents = defaultdict(set)
    for child, parent in given.execute("SELECT child_id, parent_id FROM relation WHERE kind = 'part-of'"):
        parents[child].add(parent)
    posts = given.execute("SELECT DISTINCT person_id, organisation_id FROM role WHERE organisation_id IS NOT NULL")
    pairs = {(above, person) for person, body in posts for above in _and_above(body, parents)}
    organisations = {row[0] for row in given.execute("SELECT id FROM entity WHERE type = 'organisation'")}
    for body, person in sorted(pairs):
        if body in organisations:
            yield {"key": f"{body}.{person}", "organisation": body, **people[person]}


def _and_above(body: str, parents: dict[str, set[str]]) -> set[str]:
    found, waiting = {body}, [body]
    while waiting:
        new = parents.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def _search_rows(given: sqlite3.Connection) -> Iterator[Row]:
    for key, kind, subject, name, body in given.execute(
        "SELECT id, type, subject_id, title, body FROM search_document ORDER BY id"
    ):
        yield {"key": key, "type": kind, "id": subject, "name": name, "url": f"/{kind}/{subject}", "body": body}


def _insert_as_usual(made: sqlite3.Connection, item: Row) -> None:
    """Insert a person as the rows that somebody with an ORM would have."""
    _insert(made, "person", [{name: item[name] for name in ("id", "url", "name", "position")}])
    for section in STATEMENTS:
        for given in item[section]:
            other = given.get("organisation") or given.get("event") or {}
            words = [given.get(name) for name in ("title", "role", "expression", "text") if given.get(name)]
            row = {
                "person_id": item["id"], "section": section, "text": words[0], "other_id": other.get("id"),
                "other_name": other.get("name"), "other_url": other.get("url"), "basis": given["basis"],
                "reasoning": given["reasoning"], "attributed_to": (given["attributed_to"] or {}).get("id"),
                "facts": json.dumps(given["facts"]),
            }  # fmt: skip
            statement = _insert(made, "statement", [row])
            _insert(made, "passage", ({"statement_id": statement, **words} for words in given["evidence"]))


def _insert(made: sqlite3.Connection, table: str, given: Iterable[Row]) -> int | None:
    """Insert the rows; return the number of the last one, if there was only one."""
    last, waiting = None, iter(given)
    while some := list(islice(waiting, 1000)):
        columns = ", ".join(f'"{name}"' for name in some[0])
        statement = f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(some[0]))})"
        values = [[_plain(value) for value in row.values()] for row in some]
        if len(values) == 1:
            last = made.execute(statement, values[0]).lastrowid
        else:
            made.executemany(statement, values)
    return last


def _plain(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value

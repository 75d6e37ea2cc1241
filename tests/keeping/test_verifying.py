import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.database import create_reader, create_writer
from app.errors import DatabaseFileError
from app.keeping.verifying import faults, summary_of, verified
from app.loading.checking import CheckedArticle
from app.loading.loader import delete_article, load_article
from app.loading.source import CheckError
from tests.loading.articles import Document, articles, checked
from tests.newsroom import REPORT, REPORT_TEXT, report, tiny_articles

Verifier = Callable[[Path], list[str]]


@pytest.fixture(scope="module")
def faults_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verifier]:
    """Return everything that is wrong with a database, as a reader finds it.

    One engine sees copies of all of them, as compiling the queries takes longer than asking them.
    """
    file = tmp_path_factory.mktemp("verified") / "some.db"
    reader = create_reader(f"sqlite:///{file}")

    def verify(database: Path) -> list[str]:
        shutil.copy(database, file)
        with reader.connect() as connection:
            found = list(faults(connection))
        reader.dispose()
        return found

    yield verify
    reader.dispose()


def corrupt(file: Path, *statements: str) -> None:
    """Change rows behind the back of all that keeps them sound."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            connection.execute(statement)


# --- Sound databases ----------------------------------------------------------------------------------------------


def test_what_has_been_loaded_has_no_faults(
    make_file: Callable[..., Path], koome_article: CheckedArticle, faults_of: Verifier
) -> None:
    assert faults_of(make_file()) == []
    assert faults_of(make_file(koome_article, report(), *tiny_articles(range(12)))) == []


def test_a_summary_counts_what_there_is(sound: Path) -> None:
    summary = verified(sound, sound)
    assert (summary.articles, summary.facts, summary.revision) == (3, 15 + 9 + 10, 3)
    assert str(summary).startswith("3 articles, 34 facts, ")


def test_verifying_changes_nothing_and_waits_for_no_writer(sound: Path) -> None:
    before = sound.read_bytes()
    writer = create_writer(f"sqlite:///{sound}")
    with writer.begin():  # holds the write lock
        verified(sound, sound)
    writer.dispose()
    assert sound.read_bytes() == before


def test_one_snapshot_is_verified_whatever_is_loaded_meanwhile(sound: Path) -> None:
    reader, writer = create_reader(f"sqlite:///{sound}"), create_writer(f"sqlite:///{sound}")
    with reader.connect() as connection:
        lines = faults(connection)
        before = summary_of(connection)  # the snapshot begins
        with writer.begin() as writing:
            delete_article(writing, "tiny-1")
        assert list(lines) == []
        assert summary_of(connection) == before
    writer.dispose()
    reader.dispose()


STEPS = st.tuples(st.sampled_from(["one", "two", "hull"]), st.none() | articles())


@settings(max_examples=12, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=4))
def test_whatever_is_loaded_replaced_and_deleted_verifies(
    empty_database: Path, faults_of: Verifier, steps: list[tuple[str, tuple[str, Document] | None]]
) -> None:
    with TemporaryDirectory() as directory:
        file = Path(shutil.copy(empty_database, Path(directory) / "some.db"))
        writer = create_writer(f"sqlite:///{file}")
        there: set[str] = set()
        for article_id, step in steps:
            if step is not None:
                refused = _load(writer, article_id, *step)
                there |= set() if refused else {article_id}
            elif article_id in there:
                with writer.begin() as connection:
                    delete_article(connection, article_id)
                there.remove(article_id)
        writer.dispose()
        assert faults_of(file) == []


def _load(writer: Engine, article_id: str, text: str, document: Document) -> bool:
    try:
        with writer.begin() as connection:
            load_article(connection, checked(article_id, text, document))
    except CheckError:  # it disagrees with another on an entity
        return True
    return False


# --- Violations ---------------------------------------------------------------------------------------------------

A = REPORT
OF_ITS_TYPE = f"fact {A}.thanks: has no row in the table of its type"
ORPHANED = [
    f"fact {A}.thanks: mentions japhet-koome, which is in none of its columns",
    f"fact {A}.thanks: mentions marie-prophete-elysee, which is in none of its columns",
]
LENGTHS = "SELECT 'delete', place, title, body FROM search_document WHERE subject_id = 'kenya'"
INDEX = "full-text index: is not that of the search documents"

VIOLATIONS: list[tuple[list[str], list[str]]] = [
    # Facts
    (
        [f"UPDATE fact SET reasoning = NULL WHERE id = '{A}.meeting-date'"],
        [f"fact {A}.meeting-date: inferred, but has no reasoning"],
    ),
    (
        [f"UPDATE fact SET reasoning = ' ' WHERE id = '{A}.meeting-date'"],
        [f"fact {A}.meeting-date: inferred, but has no reasoning"],
    ),
    (
        [f"UPDATE fact SET reasoning = 'So.' WHERE id = '{A}.thanks'"],
        [f"fact {A}.thanks: stated, but has a reasoning"],
    ),
    ([f"DELETE FROM evidence WHERE fact_id = '{A}.thanks'"], [f"fact {A}.thanks: has no evidence"]),
    ([f"DELETE FROM quote WHERE fact_id = '{A}.thanks'"], [OF_ITS_TYPE, *ORPHANED]),
    (
        [f"UPDATE quote SET fact_id = '{A}.nobody' WHERE fact_id = '{A}.thanks'"],
        [f"quote {A}.nobody: names no fact in its `fact_id`", OF_ITS_TYPE, *ORPHANED],
    ),
    (
        [f"INSERT INTO name (fact_id, entity_id, text, kind) VALUES ('{A}.thanks', 'japhet-koome', '', 'full')"],
        [f"fact {A}.thanks: is no name, but has a row in that table"],
    ),
    (
        [
            f"UPDATE fact SET id = 'elsewhere.thanks' WHERE id = '{A}.thanks'",
            *(
                f"UPDATE {table} SET fact_id = 'elsewhere.thanks' WHERE fact_id = '{A}.thanks'"
                for table in ("quote", "evidence", "mention")
            ),
            f"UPDATE search_document SET subject_id = 'elsewhere.thanks' WHERE subject_id = '{A}.thanks'",
        ],
        ["fact elsewhere.thanks: its id does not begin with its article’s"],
    ),
    (
        [f"UPDATE fact SET position = 1 WHERE id = '{A}.thanks'"],
        [f"fact {A}.thanks: `position` is ‘1’, but should be ‘256000000’"],
    ),
    (
        [f"UPDATE fact SET statement = '' WHERE id = '{A}.thanks'"],
        [f"fact {A}.thanks: breaks the constraint trim(statement) <> ''"],
    ),
    (
        [f"UPDATE fact SET statement = 'She thanked.' WHERE id = '{A}.thanks'"],
        [
            f"article {A}: its rows are not those that were loaded: they have another digest",
            f"search document quote {A}.thanks: `title` is ‘Marie Prophète-Élysée said to Japhet Koome: “Mèsi anpil,”.’"
            ", but should be ‘She thanked.’",
        ],
    ),
    (
        [f"UPDATE fact SET attributed_to_id = 'nobody' WHERE id = '{A}.thanks'"],
        [f"fact {A}.thanks: names no entity in its `attributed_to_id`"],
    ),
    (
        [f"UPDATE fact SET attributed_to_id = 'person-1' WHERE id = '{A}.thanks'"],
        [f"fact {A}.thanks: `attributed_to`: `person-1` is not among the entities"],
    ),
    (
        [f"UPDATE role SET title = 'Boss' WHERE fact_id = '{A}.koome-role'"],
        [
            f"article {A}: its rows are not those that were loaded: they have another digest",
            f"role {A}.koome-role: `title_key` is ‘inspector general of police’, but should be ‘boss’",
        ],
    ),
    (
        [f"UPDATE role SET title = '' WHERE fact_id = '{A}.koome-role'"],
        [f"fact {A}.koome-role: `title`: String should have at least 1 character"],
    ),
    (
        ["UPDATE figure SET value = 'many' WHERE fact_id LIKE 'tiny-1.%'"],
        ["fact tiny-1.figure-e8faf80d59: `value`: Input should be a valid number, unable to parse string as a number"],
    ),
    (
        [f"UPDATE note SET about_fact_id = '{A}.nothing' WHERE fact_id LIKE '{A}.%'"],
        [f"note {A}.note-1af5fc7907: names no fact in its `about_fact_id`"],
    ),
    (
        [f"UPDATE note SET about_fact_id = 'tiny-1.role-24bb8aa2a2' WHERE fact_id LIKE '{A}.%'"],
        [
            f"fact {A}.note-1af5fc7907: `about`: no fact has the id `role-24bb8aa2a2`; "
            "give the fact an `id` to speak about it"
        ],
    ),
    # Spans
    (
        ["UPDATE span SET exact = 'Jul 20' WHERE exact = 'Jun 20'"],
        [f"span {A} 23-29: its words are not the text’s there"],
    ),
    (
        ["UPDATE span SET prefix = 'x' WHERE exact = 'Jun 20'"],
        [f"span {A} 23-29: `prefix` is ‘x’, but should be ‘PORT-AU-PRINCE, Haiti, ’"],
    ),
    (
        ["UPDATE span SET suffix = 'x' WHERE exact = 'Jun 20'"],
        [f"span {A} 23-29: `suffix` is ‘x’, but should be ‘ – Inspector General’"],
    ),
    (
        ["UPDATE span SET paragraph = 2 WHERE exact = 'Jun 20'"],
        [f"span {A} 23-29: `paragraph` is ‘2’, but should be ‘1’"],
    ),
    (
        [
            'INSERT INTO span (article_id, start, "end", exact, prefix, suffix, paragraph) '
            f"VALUES ('{A}', 0, 4, 'PORT', '', '-AU-PRINCE, Haiti, Jun', 1)"
        ],
        [f"span {A} 0-4: is there, but a load would not make it"],
    ),
    (
        [
            "UPDATE evidence SET span_id = (SELECT id FROM span WHERE article_id = 'tiny-1') "
            f"WHERE fact_id = '{A}.thanks'"
        ],
        [f"fact {A}.thanks: its evidence is a span of the article tiny-1"],
    ),
    # Entities and mentions
    (
        ["INSERT INTO entity (id, type, name, name_key) VALUES ('eve', 'person', 'Eve', 'eve')"],
        ["entity eve: no fact mentions it", "search document person eve: is missing"],
    ),
    (
        [f"DELETE FROM mention WHERE fact_id = '{A}.thanks' AND entity_id = 'japhet-koome'"],
        [f"fact {A}.thanks: its `addressee_id` japhet-koome is not among its mentions"],
    ),
    (
        [
            "INSERT INTO mention (fact_id, entity_id, type, article_id, position) "
            f"SELECT id, 'kenya', type, article_id, position FROM fact WHERE id = '{A}.thanks'"
        ],
        [f"fact {A}.thanks: mentions kenya, which is in none of its columns"],
    ),
    (
        ["UPDATE entity SET name_key = 'x' WHERE id = 'kenya'"],
        ["entity kenya: `name_key` is ‘x’, but should be ‘kenya’"],
    ),
    (
        ["UPDATE entity SET kind = 'No Slug' WHERE id = 'kenya'"],
        ["entity kenya: `kind`: ‘No Slug’ is not a slug: lower-case letters, digits and single hyphens"],
    ),
    (
        ["UPDATE entity SET latest = '2030-01-01' WHERE id = 'meeting-with-haitian-delegation'"],
        ["entity meeting-with-haitian-delegation: `latest` is ‘2030-01-01’, but should be ‘2024-06-19’"],
    ),
    (
        ["UPDATE entity SET earliest = '2024-06-31' WHERE id = 'meeting-with-haitian-delegation'"],
        [
            "entity meeting-with-haitian-delegation: breaks the constraint earliest <= latest",
            "entity meeting-with-haitian-delegation: its `earliest` is no date",
            "rows: cannot be read further (day is out of range for month)",
        ],
    ),
    # Articles
    (
        [f"UPDATE article SET sha256 = '{'0' * 64}' WHERE id = '{A}'"],
        [f"article {A}: `sha256` is ‘{'0' * 64}’, but should be ‘{sha256(REPORT_TEXT.encode()).hexdigest()}’"],
    ),
    (
        ["UPDATE article SET digest = 'x' WHERE id = 'tiny-1'"],
        ["article tiny-1: its rows are not those that were loaded: they have another digest"],
    ),
    (
        ["UPDATE article SET year = 1812 WHERE id = 'tiny-1'"],
        ["article tiny-1: `article.year`: the text does not state the year 1812"],
    ),
    (
        ["UPDATE article SET byline = cast(x'ff' AS text) WHERE id = 'tiny-0'"],
        ["article tiny-0: cannot be read (Could not decode to UTF-8 column 'byline' with text '�')"],
    ),
    # Dates
    (
        [f"UPDATE date SET earliest = '2024-06-18' WHERE fact_id = '{A}.meeting-date'"],
        [
            f"fact {A}.meeting-date: `earliest`: 2024-06-18 disagrees with `edtf: 2024-06-19?`, which gives 2024-06-19",
            "entity meeting-with-haitian-delegation: `earliest` is ‘2024-06-19’, but should be ‘2024-06-18’",
        ],
    ),
    (
        [f"UPDATE date SET precision = 'month' WHERE fact_id = '{A}.meeting-date'"],
        [f"fact {A}.meeting-date: `precision`: month disagrees with `edtf: 2024-06-19?`, which gives day"],
    ),
    (
        [f"UPDATE date SET edtf = 'soon' WHERE fact_id = '{A}.meeting-date'"],
        [
            f"fact {A}.meeting-date: `edtf`: ‘soon’ is not Extended Date/Time Format (ISO 8601-2); "
            "write for instance 2024-06-18, 2024?-06-19, 2024-06 or [..2024-05-31]"
        ],
    ),
    # Full text
    (
        ["UPDATE search_document SET body = 'x' WHERE subject_id = 'kenya'"],
        ["search document place kenya: `body` is ‘x’, but should be ‘’"],
    ),
    (["DELETE FROM search_document WHERE subject_id = 'kenya'"], ["search document place kenya: is missing"]),
    (
        ["INSERT INTO search_document (type, subject_id, title, body) VALUES ('person', 'eve', 'Eve', '')"],
        ["search document person eve: there is no such person"],
    ),
    ([f"INSERT INTO search_index (search_index, rowid, title, body) {LENGTHS}"], [INDEX]),
    (["DELETE FROM search_index_docsize WHERE id = (SELECT place FROM search_document WHERE id = 3)"], [INDEX]),
    (
        ["DELETE FROM search_index_data WHERE id > 10"],
        ["full-text index: cannot be read (database disk image is malformed)"],
    ),
    # The feed of changes
    (["UPDATE revision SET value = 2"], ["revision: it stands at 2, but the last change at 3"]),
    (["DELETE FROM revision"], ["revision: its row is missing"]),
    (
        ["DELETE FROM change WHERE revision = 2"],
        [
            "change: between 1 and 3 there are only 2",
            "article tiny-0: by the feed of changes it should not be there",
        ],
    ),
    (
        ["UPDATE change SET action = 'deleted' WHERE revision = 3"],
        ["article tiny-1: by the feed of changes it should not be there"],
    ),
    (
        ["UPDATE change SET article_id = 'gone' WHERE revision = 3"],
        [
            "change 3: after it the article gone should be there",
            "article tiny-1: by the feed of changes it should not be there",
        ],
    ),
    (
        ["UPDATE change SET action = 'moved' WHERE revision = 3"],
        ["change 3: breaks the constraint action IN ('added', 'replaced', 'deleted')"],
    ),
]


@pytest.mark.parametrize(("statements", "expected"), VIOLATIONS, ids=lambda value: str(value[:1])[2:80])
def test_every_violation_is_named_with_its_place(
    sound: Path, faults_of: Verifier, statements: list[str], expected: list[str]
) -> None:
    corrupt(sound, *statements)
    assert faults_of(sound) == expected


def test_constraints_are_verified_though_sqlite_does_not_read_those_of_a_file_that_it_may_not_write(
    sound: Path, faults_of: Verifier
) -> None:
    corrupt(
        sound,
        "UPDATE span SET start = -1, paragraph = 0 WHERE exact = 'Jun 20'",
        "UPDATE name SET kind = 'nick' WHERE fact_id LIKE 'tiny-1.%'",
    )
    assert faults_of(sound) == [
        'span 1: breaks the constraint length(exact) = "end" - "start"',
        'span 1: breaks the constraint "start" >= 0 AND "start" < "end"',
        "span 1: breaks the constraint paragraph >= 1",
        "name tiny-1.name-653f990301: breaks the constraint kind IN ('full', 'short', 'acronym', 'descriptive')",
        f"span {REPORT} -1-29: its words are not the text’s there",
    ]


def test_an_error_lists_the_first_faults(sound: Path) -> None:
    corrupt(sound, "UPDATE fact SET reasoning = 'So.' WHERE basis = 'stated'")
    with pytest.raises(DatabaseFileError) as caught:
        verified(sound, Path("its-name.db"))
    first, *lines = str(caught.value).splitlines()
    assert first == "its-name.db: does not verify:"
    assert len(lines) == 21
    assert lines[0].endswith("stated, but has a reasoning")
    assert lines[-1] == "... and 13 more"

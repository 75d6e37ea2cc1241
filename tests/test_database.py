import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, delete, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import SQLModel, col

from app.database import (
    Lender,
    Watch,
    alembic_config,
    check_ready,
    closing,
    create_reader,
    create_writer,
    current_revision,
    explained,
    migrate,
    revisions,
)
from app.database.postgres import WRITING
from app.database.sqlite import FAILURES, PRAGMAS
from app.errors import BusyError, DatelineError, NotReadyError, ReadOnlyError, StorageFullError, TooSlowError
from app.keeping.full_text import index_faults
from app.loading.checking import check_folder
from app.loading.loader import load_article
from app.queries import matching
from app.tables import (
    Article,
    Change,
    Date,
    DerivedForm,
    Description,
    Entity,
    Evidence,
    Fact,
    Figure,
    Lineage,
    Listing,
    Mention,
    Name,
    Note,
    NoteSubject,
    Occurrence,
    Participation,
    PreparedItem,
    Quote,
    Relation,
    Revision,
    Role,
    SearchDocument,
    Sequence,
    Span,
    Tally,
    table_of,
)
from app.text.folding import comparable, fold
from tests.folders import SEED, contents, contents_of, load
from tests.newsroom import checked, report, tiny_articles

THINGS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type <> 'index'",
    "postgresql": "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i' "
    "UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
}


def tables_in(engine: Engine) -> list[str]:
    """Return the names of the tables, and of all else but indexes."""
    with engine.connect() as connection:
        return sorted(connection.execute(text(THINGS[engine.dialect.name])).scalars())


# --- Migrations ---------------------------------------------------------------------------------------------------


def test_the_files_of_the_migrations_are_numbered_by_revision(writer: Engine) -> None:
    scripts = list(ScriptDirectory.from_config(alembic_config(writer)).walk_revisions("base", "heads"))
    assert [script.revision for script in reversed(scripts)] == list(revisions())


def test_migrating_up_and_down_leaves_only_the_version_table(tmp_path: Path) -> None:
    engine = create_writer(f"sqlite:///{tmp_path / 'new.db'}")
    migrate(engine)
    assert set(SQLModel.metadata.tables) <= set(tables_in(engine))
    migrate(engine, "base")
    assert tables_in(engine) == ["alembic_version"]
    migrate(engine)
    assert set(SQLModel.metadata.tables) <= set(tables_in(engine))
    engine.dispose()


def test_the_migrated_schema_is_the_one_that_the_tables_declare(writer: Engine) -> None:
    command.check(alembic_config(writer))


def test_the_migrated_schema_has_every_declared_check(writer: Engine) -> None:
    """Alembic compares columns, keys and indexes, but no CHECK constraints."""
    schema = inspect(writer)
    for name, table in SQLModel.metadata.tables.items():
        declared = {str(check.name) for check in table.constraints if str(check.name).startswith("ck_")}
        assert {str(check["name"]) for check in schema.get_check_constraints(name)} == declared


def test_migrating_a_loaded_database_again_keeps_its_rows(writer: Engine) -> None:
    load(writer, SEED)
    before = contents_of(writer)
    migrate(writer)
    assert contents_of(writer) == before


def test_full_text_finds_the_same_after_its_index_has_been_made_anew(writer: Engine) -> None:
    load(writer, SEED)

    def found() -> list[str]:
        documents = select(col(SearchDocument.subject_id)).where(matching.found("haiti police"))
        with writer.connect() as connection:
            assert list(index_faults(connection)) == []
            return sorted(connection.execute(documents).scalars())

    before = found()
    assert len(before) > 1
    command.downgrade(alembic_config(writer), "0006")
    migrate(writer)
    assert found() == before


def test_titles_and_names_are_compared_in_the_form_of_the_version(writer: Engine) -> None:
    title = "Président " * 30
    facts = [{"type": "role", "person": "ada", "title": title, "evidence": title.strip()}]
    document = {"entities": {"ada": {"type": "person", "name": "Ada"}}, "facts": facts}
    with writer.begin() as connection:
        load_article(connection, checked("long", f"Ada, {title}.", document))

    def key() -> str:
        with writer.connect() as connection:
            return connection.execute(select(col(Role.title_key))).scalar_one()

    assert key() == comparable(title)
    command.downgrade(alembic_config(writer), "0005")
    assert key() == fold(title)
    migrate(writer)
    assert key() == comparable(title)


def test_a_loaded_database_can_be_taken_down_and_brought_up_again(writer: Engine) -> None:
    load(writer, SEED)
    before = contents_of(writer)
    migrate(writer, "base")
    assert tables_in(writer) == ["alembic_version"]
    migrate(writer)
    load(writer, SEED)
    assert contents_of(writer) == before


def test_facts_are_put_into_the_order_that_a_load_gives_them(writer: Engine) -> None:
    with writer.begin() as connection:
        for article in (check_folder(SEED), report(), *tiny_articles(range(3))):
            load_article(connection, article)
    before = contents_of(writer)
    assert before["note_subject"]
    command.downgrade(alembic_config(writer), "0004")
    with writer.connect() as connection:
        furthest = "SELECT max(position), (SELECT max(length(text)) FROM article) FROM fact"
        position, length = connection.execute(text(furthest)).one()
        assert 0 < position <= length
    migrate(writer)
    assert contents_of(writer) == before


OLD = [
    "INSERT INTO article (id, text, sha256, digest) VALUES ('one', 'Ada met Bob.', printf('%064d', 1), 'x')",
    "INSERT INTO article (id, text, sha256, digest) VALUES ('two', 'Ada.', printf('%064d', 2), 'y')",
    "INSERT INTO entity (id, type, name, name_key) VALUES ('ada', 'person', 'Ada', 'ada')",
    "INSERT INTO fact (id, article_id, type, statement, basis, position) "
    "VALUES ('one.f', 'one', 'name', 'Ada is Ada.', 'stated', 0)",
    "INSERT INTO name (fact_id, entity_id, text, kind) VALUES ('one.f', 'ada', 'Ada', 'short')",
    "INSERT INTO mention (entity_id, fact_id) VALUES ('ada', 'one.f')",
    "INSERT INTO fact (id, article_id, type, statement, basis, position) "
    "VALUES ('one.n', 'one', 'note', 'Which Ada?', 'stated', 0)",
    "INSERT INTO note (fact_id, about_fact_id, category) VALUES ('one.n', 'one.f', 'ambiguity')",
    "UPDATE revision SET value = 5",
]
"""Rows as the first schema had them."""


def test_migrating_an_old_database_loses_nothing_and_puts_its_articles_into_the_feed(tmp_path: Path) -> None:
    engine = create_writer(f"sqlite:///{tmp_path / 'old.db'}")
    migrate(engine, "0001")
    with engine.begin() as connection:
        for statement in OLD:
            connection.execute(text(statement))
    migrate(engine)
    with engine.connect() as connection:
        changes = connection.execute(select(col(Change.revision), col(Change.article_id), col(Change.action))).all()
        assert [tuple(change) for change in changes] == [(4, "one", "added"), (5, "two", "added")]
        assert connection.execute(select(col(Revision.history))).scalar_one()
        at = connection.execute(select(col(Change.at))).scalars().first()
        assert at is not None
        assert datetime.now(UTC) - at < timedelta(minutes=5)
        counts = select(col(Article.length), col(Article.paragraphs), col(Article.words)).order_by(col(Article.id))
        assert [tuple(row) for row in connection.execute(counts)] == [(12, 1, 3), (4, 1, 1)]
        assert connection.execute(select(col(Fact.id))).scalars().all() == ["one.f", "one.n"]
        assert connection.execute(select(col(Name.text))).scalars().all() == ["Ada"]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_a_migration_that_would_leave_rows_without_what_they_refer_to_is_undone(tmp_path: Path) -> None:
    engine = create_writer(f"sqlite:///{tmp_path / 'old.db'}")
    migrate(engine, "0001")
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("INSERT INTO evidence (fact_id, span_id) VALUES ('nothing', 1)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    with pytest.raises(NotReadyError, match="refer to nothing"):
        migrate(engine)
    assert "change" not in tables_in(engine)
    engine.dispose()


def test_a_new_database_is_empty_and_at_revision_zero(writer: Engine) -> None:
    assert not any(rows for rows in contents_of(writer).values())
    with writer.connect() as connection:
        assert current_revision(connection) == 0


# --- Engines ------------------------------------------------------------------------------------------------------


@pytest.mark.only("sqlite")
def test_the_writer_keeps_a_write_ahead_log_and_foreign_keys(writer: Engine) -> None:
    with writer.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.fixture
def impatient(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A writer that does not wait for another."""
    monkeypatch.setitem(PRAGMAS, "busy_timeout", 0)
    monkeypatch.setitem(WRITING, "lock_timeout", "1ms")
    engine = create_writer(database_url)
    yield engine
    engine.dispose()


def test_the_writer_takes_the_write_lock_when_a_transaction_begins(writer: Engine, impatient: Engine) -> None:
    """Were it taken at the first write, a load could read, wait and then fail on what another has written meanwhile."""
    with writer.begin(), pytest.raises(OperationalError, match="lock"), impatient.begin():
        raise AssertionError("two write at once")


def test_a_transaction_that_fails_leaves_nothing_not_even_tables(writer: Engine) -> None:
    with writer.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE extra (id INTEGER)")
        connection.execute(insert(Entity).values(ENTITY))
        # And no commit: the connection is handed back with its transaction open.
    assert "extra" not in tables_in(writer)
    assert contents_of(writer)["entity"] == []


def test_the_reader_sees_what_is_committed_and_refuses_every_write(writer: Engine, database_url: str) -> None:
    reader = create_reader(database_url)
    with writer.begin() as connection:
        connection.execute(insert(Entity).values(ENTITY))
    for statement in ("DELETE FROM entity", "CREATE TABLE extra (id INTEGER)", "UPDATE revision SET value = 9"):
        with reader.connect() as connection, pytest.raises(DBAPIError, match=r"read-?only"):
            connection.exec_driver_sql(statement)
    with reader.connect() as connection:
        assert connection.execute(select(col(Entity.id))).scalars().all() == ["ada"]
    reader.dispose()


def test_the_reader_reads_on_while_a_writer_writes(writer: Engine, database_url: str) -> None:
    reader = create_reader(database_url)
    with writer.begin() as writing, reader.connect() as reading:
        writing.execute(insert(Entity).values(ENTITY))
        assert reading.execute(select(col(Entity.id))).all() == []
    reader.dispose()


def test_a_lent_connection_sees_what_has_been_committed_before_it_was_lent(writer: Engine, database_url: str) -> None:
    with closing(create_reader(database_url)) as reader:
        lender = Lender(reader)
        with lender.connect() as first:
            assert current_revision(first) == 0
            load(writer, SEED)
            assert current_revision(first) == 0  # It is one snapshot.
        with lender.connect() as second:
            assert current_revision(second) == 1
        assert second is first
        lender.close()


def test_a_lent_connection_on_which_something_failed_is_not_lent_again(writer: Engine, database_url: str) -> None:
    load(writer, SEED)
    with closing(create_reader(database_url)) as reader:
        lender = Lender(reader)
        with pytest.raises(DBAPIError), lender.connect() as failed:
            failed.exec_driver_sql("SELECT nothing")
        assert failed.closed
        with lender.connect() as another:
            assert current_revision(another) == 1
        with pytest.raises(KeyError), lender.connect():
            raise KeyError
        with lender.connect() as again:
            assert again is another
            assert not again.in_transaction()
        lender.close()
        assert again.closed


@pytest.mark.only("sqlite")
def test_a_database_without_a_mark_has_no_answers_that_stand_until_it_has_one_again(
    writer: Engine, database_url: str
) -> None:
    with closing(create_reader(database_url)) as reader:
        watch = Watch(reader)
        marks = [watch.token()]
        with writer.begin() as connection:
            row = dict(connection.execute(select(table_of(Revision))).one()._mapping)
            connection.execute(delete(Revision))
        marks.append(watch.token())
        with writer.begin() as connection:
            connection.execute(insert(Revision).values(**row))
        marks.append(watch.token())
        assert marks == [row["token"], None, row["token"]]
        watch.close()


def test_the_reader_does_not_create_a_missing_file(tmp_path: Path) -> None:
    reader = create_reader(f"sqlite:///{tmp_path / 'missing.db'}")
    with pytest.raises(OperationalError, match="unable to open"):
        reader.connect()
    assert not (tmp_path / "missing.db").exists()


def test_both_engines_open_a_file_whose_name_needs_care(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ünï code & 100% #1.db'}"
    writer = create_writer(url)
    migrate(writer)
    reader = create_reader(url)
    with reader.connect() as connection:
        assert current_revision(connection) == 0
    reader.dispose()
    writer.dispose()
    assert [file.name for file in tmp_path.iterdir()] == ["ünï code & 100% #1.db"]


# --- Readiness ----------------------------------------------------------------------------------------------------


def test_a_migrated_database_is_ready(database_url: str) -> None:
    reader = create_reader(database_url)
    check_ready(reader)
    reader.dispose()


def test_a_database_without_its_schema_is_not_ready(writer: Engine) -> None:
    migrate(writer, "base")
    with pytest.raises(NotReadyError, match="run `dateline migrate`"):
        check_ready(writer)


@pytest.mark.parametrize("content", [None, b"", b"this is no database, whatever its name says" * 100])
def test_a_file_that_is_no_database_of_ours_is_not_ready(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "some.db").write_bytes(content)
    reader = create_reader(f"sqlite:///{tmp_path / 'some.db'}")
    with pytest.raises(NotReadyError, match="run `dateline migrate`"):
        check_ready(reader)
    reader.dispose()


# --- Failures -----------------------------------------------------------------------------------------------------

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def hasty(database_url: str) -> Iterator[Engine]:
    reader = create_reader(database_url, timeout=0.1)
    yield reader
    reader.dispose()


def test_a_question_that_takes_too_long_is_interrupted_and_the_next_one_has_its_own_time(hasty: Engine) -> None:
    for _ in range(2):
        with pytest.raises(TooSlowError, match="longer than it may"), explained(), hasty.connect() as connection:
            connection.exec_driver_sql(ENDLESS)
        with hasty.connect() as connection:
            assert current_revision(connection) == 0


@pytest.mark.only("sqlite")  # PostgreSQL gives each statement its time.
def test_the_time_begins_with_the_transaction_and_ends_with_it(hasty: Engine) -> None:
    many = ENDLESS.replace("i + 1 FROM n", "i + 1 FROM n WHERE i < 10000")
    with hasty.connect() as connection:
        connection.exec_driver_sql(many)
    time.sleep(0.12)
    with hasty.connect() as connection:
        assert connection.exec_driver_sql(many).scalar() == 10_000
        time.sleep(0.12)
        with pytest.raises(TooSlowError), explained():
            connection.exec_driver_sql(many)


def test_a_database_that_another_writes_to_is_busy(writer: Engine, impatient: Engine) -> None:
    with writer.begin(), pytest.raises(BusyError, match="try again") as caught, explained(), impatient.begin():
        raise AssertionError("two write at once")
    assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "1"})


@pytest.mark.only("sqlite")
def test_a_database_without_room_says_that_nothing_is_stored(writer: Engine) -> None:
    before = contents_of(writer)
    with writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(StorageFullError, match="no room left") as caught, explained(), writer.begin() as connection:
        connection.execute(insert(Article).values({**ARTICLE, "text": "x" * 10_000_000}))
    assert caught.value.status == 507
    assert contents_of(writer) == before


def test_a_database_that_cannot_be_written_to_says_so(database_url: str) -> None:
    reader = create_reader(database_url)
    with pytest.raises(ReadOnlyError, match="only be read"), explained(), reader.begin() as connection:
        connection.execute(insert(Entity).values(ENTITY))
    reader.dispose()


@pytest.mark.only("sqlite")
def test_a_corrupt_database_says_that_it_cannot_be_read(database_url: str) -> None:
    file = Path(database_url.removeprefix("sqlite:///"))
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    reader = create_reader(database_url)
    with pytest.raises(NotReadyError, match="cannot be read"), explained(), reader.connect() as connection:
        current_revision(connection)
    with pytest.raises(NotReadyError, match="cannot be read"):
        check_ready(reader)
    reader.dispose()


def failure_of(code: int | None) -> OperationalError:
    orig = sqlite3.OperationalError("secret")
    if code is not None:
        orig.sqlite_errorcode = code
    return OperationalError("SELECT secret", None, orig)


@pytest.mark.parametrize("primary", FAILURES)
def test_every_failure_is_explained_by_its_primary_code_and_in_clear_words(primary: int) -> None:
    kind, detail = FAILURES[primary]
    for extension in (0, 1, 9):
        with pytest.raises(DatelineError) as caught, explained():
            raise failure_of(primary | extension << 8)
        assert type(caught.value) is kind
        assert str(caught.value) == detail
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


@pytest.mark.parametrize("code", [None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE])
def test_a_fault_of_the_code_stays_one(code: int | None, writer: Engine) -> None:
    with pytest.raises(OperationalError), explained():
        raise failure_of(code)
    with pytest.raises(DBAPIError, match="nowhere"), explained(), writer.connect() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    with pytest.raises(IntegrityError), explained(), writer.begin() as connection:
        connection.execute(insert(Entity).values({**ENTITY, "type": "company"}))


# --- Constraints --------------------------------------------------------------------------------------------------

ARTICLE = {
    "id": "a",
    "text": "Ada spoke.",
    "sha256": "0" * 64,
    "digest": "x",
    "length": 10,
    "paragraphs": 1,
    "words": 2,
    "facts": 2,
}
ENTITY = {"id": "ada", "type": "person", "name": "Ada", "name_key": "ada"}
EVENT = {"id": "rally", "type": "event", "name": "Rally", "name_key": "rally"}
FACT = {
    "id": "a.f", "article_id": "a", "type": "name", "statement": "S.", "basis": "stated", "position": 0, "notes": 1,
}  # fmt: skip
OTHER_FACT = {**FACT, "id": "a.g", "type": "note", "position": 1}
NEW_FACT = {**FACT, "id": "a.h", "position": 2}
PLACED = {"fact_id": "a.f", "article_id": "a", "position": 0}
SPAN = {
    "id": 1, "article_id": "a", "start": 0, "end": 3, "exact": "Ada", "prefix": "", "suffix": " spoke.", "paragraph": 1,
}  # fmt: skip

# One valid row a table; each test below makes one thing of it wrong.
VALID: list[tuple[type[SQLModel], dict[str, Any]]] = [
    (Article, ARTICLE),
    (Entity, ENTITY),
    (Entity, EVENT),
    (Fact, FACT),
    (Fact, OTHER_FACT),
    (Span, SPAN),
    (Evidence, {"fact_id": "a.f", "span_id": 1}),
    (Mention, {**PLACED, "type": "name", "entity_id": "ada"}),
    (Name, {"fact_id": "a.f", "entity_id": "ada", "text": "Ada", "kind": "short"}),
    (Note, {**PLACED, "fact_id": "a.g", "about_fact_id": "a.f", "category": "typo"}),
    (NoteSubject, {**PLACED, "fact_id": "a.g", "entity_id": "ada"}),
    (SearchDocument, {"subject_id": "ada", "type": "person", "title": "Ada", "body": ""}),
]


@pytest.fixture(scope="module")
def with_rows(make_database: Callable[[], str]) -> Iterator[Engine]:
    """A database with rows of most tables."""
    with closing(create_writer(make_database())) as engine:
        with engine.begin() as connection:
            for table, row in VALID:
                connection.execute(insert(table).values(row))
        yield engine


@pytest.fixture
def filled(with_rows: Engine) -> Iterator[Connection]:
    """A transaction on it, which is undone."""
    with with_rows.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


DAY, NEXT_DAY = date(2024, 6, 18), date(2024, 6, 19)
INFERRED = {**NEW_FACT, "basis": "inferred", "reasoning": "Because."}
QUOTE = {**PLACED, "speaker_id": "ada", "text": "x", "direct": True}
DATE = {
    **PLACED, "day_key": DAY, "expression": "x", "relation": "on", "edtf": "x", "precision": "day",
    "earliest": None, "latest": None, "entity_id": "rally",
}  # fmt: skip


VIOLATIONS: list[tuple[str, type[SQLModel], dict[str, Any]]] = [
    ("ck_revision_single", Revision, {"id": 2, "value": 0, "token": "x", "history": "x"}),
    ("ck_change_action", Change, {"revision": 1, "article_id": "a", "action": "moved", "at": datetime.now(UTC)}),
    ("article.id", Article, ARTICLE),
    ("ck_article_sha256", Article, {**ARTICLE, "id": "b", "sha256": "0" * 63}),
    ("entity.id", Entity, ENTITY),
    ("ck_entity_type", Entity, {**ENTITY, "id": "b", "type": "company"}),
    ("ck_entity_dated", Entity, {**ENTITY, "id": "b", "earliest": DAY}),
    ("ck_entity_dated", Entity, {**ENTITY, "id": "b", "latest": DAY}),
    (
        "ck_entity_bounds",
        Entity,
        {**EVENT, "id": "b", "earliest": NEXT_DAY, "latest": DAY},
    ),
    ("fact.id", Fact, {**FACT, "position": 2}),
    ("fact.article_id, fact.position", Fact, {**NEW_FACT, "position": 0}),
    ("ck_fact_type", Fact, {**NEW_FACT, "type": "rumour"}),
    ("ck_fact_", Fact, {**NEW_FACT, "basis": "guessed"}),  # by two of them
    ("ck_fact_statement", Fact, {**NEW_FACT, "statement": " "}),
    ("ck_fact_reasoning", Fact, {**NEW_FACT, "reasoning": "Because."}),
    ("ck_fact_reasoning", Fact, {**INFERRED, "reasoning": None}),
    ("ck_fact_reasoning", Fact, {**INFERRED, "reasoning": " "}),
    ("FOREIGN KEY", Fact, {**NEW_FACT, "article_id": "none"}),
    ("FOREIGN KEY", Fact, {**NEW_FACT, "attributed_to_id": "none"}),
    ("span.article_id, span.start, span.end", Span, {**SPAN, "id": 2}),
    ("ck_span_order", Span, {**SPAN, "id": 2, "start": -1, "end": 2}),
    ("ck_span_order", Span, {**SPAN, "id": 2, "start": 3, "exact": ""}),
    ("ck_span_length", Span, {**SPAN, "id": 2, "end": 4}),
    ("ck_span_paragraph", Span, {**SPAN, "id": 2, "start": 1, "end": 4, "paragraph": 0}),
    ("FOREIGN KEY", Span, {**SPAN, "id": 2, "article_id": "none"}),
    ("evidence.fact_id, evidence.span_id", Evidence, {"fact_id": "a.f", "span_id": 1}),
    ("FOREIGN KEY", Evidence, {"fact_id": "none", "span_id": 1}),
    ("FOREIGN KEY", Evidence, {"fact_id": "a.g", "span_id": 2}),
    ("mention.entity_id, mention.type", Mention, {**PLACED, "type": "name", "entity_id": "ada"}),
    ("FOREIGN KEY", Mention, {**PLACED, "type": "role", "fact_id": "none", "entity_id": "ada"}),
    ("FOREIGN KEY", Mention, {**PLACED, "type": "name", "entity_id": "none"}),
    ("name.fact_id", Name, {"fact_id": "a.f", "entity_id": "ada", "text": "Ada", "kind": "short"}),
    ("ck_name_kind", Name, {"fact_id": "a.g", "entity_id": "ada", "text": "Ada", "kind": "nick"}),
    ("FOREIGN KEY", Name, {"fact_id": "none", "entity_id": "ada", "text": "Ada", "kind": "short"}),
    ("FOREIGN KEY", Name, {"fact_id": "a.g", "entity_id": "none", "text": "Ada", "kind": "short"}),
    ("FOREIGN KEY", Role, {**PLACED, "person_id": "none", "title": "T", "title_key": "t"}),
    (
        "FOREIGN KEY",
        Role,
        {**PLACED, "person_id": "ada", "organisation_id": "none", "title": "T", "title_key": "t"},
    ),
    ("ck_relation_kind", Relation, {"fact_id": "a.f", "child_id": "ada", "parent_id": "rally", "kind": "likes"}),
    ("ck_relation_distinct", Relation, {"fact_id": "a.f", "child_id": "ada", "parent_id": "ada", "kind": "about"}),
    ("FOREIGN KEY", Relation, {"fact_id": "a.f", "child_id": "none", "parent_id": "ada", "kind": "about"}),
    ("FOREIGN KEY", Relation, {"fact_id": "a.f", "child_id": "ada", "parent_id": "none", "kind": "about"}),
    ("ck_sequence_distinct", Sequence, {"fact_id": "a.f", "earlier_id": "rally", "later_id": "rally"}),
    ("FOREIGN KEY", Sequence, {"fact_id": "a.f", "earlier_id": "none", "later_id": "rally"}),
    ("FOREIGN KEY", Sequence, {"fact_id": "a.f", "earlier_id": "rally", "later_id": "none"}),
    ("ck_description_kind", Description, {"fact_id": "a.f", "entity_id": "ada", "kind": "praise", "text": "x"}),
    ("FOREIGN KEY", Description, {"fact_id": "a.f", "entity_id": "none", "kind": "purpose", "text": "x"}),
    ("ck_occurrence_status", Occurrence, {"fact_id": "a.f", "event_id": "rally", "status": "cancelled"}),
    ("FOREIGN KEY", Occurrence, {"fact_id": "a.f", "event_id": "none", "status": "planned"}),
    (
        "ck_participation_role",
        Participation,
        {"fact_id": "a.f", "event_id": "rally", "entity_id": "ada", "role": "guest"},
    ),
    ("FOREIGN KEY", Participation, {"fact_id": "a.f", "event_id": "none", "entity_id": "ada", "role": "led"}),
    ("FOREIGN KEY", Participation, {"fact_id": "a.f", "event_id": "rally", "entity_id": "none", "role": "led"}),
    ("ck_date_relation", Date, {**DATE, "relation": "around"}),
    ("ck_date_precision", Date, {**DATE, "precision": "hour"}),
    (
        "ck_date_bounds",
        Date,
        {**DATE, "earliest": NEXT_DAY, "latest": DAY},
    ),
    ("FOREIGN KEY", Date, {**DATE, "entity_id": "none"}),
    ("FOREIGN KEY", Quote, {**PLACED, "speaker_id": "none", "text": "x", "direct": True}),
    (
        "FOREIGN KEY",
        Quote,
        {**PLACED, "speaker_id": "ada", "addressee_id": "none", "text": "x", "direct": True},
    ),
    ("FOREIGN KEY", Quote, {**PLACED, "speaker_id": "ada", "event_id": "none", "text": "x", "direct": True}),
    ("FOREIGN KEY", Figure, {**PLACED, "value_key": 0, "subject_id": "none", "expression": "x"}),
    ("FOREIGN KEY", NoteSubject, {**PLACED, "entity_id": "none"}),
    ("FOREIGN KEY", NoteSubject, {**PLACED, "fact_id": "none", "position": 1, "entity_id": "ada"}),
    ("ck_note_category", Note, {**PLACED, "category": "joke"}),
    ("FOREIGN KEY", Note, {**PLACED, "about_fact_id": "none", "category": "typo"}),
    (
        "search_document.type, search_document.subject_id",
        SearchDocument,
        {"subject_id": "ada", "type": "person", "title": "Ada", "body": ""},
    ),
    ("ck_listing_facts", Listing, {"number": 1, "entity_id": "ada", "facts": 0, "name_key": "ada"}),
    ("ck_tally_entities", Tally, {"number": 1, "entities": 0}),
    ("ck_lineage_tree", Lineage, {"entity_id": "ada", "tree": "oak", "ancestor_id": "rally", "facts": 1}),
    ("FOREIGN KEY", PreparedItem, {"entity_id": "none", "item": b"{}", "evidence": b""}),
    ("ck_derived_form_single", DerivedForm, {"id": 2, "digest": "x"}),
]


@pytest.mark.parametrize(("constraint", "table", "row"), VIOLATIONS)
def test_the_schema_refuses_a_row_that_breaks_an_invariant(
    filled: Connection, constraint: str, table: type[SQLModel], row: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError) as caught:
        filled.execute(insert(table).values(row))
    refused = str(caught.value.orig)
    if filled.dialect.name == "sqlite" or constraint.startswith("ck_"):
        assert constraint in refused
    else:
        assert ("foreign key" if constraint == "FOREIGN KEY" else "unique constraint") in refused


def test_every_check_of_the_schema_is_seen_to_refuse_a_row() -> None:
    declared = {
        str(check.name)
        for table in SQLModel.metadata.tables.values()
        for check in table.constraints
        if str(check.name).startswith("ck_")
    }
    refused = {constraint for constraint, _, _ in VIOLATIONS if constraint.startswith("ck_")}
    assert refused - {"ck_fact_"} == declared - {"ck_fact_basis"}


def test_an_inferred_fact_with_its_reasoning_is_accepted(filled: Connection) -> None:
    filled.execute(insert(Fact).values(INFERRED))


def test_an_entity_that_a_fact_mentions_cannot_be_deleted(filled: Connection) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        filled.execute(delete(Entity).where(col(Entity.id) == "ada"))


def test_an_article_takes_everything_that_is_its_own_with_it(filled: Connection) -> None:
    filled.execute(delete(Article))
    left = {name for name, rows in contents(filled).items() if rows}
    assert left == {"entity", "search_document"}  # They are shared, or kept by the loader.

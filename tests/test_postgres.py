"""What is PostgreSQL's own; what it shares with SQLite runs on both, wherever a test asks for a database."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import ClauseElement, Connection, Engine, Executable, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlmodel import col

from app.database import check_ready, closing, create_reader, create_writer, current_revision, explained, migrate
from app.database.postgres import CONNECTIONS, FAILURES, failure_of
from app.errors import DatabaseFileError, DatelineError, NotReadyError, ReadOnlyError
from app.keeping.backup import back_up
from app.keeping.opening import place_of, refuse_unusable
from app.keeping.restore import restore_backup
from app.keeping.verifying import faults, verified
from app.loading.checking import CheckedArticle
from app.loading.loader import delete_article
from app.queries.hits import FACTS
from app.queries.matching import candidates, documents_of_articles, found, may_leave_out
from app.tables import SEARCHED, Article, Entity, SearchDocument, table_of
from app.vocabulary import ChangeAction
from tests.api import Api, assert_problem, dateline
from tests.databases import PostgresDatabases, SqliteDatabases, fill, load_into
from tests.folders import SEED, contents_of
from tests.newsroom import REPORT, checked, report, tiny_articles

NOWHERE = "postgresql://dateline@127.0.0.1:1/dateline"
"""Where no server listens."""


@pytest.fixture
def url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    made = postgres_databases.create()
    yield made
    postgres_databases.drop(made)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    with closing(create_writer(url)) as writer:
        yield writer


@pytest.fixture
def new_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """The URL of a database in which there is nothing."""
    made = postgres_databases.create_empty()
    yield made
    postgres_databases.drop(made)


# --- The schema ---------------------------------------------------------------------------------------------------

COLLATIONS = """
    SELECT DISTINCT collname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') AND attnum > 0
"""


def test_all_text_is_sorted_by_code_point_whatever_language_the_database_is_of(engine: Engine) -> None:
    names = ["Zoë", "zoe", "émile", "Emile", "a-b", "a b", "ab", "a.b", "Ä", "נועה"]
    with engine.begin() as connection:
        assert connection.execute(text(COLLATIONS)).scalars().all() == ["C"]
        rows = [{"id": name, "type": "person", "name": name, "name_key": name} for name in names]
        connection.execute(insert(Entity), rows)
        assert connection.execute(select(col(Entity.id)).order_by(col(Entity.id))).scalars().all() == sorted(names)


def test_what_the_database_numbers_has_64_bits(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("SELECT setval('search_document_id_seq', 2147483648)"))
        document = {"subject_id": "a", "type": "person", "title": "Ada", "body": ""}
        number = connection.execute(insert(SearchDocument).values(document).returning(col(SearchDocument.id))).scalar()
    assert number == 2**31 + 1
    with engine.connect() as connection:
        assert connection.execute(select(col(SearchDocument.id)).where(found("ada"))).scalar() == number


def test_a_database_that_cannot_hold_every_character_is_refused(postgres_databases: PostgresDatabases) -> None:
    url = postgres_databases.create_empty("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with closing(create_writer(url)) as engine, pytest.raises(NotReadyError, match="LATIN1: create it with ENCODING"):
        migrate(engine)
    postgres_databases.drop(url)


def test_several_processes_may_migrate_at_once(new_url: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: dateline("migrate", DATELINE_DATABASE_URL=new_url), range(2)))
    assert [process.returncode for process in done] == [0, 0], [process.stderr for process in done]
    with closing(create_reader(new_url)) as reader:
        check_ready(reader)


def test_another_programs_database_is_left_alone(new_url: str) -> None:
    with closing(create_writer(new_url)) as writer, writer.connect().execution_options(migrating=True) as connection:
        connection.exec_driver_sql("CREATE TABLE invoice (id INTEGER)")
        connection.commit()
    with pytest.raises(DatabaseFileError, match="another program's database"):
        refuse_unusable(new_url)


# --- Failures -----------------------------------------------------------------------------------------------------


class ServerError(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize("state", FAILURES)
def test_every_failure_is_explained_by_its_state_and_in_clear_words(state: str) -> None:
    kind, detail = FAILURES[state]
    error = ServerError(state.ljust(5, "0"))
    assert failure_of(error) == (kind, detail)
    with pytest.raises(DatelineError) as caught, explained():
        raise OperationalError("SELECT secret", None, error)
    assert (type(caught.value), str(caught.value)) == (kind, detail)
    assert "secret" not in detail


@pytest.mark.parametrize("state", ["42601", "42P01", "22003", "23505", "XX000"])
def test_a_fault_of_the_code_stays_one(state: str) -> None:
    assert failure_of(ServerError(state)) is None
    with pytest.raises(DBAPIError), explained():
        raise OperationalError("SELECT", None, ServerError(state))


def test_a_server_that_is_not_there_makes_the_service_not_ready() -> None:
    with Api(NOWHERE) as api:
        for path in ("/people", "/search?q=ada", "/ready"):
            assert "cannot be reached" in assert_problem(api.get(path), 503)["detail"]
        assert api.read("/health")["status"] == "ok"
        assert "dateline_ready 0" in api.get("/metrics").text
        assert_problem(api.put("one", {}), 422)


def test_a_server_that_breaks_a_connection_is_asked_again(url: str, postgres_databases: PostgresDatabases) -> None:
    with Api(url) as api:
        api.read("/people")
        with closing(create_writer(url)) as other, other.connect().execution_options(migrating=True) as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert api.read("/people")["items"] == []


def test_more_readers_than_connections_take_turns(url: str) -> None:
    with Api(url) as api:

        async def ask() -> list[httpx.Response]:
            return await asyncio.gather(*(api.client.get("/people") for _ in range(3 * CONNECTIONS)))

        assert {answer.status_code for answer in api.runner.run(ask())} == {200}


def test_a_question_that_waits_for_the_database_does_not_keep_others_waiting(url: str) -> None:
    with Api(url) as api, closing(create_writer(url)) as other:

        async def ask() -> tuple[httpx.Response, float]:
            with other.begin() as connection:
                connection.exec_driver_sql("LOCK TABLE revision IN ACCESS EXCLUSIVE MODE")
                waiting = asyncio.create_task(api.client.get("/people"))
                await asyncio.sleep(0.1)
                started = time.perf_counter()
                await api.client.get("/health")
                assert not waiting.done()
                took = time.perf_counter() - started
            return await waiting, took

        answer, took = api.runner.run(ask())
        assert answer.status_code == 200
        assert took < 2


# --- One snapshot -------------------------------------------------------------------------------------------------


def test_a_question_sees_one_state_of_the_database(engine: Engine, url: str) -> None:
    with closing(create_reader(url)) as reader, reader.connect() as connection:
        assert current_revision(connection) == 0
        fill(url, report())
        assert current_revision(connection) == 0
        assert connection.execute(select(col(Article.id))).all() == []
        with pytest.raises(ReadOnlyError), explained():
            connection.execute(table_of(Article).delete())
    with engine.connect() as connection:
        assert current_revision(connection) == 1


def test_an_answer_in_one_process_is_never_older_than_a_load_of_another(url: str) -> None:
    with Api(url) as api, Api(url) as other:
        for number, article in enumerate(tiny_articles(range(5)), start=1):
            api.load(article)
            for asked in (api, other):
                assert asked.read("/articles")["total"] == number
                assert asked.get("/articles").headers["etag"] == api.get("/articles").headers["etag"]


def test_a_nul_in_a_question_finds_nothing(url: str) -> None:
    fill(url, report())
    with Api(url) as api:
        assert_problem(api.get("/people/japhet%00koome"), 404)


# --- Full text ----------------------------------------------------------------------------------------------------

ODD = [
    "Åsa", "asa", "ÅSA", "a\u030asa", "no-one", "no", "one", "O’Neill", "UN", "naïve", "ﬁne", "straße", "STRASSE",
    "İzmir", "izmir", "I\u0131", "中文", "中", "नमस्ते", "नम", "ไทย", "café\u0301", "1,000", "1000", "½", "²", "٣",
    "Ⅻ", "a_b", "a\u200db", "\u0301a", "😀", "x😀y", "Ǆ", "ǆ", "ΑΣ", "ας", "-", "“”", "…",
]  # fmt: skip
PIECES = st.one_of(st.sampled_from(ODD), st.text(max_size=6).filter(lambda piece: "\0" not in piece))
TEXTS = st.lists(PIECES, max_size=6).map(" ".join)
QUESTIONS = TEXTS.filter(str.split)


@pytest.fixture(scope="module")
def pair(
    sqlite_databases: SqliteDatabases, postgres_databases: PostgresDatabases
) -> Iterator[tuple[Connection, Connection]]:
    """A connection to a database of each kind, whose documents are the test's own."""
    urls = sqlite_databases.create(), postgres_databases.create()
    with (
        closing(create_writer(urls[0])) as one,
        closing(create_writer(urls[1])) as other,
        one.connect() as here,
        other.connect() as there,
    ):
        yield here, there
    sqlite_databases.drop(urls[0])
    postgres_databases.drop(urls[1])


def matches(connection: Connection, words: str, types: Sequence[str] = ()) -> list[str]:
    subject = col(SearchDocument.subject_id)
    return list(connection.execute(select(subject).where(found(words, types)).order_by(subject)).scalars())


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5), st.lists(QUESTIONS, min_size=1, max_size=6))
@example([("no one", "no-one else"), ("one no", "no"), ("no", "one")], ["no-one", "one no", "no-one-else", "- no", "-"])
@example([("x" * 300, "y" * 70000 + " z"), ("x" * 299, "Z")], ["x" * 300, "x" * 299, "y" * 70000, "z", "z-z"])
def test_both_databases_find_the_same(
    pair: tuple[Connection, Connection], documents: list[tuple[str, str]], questions: list[str]
) -> None:
    rows = [
        {"subject_id": str(number), "type": "person", "title": title, "body": body}
        for number, (title, body) in enumerate(documents)
    ]
    for connection in pair:
        connection.execute(table_of(SearchDocument).delete())
        connection.execute(insert(SearchDocument), rows)
        connection.commit()
    here, there = pair
    for asked in (*questions, *(part for document in documents for part in document if part.split())):
        assert matches(here, asked) == matches(there, asked), asked
    for connection in pair:
        connection.rollback()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(SEARCHED), TEXTS, TEXTS), min_size=1, max_size=12),
    QUESTIONS,
    st.sampled_from([10_000, 100_000]),
    st.lists(st.sampled_from([*SEARCHED, FACTS]), max_size=2, unique=True),
)
@example([("role", "", "no one"), ("person", "", "no"), ("role", "", "no"), ("person", "", "no")], "no", 10_000, [])
@example([("person", "", "no"), ("role", "no", ""), ("person", "", "no"), ("article", "no", "")], "no", 10_000, [])
@example([("role", "", "no one"), ("person", "", "no else one")] * 4, "no one", 100_000, [])
@example([("role", "", "no one"), ("note", "", "no else one")] * 4, "no-one", 100_000, [FACTS])
def test_of_many_both_databases_choose_the_same(
    pair: tuple[Connection, Connection],
    monkeypatch: pytest.MonkeyPatch,
    documents: list[tuple[str, str, str]],
    question: str,
    apart: int,
    types: list[str],
) -> None:
    for bound, few in {"MOST": 2, "COMMON": 1, "COMMON_ALONE": 1, "READ": 2}.items():
        monkeypatch.setattr(f"app.queries.matching.{bound}", few)
    rows = [  # In several blocks, and not all of them early
        {"id": number * apart, "subject_id": str(number), "type": kind, "title": title, "body": body}
        for number, (kind, title, body) in enumerate(documents, 1)
    ]
    for connection in pair:
        connection.execute(table_of(SearchDocument).delete())
        connection.execute(insert(SearchDocument), rows)
        connection.commit()
    here, there = pair
    assert matches(here, question, types) == matches(there, question, types)
    assert may_leave_out(here, question, types) == may_leave_out(there, question, types)
    for connection in pair:
        connection.rollback()


def test_documents_that_change_are_found_by_what_they_are_now(engine: Engine) -> None:
    document = {"id": 1, "subject_id": "ada", "type": "person", "title": "Ada", "body": "Lovelace"}
    with engine.begin() as connection:
        connection.execute(insert(SearchDocument).values(document))
    with engine.begin() as connection:
        assert matches(connection, "lovelace") == ["ada"]
        connection.execute(table_of(SearchDocument).update().values(body="Byron"))
    with engine.begin() as connection:
        assert (matches(connection, "lovelace"), matches(connection, "byron")) == ([], ["ada"])
        connection.execute(table_of(SearchDocument).delete())
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM search_index")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM search_index_pending")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM search_index_block")).scalar() == 0


class Explain(Executable, ClauseElement):
    """The plan of a statement instead of its rows."""

    inherit_cache = False

    def __init__(self, statement: ClauseElement, manner: str = "") -> None:
        self.statement, self.manner = statement, manner


@compiles(Explain)
def _explain(element: Explain, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN {element.manner} {compiler.process(element.statement, **options)}"


def test_no_plan_is_compiled(engine: Engine) -> None:
    with closing(create_reader(engine.url)) as reader:
        for each in (engine, reader):
            with each.connect() as connection:
                assert connection.exec_driver_sql("SHOW jit").scalar() == "off"


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes_of(inner)


@pytest.mark.parametrize("question", ["person", "person no", "no-one"])
def test_in_articles_nothing_else_is_read(engine: Engine, question: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO search_document (subject_id, type, title, body) "
            "SELECT 'id-' || i, 'person', 'Person ' || i, 'no one' FROM generate_series(1, 5000) i"
        )
    load_into(engine, *tiny_articles(range(3)))
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        places = candidates(question, (), documents_of_articles(["tiny-1"])).places
        (plan,) = connection.execute(Explain(places, "(ANALYZE, FORMAT JSON)")).scalar_one()
    read = {}
    for node in nodes_of(plan["Plan"]):
        if node.get("Relation Name", "").startswith("search_"):
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            read[node["Node Type"], node["Relation Name"]] = rows * node["Actual Loops"]
    assert read
    assert all(rows < 100 for rows in read.values()), read


def test_the_words_are_found_through_their_index(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO search_document (subject_id, type, title, body) "
            "SELECT 'id-' || i, 'person', 'Person ' || i, '' FROM generate_series(1, 5000) i"
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        asked = select(col(SearchDocument.id)).where(found("77"))
        plan = connection.execute(Explain(asked)).scalars().all()
        assert sum("Bitmap Index Scan on ix_search_index_keys" in line for line in plan) == 2, "\n".join(plan)
        assert not any("Seq Scan on search_index" in line for line in plan), "\n".join(plan)


# --- Backups ------------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(url: str, koome_article: CheckedArticle) -> str:
    return fill(url, koome_article, report(), *tiny_articles(range(3)))


def test_a_sound_database_verifies(filled: str) -> None:
    with closing(create_reader(filled)) as reader, reader.connect() as connection:
        assert list(faults(connection)) == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            "UPDATE search_index SET body = 'other' WHERE rowid = 1",
            "full-text index: is not that of",
        ),
        ("DELETE FROM search_index WHERE rowid = 2", "full-text index: is not that of"),
        ("INSERT INTO search_index_pending VALUES (1)", "full-text index: is not that of"),
        ("DELETE FROM search_index_block WHERE term = 'nairobi'", "full-text index: is not that of"),
        ("UPDATE search_index_block SET documents = 7 WHERE term = 'nairobi'", "full-text index: is not that of"),
        ("INSERT INTO search_index_block VALUES ('nobody', 0, 1)", "full-text index: is not that of"),
        ("DELETE FROM evidence WHERE fact_id > 'talks' AND fact_id < 'tall'", "has no evidence"),
        ("UPDATE revision SET value = 77", "revision: it stands at 77, but the last change at 5"),
        ("UPDATE entity SET name_key = 'x' WHERE id = 'nairobi'", "entity nairobi: `name_key` is ‘x’"),
    ],
)
def test_what_is_wrong_is_told(filled: str, damage: str, told: str) -> None:
    with closing(create_writer(filled)) as writer, writer.connect().execution_options(migrating=True) as connection:
        connection.exec_driver_sql(damage)
        connection.commit()
    with closing(create_reader(filled)) as reader, reader.connect() as connection:
        assert any(told in fault for fault in faults(connection))


def test_a_backup_is_a_file_of_sqlite_with_the_same_rows(filled: str, tmp_path: Path) -> None:
    to = tmp_path / "backup.db"
    summary = back_up(place_of(filled), to)
    assert [*tmp_path.iterdir()] == [to]
    assert summary == verified(to, to)
    with closing(create_reader(filled)) as server, closing(create_reader(f"sqlite:///{to}")) as file:
        assert contents_of(server) == contents_of(file)


def test_a_backup_moves_from_either_database_to_the_other(filled: str, new_url: str, tmp_path: Path) -> None:
    back_up(place_of(filled), tmp_path / "first.db")
    sqlite = f"sqlite:///{tmp_path / 'new.db'}"
    assert restore_backup(sqlite, tmp_path / "first.db") == {ChangeAction.ADDED: 5}
    back_up(place_of(sqlite), tmp_path / "second.db")
    assert restore_backup(new_url, tmp_path / "second.db") == {ChangeAction.ADDED: 5}
    with closing(create_reader(filled)) as one, closing(create_reader(new_url)) as other:
        assert contents_of(one) == contents_of(other)
        with other.connect() as connection:
            assert list(faults(connection)) == []
    with Api(new_url) as api:  # The numbers of rows go on after those that were restored.
        api.load(checked("another", "Ada spoke.", {"entities": {}, "facts": []}))
        assert api.read("/search?q=spoke&type=article")["total"] == 2


def test_restoring_puts_everything_back_and_tells_it(filled: str, tmp_path: Path) -> None:
    back_up(place_of(filled), tmp_path / "backup.db")
    with closing(create_writer(filled)) as writer:
        before = contents_of(writer)
        with writer.begin() as connection:
            delete_article(connection, REPORT)
        fill(filled, *tiny_articles(range(3, 5)))
        changes = restore_backup(filled, tmp_path / "backup.db")
        assert changes == {ChangeAction.ADDED: 1, ChangeAction.DELETED: 2}
        assert contents_of(writer) == before
        with writer.connect() as connection:
            assert list(faults(connection)) == []
    assert restore_backup(filled, tmp_path / "backup.db") == {}


def test_a_restoration_that_would_not_verify_changes_nothing(
    filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(place_of(filled), tmp_path / "backup.db")
    fill(filled, *tiny_articles(range(3, 5)))
    with closing(create_reader(filled)) as reader:
        before = contents_of(reader)
        with monkeypatch.context() as patched:
            patched.setattr("app.keeping.restore.lost_rows", lambda *_: iter(["span: 1 rows differ"]))
            with pytest.raises(DatabaseFileError, match="nothing is restored"):
                restore_backup(filled, tmp_path / "backup.db")
        assert contents_of(reader) == before


# --- The command line ---------------------------------------------------------------------------------------------


def test_the_command_line_from_nothing_to_a_backup(new_url: str, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        done = dateline(*arguments, DATELINE_DATABASE_URL=new_url)
        assert done.returncode == 0, done.stderr
        return done.stdout

    refused = dateline("load", str(SEED), DATELINE_DATABASE_URL=new_url)
    assert (refused.returncode, "run `dateline migrate`" in refused.stderr) == (1, True)
    assert run("migrate") == "the schema is at head\n"
    assert ": created, " in run("load", str(SEED))
    assert "nothing wrong" in run("verify")
    assert "nothing wrong" in run("backup", str(tmp_path / "backup.db"))
    assert "as in the backup before" in run("restore", str(tmp_path / "backup.db"))
    assert run("remove", SEED.name) == f"{SEED.name}: removed\n"
    assert "1 articles added" in run("restore", str(tmp_path / "backup.db"))
    assert run("export", SEED.name, "--to", str(tmp_path)) == f"{tmp_path / SEED.name}\n"


def test_the_command_line_says_that_there_is_no_server() -> None:
    done = dateline("migrate", DATELINE_DATABASE_URL="postgresql://desk:hidden@127.0.0.1:1/dateline")
    assert done.returncode == 1
    assert (
        "DATELINE_DATABASE_URL=postgresql://desk:***@127.0.0.1:1/dateline: the database cannot be used" in done.stderr
    )
    assert "hidden" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("times", "status"), [(1, 200), (2, 503)])
def test_a_read_whose_server_goes_is_asked_once_more(
    url: str, monkeypatch: pytest.MonkeyPatch, times: int, status: int
) -> None:
    left = [times]

    def lose(connection: Connection, _filters: object) -> None:
        if left[0]:
            left[0] -= 1
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with Api(url) as api:
        monkeypatch.setattr("app.queries.entities.refuse_unknown", lose)
        assert api.get("/people").status_code == status
        assert left == [0]
        assert api.get("/people").status_code == 200

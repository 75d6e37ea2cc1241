"""Fixtures for all tests: real databases, brought up by the migrations, and article folders on disk."""

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine

from app.database import create_writer
from app.loading.checking import CheckedArticle, check_folder
from app.tokens import hash_of
from tests.api import TOKEN, Api, Server
from tests.databases import (
    DIALECTS,
    Databases,
    PostgresDatabases,
    SqliteDatabases,
    fill,
    prepare_folder,
    start_server,
    stay_in_memory,
    stop_server,
)
from tests.folders import SEED, FolderFactory, write_folder
from tests.newsroom import report, tiny_articles

# How long an example takes says more of the machine than of the code.
settings.register_profile("dateline", deadline=None)
settings.load_profile("dateline")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=DIALECTS, help="on which database to run what runs on all of them")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only(dialect): of the databases, the test is about this one alone")
    if not hasattr(config, "workerinput"):
        stay_in_memory()
        prepare_folder()
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # Who is told to stop takes the server along.


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        stop_server()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs on another database than is asked for, by the command line or by the test."""
    wanted = config.getoption("--database")
    left_out = [
        item
        for item in items
        if isinstance(item, pytest.Function)
        and (dialect := getattr(item, "callspec", None) and item.callspec.params.get("dialect")) is not None
        and (wanted not in (None, dialect) or any(dialect not in mark.args for mark in item.iter_markers("only")))
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases(start_server())
    yield databases
    databases.close()


@pytest.fixture(scope="session", params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """The database that the test runs on: what uses this, itself or through another fixture, runs on each."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, dialect: str) -> Databases:
    made: Databases = request.getfixturevalue("sqlite_databases" if dialect == "sqlite" else "postgres_databases")
    return made


@pytest.fixture(scope="session")
def empty_database(sqlite_databases: SqliteDatabases) -> Path:
    """A migrated SQLite file without articles, to be copied."""
    return sqlite_databases.template


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """The URL of a migrated database of the test's own."""
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture
def writer(database_url: str) -> Iterator[Engine]:
    engine = create_writer(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> FolderFactory:
    """Write an article folder: `folder("Some text.", {"entities": ..., "facts": ...}, name="an-article")`."""

    def make(text: str | bytes, facts: object, name: str = "an-article") -> Path:
        return write_folder(tmp_path / name, text, facts)

    return make


# --- The API ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def koome_article() -> CheckedArticle:
    return check_folder(SEED)


@pytest.fixture(scope="session")
def make_database(databases: Databases) -> Iterator[Callable[..., str]]:
    """Return the URL of a new database with the articles."""
    made: list[str] = []

    def make(*articles: CheckedArticle) -> str:
        made.append(databases.create())
        return fill(made[-1], *articles)

    yield make
    for url in made:
        databases.drop(url)


@pytest.fixture(scope="session")
def make_file(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Callable[..., Path]:
    """Return a new SQLite file with the articles."""

    def make(*articles: CheckedArticle) -> Path:
        file = Path(shutil.copy(empty_database, tmp_path_factory.mktemp("api") / "dateline.db"))
        fill(f"sqlite:///{file}", *articles)
        return file

    return make


@pytest.fixture(scope="session")
def sound_file(make_file: Callable[..., Path]) -> Path:
    """A SQLite file of a report and two small articles, to be copied."""
    return make_file(report(), *tiny_articles(range(2)))


@pytest.fixture
def sound(sound_file: Path, tmp_path: Path) -> Path:
    """A copy of it, the test's own."""
    return Path(shutil.copy(sound_file, tmp_path / "sound.db"))


@pytest.fixture(scope="session")
def koome(make_database: Callable[..., str], koome_article: CheckedArticle) -> Iterator[Api]:
    """The API on the real article alone."""
    with Api(make_database(koome_article)) as api:
        yield api


@pytest.fixture(scope="session")
def both(make_database: Callable[..., str], koome_article: CheckedArticle) -> Iterator[Api]:
    """The API on the real article and another report of the same meeting."""
    with Api(make_database(koome_article, report())) as api:
        yield api


@pytest.fixture(scope="session")
def many(make_database: Callable[..., str]) -> Iterator[Api]:
    """The API on many small articles, for lists of several pages."""
    with Api(make_database(*tiny_articles())) as api:
        yield api


@pytest.fixture
def empty(database_url: str) -> Iterator[Api]:
    """The API on a migrated database without articles, the test's own; `load` fills it."""
    with Api(database_url) as api:
        yield api


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server on the real article, to which `TOKEN` may write; who does so deletes it again."""
    with Server(tmp_path_factory.mktemp("server"), DATELINE_TOKENS=f"desk:{hash_of(TOKEN)}") as server:
        yield server
        assert server.stop() == 0, server.output()
        assert "Traceback" not in server.output()
        assert TOKEN not in server.output()


@pytest.fixture(scope="session")
def server_url(server: Server) -> str:
    return server.url

"""Fixtures for all tests: real databases, brought up by the migrations, and article folders on disk."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine

from app.database import create_writer
from app.deriving.everything import migrate
from app.loading.checking import CheckedArticle, check_folder
from app.loading.loader import load_article
from app.tokens import hash_of
from tests.api import TOKEN, Api, Server
from tests.folders import SEED, FolderFactory, write_folder
from tests.newsroom import report, tiny_articles

# How long an example takes says more of the machine than of the code.
settings.register_profile("dateline", deadline=None)
settings.load_profile("dateline")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without articles, to be copied: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("template") / "empty.db"
    engine = create_writer(f"sqlite:///{file}")
    migrate(engine)
    engine.dispose()  # The last connection to close brings the write-ahead log back into the file.
    assert not file.with_name("empty.db-wal").exists()
    return file


@pytest.fixture
def database_url(tmp_path: Path, empty_database: Path) -> str:
    """The URL of a migrated database of the test's own."""
    return f"sqlite:///{shutil.copy(empty_database, tmp_path / 'dateline.db')}"


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
def make_file(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Callable[..., Path]:
    """Return a new database file with the articles."""

    def make(*articles: CheckedArticle) -> Path:
        file = Path(shutil.copy(empty_database, tmp_path_factory.mktemp("api") / "dateline.db"))
        engine = create_writer(f"sqlite:///{file}")
        with engine.begin() as connection:
            for article in articles:
                load_article(connection, article)
        engine.dispose()
        return file

    return make


@pytest.fixture(scope="session")
def sound_file(make_file: Callable[..., Path]) -> Path:
    """A database of a report and two small articles, to be copied."""
    return make_file(report(), *tiny_articles(range(2)))


@pytest.fixture
def sound(sound_file: Path, tmp_path: Path) -> Path:
    """A copy of it, the test's own."""
    return Path(shutil.copy(sound_file, tmp_path / "sound.db"))


@pytest.fixture(scope="session")
def koome(make_file: Callable[..., Path], koome_article: CheckedArticle) -> Iterator[Api]:
    """The API on the real article alone."""
    with Api(make_file(koome_article)) as api:
        yield api


@pytest.fixture(scope="session")
def both(make_file: Callable[..., Path], koome_article: CheckedArticle) -> Iterator[Api]:
    """The API on the real article and another report of the same meeting."""
    with Api(make_file(koome_article, report())) as api:
        yield api


@pytest.fixture(scope="session")
def many(make_file: Callable[..., Path]) -> Iterator[Api]:
    """The API on many small articles, for lists of several pages."""
    with Api(make_file(*tiny_articles())) as api:
        yield api


@pytest.fixture
def empty(make_file: Callable[..., Path]) -> Iterator[Api]:
    """The API on a migrated database without articles, the test's own; `load` fills it."""
    with Api(make_file()) as api:
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

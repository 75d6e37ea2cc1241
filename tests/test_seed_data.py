"""The articles that come with Dateline: each folder of seed_data is checked, loaded and exported."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from app.cli import facts_schema
from app.database import create_writer
from app.loading.checking import CheckedArticle, check_folder
from app.loading.exporting import export_article
from app.loading.loader import Outcome, delete_article
from app.loading.rows import rows_of
from app.settings import ROOT
from app.tables import Article, Evidence, Fact, Note, Span, table_of
from app.text.quoting import merged, words
from tests.folders import assert_sound, contents_of, load

SCHEMA = ROOT / "seed_data" / "facts.schema.json"
FOLDERS = sorted(file.parent for file in (ROOT / "seed_data").glob("*/article.txt"))


@pytest.fixture(scope="module")
def loaded(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with all articles of seed_data, to be read only."""
    file = tmp_path_factory.mktemp("seed") / "seed.db"
    shutil.copy(empty_database, file)
    engine = create_writer(f"sqlite:///{file}")
    for folder in FOLDERS:
        assert load(engine, folder) is Outcome.CREATED
    yield engine
    engine.dispose()


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def article(request: pytest.FixtureRequest) -> CheckedArticle:
    return check_folder(request.param)


def test_there_are_articles() -> None:
    assert "koome-meets-haitian-police" in [folder.name for folder in FOLDERS]


def test_the_published_schema_is_the_formats() -> None:
    """Where this fails: `python -m app.cli schema > seed_data/facts.schema.json`."""
    assert json.loads(SCHEMA.read_text("utf-8")) == facts_schema()


def test_every_key_and_type_of_the_schema_is_described() -> None:
    schema: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    models = {"ArticleDocument": schema, **schema["$defs"]}
    for name, model in models.items():
        assert model["description"], name
        for key, field in model.get("properties", {}).items():
            assert "description" in field or key == "type", (name, key)
        assert "properties" not in model or model["additionalProperties"] is False, name


def test_every_folder_names_the_schema_for_editors() -> None:
    for folder in FOLDERS:
        first_line = (folder / "facts.yaml").read_text("utf-8").split("\n")[0]
        assert first_line == "# yaml-language-server: $schema=../facts.schema.json"


def test_nine_of_ten_words_are_used_by_a_fact(article: CheckedArticle) -> None:
    covered = merged([span for fact in article.facts for span in fact.spans])
    everything = words(article.text)
    used = [word for word in everything if any(span.start < word.end and word.start < span.end for span in covered)]
    assert len(used) >= 0.9 * len(everything)


def test_every_span_is_the_words_at_its_place(loaded: Engine) -> None:
    with loaded.connect() as connection:
        columns = col(Article.text), *table_of(Span).columns
        rows = connection.execute(select(*columns).join(Span, col(Span.article_id) == col(Article.id))).all()
    assert rows
    for row in rows:
        assert row.text[row.start : row.end] == row.exact
        assert row.text[: row.start].endswith(row.prefix)
        assert row.text[row.end :].startswith(row.suffix)


def test_every_fact_has_evidence_but_a_note_on_what_is_not_stated(loaded: Engine) -> None:
    with loaded.connect() as connection:
        bare = connection.execute(
            select(col(Fact.id), col(Note.category))
            .outerjoin(Note, col(Note.fact_id) == col(Fact.id))
            .where(~col(Fact.id).in_(select(col(Evidence.fact_id))))
        ).all()
        assert {row.category for row in bare} <= {"not-stated"}
        assert_sound(connection)


def test_no_two_facts_read_the_same(article: CheckedArticle) -> None:
    """Two notes may: the same slip in two places."""
    statements = [row["statement"] for row in rows_of(article).facts if row["type"] != "note"]
    assert len(set(statements)) == len(statements)


def test_what_is_exported_loads_to_the_same_rows(article: CheckedArticle, writer: Engine, tmp_path: Path) -> None:
    load(writer, article.source.file.parent)
    before = contents_of(writer)
    with writer.connect() as connection:
        exported = export_article(connection, article.id, tmp_path / "out")
    assert (exported / "article.txt").read_bytes() == (article.source.file.parent / "article.txt").read_bytes()
    assert load(writer, exported) is Outcome.UNCHANGED
    with writer.begin() as connection:
        delete_article(connection, article.id)
    assert load(writer, exported) is Outcome.CREATED
    assert contents_of(writer) == before

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from sqlalchemy import Engine

from app.database import create_writer
from app.errors import NotFoundError
from app.loading.checking import check_folder
from app.loading.exporting import article_document, export_article, facts_yaml
from app.loading.loader import Outcome, delete_article, load_article
from tests.folders import FolderFactory, contents_of, load, write_folder
from tests.loading.articles import TEXT, Document, articles, fact_of, small_document


def exported(writer: Engine, to: Path, article_id: str = "an-article") -> Path:
    with writer.connect() as connection:
        return export_article(connection, article_id, to)


def test_an_exported_folder_loads_to_the_same_rows(writer: Engine, folder: FolderFactory, tmp_path: Path) -> None:
    load(writer, folder(TEXT, small_document()))
    before = contents_of(writer)
    path = exported(writer, tmp_path / "out")
    assert path == tmp_path / "out" / "an-article"
    assert load(writer, path) is Outcome.UNCHANGED
    with writer.begin() as connection:
        delete_article(connection, "an-article")
    assert load(writer, path) is Outcome.CREATED
    assert contents_of(writer) == before


def test_the_text_is_exported_byte_for_byte(writer: Engine, folder: FolderFactory, tmp_path: Path) -> None:
    text = "\n Ada \u00e9 a\u0301 😀\u2028\x85\x0b \n\n"
    load(writer, folder(text, {"entities": {}, "facts": []}))
    assert (exported(writer, tmp_path / "out") / "article.txt").read_bytes() == text.encode()


@given(st.text("a \t\\\"'\x01\x85", min_size=100, max_size=300))
def test_long_strings_come_back_from_the_yaml(text: str) -> None:
    assert YAML(typ="safe").load(facts_yaml({"note": text})) == {"note": text}


def test_the_export_leaves_out_what_the_loader_makes_by_itself(
    writer: Engine, folder: FolderFactory, tmp_path: Path
) -> None:
    load(writer, folder(TEXT, small_document()))
    with writer.connect() as connection:
        _, document = article_document(connection, "an-article")
    assert document["article"] == {"dateline": "LONDON, Jun 19", "year": 2023}
    assert document["entities"]["hull"] == {"type": "place", "name": "Hull", "kind": "city"}
    assert document["entities"]["ada"] == {"type": "person", "name": "Ada Lovelace"}
    assert fact_of(document, "role") == {
        "type": "role",
        "person": "ada",
        "organisation": "weavers",
        "title": "President",
        "evidence": "Ada Lovelace, president of the Weavers’ Union",
    }
    assert fact_of(document, "occurrence")["statement"] == "Weavers rallied in Hull."
    assert fact_of(document, "date")["id"] == "dateline"
    assert fact_of(document, "name")["evidence"] == [{"exact": "Ada", "nth": 2}]
    assert document["facts"][-1] == {
        "type": "note",
        "category": "not-stated",
        "about": "dateline",
        "statement": "The year is not stated.",
    }


def test_the_exported_yaml_reads_well(writer: Engine, folder: FolderFactory, tmp_path: Path) -> None:
    document = small_document()
    document["facts"] = [fact for fact in document["facts"] if fact["type"] == "role"]
    document["entities"] = {slug: document["entities"][slug] for slug in ("weavers", "ada")}
    load(writer, folder(TEXT, document))
    assert (
        (exported(writer, tmp_path / "out") / "facts.yaml").read_text("utf-8")
        == """\
# yaml-language-server: $schema=../facts.schema.json
article:
  dateline: LONDON, Jun 19
  year: 2023
entities:
  weavers:
    type: organisation
    name: Weavers’ Union
    kind: trade-union
  ada:
    type: person
    name: Ada Lovelace
facts:
  - type: role
    person: ada
    organisation: weavers
    title: President
    evidence: Ada Lovelace, president of the Weavers’ Union
"""
    )


def test_a_note_about_a_fact_by_the_address_it_would_have_anyway_comes_back(
    writer: Engine, folder: FolderFactory, tmp_path: Path
) -> None:
    document = small_document()
    role = next(fact for fact in check_folder(folder(TEXT, document)).facts if fact.entry.type == "role")
    local = role.id.removeprefix("an-article.")
    document["facts"][-1]["about"] = local
    load(writer, folder(TEXT, document))
    path = exported(writer, tmp_path / "out")
    assert load(writer, path) is Outcome.UNCHANGED
    fact_of(document, "role")["id"] = local
    assert load(writer, folder(TEXT, document)) is Outcome.UNCHANGED


def test_exporting_an_article_that_is_not_there_writes_nothing(writer: Engine, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no article ‘none’"):
        exported(writer, tmp_path / "out", "none")
    assert not (tmp_path / "out").exists()


@settings(max_examples=40, deadline=None)
@given(articles())
def test_whatever_is_loaded_can_be_exported_and_loaded_again(
    empty_database: Path, article: tuple[str, Document]
) -> None:
    with TemporaryDirectory() as directory:
        here = Path(directory)
        engines = [
            create_writer(f"sqlite:///{shutil.copy(empty_database, here / name)}") for name in ("one.db", "two.db")
        ]
        load(engines[0], write_folder(here / "in" / "an-article", *article))
        path = exported(engines[0], here / "out")
        with engines[1].begin() as connection:
            load_article(connection, check_folder(path))
        assert contents_of(engines[0]) == contents_of(engines[1])
        for engine in engines:
            engine.dispose()

from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.loading import seed
from app.loading.checking import check_folder
from app.loading.loader import delete_article, load_article
from app.loading.seed import are_loaded, digests_of, note_loaded
from tests.folders import write_folder
from tests.newsroom import REPORT, REPORT_DOCUMENT, REPORT_TEXT

SHORTER = {**REPORT_DOCUMENT, "facts": REPORT_DOCUMENT["facts"][:-1]}


@pytest.fixture
def report_folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "seed" / REPORT, REPORT_TEXT, REPORT_DOCUMENT)


def load_and_note(writer: Engine, folder: Path) -> None:
    article, digests = check_folder(folder), digests_of([folder])
    with writer.begin() as connection:
        load_article(connection, article)
    note_loaded(writer, [article], digests)


def test_a_folder_is_loaded_as_long_as_its_bytes_are_the_same(writer: Engine, report_folder: Path) -> None:
    assert are_loaded(writer, {})
    assert not are_loaded(writer, digests_of([report_folder]))
    load_and_note(writer, report_folder)
    assert are_loaded(writer, digests_of([report_folder]))
    for name in ("article.txt", "facts.yaml"):
        content = (report_folder / name).read_bytes()
        (report_folder / name).write_bytes(content + b"\n")
        assert not are_loaded(writer, digests_of([report_folder]))
        (report_folder / name).write_bytes(content)
        assert are_loaded(writer, digests_of([report_folder]))
    other = write_folder(report_folder.parent / "other", REPORT_TEXT, REPORT_DOCUMENT)
    assert not are_loaded(writer, digests_of([report_folder, other]))


def test_whoever_replaces_or_removes_the_article_takes_the_note_along(writer: Engine, report_folder: Path) -> None:
    digests = digests_of([report_folder])
    load_and_note(writer, report_folder)
    with writer.begin() as connection:
        load_article(connection, check_folder(report_folder))  # which changes nothing
    assert are_loaded(writer, digests)
    shorter = write_folder(report_folder.parent.parent / REPORT, REPORT_TEXT, SHORTER)
    with writer.begin() as connection:
        load_article(connection, check_folder(shorter))
    assert not are_loaded(writer, digests)
    load_and_note(writer, report_folder)
    assert are_loaded(writer, digests)
    with writer.begin() as connection:
        delete_article(connection, REPORT)
    assert not are_loaded(writer, digests)


def test_an_article_that_somebody_has_changed_meanwhile_is_not_noted(writer: Engine, report_folder: Path) -> None:
    loaded = check_folder(report_folder)
    shorter = write_folder(report_folder.parent.parent / REPORT, REPORT_TEXT, SHORTER)
    with writer.begin() as connection:
        load_article(connection, check_folder(shorter))
    note_loaded(writer, [loaded], digests_of([report_folder]))
    assert not are_loaded(writer, digests_of([report_folder]))


def test_other_code_checks_again(report_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests_of([report_folder])
    (tmp_path / "code.py").write_text("# another checker")
    monkeypatch.setattr(seed, "CODE", tmp_path)
    assert digests_of([report_folder]) != before

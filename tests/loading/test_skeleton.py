"""A new folder has the text untouched, and facts that pass the check from the start."""

from pathlib import Path

import pytest

from app.errors import FolderError
from app.loading.checking import check_folder
from app.loading.format import ENTRIES, FactEntry
from app.loading.skeleton import skeleton, slug, start_folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Koome meets Prohète", "koome-meets-prohete"), ("2024_06-19 (final)", "2024-06-19-final"), ("…", "article")],
)
def test_a_slug_is_made_of_the_words_of_a_name(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_a_new_folder_checks_without_fault_and_keeps_the_text(tmp_path: Path) -> None:
    text = "NAIROBI – “We are counting on you,” he said.\n\nA second paragraph, with a tab\there.\n".encode()
    (tmp_path / "Some Report.txt").write_bytes(text)
    folder = start_folder(tmp_path / "Some Report.txt", tmp_path / "articles")
    assert folder == tmp_path / "articles" / "some-report"
    assert (folder / "article.txt").read_bytes() == text
    assert check_folder(folder).facts == ()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("One.\n")
    start_folder(tmp_path / "report.txt", tmp_path)
    facts = tmp_path / "report" / "facts.yaml"
    facts.write_text("mine")
    with pytest.raises(FolderError, match="is there already"):
        start_folder(tmp_path / "report.txt", tmp_path)
    assert facts.read_text() == "mine"


def test_a_text_that_cannot_be_read_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(FolderError, match="UTF-8"):
        start_folder(tmp_path / "report.txt", tmp_path)
    assert not (tmp_path / "report").exists()


def test_the_skeleton_explains_every_field_of_every_kind_of_fact() -> None:
    page = skeleton()
    for fact_type, entry in ENTRIES.items():
        block = page.split(f"# - type: {fact_type.value}\n")[1].split("- type:")[0]
        own = set(entry.model_fields) - set(FactEntry.model_fields) - {"type"}
        assert all(f"#   {name}:" in block for name in own)

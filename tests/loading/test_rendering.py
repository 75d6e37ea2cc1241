"""Diagnostics are shown with the line and a caret, or as JSON."""

import json
from pathlib import Path

from app.loading.rendering import as_json, as_text
from app.loading.source import Diagnostic


def test_a_caret_stands_under_the_place(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text("article: {}\nfacts:\n  - kind: oops\n")
    shown = as_text([Diagnostic(file, 3, 11, "facts[0].kind", "is not a kind")])
    assert shown.split("\n") == [
        f"{file}:3:11: facts[0].kind: is not a kind",
        "     3 |   - kind: oops",
        "       |           ^",
    ]


def test_a_long_line_is_cut_around_the_place(tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text("x" * 500 + "HERE" + "y" * 500 + "\n")
    _, line, caret = as_text([Diagnostic(file, 1, 501, "", "there")]).split("\n")
    assert len(line) < 200
    assert line[caret.index("^") :].startswith("HERE")


def test_what_a_terminal_would_obey_is_shown_as_an_escape(tmp_path: Path) -> None:
    file = tmp_path / "bell.yaml"
    file.write_text("a\x1b[31m: b\n")
    shown = as_text([Diagnostic(file, 1, 7, "a\x1b", "odd")])
    assert "\x1b" not in shown
    _, line, caret = shown.split("\n")
    assert line[caret.index("^")] == ":"


def test_a_file_that_is_not_there_has_no_excerpt(tmp_path: Path) -> None:
    assert as_text([Diagnostic(tmp_path / "none", 1, 1, "", "cannot read")]).count("\n") == 0


def test_json_has_every_field_of_every_diagnostic() -> None:
    read = json.loads(as_json([Diagnostic(Path("a/facts.yaml"), 3, 5, "facts[0].kind", "‘x’ is no kind", "full")]))
    assert read == [
        {
            "file": "a/facts.yaml",
            "line": 3,
            "column": 5,
            "path": "facts[0].kind",
            "message": "‘x’ is no kind",
            "suggestion": "full",
        }
    ]

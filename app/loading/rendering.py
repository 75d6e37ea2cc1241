"""Showing diagnostics: to people with the line and a caret, to editors and CI as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from app.loading.source import Diagnostic
from app.text.quoting import printable

WIDEST = 160
"""Characters of a source line that are shown; a longer one is cut around the caret."""


def as_text(diagnostics: Iterable[Diagnostic]) -> str:
    """Return each diagnostic with the line that it is about, and a caret under the place."""
    return "\n".join(part for diagnostic in diagnostics for part in (str(diagnostic), *_excerpt(diagnostic)))


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Return the diagnostics as a JSON array of objects.

    Each has the file, its line and column from 1, the path in the document, the message, and a suggestion or null.
    """
    return json.dumps(
        [asdict(diagnostic) | {"file": str(diagnostic.file)} for diagnostic in diagnostics],
        indent=2,
        ensure_ascii=False,
    )


def _excerpt(diagnostic: Diagnostic) -> Iterable[str]:
    """Yield the line and the caret; nothing where the file has no such line."""
    lines = _lines(diagnostic.file)
    if not 1 <= diagnostic.line <= len(lines):
        return
    line, at = lines[diagnostic.line - 1], diagnostic.column - 1
    start = max(0, at - WIDEST // 2) if len(line) > WIDEST else 0
    shown = printable(line[start : start + WIDEST].replace("\t", " "))
    number = str(diagnostic.line)
    yield f"{number:>6} | {shown}"
    yield f"{'':>6} | {' ' * len(printable(line[start:at].replace(chr(9), ' ')))}^"


@lru_cache(maxsize=8)
def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8", errors="replace").split("\n")
    except OSError:
        return []  # the diagnostic says that the file cannot be read

"""Starting an article folder: its text as it is, and a facts file that already passes the check."""

import re
import textwrap
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from app.errors import FolderError
from app.loading.exporting import SCHEMA_LINE
from app.loading.format import ENTRIES, EntityEntry, FactEntry
from app.loading.source import FACTS_FILE, TEXT_FILE, read_text
from app.text.folding import fold

HEAD = """\
article: {}
  # What the text itself gives, and nothing more; put it in place of the {} above.
  # dateline: ROME, Jun 1
  # headline, byline, publisher, url, year
"""


def start_folder(text_file: Path, to: Path, article_id: str | None = None) -> Path:
    """Make an article folder for a text and return its path.

    Args:
        text_file: the article, copied byte for byte.
        to: the folder in which the new one is made.
        article_id: its name; made of the file's name when None.

    Raises:
        FolderError: the text cannot be read, or the folder is there already.
    """
    text = read_text(text_file)
    folder = to / (article_id or slug(text_file.stem))
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise FolderError(f"{folder} is there already: give another name with --id") from error
    (folder / TEXT_FILE).write_bytes(text.encode())
    (folder / FACTS_FILE).write_text(skeleton(), "utf-8")
    return folder


def slug(name: str) -> str:
    """Return a name as lower-case words and digits joined by hyphens; `article` when it has none."""
    return re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-") or "article"


def skeleton() -> str:
    """Return a facts file without facts, in which every kind of fact is explained in comments."""
    return SCHEMA_LINE + "\n".join([HEAD, *_entities(), "", "facts: []", *_facts()]) + "\n"


def _entities() -> Iterator[str]:
    yield "entities: {}"
    yield "  # By slug, in place of the {} above; every one must be used by a fact."
    yield "  # a-slug:"
    yield from _fields(EntityEntry, "  #   ")


def _facts() -> Iterator[str]:
    yield "  # In place of the [] above. Every fact may carry:"
    yield from _fields(FactEntry, "  #   ")
    for fact_type, entry in ENTRIES.items():
        yield "  #"
        yield f"  # {entry.__doc__}"
        yield f"  # - type: {fact_type.value}"
        yield from _fields(entry, "  #   ", leave_out={*FactEntry.model_fields, "type"})


def _fields(model: Any, margin: str, leave_out: set[str] | frozenset[str] = frozenset()) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name in leave_out:
            continue
        need = "" if field.is_required() else "optional: "
        terms = " | ".join(_terms(field.annotation))
        line = f"{name}: {terms}".rstrip() + f"  # {need}{field.description}"
        # Hyphenated terms and quoted words stay whole.
        yield from textwrap.wrap(
            line, 110, initial_indent=margin, subsequent_indent=margin + "      ", break_on_hyphens=False
        )


def _terms(annotation: Any) -> list[str]:
    """Return the terms that a field takes, where it takes terms."""
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [term.value for term in annotation]
    if isinstance(annotation, UnionType):
        return [term for part in get_args(annotation) for term in _terms(part)]
    return []

"""Reading an article folder: bytes to text, YAML to plain data that remembers its lines and columns.

Every YAML scalar but null comes out as a string: the format's model decides what it is. So `on`, `2023` and
`2024-06-18` mean what the writer typed, and nothing depends on a YAML version's idea of a date.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter
from ruamel.yaml import YAML, MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from app.errors import FolderError, InputError
from app.text.quoting import printable

TEXT_FILE, FACTS_FILE = "article.txt", "facts.yaml"
LARGEST = 16 * 1024 * 1024
"""Bytes of one file; a longer one is a mistake, not an article."""
MOST_LISTED = 1000
"""Faults that one answer lists."""

CORE_TAGS = {
    f"tag:yaml.org,2002:{kind}"
    for kind in ("map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value")
}

DocumentPath = tuple[str | int, ...]
Valid = TypeVar("Valid")


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong with a file: where, counted from 1, and what."""

    file: Path
    line: int
    column: int
    path: str
    message: str
    suggestion: str | None = None
    """The nearest word that would do."""

    def __str__(self) -> str:
        """Read like a compiler's message, on one line, with the place that editors can jump to."""
        where = f" {self.path}:" if self.path else ""
        return printable(f"{self.file}:{self.line}:{self.column}:{where} {self.message}")


class CheckError(FolderError):
    """What is wrong with an article, all of it, in the order of the lines."""

    status = 422

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = sorted(diagnostics, key=_place)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))
        self.errors = tuple(
            InputError("body", each.path, each.message, each.suggestion) for each in self.diagnostics[:MOST_LISTED]
        )

    @property
    def detail(self) -> str:
        """The one fault, or how many there are."""
        first, *others = self.diagnostics
        if not others:
            return f"{first.path}: {first.message}" if first.path else first.message
        listed = "" if len(self.diagnostics) <= MOST_LISTED else f"; `errors` has the first {MOST_LISTED}"
        return f"{len(self.diagnostics)} faults in the document{listed}"


def _place(diagnostic: Diagnostic) -> tuple[Any, ...]:
    """Return what diagnostics are sorted by; numbers in a path count as numbers."""
    steps = [int(step) if odd % 2 else step for odd, step in enumerate(re.split(r"([0-9]+)", diagnostic.path))]
    return str(diagnostic.file), diagnostic.line, diagnostic.column, steps, diagnostic.message


class DisagreementError(CheckError):
    """Articles that share an entity call it differently."""

    status = 409


def read_text(file: Path) -> str:
    """Return a file's text, its line ends untouched.

    Raises:
        CheckError: it cannot be read, is too large, or is not UTF-8; the message names the byte.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise CheckError([Diagnostic(file, 1, 1, "", f"the file is larger than {LARGEST // 1024**2} MiB")])
        content = file.read_bytes()
    except OSError as error:
        raise CheckError([Diagnostic(file, 1, 1, "", f"cannot read the file: {error.strerror}")]) from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        message = f"byte {error.start} (0x{content[error.start]:02x}) is not UTF-8: save the file as UTF-8"
        raise CheckError([Diagnostic(file, line, column, "", message)]) from error


@dataclass
class Source:
    """A facts file as plain data, with the place of everything in it."""

    file: Path
    data: Any = None
    places: dict[DocumentPath, tuple[int, int]] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    also_known: tuple[str, ...] = ()
    """Keys beside those of the facts that the document may have."""

    def diagnostic(self, path: DocumentPath, message: str, suggestion: str | None = None) -> Diagnostic:
        """Return a diagnostic at the path, or at its nearest parent that the file has."""
        known = path
        while known and known not in self.places:
            known = known[:-1]
        line, column = self.places.get(known, (1, 1))
        return Diagnostic(self.file, line, column, readable(path), message, suggestion)

    def other(self, article_id: str) -> str:
        """Return where another article's facts stand, as far as this one's place tells."""
        return f"{article_id}/{self.file.name}"

    def validate(self, model: TypeAdapter[Valid], data: Any) -> Valid:
        """Return the data as the model; here every scalar is a string, and the model decides what it is.

        Raises:
            ValidationError: what is wrong with it.
        """
        return model.validate_python(data)


def readable(path: DocumentPath) -> str:
    """Return a path as people write it: `facts[3].evidence[0]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def read_source(file: Path) -> Source:
    """Parse a facts file.

    Raises:
        CheckError: it cannot be read, is not YAML, or uses aliases or tags, which the format has no need of.
    """
    source = Source(file)
    text = read_text(file)
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise CheckError([Diagnostic(file, line, column, "", f"not YAML: {error.problem or error.context}")]) from error
    except ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise CheckError([Diagnostic(file, line, column, "", f"not YAML: {error.reason}")]) from error
    except (YAMLError, RecursionError, ValueError, OverflowError) as error:
        reason = str(error)
        if isinstance(error, RecursionError):
            reason = "nested too deeply"
        elif isinstance(error, ValueError | OverflowError):
            reason = f"an escape that names no character ({error})"
        raise CheckError([Diagnostic(file, 1, 1, "", f"not YAML: {reason}")]) from error
    source.data = _plain(root, (), source, set())
    return source


def _plain(node: Node | None, path: DocumentPath, source: Source, seen: set[int]) -> Any:
    """Turn a node into strings, lists and dictionaries, and note where it stands."""
    if node is None:
        return None
    if id(node) in seen:  # An alias is the node itself again, with the place of the anchor rather than its own.
        source.problems.append(source.diagnostic(path, "YAML aliases (`*name`) are not part of the format"))
        return None
    seen.add(id(node))
    source.places.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
    if str(node.tag) not in CORE_TAGS:
        source.problems.append(source.diagnostic(path, f"YAML tags ({node.tag}) are not part of the format"))
        return None
    if isinstance(node, ScalarNode):
        return None if str(node.tag).endswith(":null") else node.value
    if isinstance(node, SequenceNode):
        return [_plain(item, (*path, index), source, seen) for index, item in enumerate(node.value)]
    if not isinstance(node, MappingNode):
        raise TypeError("nodes are scalars, sequences or mappings")
    return dict(_pairs(node, path, source, seen))


def _pairs(node: MappingNode, path: DocumentPath, source: Source, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield a mapping's pairs; the place of a pair is its key's."""
    for key, value in node.value:
        name = str(key.value) if isinstance(key, ScalarNode) else "?"
        here = (*path, name)
        if here in source.places:
            line = source.places[here][0]
            source.problems.append(
                Diagnostic(
                    source.file,
                    key.start_mark.line + 1,
                    key.start_mark.column + 1,
                    readable(here),
                    f"the key `{name}` is here a second time; the first is in line {line}",
                )
            )
            continue
        source.places[here] = (key.start_mark.line + 1, key.start_mark.column + 1)
        if isinstance(value, ScalarNode):  # a list of one, written short: its item has a place of its own
            source.places[(*here, 0)] = (value.start_mark.line + 1, value.start_mark.column + 1)
        yield name, _plain(value, here, source, seen)

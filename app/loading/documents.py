"""An article as one JSON document, text and facts together: what HTTP and NDJSON bring."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from app.loading.checking import NO_ID, CheckedArticle, Checker, is_id, text_problems
from app.loading.source import LARGEST, CheckError, Diagnostic, DocumentPath, Source, Valid, readable
from app.text.quoting import shown

ENVELOPE = ("id", "text")
"""What a document has beside the keys of a facts file."""
DEEPEST = 32
"""Levels of a document's lists and objects; the format has five."""
NAMELESS = "nameless"
"""The id of an article that is only checked, and has none."""


@dataclass
class JsonSource(Source):
    """A JSON document: its paths are its places, and its line that of the stream it stands in."""

    line: int = 1
    also_known: tuple[str, ...] = ENVELOPE

    def diagnostic(self, path: DocumentPath, message: str, suggestion: str | None = None) -> Diagnostic:
        """Return a diagnostic at the path."""
        return Diagnostic(self.file, self.line, 1, readable(path), message, suggestion)

    def other(self, article_id: str) -> str:
        """Return where another article is."""
        return f"/articles/{article_id}"

    def validate(self, model: TypeAdapter[Valid], data: Any) -> Valid:
        """Return the data as the model; JSON knows strings, numbers and booleans, and none passes for another.

        Raises:
            ValidationError: what is wrong with it.
        """
        return model.validate_json(json.dumps(data), strict=True)


@dataclass(frozen=True)
class Submission:
    """A JSON document as it came in, and what is expected of it."""

    content: bytes
    file: Path
    line: int = 1
    article_id: str | None = None
    """What the article must be called; None if the document says it."""
    needs_id: bool = True
    deepest: int = DEEPEST


def check_document(submission: Submission, deadline: float = math.inf) -> CheckedArticle:
    """Check an article that came as one JSON document.

    Raises:
        CheckError: with every diagnostic.
        TooLongError: the deadline, of `time.monotonic()`, has passed.
    """
    source = JsonSource(submission.file, line=submission.line)
    document = _parsed(submission, source)
    article_id = _id(document.pop("id", None), submission, source)
    text = document.pop("text", None)
    if not isinstance(text, str):
        problem = "`text` is missing" if text is None else "here stands the text, as a string"
        source.problems.append(source.diagnostic(("text",), problem))
    else:
        source.problems += [
            source.diagnostic(("text",), f"in line {line}, column {column}: {message}")
            for (line, column), message in text_problems(text)
        ]
    source.data = document
    if not isinstance(text, str):  # Without it, no word of the facts would be found.
        raise CheckError(source.problems)
    return Checker(article_id, text, source, deadline).check()


def _id(given: Any, submission: Submission, source: JsonSource) -> str:
    """Return what the article is called, and note what is wrong with it."""
    wanted = submission.article_id
    problem = None
    if given is None and wanted is None and submission.needs_id:
        problem = "`id` is missing"
    elif given is not None and not (isinstance(given, str) and is_id(given)):
        problem = f"{shown(str(given))} is {NO_ID}"
    elif given is not None and wanted is not None and given != wanted:
        problem = f"`{given}` here, but the path names `{wanted}`"
    if problem is not None:
        source.problems.append(source.diagnostic(("id",), problem, wanted))
    return wanted or (given if isinstance(given, str) else NAMELESS)


def _parsed(submission: Submission, source: JsonSource) -> dict[str, Any]:
    """Return the document as plain data.

    Raises:
        CheckError: it is no JSON object, or too deep a one.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in result if names.count(name) > 1)
            source.problems.append(source.diagnostic((), f"a key is twice in one object: {shown(twice)}"))
        return result

    def fail(message: str) -> CheckError:
        return CheckError([source.diagnostic((), message)])

    def no_number(name: str) -> None:
        raise fail(f"not JSON: {name} is no number")

    if len(submission.content) > LARGEST + 1:  # with its line feed
        raise fail(f"the document is larger than {LARGEST // 1024**2} MiB")
    try:
        document = json.loads(submission.content.decode(), object_pairs_hook=unique, parse_constant=no_number)
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise fail(f"byte {error.start} (0x{submission.content[error.start]:02x}) is not UTF-8") from error
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start])
        raise fail(f"a half of a character ({half}), which is no text") from error
    except RecursionError as error:
        raise fail(f"nested more than {submission.deepest} deep") from error
    except json.JSONDecodeError as error:
        raise fail(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except ValueError as error:
        raise fail("a number of thousands of digits") from error
    if _depth(document) > submission.deepest:
        raise fail(f"nested more than {submission.deepest} deep")
    if not isinstance(document, dict):
        raise fail("here stands an object with `text`, `entities` and `facts`")
    return document


def _depth(document: Any) -> int:
    """Return how many lists and objects stand in one another."""
    depth, level = 0, [document]
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        level = [inner for part in level for inner in _parts(part)]
    return depth


def _parts(part: dict[str, Any] | list[Any]) -> Iterator[Any]:
    yield from part.values() if isinstance(part, dict) else part

"""An article as one JSON document, text and facts together: what HTTP and NDJSON bring."""

import json
import math
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json

from app.loading.checking import NO_ID, CheckedArticle, Checker, is_id, text_problems
from app.loading.source import LARGEST, CheckError, Diagnostic, DocumentPath, Source, Valid, readable
from app.text.quoting import shown

ENVELOPE = ("id", "text")
"""What a document has beside the keys of a facts file."""
DEEPEST = 32
"""Levels of a document's lists and objects; the format has five."""
MOST_VALUES = 250_000
"""Values of a document, lists and objects among them: each takes hundreds of bytes while it is checked."""
NAMELESS = ""
"""The id of an article that is only checked, and has none."""
SHAPE = "here stands an object with `text`, `entities` and `facts`"


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
        return model.validate_json(to_json(data, inf_nan_mode="constants"), strict=True)


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
    if isinstance(text, str):
        faults = [f"in line {line}, column {column}: {message}" for (line, column), message in text_problems(text)]
    else:
        faults = ["`text` is missing" if text is None else "here stands the text, as a string"]
    source.problems += [source.diagnostic(("text",), fault) for fault in faults]
    if not isinstance(text, str) or faults:  # Words would not be found in it, or elsewhere than they are.
        raise CheckError(source.problems)
    source.data = document
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
        CheckError: it is no JSON object, or too large or deep a one.
    """

    def fail(message: str) -> CheckError:
        return CheckError([source.diagnostic((), message)])

    def no_number(name: str) -> None:
        raise fail(f"not JSON: {name} is no number")

    if len(submission.content) > LARGEST + 1:  # with its line feed
        raise fail(f"the document is larger than {LARGEST // 1024**2} MiB")
    if submission.content.startswith(BOM_UTF8):
        raise fail("a byte order mark: UTF-8 needs none, and JSON has none")
    if not submission.content.strip():
        raise fail(f"nothing is here: {SHAPE}")
    try:
        # Without the end of the line, after which an error in a stream would seem to be in the next one.
        content = submission.content.rstrip(b" \t\r\n").decode()
        document = json.loads(content, object_pairs_hook=_object, parse_constant=no_number)
        if "\\u" in content:  # Nothing but an escape can be a half of a character, which has no bytes.
            json.dumps(document, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise fail(f"byte {error.start} (0x{submission.content[error.start]:02x}) is not UTF-8") from error
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start])
        raise fail(f"a half of a character ({half}), which is no text") from error
    except RecursionError as error:
        raise fail(f"nested more than {submission.deepest} deep") from error
    except json.JSONDecodeError as error:
        line = submission.line + error.lineno - 1
        raise fail(f"not JSON: {error.msg} in line {line}, column {error.colno}") from error
    except ValueError as error:
        raise fail("a number of thousands of digits") from error
    values = 1
    for path, value in _containers(document):
        values += len(value)
        if values > MOST_VALUES:
            raise fail(f"more than {MOST_VALUES} values")
        if len(path) == submission.deepest:
            raise fail(f"nested more than {submission.deepest} deep")
        if isinstance(value, Repeating):
            source.problems += [
                source.diagnostic((*path, name), f"the key `{name}` is here a second time") for name in value.repeated
            ]
    if not isinstance(document, dict):
        raise fail(SHAPE)
    return document


class Repeating(dict[str, Any]):
    """An object in which keys stand more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    return result if len(result) == len(pairs) else Repeating(pairs)


def _containers(value: Any, path: DocumentPath = ()) -> Iterator[tuple[DocumentPath, dict[str, Any] | list[Any]]]:
    """Yield every object and list, those around it first, with its path."""
    if isinstance(value, dict | list):
        yield path, value
        for step, part in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(part, dict | list):
                yield from _containers(part, (*path, step))

"""NDJSON: a document a line, one transaction each, told by their lines, and never the whole stream in memory."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlmodel import col

from app.errors import FolderError
from app.loading import batch, documents, stream
from app.loading.documents import Submission
from app.loading.source import CheckError
from app.loading.stream import Stream, Tally, load_stream
from app.tables import Article
from tests.folders import contents_of
from tests.loading.articles import TEXT, Document, small_document

FILE = Path("some.ndjson")


def document(article_id: str, **more: Any) -> Document:
    return {"id": article_id, "text": TEXT, **small_document(), **more}


def lines(*values: Any, end: bytes = b"\n") -> bytes:
    """The documents, one a line; bytes stay as they are."""
    return b"".join((value if isinstance(value, bytes) else json.dumps(value).encode()) + end for value in values)


def submissions(content: bytes, most: int = 1000) -> list[Submission]:
    return list(Stream(io.BytesIO(content), FILE, most, 32).documents())


class Run:
    """A load of a stream, and what was told of it."""

    def __init__(self, engine: Engine, content: bytes, *, keep_going: bool = False, most: int = 1000) -> None:
        self.tally = Tally()
        self.refusals: list[str] = []
        self.progress: list[int] = []
        self.error: FolderError | None = None
        try:
            load_stream(
                engine,
                Stream(io.BytesIO(content), FILE, most, 32),
                self.tally,
                keep_going=keep_going,
                on_refusal=lambda error: self.refusals.extend(str(error).splitlines()),
                on_progress=self.progress.append,
            )
        except FolderError as error:
            self.error = error


def articles_in(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(col(Article.id)).order_by(col(Article.id))).scalars())


# --- Lines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_each_line_is_a_document_with_its_number_and_blank_ones_are_none(end: bytes) -> None:
    content = end + b'{"a": 1}' + end + b" \t" + end + end + b'{"b": 2}'
    for tail in (b"", end, end + end, end + b"  "):
        found = submissions(content + tail)
        assert [(each.line, each.content.strip()) for each in found] == [(2, b'{"a": 1}'), (5, b'{"b": 2}')]
        assert {each.file for each in found} == {FILE}
        assert {each.deepest for each in found} == {32}
        assert all(each.needs_id and each.article_id is None for each in found)


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n \n\n"])
def test_an_empty_stream_has_no_documents(content: bytes) -> None:
    assert submissions(content) == []


@given(st.lists(st.binary(max_size=30).map(lambda content: content.replace(b"\n", b"-")), max_size=8))
def test_lines_come_out_as_they_went_in(content: list[bytes]) -> None:
    found = {each.line: each.content for each in submissions(b"\n".join(content))}
    assert {number: line.removesuffix(b"\n") for number, line in found.items()} == {
        number: line for number, line in enumerate(content, start=1) if line.strip()
    }


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """A limit that tests reach sooner than 16 MiB."""
    monkeypatch.setattr(stream, "LARGEST", 1024)
    monkeypatch.setattr(documents, "LARGEST", 1024)
    return 1024


@pytest.mark.parametrize("excess", [1, 2, 3, 1023, 1024, 1025, 1026, 1027, 2048, 2050, 3074, 10_000])
def test_a_line_that_is_too_long_is_one_refusal_wherever_it_ends(writer: Engine, small: int, excess: int) -> None:
    def tiny(article_id: str) -> bytes:
        return json.dumps({"id": article_id, "text": "x", "entities": {}, "facts": []}).encode()

    # Its end looks like a document of its own.
    long = tiny("smuggled").rjust(small + excess)
    run = Run(writer, lines(tiny("one"), long, tiny("two")) + long + b"  ", keep_going=True)
    assert run.refusals == [f"{FILE}:{number}:1: the document is larger than 0 MiB" for number in (2, 4)]
    assert (run.tally.refused, articles_in(writer)) == (2, ["one", "two"])


def test_a_line_of_the_largest_size_is_read(writer: Engine, small: int) -> None:
    right = json.dumps({"id": "one", "text": "x", "entities": {}, "facts": []}).encode().ljust(small)
    assert str(Run(writer, lines(right, right)).tally) == "1 created, 0 replaced, 1 unchanged, 0 refused"


def test_of_a_line_without_end_only_a_part_is_ever_in_memory(small: int) -> None:
    class Endless(io.RawIOBase):
        """A hundred kilobytes without a line feed, and a note of how much was asked for at once."""

        def __init__(self) -> None:
            self.asked: list[int] = []
            self.left = 100_000

        def readline(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert size > 0
            self.asked.append(size)
            part = b"x" * min(size, self.left)
            self.left -= len(part)
            return part

    endless: Any = Endless()
    (found,) = Stream(endless, FILE, 10, 32).documents()
    assert len(found.content) == small + 2
    assert max(endless.asked) == small + 2
    assert endless.left == 0


# --- Loading ------------------------------------------------------------------------------------------------------


def test_what_becomes_of_each_document_is_counted(writer: Engine) -> None:
    changed = document("one")
    changed["facts"][1]["kind"] = "full"
    run = Run(writer, lines(document("one"), document("two"), document("one"), changed, changed))
    assert str(run.tally) == "2 created, 1 replaced, 2 unchanged, 0 refused"
    assert run.refusals == []
    assert articles_in(writer) == ["one", "two"]


def test_a_stream_leaves_what_its_folders_would(writer: Engine) -> None:
    Run(writer, lines(document("one"), document("two")))
    before = contents_of(writer)
    Run(writer, lines(document("one", facts=[], entities={}), document("two"), document("one")))
    assert contents_of(writer) == before


HULL = {"type": "place", "name": "Kingston"}
BAD = [
    (b"{", "not JSON: Expecting property name enclosed in double quotes in line 2, column 2"),
    (b"[]", "here stands an object with `text`, `entities` and `facts`"),
    (b"\xff", "byte 0 (0xff) is not UTF-8"),
    (json.dumps({"text": "x", "entities": {}, "facts": []}).encode(), "id: `id` is missing"),
    (json.dumps({"id": "bad", "entities": {}, "facts": []}).encode(), "text: `text` is missing"),
    (b"[" * 100_000, "nested more than 32 deep"),
    (
        json.dumps(document("bad", entities={**small_document()["entities"], "hull": HULL})).encode(),
        "entities.hull.kind: nothing here, but city in /articles/one: articles that share an entity agree on it",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "message"), BAD)
def test_a_document_that_is_refused_ends_the_load_and_is_told_with_its_line(
    writer: Engine, bad: bytes, message: str
) -> None:
    run = Run(writer, lines(document("one"), bad, document("three")))
    assert run.refusals[0] == f"{FILE}:2:1: {message}"
    assert str(run.tally) == "1 created, 0 replaced, 0 unchanged, 1 refused"
    assert articles_in(writer) == ["one"]


def test_a_load_that_keeps_going_tells_each_refusal_and_loads_the_rest(writer: Engine) -> None:
    content = lines(document("one"), *(bad for bad, _ in BAD), b"", document("three"))
    run = Run(writer, content, keep_going=True)
    told = [line for line in run.refusals if ": entities.hull.name: " not in line]
    assert told == [
        f"{FILE}:{number}:1: {message.replace('in line 2', f'in line {number}')}"
        for number, (_, message) in enumerate(BAD, start=2)
    ]
    assert str(run.tally) == f"2 created, 0 replaced, 0 unchanged, {len(BAD)} refused"
    assert articles_in(writer) == ["one", "three"]


def test_every_fault_of_a_document_is_told_with_its_line_and_path(writer: Engine) -> None:
    bad = document("bad", txt="x")
    bad["facts"][2]["title"] = 7
    bad["facts"][4]["evidence"] = "led a rallye\x1b[2J"
    run = Run(writer, lines(b"", bad))
    assert run.refusals == [
        f"{FILE}:2:1: facts[2].title: Input should be a valid string",
        f"{FILE}:2:1: facts[4].evidence[0]: the words ‘led a rallye\\x1b[2J’ are not in the text; "
        "the nearest are ‘led a rally in Hull’ at 64-83",
        f"{FILE}:2:1: txt: unknown key `txt`; did you mean `text`?",
    ]
    assert articles_in(writer) == []


def test_as_many_documents_as_may_be_are_loaded_and_one_more_is_an_error(writer: Engine) -> None:
    content = lines(document("one"), b"", document("two"))
    assert Run(writer, content, most=2).error is None
    for keep_going in (False, True):
        run = Run(writer, content + lines(document("three"), document("four")), most=2, keep_going=keep_going)
        assert str(run.error) == (
            f"{FILE}:4: more than 2 documents, DATELINE_MAX_DOCUMENTS: what comes before is loaded"
        )
        assert str(run.tally) == "0 created, 0 replaced, 2 unchanged, 0 refused"
    assert articles_in(writer) == ["one", "two"]


def test_documents_that_are_refused_count_among_those_that_may_be(writer: Engine) -> None:
    run = Run(writer, lines(b"[]", b"[]", document("three")), most=2, keep_going=True)
    assert run.error is not None
    assert run.tally.refused == 2


def test_progress_is_told_for_each_document(writer: Engine) -> None:
    content = lines(document("one"), b"[]", document("two"))
    assert sum(Run(writer, content, keep_going=True).progress) == len(content)


def test_documents_are_loaded_one_by_one_as_they_come(writer: Engine) -> None:
    """Each is committed before the next is read: so memory stays flat, and what is there is kept."""
    seen: list[list[str]] = []

    class Slow(io.RawIOBase):
        coming: Iterator[bytes] = iter([*map(lines, map(document, ["one", "two", "three"])), b""])

        def readline(self, size: int | None = -1, /) -> bytes:
            seen.append(articles_in(writer))
            return next(self.coming)

    slow: Any = Slow()
    load_stream(
        writer,
        Stream(slow, FILE, 10, 32),
        Tally(),
        keep_going=False,
        on_refusal=lambda error: pytest.fail(str(error)),
        on_progress=lambda size: None,
    )
    assert seen == [[], ["one"], ["one", "two"], ["one", "three", "two"]]


def test_an_error_that_is_no_refusal_ends_the_load_and_keeps_the_count(
    writer: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError("the disk is gone")

    tally = Tally()
    arguments: dict[str, Any] = {"keep_going": True, "on_refusal": fail, "on_progress": lambda size: None}
    load_stream(writer, Stream(io.BytesIO(lines(document("one"))), FILE, 10, 32), tally, **arguments)
    monkeypatch.setattr(batch, "load_articles", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        load_stream(writer, Stream(io.BytesIO(lines(document("two"))), FILE, 10, 32), tally, **arguments)
    assert str(tally) == "1 created, 0 replaced, 0 unchanged, 0 refused"


def test_a_refusal_says_which_document_in_an_error_too() -> None:
    (submission,) = submissions(b"\n\n[]")
    with pytest.raises(CheckError) as caught:
        documents.check_document(submission)
    assert str(caught.value).startswith(f"{FILE}:3:1: ")

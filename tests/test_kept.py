"""Answers that are kept: which are found, which have to go, and how much room they take."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kept import LARGEST, OVERHEAD, KeptAnswer, KeptAnswers, OnceATurn

ROOM = 100 * OVERHEAD
HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", b"5"),
    (b"etag", b'"tag"'),
    (b"vary", b"Accept-Encoding"),
]


class Database:
    """The mark of the last load, as a test sets it."""

    def __init__(self) -> None:
        self.token: str | None = "first"

    def __call__(self) -> str | None:
        return self.token


def answer(body: bytes = b"Hello", token: str = "first") -> KeptAnswer:
    return KeptAnswer(token, b'"tag"', HEADERS, body, "/people", b"", "/people")


def kept_of(database: Database, room: int = ROOM) -> KeptAnswers:
    return KeptAnswers(room, database)


def test_an_answer_is_found_by_its_question_letter_for_letter_and_by_its_coding() -> None:
    kept = kept_of(Database())
    kept.keep(b"/people?a=1&b=2", b"gzip", answer())
    assert kept.find(b"/people?a=1&b=2", b"gzip, deflate") is not None  # the same coding in other words
    for url, accepted in (
        (b"/people?b=2&a=1", b"gzip"),
        (b"/people?a=1&b=2", None),
        (b"/people?a=1&b=2", b"zstd"),
        (b"/People?a=1&b=2", b"gzip"),
        (b"/people", b"gzip"),
    ):
        assert kept.find(url, accepted) is None


def test_no_answer_outlives_a_load_or_a_database_that_cannot_be_read() -> None:
    database = Database()
    kept = kept_of(database)
    kept.keep(b"/people", None, answer())
    assert kept.find(b"/people", None) is not None
    for token in ("second", None):
        database.token = token
        assert kept.find(b"/people", None) is None
    kept.keep(b"/people", None, answer(b"Bye", "second"))
    database.token = "second"
    found = kept.find(b"/people", None)
    assert found is not None
    assert found.body == b"Bye"


def test_an_answer_of_a_database_without_a_mark_is_not_kept() -> None:
    database = Database()
    database.token = ""
    kept = kept_of(database)
    kept.keep(b"/people", None, answer(token=""))
    assert kept.find(b"/people", None) is None


def test_an_answer_from_before_a_load_that_comes_late_is_never_given() -> None:
    database = Database()
    database.token = "second"
    kept = kept_of(database)
    kept.keep(b"/people", None, answer(token="first"))
    assert kept.find(b"/people", None) is None


def test_a_thousand_questions_that_nobody_asks_twice_do_not_push_out_one_that_somebody_does() -> None:
    kept = kept_of(Database())
    kept.keep(b"/people", None, answer())
    assert kept.find(b"/people", None) is not None
    for number in range(1000):
        kept.keep(b"/people?q=%d" % number, None, answer())
    assert kept.find(b"/people", None) is not None
    assert kept.find(b"/people?q=0", None) is None
    assert kept.find(b"/people?q=999", None) is not None


def test_an_answer_that_would_take_much_of_the_room_is_not_kept() -> None:
    kept = kept_of(Database())
    kept.keep(b"/facts", None, answer(bytes(ROOM // LARGEST)))
    assert kept.find(b"/facts", None) is None
    nothing = kept_of(Database(), room=0)
    nothing.keep(b"/people", None, answer())
    assert nothing.find(b"/people", None) is None


Steps = st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, ROOM // (2 * LARGEST))), max_size=200)


@given(Steps)
def test_all_of_them_stay_within_the_room_and_are_counted_right(steps: list[tuple[bool, int, int]]) -> None:
    kept = kept_of(Database())
    newest: dict[bytes, bytes] = {}
    for keeps, number, size in steps:
        url = b"/%d" % number
        if keeps:
            newest[url] = bytes(size)
            kept.keep(url, None, answer(newest[url]))
        elif (found := kept.find(url, None)) is not None:
            assert found.body == newest[url]
        assert kept.size_of_new == sum(each.size for each in kept.new.values())
        assert kept.size_of_proven == sum(each.size for each in kept.proven.values())
        assert kept.size_of_new + kept.size_of_proven <= ROOM
        assert not kept.new.keys() & kept.proven.keys()


def test_what_somebody_has_been_told_to_have_is_no_answer_and_takes_no_place_of_one() -> None:
    database = Database()
    kept = kept_of(database)
    told = KeptAnswer("first", b'"tag"', HEADERS, None, "/people", b"", "/people")
    kept.keep(b"/people", None, told)
    assert kept.find(b"/people", None) is told
    assert told.whole is None
    assert told.not_modified.status == 304
    whole = answer()
    for each in (whole, told):
        kept.keep(b"/people", None, each)
        assert kept.find(b"/people", None) is whole
    database.token = "second"
    later = KeptAnswer("second", b'"later"', HEADERS, None, "/people", b"", "/people")
    kept.keep(b"/people", None, later)
    assert kept.find(b"/people", None) is later


def test_304_goes_without_what_is_said_of_a_body() -> None:
    kept = answer()
    assert kept.whole is not None
    assert kept.whole.head.count(b"\r\n") == len(HEADERS)
    assert kept.not_modified.head == b'etag: "tag"\r\nvary: Accept-Encoding\r\n'
    assert (kept.whole.status, kept.not_modified.status) == (200, 304)
    assert (kept.whole.body, kept.not_modified.body) == (kept.body, b"")


def test_a_turn_of_the_loop_asks_once_and_the_next_one_anew() -> None:
    asked: list[str] = []

    def ask() -> str:
        asked.append("asked")
        return str(len(asked))

    async def turns() -> list[str | None]:
        once = OnceATurn(ask)
        first = [once(), once()]
        await asyncio.sleep(0)
        return [*first, once()]

    assert asyncio.run(turns()) == ["1", "1", "2"]


def test_a_turn_that_could_not_ask_does_not_keep_the_answer_of_another() -> None:
    answers: Iterator[str | Exception] = iter(["first", RuntimeError("broken"), "second"])

    def ask() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def turns() -> list[str | None]:
        once = OnceATurn(ask)
        first = once()
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            once()
        return [first, once()]

    assert asyncio.run(turns()) == ["first", "second"]

"""The log: whole lines in order, none lost at the end, nobody kept waiting, and nothing forged."""

import json
import logging
import logging.config
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import logs
from app.logs import Lines, as_line, config, note, request_id, timestamp
from tests.api import environment_with, lines_in

NASTY = 'a\r\n{"level":"info"}\x1b[31m\x00\x7f\x85\u2028\u202e"\\é💥'


def record(
    message: str, *args: object, name: str = "dateline", error: BaseException | None = None
) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, info)


class Pipe:
    """A pipe that somebody reads only when asked to."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def read(self) -> bytes:
        """Return all that comes until nobody can write any more."""
        os.close(self.writer)
        with os.fdopen(self.reader, "rb") as opened:
            return opened.read()


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


# --- Lines --------------------------------------------------------------------------------------------------------


def test_a_record_is_a_line_that_says_when_where_and_what() -> None:
    made = record("%s of %d", "one", 2)
    made.created = 1_718_668_800.1239
    line = as_line(made)
    assert line.endswith("}\n")
    assert json.loads(line) == {
        "time": "2024-06-18T00:00:00.123Z",
        "level": "warning",
        "logger": "dateline",
        "message": "one of 2",
    }


def test_a_record_has_the_id_of_the_request_during_which_it_was_made() -> None:
    token = request_id.set("mine")
    try:
        assert json.loads(as_line(record("x")))["request_id"] == "mine"
    finally:
        request_id.reset(token)


def test_a_traceback_is_in_the_same_line() -> None:
    try:
        raise RuntimeError(NASTY)
    except RuntimeError as error:
        line = as_line(record("it failed\n", error=error))
    assert line.count("\n") == 1
    entry = json.loads(line)
    assert entry["message"] == "it failed"
    assert entry["exception"].startswith("Traceback (most recent call last):\n")
    assert entry["exception"].endswith(f"RuntimeError: {NASTY}")


@given(st.text(), st.text())
def test_no_text_forges_a_line_or_a_field(message: str, argument: str) -> None:
    line = as_line(record("%s%s", message, argument, name=message))
    (entry,) = lines_in(line.encode())
    assert list(entry) == ["time", "level", "logger", "message"]
    assert entry["message"] == (message + argument).rstrip("\n")
    assert entry["logger"] == message


def test_times_go_on_in_the_next_second() -> None:
    assert [timestamp(moment) for moment in (0, 999, 1000, 59_001, 60_000)] == [
        "1970-01-01T00:00:00.000Z",
        "1970-01-01T00:00:00.999Z",
        "1970-01-01T00:00:01.000Z",
        "1970-01-01T00:00:59.001Z",
        "1970-01-01T00:01:00.000Z",
    ]


def test_notes_on_a_request_add_up() -> None:
    scope: dict[str, object] = {}
    note(scope, writer="desk")
    note(scope, article="x")
    assert scope == {logs.NOTES: {"writer": "desk", "article": "x"}}


# --- Writing ------------------------------------------------------------------------------------------------------


def test_all_lines_are_written_in_order_by_the_end(pipe: Pipe) -> None:
    handler = Lines(pipe.writer)
    for number in range(1000):
        handler.put(str, f'{{"n":{number}}}\n')
    handler.close()
    assert [line["n"] for line in lines_in(pipe.read())] == list(range(1000))


def test_who_logs_does_not_wait_for_who_reads(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST_WAITING", 100)
    writing = threading.Event()
    write = logs._write

    def note_and_write(descriptor: int, data: bytes) -> None:
        writing.set()
        write(descriptor, data)

    monkeypatch.setattr(logs, "_write", note_and_write)
    handler = Lines(pipe.writer)
    long = "x" * 100_000  # More than a pipe holds.
    handler.put(str, json.dumps({"n": 0, "text": long}) + "\n")
    assert writing.wait(60)
    for number in range(1, 201):
        handler.put(str, json.dumps({"n": number, "text": long}) + "\n")
    with os.fdopen(pipe.reader, "rb") as reader:
        *kept, loss = [lines_in(reader.readline())[0] for _ in range(102)]
        handler.put(str, '{"n":"last"}\n')
        assert lines_in(reader.readline()) == [{"n": "last"}]
    handler.close()
    os.close(pipe.writer)
    assert [line["n"] for line in kept] == list(range(101))
    assert loss["level"] == "warning"
    assert loss["message"] == "100 lines of the log are lost: they could not be written"


def test_a_log_that_cannot_be_written_stops_nobody_and_says_so_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "log").open("wb") as file:
        handler = Lines(file.fileno())
        tried = threading.Semaphore(0)

        def fail(_descriptor: int, _data: bytes) -> None:
            tried.release()
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as full:
            full.setattr(logs, "_write", fail)
            for number in range(3):
                handler.put(str, f'{{"n":{number}}}\n')
                assert tried.acquire(timeout=60)
        handler.put(str, '{"n":3}\n')
        handler.close()
    first, second = lines_in((tmp_path / "log").read_bytes())
    assert first == {"n": 3}
    assert second["message"] == "3 lines of the log are lost: they could not be written"


def test_a_long_backlog_is_written_some_lines_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "AT_ONCE", 3)
    parts: list[bytes] = []
    monkeypatch.setattr(logs, "_write", lambda _descriptor, data: parts.append(data))
    with (tmp_path / "log").open("wb") as file:
        handler = Lines(file.fileno())
        for number in range(10):
            handler.put(str, f'{{"n":{number}}}\n')
        handler.close()
    assert max(part.count(b"\n") for part in parts) <= 3
    assert [line["n"] for line in lines_in(b"".join(parts))] == list(range(10))


def test_a_pipe_that_does_not_block_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe.writer, False)
    handler = Lines(pipe.writer)
    for number in range(50):
        handler.put(str, json.dumps({"n": number, "text": "x" * 10_000}) + "\n")
    chunks = b""
    while chunks.count(b"\n") < 50:
        chunks += os.read(pipe.reader, 65536)
    handler.close()
    assert [line["n"] for line in lines_in(chunks)] == list(range(50))
    assert pipe.read() == b""


PROCESS = """
import sys
from app.logs import Lines
handler = Lines()
for number in range(300):
    handler.put(str, '{"from":"%s","n":%d,"text":"%s"}\\n' % (sys.argv[1], number, "x" * (number * 37 % 9000)))
handler.close()
"""


def test_lines_of_several_processes_stay_whole(pipe: Pipe) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", PROCESS, name], stderr=pipe.writer, env=environment_with())
        for name in ("first", "second", "third")
    ]
    lines = lines_in(pipe.read())
    assert [process.wait() for process in processes] == [0, 0, 0]
    for name in ("first", "second", "third"):
        assert [line["n"] for line in lines if line["from"] == name] == list(range(300))


def test_a_process_without_standard_error_logs_nowhere() -> None:
    code = "import logging; from app.logs import Lines; h = Lines(); h.put(str, 'x'); h.close(); print(h._descriptor)"
    shell = f'{sys.executable} -c "{code}" 2>&-'
    done = subprocess.run(shell, shell=True, env=environment_with(), capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 2


# --- Configuration ------------------------------------------------------------------------------------------------


@pytest.fixture
def untouched() -> Iterator[None]:
    """Put back what the configuration of logging changes."""
    names = ("dateline", "fastapi", "uvicorn")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    for handler in logging.root.handlers:
        if handler not in handlers:
            handler.close()
    logging.root.handlers[:], logging.root.level = handlers, level
    for name in names:
        logging.getLogger(name).setLevel(levels[name])


@pytest.mark.parametrize(
    ("level", "ours", "others"),
    [
        ("debug", logging.DEBUG, logging.WARNING),
        ("info", logging.INFO, logging.WARNING),
        ("warning", logging.WARNING, logging.WARNING),
        ("error", logging.ERROR, logging.ERROR),
        ("critical", logging.CRITICAL, logging.CRITICAL),
    ],
)
def test_each_level_is_heard_and_packages_only_when_they_warn(
    untouched: None, level: str, ours: int, others: int
) -> None:
    logging.config.dictConfig(config(level))
    assert [type(handler) for handler in logging.root.handlers] == [Lines]
    for name in ("dateline", "dateline.request", "uvicorn.error", "fastapi"):
        assert logging.getLogger(name).getEffectiveLevel() == ours
    for name in ("alembic.runtime.migration", "asyncio", "opentelemetry"):
        assert logging.getLogger(name).getEffectiveLevel() == others

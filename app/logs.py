"""The log: one JSON object a line on standard error, in ASCII, so that no input can forge a line or a field."""

import json
import logging
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from time import gmtime, strftime
from typing import Any, Final

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_UN, lockf

PAUSE: Final = 0.01
"""Seconds that lines are collected before they are written together: to write each by itself costs more than to make
it."""
AT_ONCE: Final = 1_000
"""Lines that are written together, if a slow disk has let more wait."""
MOST_WAITING: Final = 50_000
"""Lines that wait for a reader of the log who has stopped reading; more are lost, and counted, as requests go first."""
LAST_WORDS: Final = 2.0
"""Seconds that the end waits for such a reader."""

NOTES: Final = "dateline.notes"
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered."""


def config(level: str) -> dict[str, Any]:
    """Return the configuration of logging, as uvicorn hands it to each of its processes.

    Packages that say much about their ordinary work are heard from warnings on.
    """
    own = {"level": level.upper()}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"lines": {"class": "app.logs.Lines"}},
        "root": {"handlers": ["lines"], "level": level.upper() if level in ("critical", "error") else "WARNING"},
        "loggers": {"dateline": own, "fastapi": own, "uvicorn": own},
    }


def note(scope: MutableMapping[str, Any], **fields: str) -> None:
    """Add fields to the line that will be logged of the request."""
    scope.setdefault(NOTES, {}).update(fields)


@lru_cache(maxsize=2)
def timestamp(milliseconds: int) -> str:
    """Return a time since the epoch in ISO 8601, in UTC; many a line has the same as the one before."""
    second, thousandths = divmod(milliseconds, 1000)
    return f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(second))}.{thousandths:03}Z"


def as_line(record: logging.LogRecord) -> str:
    """Return a log record as a line: a JSON object, with the id of its request and the traceback where it has them."""
    entry = {
        "time": timestamp(int(record.created * 1000)),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage().rstrip("\n"),
    }
    current = request_id.get()
    if current is not None:
        entry["request_id"] = current
    if record.exc_info:
        entry["exception"] = logging.Formatter().formatException(record.exc_info)
    return json.dumps(entry, separators=(",", ":")) + "\n"


Waiting = tuple[Callable[..., str], tuple[object, ...]]
"""What a line is made with, and of what."""


class Lines(logging.Handler):
    """Writes lines to standard error, from a thread of its own: whoever logs does not wait for who reads."""

    def __init__(self, descriptor: int | None = None) -> None:
        super().__init__()
        self._descriptor = _standard_error() if descriptor is None else descriptor
        self._waiting: deque[Waiting] = deque()
        self._refused = 0
        self._failed = 0
        self._told = 0
        self._arrived = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._write_until_closed, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a log record."""
        try:
            self.put(str, as_line(record))
        except Exception:
            self.handleError(record)

    def put(self, make: Callable[..., str], *values: object) -> None:
        """Write a line that is made of these values; it ends with a newline.

        It is made when it is written: many after another take less time than each amid other work.
        """
        if len(self._waiting) >= MOST_WAITING:
            self._refused += 1
            return
        self._waiting.append((make, values))
        if not self._arrived.is_set():
            self._arrived.set()

    def close(self) -> None:
        """Write what waits, and stop; `logging` calls it at the end of the process."""
        self._closing.set()
        self._arrived.set()
        self._thread.join(LAST_WORDS)
        super().close()

    def _write_until_closed(self) -> None:
        closing = False
        while not closing:
            self._arrived.wait()
            self._arrived.clear()
            closing = self._closing.wait(PAUSE)
            self._write_waiting()

    def _write_waiting(self) -> None:
        """Write what waits now; some lines at a time, as requests wait while lines are put together."""
        parts = max(1, -(-len(self._waiting) // AT_ONCE))
        for _ in range(parts):
            self._write_part([self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))])

    def _write_part(self, lines: Sequence[Waiting]) -> None:
        lost = self._refused + self._failed - self._told
        text = "".join([make(*values) for make, values in lines]) + (_loss(lost) if lost else "")
        try:
            with _alone(self._descriptor):
                _write(self._descriptor, text.encode("ascii"))
        except OSError:  # A full disk, a reader that is gone: there is nowhere to say so, until it goes on.
            self._failed += len(lines)
        else:
            self._told += lost


def _loss(lost: int) -> str:
    """Return the line that tells of lost ones."""
    text = "%s lines of the log are lost: they could not be written"
    return as_line(logging.LogRecord("dateline", logging.WARNING, __file__, 0, text, (lost,), None))


def _standard_error() -> int:
    """Return where standard error goes; a process that was started without one may have put its number to other use."""
    return sys.__stderr__.fileno() if sys.__stderr__ is not None else os.open(os.devnull, os.O_WRONLY)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # Another process that shares it has made it so.
            select.select((), (descriptor,), ())


@contextmanager
def _alone(descriptor: int) -> Iterator[None]:
    """Keep other workers from writing meanwhile: a full pipe would take the halves of their lines by turns."""
    if sys.platform == "win32":
        yield
        return
    lockf(descriptor, LOCK_EX)
    try:
        yield
    finally:
        lockf(descriptor, LOCK_UN)

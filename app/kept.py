"""Answers that are kept as bytes, while no load has been committed since."""

from asyncio import get_running_loop
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from app.access_log import about_answer
from app.encoding import preferred

OVERHEAD: Final = 2000
"""Bytes that a kept answer costs beside its own, more or less."""
LARGEST: Final = 16
"""An answer may take one part in so many of the room."""
PROVEN: Final = 0.8
"""The share of the room that is for answers that were asked for again."""


ABOUT_THE_BODY: Final = (b"content-length", b"content-type", b"content-encoding", b"link")
"""Headers that 304 goes without."""

Header = tuple[bytes, bytes]


def lines_of(headers: Iterable[Header]) -> bytes:
    """Return the headers as HTTP/1.1 has them."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)


@dataclass(frozen=True)
class Given:
    """An answer as it is written, and what is logged of it."""

    status: int
    head: bytes
    """The lines of its headers, without those that differ from request to request."""
    body: bytes
    route: str
    about: str
    """What is logged of it."""

    @classmethod
    def of(cls, status: int, headers: Iterable[Header], body: bytes, route: str, path: str, query: bytes) -> "Given":
        """Return an answer to a request of this path and query, which the route answers."""
        return cls(status, lines_of(headers), body, route, about_answer("GET", route, status, path, query, len(body)))


@dataclass(frozen=True)
class KeptAnswer:
    """An answer to a question, and what is logged of it."""

    token: str
    """The mark of the load after which it is true."""
    etag: bytes
    headers: Sequence[Header]
    body: bytes | None
    """None where it has only been told to clients that had it."""
    path: str
    query: bytes
    route: str

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        return len(self.body or b"") + 2 * len(self.path) + len(self.query) + OVERHEAD

    @cached_property
    def whole(self) -> Given | None:
        """The answer of 200, None without a body; made when it is asked for again, as most are not."""
        return None if self.body is None else self._given(200, self.headers, self.body)

    @cached_property
    def not_modified(self) -> Given:
        """The answer of 304."""
        return self._given(304, (header for header in self.headers if header[0] not in ABOUT_THE_BODY), b"")

    def _given(self, status: int, headers: Iterable[Header], body: bytes) -> Given:
        return Given.of(status, headers, body, self.route, self.path, self.query)


Key = tuple[bytes, str]


class KeptAnswers:
    """Keeps answers as bytes, as long as no load has been committed since, within so many bytes.

    An answer is found by the URL letter for letter and the coding: no two questions share one. New ones stand in a
    small part of the room, and move to the larger part when they are asked for again (a segmented least-recently-used
    cache): whoever asks a thousand questions that nobody asks twice pushes out but others of their kind.
    """

    def __init__(self, room: int, current_token: Callable[[], str | None]) -> None:
        """Begin with nothing.

        Args:
            room: how many bytes all answers may take; 0 keeps none.
            current_token: returns the mark of the last committed load, None if it cannot be had.
        """
        self.room = room
        self.current_token = current_token
        self.new: OrderedDict[Key, KeptAnswer] = OrderedDict()
        self.proven: OrderedDict[Key, KeptAnswer] = OrderedDict()
        self.size_of_new = self.size_of_proven = 0

    def find(self, url: bytes, accepted: bytes | None) -> KeptAnswer | None:
        """Return the answer to this question, if there is one that no load has outdated."""
        key = url, preferred(accepted)
        kept = self.proven.get(key) or self.new.get(key)
        if kept is None or kept.token != self.current_token():
            return None
        if key in self.proven:
            self.proven.move_to_end(key)
        else:
            self._prove(key)
        return kept

    def keep(self, url: bytes, accepted: bytes | None, kept: KeptAnswer) -> None:
        """Keep the answer; it takes the place of an older one to the same question, but not of one that says more.

        One that has no mark, as the database has none, is not kept: nothing would outdate it.
        """
        if not kept.token or kept.size * LARGEST > self.room:
            return
        key = url, preferred(accepted)
        there = self.proven.get(key) or self.new.get(key)
        if kept.body is None and there is not None and there.body is not None and there.token == kept.token:
            return
        if key in self.proven:
            self.size_of_proven += kept.size - self.proven[key].size
            self.proven[key] = kept
            self._shrink_proven()
        else:
            if key in self.new:
                self.size_of_new -= self.new.pop(key).size
            self.new[key] = kept
            self.size_of_new += kept.size
        while self.size_of_new + self.size_of_proven > self.room:
            self.size_of_new -= self.new.popitem(last=False)[1].size

    def _prove(self, key: Key) -> None:
        kept = self.new.pop(key)
        self.size_of_new -= kept.size
        self.proven[key] = kept
        self.size_of_proven += kept.size
        self._shrink_proven()

    def _shrink_proven(self) -> None:
        """Let those that were not asked for the longest stand with the new ones again."""
        while self.size_of_proven > self.room * PROVEN:
            key, kept = self.proven.popitem(last=False)
            self.size_of_proven -= kept.size
            self.new[key] = kept
            self.size_of_new += kept.size


class OnceATurn:
    """Asks something once in a turn of the event loop.

    What a turn reads was sent before it began, at least the first byte of it: an answer that was true at any later
    moment is true for all of it.
    """

    def __init__(self, ask: Callable[[], str | None]) -> None:
        self.ask = ask
        self._has_asked = False
        self._answer: str | None = None

    def __call__(self) -> str | None:
        """Return the answer of this turn."""
        if not self._has_asked:
            self._answer = self.ask()
            self._has_asked = True
            get_running_loop().call_soon(self._forget)
        return self._answer

    def _forget(self) -> None:
        self._has_asked = False

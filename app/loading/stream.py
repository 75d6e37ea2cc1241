"""Loading a stream of articles: NDJSON, one JSON document a line, as it comes, so that memory stays flat."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import BinaryIO

from sqlalchemy import Engine

from app.errors import FolderError
from app.loading.batch import Waiting
from app.loading.checking import CheckedArticle
from app.loading.documents import Submission, check_document
from app.loading.loader import Outcome
from app.loading.source import LARGEST, CheckError

REFUSED = "refused"


@dataclass
class Stream:
    """Where documents come from, and how many of what size and depth are taken from it."""

    content: BinaryIO
    name: Path
    most: int
    deepest: int

    def documents(self) -> Iterator[Submission]:
        """Yield the documents; blank lines are none.

        Raises:
            FolderError: there are more than may be.
        """
        taken = 0
        for number, line in enumerate(self._lines(), start=1):
            if (
                len(line) <= LARGEST and not line.strip()
            ):  # A longer one is cut short, and may have something further on.
                continue
            if taken == self.most:
                raise FolderError(
                    f"{self.name}:{number}: more than {self.most} documents, DATELINE_MAX_DOCUMENTS: "
                    "what comes before is loaded"
                )
            taken += 1
            yield Submission(line, self.name, number, deepest=self.deepest)

    def has_more_at_hand(self) -> bool:
        """Tell whether one can read on without waiting for whoever writes; False where nothing tells."""
        if self.content.seekable():
            return True
        with suppress(OSError, ValueError):  # what has no file behind it
            return bool(select([self.content], [], [], 0)[0])
        return False

    def _lines(self) -> Iterator[bytes]:
        """Yield the lines; of one that is longer than any document may be, just so much that this shows."""
        while line := self.content.readline(LARGEST + 2):
            yield line
            while line and not line.endswith(b"\n"):
                line = self.content.readline(LARGEST)


@dataclass
class Tally:
    """What became of the documents of a stream."""

    outcomes: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Read like `3 created, 0 replaced, 1 unchanged, 2 refused`."""
        return ", ".join(f"{self.outcomes[outcome]} {outcome}" for outcome in [*Outcome, REFUSED])

    @property
    def refused(self) -> int:
        """How many had something wrong with them."""
        return self.outcomes[REFUSED]


@dataclass
class Storing:
    """The storing end of a stream: what waits to be stored, and who is told what became of each document."""

    engine: Engine
    tally: Tally
    keep_going: bool
    on_refusal: Callable[[CheckError], None]
    on_progress: Callable[[int], None]
    waiting: Waiting = field(default_factory=Waiting)
    sizes: list[int] = field(default_factory=list)

    def take(self, article: CheckedArticle, size: int) -> bool:
        """Take an article of a document of this size; return whether to go on."""
        if not self.waiting.has_room_for(article) and not self.store():
            return False
        self.waiting.add(article)
        self.sizes.append(size)
        return True

    def refuse(self, error: CheckError, size: int) -> bool:
        """Store what came before it, and tell that the document is refused; return whether to go on."""
        return self.store() and self._tell(error, size)

    def store(self) -> bool:
        """Store what waits; return whether to go on."""
        sizes, self.sizes = self.sizes, []
        stored = self.waiting.store(self.engine)
        return all(self._tell(outcome, size) for (_, outcome), size in zip(stored, sizes, strict=False))

    def _tell(self, outcome: Outcome | CheckError, size: int) -> bool:
        if refused := isinstance(outcome, CheckError):
            self.on_refusal(outcome)
        self.tally.outcomes[REFUSED if refused else str(outcome)] += 1
        self.on_progress(size)
        return self.keep_going or not refused


def load_stream(
    engine: Engine,
    stream: Stream,
    tally: Tally,
    *,
    keep_going: bool,
    on_refusal: Callable[[CheckError], None],
    on_progress: Callable[[int], None],
) -> None:
    """Load the documents of a stream, each as a whole or not at all, until one is refused, or all of them.

    As many are stored at once as are there without waiting for more.

    Args:
        engine: where to.
        stream: where from.
        tally: counts what becomes of them, also when an error ends it all.
        keep_going: whether to go on after a document that is refused.
        on_refusal: is told what is wrong with a document.
        on_progress: is told how many bytes have been dealt with.

    Raises:
        FolderError: there are more documents than may be.
    """
    storing = Storing(engine, tally, keep_going, on_refusal, on_progress)
    try:
        for submission in stream.documents():
            size = len(submission.content)
            try:
                goes_on = storing.take(check_document(submission), size)
            except CheckError as error:
                goes_on = storing.refuse(error, size)
            if not goes_on or not (stream.has_more_at_hand() or storing.store()):
                return
    except FolderError:
        storing.store()
        raise
    storing.store()

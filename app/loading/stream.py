"""Loading a stream of articles: NDJSON, one JSON document a line, as it comes, so that memory stays flat."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine

from app.errors import FolderError
from app.loading.documents import Submission, check_document
from app.loading.loader import Outcome, load_article
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


def load_stream(
    engine: Engine,
    stream: Stream,
    tally: Tally,
    *,
    keep_going: bool,
    on_refusal: Callable[[CheckError], None],
    on_progress: Callable[[int], None],
) -> None:
    """Load the documents of a stream, one transaction each, until one is refused, or all of them.

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
    for submission in stream.documents():
        try:
            article = check_document(submission)
            with engine.begin() as connection:
                outcome: str = load_article(connection, article)
        except CheckError as error:
            outcome = REFUSED
            on_refusal(error)
        tally.outcomes[outcome] += 1
        on_progress(len(submission.content))
        if outcome == REFUSED and not keep_going:
            return

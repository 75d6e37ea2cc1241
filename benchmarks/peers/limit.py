"""The limit: nothing but uvicorn, and constant bytes like Dateline's."""

import sys

from benchmarks.load import Request
from benchmarks.paths import CHECKOUT
from benchmarks.peers.base import Peer
from benchmarks.questions import Question, Task
from benchmarks.serving import Command

LIMIT = "bare-uvicorn"


def path_of(task: Task, *, conditional: bool = False) -> str:
    """Return where the constant server has the answer."""
    return f"/{task}-304" if conditional else f"/{task}"


class Limit(Peer):
    """A reference: as fast as an answer of this size can be sent from Python."""

    name = LIMIT

    def command(self, port: int) -> Command:
        """Return how to start it, without an access log."""
        return Command(
            [sys.executable, "-m", "uvicorn", "benchmarks.servers.constant:app", "--port", str(port), "--no-access-log",
             "--no-server-header", "--loop", "uvloop", "--http", "httptools", "--lifespan", "off"],
            {"ANSWERS": str(self.folder / "answers.json")}, CHECKOUT, ready=path_of(Task.LIST),
        )  # fmt: skip

    def request(self, question: Question) -> Request:
        """Return the path: it has one answer a task."""
        return Request(path_of(question.task))

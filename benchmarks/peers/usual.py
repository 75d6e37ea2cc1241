"""FastAPI and SQLModel in the usual way, as tutorials have it."""

import sys
from urllib.parse import urlencode

from benchmarks.load import Request
from benchmarks.paths import CHECKOUT
from benchmarks.peers.base import Peer
from benchmarks.questions import Question, Task
from benchmarks.serving import Command


class Usual(Peer):
    """A reference: the same framework and the same kind of tables, without care for speed."""

    name = "fastapi-sqlmodel"

    def command(self, port: int) -> Command:
        """Return how to start it under uvicorn, without an access log."""
        return Command(
            [sys.executable, "-m", "uvicorn", "benchmarks.servers.usual:app", "--port", str(port), "--no-access-log"],
            {"DATABASE": str(self.corpus / "peers.db")}, CHECKOUT, ready="/openapi.json",
        )  # fmt: skip

    def request(self, question: Question) -> Request:
        """Return the path."""
        given: dict[str, str | int] = {"limit": question.limit}
        match question.task:
            case Task.LIST:
                return Request(f"/people?{urlencode({**given, 'offset': (question.page - 1) * question.limit})}")
            case Task.FILTER:
                return Request(f"/people?{urlencode({**given, 'organisation': question.subject})}")
            case Task.ITEM:
                return Request(f"/people/{question.subject}")
            case Task.SEARCH:
                return Request(f"/search?{urlencode({**given, 'q': question.subject})}")

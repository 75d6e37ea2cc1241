"""Dateline as shipped: `dateline serve`, with the request log on."""

import compileall
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from benchmarks.asking import Asked
from benchmarks.load import Request
from benchmarks.paths import CHECKOUT
from benchmarks.peers.base import Peer
from benchmarks.questions import Question, Task
from benchmarks.serving import Command


class Dateline(Peer):
    """The subject of it all."""

    name = "dateline"
    learns = True
    pages: dict[tuple[int, int], str]
    """The paths of the pages of the list, by their limit and number."""

    def install(self) -> None:
        """Compile it to bytecode, as pip does with packages: a checkout may be where Python writes none by itself."""
        compileall.compile_dir(CHECKOUT / "app", quiet=1)

    def command(self, port: int, workers: int = 1) -> Command:
        """Return how to start it on the corpus; what is to be served has been loaded before."""
        nothing = self.folder / "no-seed-data"
        nothing.mkdir(parents=True, exist_ok=True)
        return Command(
            [sys.executable, "-m", "app.cli", "serve", "--port", str(port), "--workers", str(workers)],
            {"DATELINE_DATABASE_URL": f"sqlite:///{self.corpus / 'dateline.db'}", "DATELINE_SEED_DATA": str(nothing)},
            CHECKOUT,
            ready="/ready",
        )

    def learn(self, asked: Asked, questions: Sequence[Question]) -> None:
        """Follow `next` to all pages that are going to be asked for."""
        last: dict[int, int] = {}
        for question in questions:
            if question.task is Task.LIST:
                last[question.limit] = max(question.page, last.get(question.limit, 1))
        self.pages = {}
        for limit, pages in last.items():
            path = f"/people?limit={limit}"
            for page in range(1, pages + 1):
                self.pages[limit, page] = path
                path = asked.get(path).json()["next"] if page < pages else path

    def request(self, question: Question) -> Request:
        """Return the path."""
        match question.task:
            case Task.LIST:
                return Request(self.pages[question.limit, question.page])
            case Task.FILTER:
                return Request(f"/people?{urlencode({'organisation': question.subject, 'limit': question.limit})}")
            case Task.ITEM:
                return Request(f"/people/{question.subject}")
            case Task.SEARCH:
                return Request(f"/search?{urlencode({'q': question.subject, 'limit': question.limit})}")

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """Return the items."""
        items: list[dict[str, Any]] = answer.get("items", [answer])
        return items

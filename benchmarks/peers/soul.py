"""soul-cli: REST over a SQLite file."""

import shutil
from typing import Any
from urllib.parse import urlencode

from benchmarks.load import Request
from benchmarks.peers.base import Peer
from benchmarks.questions import Question, Task
from benchmarks.serving import Command


class Soul(Peer):
    """A SQLite REST server, in Node."""

    name = "soul-cli"
    from_npm = "soul-cli"

    def feed(self) -> None:
        """Give it a copy of the file, as it adds tables of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "soul.db").exists():
            shutil.copy(self.corpus / "peers.db", self.folder / "soul.db")

    def command(self, port: int) -> Command:
        """Return how to start it."""
        program = self.installed / "node_modules/.bin/soul"
        return Command(
            ["node", str(program), "--database", str(self.folder / "soul.db"), "--port", str(port)],
            folder=self.folder, ready="/api/tables",
        )  # fmt: skip

    def request(self, question: Question) -> Request:
        """Return the path; its search looks through every column of the table."""
        given: dict[str, str | int] = {"_limit": question.limit}
        match question.task:
            case Task.LIST:
                given = {**given, "_ordering": "position", "_page": question.page}
                return Request(f"/api/tables/people/rows?{urlencode(given)}")
            case Task.FILTER:
                given = {**given, "_ordering": "position", "_filters": f"organisation:{question.subject}"}
                return Request(f"/api/tables/people_in/rows?{urlencode(given)}")
            case Task.ITEM:
                return Request(f"/api/tables/people_full/rows/{question.subject}")
            case Task.SEARCH:
                return Request(f"/api/tables/search/rows?{urlencode({**given, '_search': question.subject})}")

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """Return the rows, of which a single one is a list too."""
        return super().rows(answer["data"])

"""json-server: all rows in memory, from one JSON file."""

import json
from collections.abc import Iterator
from urllib.parse import urlencode

from benchmarks.export import rows
from benchmarks.load import Request
from benchmarks.peers.base import Peer, write_once
from benchmarks.questions import Question, Task
from benchmarks.serving import Command

TABLES = ("people", "people_in", "people_full", "search")


class JsonServer(Peer):
    """A REST API without coding, in Node."""

    name = "json-server"
    from_npm = "json-server@0.17"

    def feed(self) -> None:
        """Write the file."""
        write_once(self.folder / "db.json", self._file())

    def _file(self) -> Iterator[str]:
        for number, table in enumerate(TABLES):
            yield f"{',' if number else '{'}\n{json.dumps(table)}: ["
            for index, row in enumerate(rows(self.corpus / "peers.db", table)):
                yield (",\n" if index else "\n") + json.dumps(row, ensure_ascii=False)
            yield "]"
        yield "}\n"

    def command(self, port: int) -> Command:
        """Return how to start it without its log."""
        program = self.installed / "node_modules/json-server/lib/cli/bin.js"
        return Command(
            ["node", "--max-old-space-size=16000", str(program), "--quiet", "--host", "127.0.0.1", "--port", str(port),
             "--snapshots", str(self.folder), str(self.folder / "db.json")],
            folder=self.folder,
        )  # fmt: skip

    def request(self, question: Question) -> Request:
        """Return the path."""
        given: dict[str, str | int] = {"_limit": question.limit}
        match question.task:
            case Task.LIST:
                return Request(f"/people?{urlencode({**given, '_sort': 'position', '_page': question.page})}")
            case Task.FILTER:
                given = {**given, "organisation": question.subject, "_sort": "position"}
                return Request(f"/people_in?{urlencode(given)}")
            case Task.ITEM:
                return Request(f"/people_full/{question.subject}")
            case Task.SEARCH:
                return Request(f"/search?{urlencode({**given, 'q': question.subject})}")

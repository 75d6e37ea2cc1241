"""Datasette, with a query of its own for each task, full text in FTS5."""

import json
from urllib.parse import urlencode

from benchmarks.load import Request
from benchmarks.peers.base import Peer, write_once
from benchmarks.questions import Question, Task
from benchmarks.serving import Command

QUERIES = {
    Task.LIST: "SELECT * FROM people ORDER BY position LIMIT :limit OFFSET :offset",
    Task.FILTER: "SELECT * FROM people_in WHERE organisation = :subject ORDER BY position LIMIT :limit",
    Task.ITEM: "SELECT * FROM people_full WHERE id = :subject",
    Task.SEARCH: (
        "SELECT type, id, search.name, url, snippet(search_fts, -1, '**', '**', '…', 24) AS snippet FROM search_fts"
        " JOIN search ON search.key = search_fts.rowid WHERE search_fts MATCH :subject ORDER BY rank LIMIT :limit"
    ),
}


class Datasette(Peer):
    """A way to publish SQLite files."""

    name = "datasette"
    from_pypi = "datasette"

    def feed(self) -> None:
        """Write down the queries."""
        queries = {task.value: {"sql": sql} for task, sql in QUERIES.items()}
        write_once(self.folder / "metadata.json", [json.dumps({"databases": {"peers": {"queries": queries}}})])

    def command(self, port: int) -> Command:
        """Return how to start it on the file, which it takes as never changing."""
        return Command(
            [str(self.installed / "bin/datasette"), "serve", "--immutable", str(self.corpus / "peers.db"), "--host",
             "127.0.0.1", "--port", str(port), "--metadata", str(self.folder / "metadata.json")],
            ready="/-/versions.json",
        )  # fmt: skip

    def request(self, question: Question) -> Request:
        """Return the path of the task's query."""
        given: dict[str, str | int] = {"_shape": "array", "limit": question.limit, "subject": question.subject}
        if question.task is Task.LIST:
            given["offset"] = (question.page - 1) * question.limit
        return Request(f"/peers/{question.task}.json?{urlencode(given)}")

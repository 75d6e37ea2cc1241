"""ROAPI: tables in memory, its REST queries for all but search, which its REST has no operator for: SQL."""

import json
from urllib.parse import urlencode

from benchmarks.export import NESTED, rows
from benchmarks.load import Request
from benchmarks.peers.base import Peer, write_once
from benchmarks.questions import Question, Task
from benchmarks.serving import Command, free_port

TABLES = ("people", "people_in", "people_full", "search")


class Roapi(Peer):
    """Read-only APIs over static data sets, in Rust."""

    name = "roapi"
    from_pypi = "roapi"

    def feed(self) -> None:
        """Write the tables as JSON lines; lists are text, as Arrow would want one shape of all of them."""
        for table in TABLES:
            lines = (
                json.dumps({k: json.dumps(v) if k in NESTED else v for k, v in row.items()}, ensure_ascii=False) + "\n"
                for row in rows(self.corpus / "peers.db", table)
            )
            write_once(self.folder / f"{table}.ndjson", lines)

    def command(self, port: int) -> Command:
        """Return how to start it; its other two listeners get free ports."""
        postgres, flight = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        arguments = [str(self.installed / "bin/roapi"), "--addr-http", f"127.0.0.1:{port}", "--addr-postgres", postgres,
                     "--addr-flight-sql", flight]  # fmt: skip
        for table in TABLES:
            arguments += ["--table", f"{table}={self.folder / table}.ndjson,format=ndjson"]
        return Command(arguments, {"RUST_LOG": "error"}, ready="/api/schema")

    def request(self, question: Question) -> Request:
        """Return the path, or the SQL that is posted."""
        match question.task:
            case Task.LIST:
                # It has no offset; by the position it finds the page like a cursor would.
                first = (question.page - 1) * question.limit
                return Request(f"/api/tables/people?sort=position&limit={question.limit}&filter[position]gte={first}")
            case Task.FILTER:
                given = {"filter[organisation]": f"'{question.subject}'", "limit": question.limit, "sort": "position"}
                return Request(f"/api/tables/people_in?{urlencode(given, safe='[]')}")
            case Task.ITEM:
                return Request(
                    f"/api/tables/people_full?{urlencode({'filter[id]': repr(question.subject)}, safe='[]')}"
                )
            case Task.SEARCH:
                like = f"ILIKE '%{question.subject}%'"
                sql = f"SELECT * FROM search WHERE name {like} OR body {like} LIMIT {question.limit}"
                return Request("/api/sql", "POST", sql)

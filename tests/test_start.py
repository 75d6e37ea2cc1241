"""What `serve` imports until it answers on a loaded database: that is most of the time and memory of a start."""

import re
from pathlib import Path

from tests.api import KOOME, Server, bearing, body_of
from tests.loading.articles import TEXT, small_document

HEAVY = {
    "alembic": "migrations",
    "app.loading.checking": "checking articles",
    "edtf": "resolving dates",
    "pyparsing": "edtf",
    "ruamel.yaml": "reading article folders",
    "rapidfuzz": "suggesting the nearest word",
    "rich": "progress bars and help",
    "limits": "counting requests, if a limit is set",
    "httpx": "the container's health check",
    "sqlalchemy.dialects.postgresql": "another database",
    "opentelemetry.sdk": "telemetry, if it is turned on",
}
"""What a server that only reads need not have, and what needs it."""


def imported_by(server: Server) -> set[str]:
    """Return the modules that the server has imported so far, and the packages that they are in.

    Python tells each on standard error, but those that code names at run time, whose parts it tells all the same.
    """
    modules = re.findall(r"^import time: .* \| +(\S+)$", server.output(), re.MULTILINE)
    return {module[: dot.start()] for module in modules for dot in re.finditer(r"\.|$", module)}


def test_a_server_that_only_reads_imports_nothing_that_writing_needs(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        assert server.client.get("/people").json()["total"] == 5
    with Server(tmp_path, PYTHONPROFILEIMPORTTIME="1") as server:
        assert f"{KOOME}: unchanged" in server.output()
        assert server.client.get("/people").json()["total"] == 5
        assert server.client.get("/search", params={"q": "Koome"}).json()["total"] > 0
        assert server.client.put("/articles/one", headers=bearing()).status_code == 403
        imported = imported_by(server)
        assert {"fastapi", "app.routers.entities"} <= imported
        assert imported & HEAVY.keys() == set()
        document = body_of({**small_document(), "id": "one", "text": TEXT})
        checked = server.client.post("/check", content=document, headers={"Content-Type": "application/json"})
        assert checked.status_code == 200
        assert {"app.loading.checking", "edtf"} <= imported_by(server)

"""The corpora that are measured on: the real article, or so many generated ones, each loaded once and kept."""

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.asking import Asked
from benchmarks.corpus import documents
from benchmarks.export import export
from benchmarks.paths import CHECKOUT, DATA
from benchmarks.peers.dateline import Dateline
from benchmarks.serving import free_port, serving

REAL = 0
"""The size that stands for the real article."""
STORED_BY = (
    "migrations",
    "app/tables.py",
    "app/loading",
    "app/deriving",
    "app/listings.py",
    "app/text",
    "benchmarks/corpus",
)
"""What decides what is in a database: another version of it has databases of its own."""


@dataclass(frozen=True)
class Corpus:
    """A corpus of so many articles."""

    articles: int

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.articles:,} articles" if self.articles else "the real article"

    @property
    def folder(self) -> Path:
        """Where its databases are."""
        return DATA / f"{self.articles or 'real'}-{_version()}"

    @property
    def database(self) -> Path:
        """Dateline's database of it."""
        return self.folder / "dateline.db"

    def load(self) -> None:
        """Load it, if it is not loaded, and note how long that took."""
        if self.database.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / "part.db"
        for leftover in self.folder.glob("part.db*"):
            leftover.unlink()
        dateline(part, "migrate")
        if self.articles == REAL:
            took = dateline(part, "load", *map(str, sorted((CHECKOUT / "seed_data").glob("*/"))))
        else:
            file = self.folder / "corpus.ndjson"
            write_documents(file, self.articles)
            took = dateline(part, "load", str(file))
            file.unlink()
        (self.folder / "load.json").write_text(json.dumps(asdict(took)))
        part.rename(self.database)

    def publish(self) -> Path:
        """Return the file of rows for the peers, which is made if it is not there."""
        file = self.folder / "peers.db"
        if not file.exists():
            port = free_port()
            start = Dateline(self.folder).command(port)
            with serving(start, port, self.folder / "logs/export.log", "0") as server, Asked(server.url) as asked:
                export(self.database, asked, file)
        return file


@dataclass(frozen=True)
class Took:
    """What a command took."""

    seconds: float
    peak: float
    """Megabytes that it had in memory at the most."""


def dateline(database: Path, *arguments: str, core: str | None = None) -> Took:
    """Run `dateline` on a database, on one core if it is given.

    Raises:
        CalledProcessError: it fails.
    """
    environment = {**os.environ, "DATELINE_DATABASE_URL": f"sqlite:///{database}"}
    command = [*(["taskset", "--cpu-list", core] if core else []), sys.executable, "-m", "app.cli", *arguments]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Took(time.perf_counter() - began, usage.ru_maxrss * 1024 / 1e6)


def write_documents(file: Path, count: int, start: int = 0) -> None:
    """Write a corpus to a file, one document a line."""
    with file.open("w", encoding="utf-8") as output:
        for document in documents(count, start=start):
            output.write(json.dumps(document, ensure_ascii=False) + "\n")


def _version() -> str:
    digest = hashlib.sha256()
    for name in STORED_BY:
        place = CHECKOUT / name
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:8]

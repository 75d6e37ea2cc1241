"""What the benchmark wants of each who serves."""

import json
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.asking import Asked
from benchmarks.load import Request
from benchmarks.paths import PEERS
from benchmarks.questions import Question
from benchmarks.serving import Command


class Peer(ABC):
    """One who serves the rows of a corpus."""

    name: ClassVar[str]
    from_pypi: ClassVar[str | None] = None
    """The package that it comes in."""
    from_npm: ClassVar[str | None] = None
    learns: ClassVar[bool] = False
    """Whether it has to be asked before it is known how to ask it."""

    def __init__(self, corpus: Path) -> None:
        """Take the folder of a corpus, with `dateline.db` and `peers.db` in it."""
        self.corpus = corpus
        self.folder = corpus / self.name
        self.installed = PEERS / self.name

    def install(self) -> None:
        """Bring it onto the machine, if it is not there."""
        if self.from_pypi:
            pip_install(self.installed, self.from_pypi)
        if self.from_npm:
            npm_install(self.installed, self.from_npm)

    def feed(self) -> None:
        """Make of the rows what it serves, if it is not made."""
        self.folder.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def command(self, port: int) -> Command:
        """Return how to start it."""

    def learn(self, asked: Asked, questions: Sequence[Question]) -> None:  # noqa: B027  # most have nothing to learn
        """Find out what asking these questions takes, from a server that is not measured: it may keep the answers."""

    @abstractmethod
    def request(self, question: Question) -> Request:
        """Return how the question is asked."""

    def rows(self, answer: Any) -> list[dict[str, Any]]:
        """Return the rows in an answer."""
        return answer if isinstance(answer, list) else [answer]

    def ids(self, content: bytes) -> list[str]:
        """Return the ids of the rows in an answer."""
        return [row["id"] for row in self.rows(json.loads(content))]


def pip_install(folder: Path, *packages: str) -> None:
    """Install packages from PyPI into a virtual environment of their own."""
    if not (folder / "bin").is_dir():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin/pip"), "install", "--quiet", *packages], check=True)


def npm_install(folder: Path, package: str) -> None:
    """Install a package from npm into a folder of its own."""
    if not (folder / "node_modules").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), package],
                       check=True)  # fmt: skip


def write_once(file: Path, lines: Any) -> None:
    """Write the strings to a file, if it is not there, so that it is never there in part."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        with part.open("w", encoding="utf-8") as output:
            output.writelines(lines)
        part.rename(file)

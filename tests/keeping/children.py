"""Processes that tests kill, limit or let run beside them.

Importing the application takes seconds, so one process does it once and forks the others: `python -m
tests.keeping.children` reads orders line by line and answers each with a line.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

from sqlalchemy.exc import DatabaseError

from app.database import create_writer
from app.database.sqlite import PRAGMAS
from app.errors import DatelineError, NotFoundError
from app.keeping.backup import back_up
from app.keeping.opening import with_hint
from app.keeping.restore import restore_backup
from app.loading.loader import delete_article, load_article
from app.settings import ROOT
from tests.newsroom import tiny_article

NOBODY = 65534


def load_on(url: str) -> None:
    """Load articles until stopped, and take every other one out again."""
    PRAGMAS["busy_timeout"] = 60_000  # it goes on, however busy the machine is
    writer = create_writer(url)
    for number in count(1000):
        with writer.begin() as connection:
            load_article(connection, tiny_article(number))
        if number % 2:
            with suppress(NotFoundError), writer.begin() as connection:  # a restoration may have done so
                delete_article(connection, f"tiny-{number}")


def load_one(url: str) -> None:
    """Load one article."""
    writer = create_writer(url)
    with writer.begin() as connection:
        load_article(connection, tiny_article(999))
    writer.dispose()


TASKS: dict[str, Callable[..., object]] = {
    "backup": lambda source, to: back_up(Path(source), Path(to)),
    "restore": lambda url, file: restore_backup(url, Path(file)),
    "load": load_on,
    "load-one": load_one,
}


def run(order: Any) -> int:
    """Do what the order says, as its user and within its limit; return the exit code."""
    with Path(order["says"]).open("w") as says:
        if order["bytes"] is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["bytes"], order["bytes"]))
        if order["unprivileged"] and os.geteuid() == 0:  # whom permissions do not stop
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        try:
            TASKS[order["task"]](*order["arguments"])
        except DatabaseError as error:
            says.write(with_hint(error.orig))
            return 1
        except DatelineError as error:
            says.write(str(error))
            return 1
        return 0


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                try:
                    code = run(order)
                except BaseException:
                    traceback.print_exc()
                    code = 2
                sys.stderr.flush()
                os._exit(code)
        print(answer, flush=True)  # noqa: T201


@dataclass
class Child:
    """A process that does one task."""

    family: "Children"
    pid: int
    says: Path

    def wait(self) -> tuple[int, str]:
        """Return its exit code, and the message of the error that it ended with."""
        return self.family.ask({"wait": self.pid}), self.says.read_text()

    def kill(self) -> int:
        os.kill(self.pid, signal.SIGKILL)
        return self.wait()[0]


class Children:
    """The process that forks the others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started = count()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.keeping.children"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.communicate(timeout=60)

    def ask(self, order: dict[str, Any]) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def start(self, task: str, *arguments: object, size: int | None = None, unprivileged: bool = False) -> Child:
        """Start a task in a process of its own, with a limit to the bytes that a file may have."""
        says = self.folder / f"says-{next(self.started)}"
        order = {
            "task": task,
            "arguments": [str(argument) for argument in arguments],
            "says": str(says),
            "bytes": size,
            "unprivileged": unprivileged,
        }
        return Child(self, self.ask(order), says)

    def run(
        self, task: str, *arguments: object, size: int | None = None, unprivileged: bool = False
    ) -> tuple[int, str]:
        """Do a task in a process of its own; return its exit code and message."""
        return self.start(task, *arguments, size=size, unprivileged=unprivileged).wait()


if __name__ == "__main__":
    main()

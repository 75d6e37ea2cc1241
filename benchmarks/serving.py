"""Running a server pinned to a core, and looking at what it takes."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 300
"""Seconds that a server may take until it answers; some read all their rows first."""


@dataclass(frozen=True)
class Command:
    """How to start a server."""

    arguments: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    """Its working directory."""
    ready: str = "/"
    """A path that answers, whatever, as soon as it serves."""


@dataclass(frozen=True)
class Serving:
    """A server that runs."""

    url: str
    process: subprocess.Popen[bytes]
    first_answer: float
    """Seconds from the start of the process to its first answer."""

    def resident(self) -> float:
        """Return the megabytes that its processes have in memory."""
        return sum(map(_resident, _family(self.process.pid))) / 1e6

    def busy(self) -> float:
        """Return the seconds of processor time that its processes have taken."""
        return sum(map(_busy, _family(self.process.pid))) / TICKS


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def serving(command: Command, port: int, log: Path, cores: str) -> Iterator[Serving]:
    """Run a server on the cores until the end of the block; what it writes goes to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    with log.open("ab") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            ["taskset", "--cpu-list", cores, *command.arguments],
            env={**os.environ, **command.environment}, cwd=command.folder, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, url + command.ready, log)
        yield Serving(url, process, time.perf_counter() - started)
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        while True:
            try:
                client.get(url)
            except httpx.TransportError:
                if process.poll() is not None:
                    raise RuntimeError(f"the server ended with {process.returncode}; see {log}") from None
                if time.monotonic() > end:
                    raise
                time.sleep(0.005)
            else:
                return


def _stop(process: subprocess.Popen[Any]) -> None:
    """End the process and what it started, which has its group."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(10)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _family(pid: int) -> list[int]:
    """Return the process and all below it."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found = [pid]
    for known in found:  # grows while it is walked
        found += parents.get(known, [])
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


def _busy(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])

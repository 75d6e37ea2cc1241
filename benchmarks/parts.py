"""What is measured of Dateline alone: while articles are loaded, with two workers, without its log, and loading."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.asking import Asked
from benchmarks.cores import Cores
from benchmarks.corpora import Corpus, dateline, write_documents
from benchmarks.executemany import tables_of
from benchmarks.load import ask_again_and_again, ask_each
from benchmarks.paths import CHECKOUT
from benchmarks.peers.dateline import Dateline
from benchmarks.questions import Questions, Task
from benchmarks.serving import free_port, serving

RATES = (0, 1, 10)
"""Articles that are loaded a second."""
LOADED = 300
"""Articles by which loading is compared with `executemany`."""
Row = dict[str, Any]


def while_loading(corpus: Corpus, tasks: Sequence[Task], seconds: float, rounds: int, cores: Cores) -> Iterator[Row]:
    """Yield the rate of hot questions while another process loads articles into the same database.

    Where there are two cores, that process takes its time from the load, which then asks less than could be answered:
    see the answers for each second of processor time that the server gets.
    """
    questions = Questions(corpus.publish())
    folder = corpus.folder / "while-loading"
    for number in range(rounds):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(corpus.database, folder / "dateline.db")
        peer, port, start = Dateline(folder), free_port(), corpus.articles + 1
        with (
            serving(peer.command(port), port, folder / "server.log", cores.server) as server,
            Asked(server.url) as asked,
        ):
            for rate in RATES:
                found = []
                with _loader(folder / "dateline.db", start, rate, cores.other) as loaded:
                    for task in tasks:
                        question = questions.hot(task)
                        peer.learn(asked, [question])
                        request, before = peer.request(question), server.busy()
                        each = ask_again_and_again(server.url, request, seconds, cores.load, folder)
                        found.append((each, each.requests / (server.busy() - before)))
                start += loaded.articles
                for task, (each, by_processor) in zip(tasks, found, strict=True):
                    yield {
                        "round": number, "task": task.value, "wanted loads a second": rate,
                        "loads a second": loaded.a_second, "rate": each.rate, "p99": each.p99, "errors": each.errors,
                        "answers a processor second": by_processor,
                    }  # fmt: skip


@dataclass
class Loaded:
    """What a loader did, known when it has ended."""

    articles: int = 0
    a_second: float = 0.0


@contextmanager
def _loader(database: Path, start: int, rate: int, core: str) -> Iterator[Loaded]:
    """Load articles from this number on, in a process of its own, until the end of the block."""
    loaded = Loaded()
    if not rate:
        yield loaded
        return
    command = ["taskset", "--cpu-list", core, sys.executable, "-m", "benchmarks.loader"]
    process = subprocess.Popen(
        [*command, str(database), str(start), str(rate)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()  # it is ready
        yield loaded
    finally:
        process.terminate()
        articles, seconds = process.stdout.readlines()[-1].split()
        loaded.articles, loaded.a_second = int(articles), int(articles) / float(seconds)
        process.wait()


def workers(corpus: Corpus, seconds: float, rounds: int, cores: Cores) -> Iterator[Row]:
    """Yield the rate of different questions with one worker and with two, on two cores each time.

    Where the load has no core of its own, the rate for each second of processor time that the workers get says what
    they would do with cores of theirs.
    """
    questions = Questions(corpus.publish())
    folder = corpus.folder / "workers"
    folder.mkdir(exist_ok=True)
    for number in range(rounds):
        for count in (1, 2):
            peer, port = Dateline(corpus.folder), free_port()
            log = folder / "server.log"
            with serving(peer.command(port, count), port, log, cores.two) as server:
                hot = peer.request(questions.hot(Task.FILTER))
                ask_again_and_again(server.url, hot, 2, cores.load, folder)  # both begin to serve
                requests = [peer.request(question) for question in questions.cold(Task.FILTER, number)]
                before = server.busy()
                found = ask_each(server.url, requests, seconds, cores.load, folder)
                yield {
                    "round": number, "workers": count, "rate": found.rate, "p99": found.p99, "errors": found.errors,
                    "answers a processor second": found.requests / (server.busy() - before),
                }  # fmt: skip


def logging(corpus: Corpus, seconds: float, rounds: int, cores: Cores) -> Iterator[Row]:
    """Yield the rate of a hot question with the request log as shipped, and without."""
    questions = Questions(corpus.publish())
    folder = corpus.folder / "logging"
    folder.mkdir(exist_ok=True)
    for number in range(rounds):
        for level in ("info", "error"):
            peer, port = Dateline(corpus.folder), free_port()
            command = peer.command(port)
            command = replace(command, environment={**command.environment, "DATELINE_LOG_LEVEL": level})
            with serving(command, port, folder / "server.log", cores.server) as server:
                request = peer.request(questions.hot(Task.FILTER))
                ask_again_and_again(server.url, request, 1, cores.load, folder)
                found = ask_again_and_again(server.url, request, seconds, cores.load, folder)
                written = "as shipped" if level == "info" else "errors alone"
                yield {"round": number, "log": written, "rate": found.rate, "p99": found.p99, "errors": found.errors}


def loading(folder: Path, rounds: int, cores: Cores) -> Iterator[Row]:
    """Yield how many rows a second `dateline load` stores, and `executemany` the same into the same schema."""
    for number in range(rounds):
        for row in _loading_once(folder, cores, LOADED):
            yield {"round": number, **row}


def _loading_once(folder: Path, cores: Cores, articles: int) -> Iterator[Row]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    documents, ours, stored, raw = (folder / name for name in ("corpus.ndjson", "ours.db", "stored.db", "raw.db"))
    write_documents(documents, articles)
    for database in (ours, stored, raw):
        dateline(database, "migrate")
    starting = dateline(ours, "--version", core=cores.server).seconds
    whole = dateline(ours, "load", str(documents), core=cores.server).seconds - starting
    storing = _told_by("storing", documents, stored, core=cores.server)["seconds"]
    copied = _told_by("executemany", ours, raw, core=cores.server)
    if not _sizes(ours) == _sizes(stored) == _sizes(raw):
        raise RuntimeError("the three ways of loading stored different rows")
    for how, seconds in {
        "dateline load: read, check, store": whole,
        "of it storing what has been checked": storing,
        "sqlite3.executemany, one transaction": copied["seconds"],
    }.items():
        yield {"how": how, "rows": copied["rows"], "seconds": seconds, "rows a second": copied["rows"] / seconds}


def _told_by(module: str, *arguments: Path, core: str) -> Row:
    """Return what one of our programs tells as JSON, having run on the core."""
    command = ["taskset", "--cpu-list", core, sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    told: Row = json.loads(subprocess.run(command, check=True, cwd=CHECKOUT, capture_output=True).stdout)
    return told


def _sizes(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as connection:
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
            for table in tables_of(connection)
        }

"""What is measured of Dateline alone: while articles are loaded, with two workers, and how fast it loads."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
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
    """Yield the rate of hot questions while another process loads articles into the same database."""
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
                with _loader(folder / "dateline.db", start, rate, cores.other) as counted:
                    for task in tasks:
                        question = questions.hot(task)
                        peer.learn(asked, [question])
                        request = peer.request(question)
                        found = ask_again_and_again(server.url, request, seconds, cores.load, folder)
                        yield {
                            "round": number, "task": task.value, "loads a second": rate, "rate": found.rate,
                            "p99": found.p99, "errors": found.errors,
                        }  # fmt: skip
                start += counted[0]


@contextmanager
def _loader(database: Path, start: int, rate: int, core: str) -> Iterator[list[int]]:
    """Load articles from this number on, in a process of its own; how many is told at the end."""
    counted = [0]
    if not rate:
        yield counted
        return
    process = subprocess.Popen(
        ["taskset", "--cpu-list", core, sys.executable, "-m", "benchmarks.loader", str(database), str(start),
         str(rate)],
        cwd=CHECKOUT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield counted
    finally:
        process.terminate()
        counted[0] = int(process.stdout.readlines()[-1])
        process.wait()


def workers(corpus: Corpus, seconds: float, rounds: int, cores: Cores) -> Iterator[Row]:
    """Yield the rate of different questions with one worker and with two, on two cores each time."""
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
                found = ask_each(server.url, requests, seconds, cores.load, folder)
                yield {"round": number, "workers": count, "rate": found.rate, "p99": found.p99, "errors": found.errors}


def loading(folder: Path, cores: Cores, articles: int = LOADED) -> Iterator[Row]:
    """Yield how many rows a second `dateline load` stores, and `executemany` the same into the same schema."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_documents(folder / "corpus.ndjson", articles)
    dateline(folder / "empty.db", "migrate")
    shutil.copy(folder / "empty.db", folder / "ours.db")
    shutil.copy(folder / "empty.db", folder / "raw.db")
    starting = dateline(folder / "ours.db", "--version")
    ours = dateline(folder / "ours.db", "load", str(folder / "corpus.ndjson"), core=cores.server) - starting
    command = ["taskset", "--cpu-list", cores.server, sys.executable, "-m", "benchmarks.executemany"]
    raw = json.loads(
        subprocess.run(
            [*command, str(folder / "ours.db"), str(folder / "raw.db")], check=True, cwd=CHECKOUT, capture_output=True
        ).stdout
    )
    rows, seconds = raw["rows"], raw["seconds"]
    yield {
        "how": "dateline load, a transaction an article",
        "rows": rows,
        "seconds": ours,
        "rows a second": rows / ours,
    }
    yield {
        "how": "sqlite3.executemany, one transaction",
        "rows": rows,
        "seconds": seconds,
        "rows a second": rows / seconds,
    }
    each = _sizes(folder / "ours.db") == _sizes(folder / "raw.db")
    if not each:
        raise RuntimeError("executemany stored other rows than `dateline load`")


def _sizes(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as connection:
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
            for table in tables_of(connection)
        }

"""How the cost of a question grows with the corpus: the application asked in this process, without a socket.

Each question of a kind is another one, so that nothing kept answers it. What is timed is one call of the ASGI
application, framework and middleware included; no server, no client, no log line written. It is the processor's time,
which does not grow with what else the machine does.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from app.main import create_app
from app.settings import Settings
from benchmarks.corpora import Corpus, Took
from benchmarks.kinds import Kinds
from benchmarks.questions import LIMITS

LONGEST = 5.0
"""Seconds that a kind of questions may take; the rest of them is left out."""
FEWEST = 3
DEEP = 0.9
"""Where in the list the deep page is."""
MOST = 2
"""How many times as much a question may cost in the larger corpus, without a reason on paper."""
MEGABYTE = 2**20
Row = dict[str, Any]
Message = dict[str, Any]


def measure(corpora: Sequence[Corpus], times: int, tell: Callable[[str], None]) -> dict[str, list[Row]]:
    """Return the median times of each kind of question on each corpus, of pages, and what the files hold.

    The corpora are asked in turn, so that whatever else the machine does falls on all of them; their files are read
    first, so that no question waits for the disk.
    """
    with ExitStack() as stack:
        asked, kinds = [], []
        for corpus in corpora:
            tell(f"loading {corpus.name}")
            corpus.load()
            _read(corpus.database)
            asked.append(stack.enter_context(_application(corpus)))
            database = stack.enter_context(closing(sqlite3.connect(corpus.database)))
            kinds.append(Kinds(database, times).all())
        questions = []
        for together in zip(*kinds, strict=True):
            kind = together[0][0]
            tell(kind)
            found = [_median(ask, paths) for ask, (_, paths) in zip(asked, together, strict=True)]
            times_of = {f"µs, {corpus.name}": each for corpus, each in zip(corpora, found, strict=True)}
            questions.append({"question": kind, **times_of, "ratio": _ratio(found[-1], found[0])})
        pages = [_pages(ask, corpus) for ask, corpus in zip(asked, corpora, strict=True)]
    return {"questions": questions, "pages": pages, "sizes": [sizes_of(corpus) for corpus in corpora]}


def _read(file: Path) -> None:
    """Have the system keep what of the file it has room for."""
    with file.open("rb") as opened:
        while opened.read(MEGABYTE):
            pass


class Asking:
    """The application, asked by a call."""

    def __init__(self, app: Any, runner: asyncio.Runner) -> None:
        self.app, self.runner = app, runner

    def __call__(self, path: str) -> tuple[float, int, bytes]:
        """Return the processor's seconds, the status and the body."""
        return self.runner.run(self._call(path))

    async def _call(self, path: str) -> tuple[float, int, bytes]:
        parts = urlsplit(path)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "root_path": "",
            "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        began = time.process_time()
        await self.app(scope, receive, send)
        seconds = time.process_time() - began
        return seconds, sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@contextmanager
def _application(corpus: Corpus) -> Iterator[Asking]:
    app = create_app(Settings(database_url=f"sqlite:///{corpus.database}", statement_timeout=60))
    with asyncio.Runner() as runner:
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        yield Asking(app, runner)
        runner.run(lifespan.__aexit__(None, None, None))


def _median(ask: Asking, paths: Sequence[str]) -> float | None:
    """Return the median of the times in microseconds; the first question only warms up."""
    times: list[float] = []
    for path in paths:
        seconds, status, body = ask(path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:500]!r}")
        times.append(seconds)
        if sum(times) > LONGEST and len(times) >= FEWEST:
            break
    return round(median(times[1:] or times) * 1e6, 1) if times else None


def _pages(ask: Asking, corpus: Corpus) -> Row:
    """Return what the first page of the list of people costs, and one at nine tenths of it."""
    first = _median(ask, [f"/people?limit={limit}" for limit in LIMITS])
    page = json.loads(ask("/people?limit=100")[2])
    target, passed = int(page["total"] * DEEP), 100
    while passed < target:
        page = json.loads(ask(page["next"])[2])
        passed += 100
    deep = _median(ask, [page["next"].replace("limit=100", f"limit={limit}") for limit in LIMITS])
    return {
        "corpus": corpus.name,
        "page 1, µs": first,
        "rows before": passed,
        "that page, µs": deep,
        "ratio": _ratio(deep, first),
    }


def sizes_of(corpus: Corpus) -> Row:
    """Return what the file takes for a fact, and what of it are indexes."""
    with closing(sqlite3.connect(corpus.database)) as database:
        facts, entities = (
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("fact", "entity")
        )
        pages = dict(database.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall())
        indexes = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    total = sum(pages.values())
    of_indexes = sum(size for name, size in pages.items() if name in indexes)
    of_text = sum(size for name, size in pages.items() if name.startswith("search_index"))
    largest = sorted(pages.items(), key=lambda pair: -pair[1])[:5]
    took = Took(**json.loads((corpus.folder / "load.json").read_text()))
    return {
        "corpus": corpus.name, "facts": facts, "entities": entities, "MB": total / 1e6, "bytes a fact": total / facts,
        "of it indexes, %": 100 * of_indexes / total, "of it full text, %": 100 * of_text / total,
        "largest": ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in largest),
        "loaded in, s": took.seconds, "facts a second": facts / took.seconds, "with at most, MB": took.peak,
    }  # fmt: skip


def _ratio(one: float | None, other: float | None) -> float | None:
    return round(one / other, 2) if one is not None and other else None

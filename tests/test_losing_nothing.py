"""Nothing is lost and nothing is half there: writers killed at any moment, writers and readers side by side.

`DATELINE_TRIALS=200 pytest tests/test_losing_nothing.py` kills more often.
"""

import itertools
import json
import multiprocessing
import os
import random
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx
from sqlalchemy import Engine, func, select
from sqlmodel import col

from app.database import closing, create_writer
from app.loading.checking import CheckedArticle
from app.loading.documents import Submission, check_document
from app.loading.loader import delete_article, load_article
from app.tables import Fact, Span
from app.tokens import hash_of
from tests.api import Server
from tests.folders import assert_sound

TOKEN = "dateline_of_the_tests"
TRIALS = int(os.environ.get("DATELINE_TRIALS", "12"))
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.test_losing_nothing"])


def facts_in(version: int) -> int:
    return 20 + version % 5


def document(version: int, article_id: str = "story") -> dict[str, Any]:
    """Return one version of an article: each of its words and facts says which, and the number of facts differs."""
    words = [f"count {number} of version {version}" for number in range(facts_in(version))]
    return {
        "id": article_id,
        "text": ". ".join(words) + ".\n",
        "entities": {"rome": {"type": "place", "name": "Rome"}},
        "facts": [{"type": "figure", "subject": "rome", "expression": word, "evidence": word} for word in words],
    }


def checked(version: int, article_id: str = "story") -> CheckedArticle:
    return check_document(Submission(json.dumps(document(version, article_id)).encode(), Path("body")))


def write_for_ever(url: str, first: int, progress: Any) -> None:
    """Load version after version, deleting the article now and then; say what has been committed."""
    with closing(create_writer(url)) as engine:
        for version in itertools.count(first):
            with engine.begin() as connection:
                load_article(connection, checked(version))
            progress.send(version)
            if version % 7 == 0:
                with engine.begin() as connection:
                    delete_article(connection, "story")


def version_of(engine: Engine) -> int | None:
    """Hold that the article is there whole, in one version, or not at all; return the version."""
    with engine.begin() as connection:
        assert_sound(connection)
        exact = connection.execute(select(col(Span.exact))).scalars().all()
        facts = connection.execute(select(func.count()).select_from(Fact)).scalar_one()
    versions = {int(re.findall(r"version (\d+)", words)[0]) for words in exact}
    if not versions:
        assert facts == 0
        return None
    (version,) = versions
    assert facts == len(exact) == facts_in(version)
    return version


def test_a_writer_killed_at_any_moment_leaves_whole_articles_and_what_it_has_committed(database_url: str) -> None:
    chance = random.Random(20240618)
    committed, interrupted = 0, 0
    for _ in range(TRIALS):
        ours, theirs = FORKS.Pipe(duplex=False)
        process = FORKS.Process(target=write_for_ever, args=(database_url, committed + 1, theirs))
        process.start()
        theirs.close()
        committed = ours.recv()  # It is at work; now let it be struck somewhere in it.
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.join()
        while ours.poll():
            try:
                committed = ours.recv()
            except EOFError:
                break
        ours.close()
        with closing(create_writer(database_url)) as engine:
            found = version_of(engine)
        if found is None:
            assert committed % 7 == 0
        else:
            assert found in (committed, committed + 1)
            interrupted += found == committed
            committed = found
    assert interrupted > 0


def read_whole(client: httpx.Client) -> int | None:
    """Ask for the facts with their words; hold that they are of one version, all of them, and return it."""
    answer = client.get("/facts", params={"article": "story", "include": "evidence", "limit": 100})
    if answer.status_code == 404:
        return None
    assert answer.status_code == 200, answer.text
    page = answer.json()
    versions = {
        int(version)
        for item in page["items"]
        for words in [item["expression"], item["statement"], *(place["exact"] for place in item["evidence"])]
        for version in re.findall(r"version (\d+)", words)
    }
    (version,) = versions
    assert page["total"] == len(page["items"]) == facts_in(version)
    return version


def test_readers_see_the_old_article_or_the_new_one_while_several_write(tmp_path: Path) -> None:
    tokens = f"desk:{hash_of(TOKEN)}"
    with Server(tmp_path, "--workers", "2", DATELINE_TOKENS=tokens, DATELINE_SEED_DATA=str(tmp_path)) as server:
        over = Event()

        def client() -> httpx.Client:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            return httpx.Client(base_url=server.url, trust_env=False, timeout=60, headers=headers)

        def write(parity: int) -> list[int]:
            """Put versions, never over one that was not seen: who loses a race looks again."""
            won = []
            with client() as desk:
                for version in range(parity, 16, 2):
                    while True:
                        seen = desk.get("/articles/story")
                        tag = {"If-Match": seen.headers["etag"]} if "etag" in seen.headers else {"If-None-Match": "*"}
                        answer = desk.put("/articles/story", json=document(version), headers=tag)
                        assert answer.status_code in (200, 201, 412), answer.text
                        if answer.status_code != 412:
                            won.append(version)
                            break
            return won

        def read() -> set[int | None]:
            seen = set()
            with client() as reader:
                while not over.is_set():
                    seen.add(read_whole(reader))
            return seen

        with ThreadPoolExecutor() as threads:
            readers = [threads.submit(read) for _ in range(2)]
            writers = [threads.submit(write, parity) for parity in (0, 1)]
            try:
                won = [writer.result() for writer in writers]
            finally:
                over.set()
            assert won == [list(range(0, 16, 2)), list(range(1, 16, 2))]
            assert all(len(reader.result()) > 1 for reader in readers)
        feed = server.client.get("/changes", params={"limit": 1000}).json()
        assert [change["revision"] for change in feed["items"]] == list(range(1, 17))
        assert {change["action"] for change in feed["items"]} == {"added", "replaced"}


def test_what_a_killed_server_has_acknowledged_is_there(tmp_path: Path) -> None:
    settings = {"DATELINE_TOKENS": f"desk:{hash_of(TOKEN)}", "DATELINE_SEED_DATA": str(tmp_path)}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    acknowledged = -1
    with Server(tmp_path, **settings) as server, ThreadPoolExecutor() as threads:

        def write() -> None:
            nonlocal acknowledged
            with httpx.Client(base_url=server.url, trust_env=False, timeout=60, headers=headers) as desk:
                for version in itertools.count():
                    desk.put("/articles/story", json=document(version)).raise_for_status()
                    acknowledged = version

        writer = threads.submit(write)
        wait_until(lambda: acknowledged >= 5)
        server.process.kill()
        server.process.wait()
        assert isinstance(writer.exception(), httpx.TransportError)
    with closing(create_writer(f"sqlite:///{tmp_path / 'dateline.db'}")) as engine:
        assert version_of(engine) in (acknowledged, acknowledged + 1)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)

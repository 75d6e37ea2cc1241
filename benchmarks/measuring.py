"""Measuring who serves a corpus: round by round, all in turn, each started anew."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from random import Random
from typing import Any

from benchmarks.asking import Asked
from benchmarks.cores import Cores
from benchmarks.corpora import Corpus
from benchmarks.load import Measured, Request, ask_again_and_again, ask_each
from benchmarks.peers import ALL
from benchmarks.peers.base import Peer
from benchmarks.peers.dateline import Dateline
from benchmarks.peers.limit import LIMIT, Limit, path_of
from benchmarks.questions import Question, Questions, Task
from benchmarks.serving import Serving, free_port, serving

CHECKED = 10
"""How many questions of a task are checked before it is measured."""
WARM = 1
"""Seconds of load before a question is measured."""
Record = dict[str, Any]


class Mode(StrEnum):
    """How a task is asked."""

    HOT = "hot"
    CONDITIONAL = "304"
    COLD = "cold"


@dataclass(frozen=True)
class Plan:
    """What is to be measured on a corpus."""

    tasks: Sequence[Task]
    modes: Sequence[Mode]
    peers: Sequence[str]
    rounds: int
    seconds: float


class Run:
    """The measurements on one corpus."""

    def __init__(self, corpus: Corpus, plan: Plan, cores: Cores, tell: Callable[[str], None]) -> None:
        """Load the corpus, and feed all who serve it."""
        self.corpus, self.plan, self.cores, self.tell = corpus, plan, cores, tell
        self.scratch = corpus.folder / "logs"
        self.scratch.mkdir(parents=True, exist_ok=True)
        corpus.load()
        self.questions = Questions(corpus.publish())
        self.peers: list[Peer] = [ALL[name](corpus.folder) for name in plan.peers if name != LIMIT]
        for peer in self.peers:
            tell(f"feeding {peer.name}")
            peer.install()
            peer.feed()
            self._learn(peer)
        if LIMIT in plan.peers:
            self.peers.append(Limit(corpus.folder))
            self._record_answers()

    def records(self) -> Iterator[Record]:
        """Yield what is measured, as it is: of each task, and of each server."""
        for number in range(self.plan.rounds):
            order = list(self.peers)
            Random(number).shuffle(order)
            for peer in order:
                self.tell(f"round {number + 1} of {self.plan.rounds}, {self.corpus.name}: {peer.name}")
                yield from self._of(peer, number)

    def _of(self, peer: Peer, number: int) -> Iterator[Record]:
        about = {"corpus": self.corpus.articles, "peer": peer.name, "round": number}
        port = free_port()
        log = self.scratch / f"{peer.name}.log"
        log.unlink(missing_ok=True)
        with serving(peer.command(port), port, log, self.cores.server) as server, Asked(server.url) as asked:
            before = server.resident()
            self._check(peer, asked)
            for task in self.plan.tasks:
                for mode in self.plan.modes:
                    found = self._measured(peer, server, asked, task, mode, number)
                    if found is not None:
                        yield {**about, "task": task.value, "mode": mode.value, **found}
            yield {
                **about, "mode": "server", "first_answer": server.first_answer, "resident": before,
                "resident_after": server.resident(),
            }  # fmt: skip

    def _learn(self, peer: Peer) -> None:
        """Let the peer learn what the questions take, from a server that ends before anything is measured."""
        if peer.learns:
            questions = [self.questions.hot(task) for task in self.plan.tasks]
            for task in self.plan.tasks:
                cold = Mode.COLD in self.plan.modes
                questions += self.questions.cold(task, 0) if cold else self._checked(task)
            port = free_port()
            log = self.scratch / "learning.log"
            with serving(peer.command(port), port, log, self.cores.server) as server, Asked(server.url) as asked:
                peer.learn(asked, questions)

    def _check(self, peer: Peer, asked: Asked) -> None:
        """Hold that the peer has the same rows as the others."""
        if isinstance(peer, Limit):
            return
        for task in self.plan.tasks:
            for question in [self.questions.hot(task), *self._checked(task)]:
                request = peer.request(question)
                response = asked.client.request(request.method, request.path, content=request.body)
                response.raise_for_status()
                if not self.questions.answers(question, peer.ids(response.content)):
                    raise RuntimeError(f"{peer.name} answers {question} with other rows: {response.text[:2000]}")

    def _measured(
        self, peer: Peer, server: Serving, asked: Asked, task: Task, mode: Mode, number: int
    ) -> Record | None:
        """Return what the load saw; None if the peer has nothing like it."""
        hot = peer.request(self.questions.hot(task))
        core, seconds = self.cores.load, self.plan.seconds
        if mode is Mode.COLD:
            if isinstance(peer, Limit) or not self.corpus.articles:
                return None
            self._again(server, hot, WARM)
            questions = self._cold(task, number)
            requests = [peer.request(question) for question in questions]
            found = ask_each(server.url, requests, seconds, core, self.scratch)
            return {**asdict(found), "distinct": len(questions)}
        headers: dict[str, str] = {}
        if mode is Mode.CONDITIONAL:
            headers = _conditional(peer, asked, hot)
            if not headers:
                return None
            if isinstance(peer, Limit):
                hot = Request(path_of(task, conditional=True))
        self._again(server, hot, WARM, headers)
        return asdict(self._again(server, hot, seconds, headers))

    def _again(
        self, server: Serving, request: Request, seconds: float, headers: dict[str, str] | None = None
    ) -> Measured:
        return ask_again_and_again(server.url, request, seconds, self.cores.load, self.scratch, headers)

    def _checked(self, task: Task) -> list[Question]:
        return self.questions.cold(task, -1)[:CHECKED]

    def _cold(self, task: Task, seed: int) -> list[Question]:
        """Return the questions that have not been asked yet."""
        asked = {*self._checked(task), self.questions.hot(task)}
        return [question for question in self.questions.cold(task, seed) if question not in asked]

    def _record_answers(self) -> None:
        """Keep what Dateline answers to the hot questions, for the server that sends nothing else."""
        answers: dict[str, Any] = {}
        peer, port = Dateline(self.corpus.folder), free_port()
        log = self.scratch / "answers.log"
        with serving(peer.command(port), port, log, self.cores.server) as server, Asked(server.url) as asked:
            for task in Task:
                question = self.questions.hot(task)
                peer.learn(asked, [question])
                path = peer.request(question).path
                response = asked.get(path)
                answers[path_of(task)] = _kept(response.status_code, response.headers.multi_items(), response.text)
                same = asked.client.get(path, headers={"If-None-Match": response.headers["ETag"]})
                kept = _kept(same.status_code, same.headers.multi_items(), "")
                answers[path_of(task, conditional=True)] = kept
        file = self.corpus.folder / LIMIT / "answers.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(answers), encoding="utf-8")


def _kept(status: int, headers: list[tuple[str, str]], body: str) -> Record:
    """Return an answer as the constant server takes it: what uvicorn adds by itself is left out."""
    others = [(name, value) for name, value in headers if name != "date"]
    return {"status": status, "headers": others, "body": body}


def _conditional(peer: Peer, asked: Asked, request: Request) -> dict[str, str]:
    """Return the header by which the peer answers 304; none if it does not."""
    if isinstance(peer, Limit):
        return {"If-None-Match": '"constant"'}
    if request.method != "GET":
        return {}
    tag = asked.get(request.path).headers.get("ETag")
    if tag is None or asked.client.get(request.path, headers={"If-None-Match": tag}).status_code != 304:
        return {}
    return {"If-None-Match": tag}

"""The four tasks, and the questions of each: one to ask again and again, and thousands that are all different."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from random import Random

LIMITS = range(11, 31)
"""How many rows different questions ask for: 20 on the average."""
PEOPLE = 2500
"""How many people lists page through, and items are asked of, at most."""
SUBJECTS = 120
"""Organisations to filter by and words to search for, at most."""


class Task(StrEnum):
    """What is asked."""

    LIST = "list"
    FILTER = "filter"
    ITEM = "item"
    SEARCH = "search"


@dataclass(frozen=True)
class Question:
    """One question of a task; what the task does not need is empty."""

    task: Task
    limit: int = 20
    page: int = 1
    subject: str = ""
    """The organisation, the person or the word."""


class Questions:
    """The questions that a corpus has answers to, with the answers' ids."""

    def __init__(self, file: Path) -> None:
        """Choose them from the peers' SQLite file."""
        with closing(sqlite3.connect(file)) as rows:
            self.people = [row[0] for row in rows.execute("SELECT id FROM people ORDER BY position")]
            self.by_statements = [
                row[0] for row in rows.execute("SELECT person_id FROM statement GROUP BY 1 ORDER BY count(*) DESC, 1")
            ]
            self.filtered: dict[str, list[str]] = {}
            for body, person in rows.execute("SELECT organisation, id FROM people_in ORDER BY organisation, position"):
                self.filtered.setdefault(body, []).append(person)
            self.found = {word: _found(rows, word) for word in _chosen_words(rows, file.with_name("words.json"))}
        self.organisations = sorted(self.filtered, key=lambda body: (-len(self.filtered[body]), body))[:SUBJECTS]

    def hot(self, task: Task) -> Question:
        """Return the question that is asked again and again: of 20 rows, or of somebody with much in the middle."""
        match task:
            case Task.LIST:
                return Question(task)
            case Task.FILTER:
                return Question(task, subject=self.organisations[0])
            case Task.ITEM:
                return Question(task, subject=self.by_statements[len(self.by_statements) // 20])
            case Task.SEARCH:
                return Question(task, subject=max(self.found, key=lambda word: (len(self.found[word]), word)))

    def cold(self, task: Task, seed: int) -> list[Question]:
        """Return different questions of the task, each once, in an order that the seed decides."""
        questions = list(self._all(task))
        Random(f"{task} {seed}").shuffle(questions)
        return questions

    def _all(self, task: Task) -> Iterator[Question]:
        match task:
            case Task.LIST:
                for limit in LIMITS:
                    for page in range(1, min(len(self.people), PEOPLE) // limit + 1):
                        yield Question(task, limit, page)
            case Task.FILTER:
                for body in self.organisations:
                    yield from (Question(task, limit, subject=body) for limit in LIMITS)
            case Task.ITEM:
                for person in Random("people").sample(self.people, min(len(self.people), PEOPLE)):
                    yield Question(task, subject=person)
            case Task.SEARCH:
                for word in self.found:
                    yield from (Question(task, limit, subject=word) for limit in LIMITS)

    def answers(self, question: Question, ids: list[str]) -> bool:
        """Tell whether these are the rows; a search may rank in its own way."""
        first = (question.page - 1) * question.limit
        match question.task:
            case Task.LIST:
                return ids == self.people[first : first + question.limit]
            case Task.FILTER:
                return ids == self.filtered[question.subject][: question.limit]
            case Task.ITEM:
                return ids == [question.subject]
            case Task.SEARCH:
                all_of_them = self.found[question.subject]
                return len(set(ids)) == min(question.limit, len(all_of_them)) and all_of_them.issuperset(ids)


def _chosen_words(rows: sqlite3.Connection, kept: Path) -> list[str]:
    """Return the words to search for; choosing them reads all rows many times, so they are kept in a file."""
    if not kept.exists():
        kept.write_text(json.dumps(list(islice(_words(rows), SUBJECTS))))
    words: list[str] = json.loads(kept.read_text())
    return words


def _words(rows: sqlite3.Connection) -> Iterator[str]:
    """Yield words that are found alike as words and as parts of the text: some peers know only the latter."""
    rows.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search_fts, row)")
    candidates = rows.execute(
        "SELECT term FROM words WHERE doc BETWEEN 3 AND 1000 AND length(term) >= 4 AND term NOT GLOB '*[^a-z]*'"
        " ORDER BY abs(doc - 60), term LIMIT 400"
    )
    for (word,) in candidates.fetchall():
        part = rows.execute("SELECT count(*) FROM search WHERE name LIKE :w OR body LIKE :w", {"w": f"%{word}%"})
        if part.fetchone()[0] == len(_found(rows, word)):
            yield word


def _found(rows: sqlite3.Connection, word: str) -> set[str]:
    """Return the ids of what has the word."""
    matching = "SELECT rowid FROM search_fts WHERE search_fts MATCH ?"
    return {row[0] for row in rows.execute(f"SELECT id FROM search WHERE key IN ({matching})", [f'"{word}"'])}

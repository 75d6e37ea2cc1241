"""The generated corpus: what `dateline load` takes, the same from the same seed, about entities that recur."""

import io
import json
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine

from app.loading.checking import CheckedArticle, check_agreement
from app.loading.documents import Submission, check_document
from app.loading.stream import Stream, Tally, load_stream
from app.vocabulary import EntityType, FactType
from benchmarks.corpus import documents

COUNT = 30


def lines(count: int, seed: int = 0, start: int = 0) -> list[bytes]:
    return [json.dumps(document).encode() for document in documents(count, seed, start)]


def checked(count: int, seed: int = 0, start: int = 0) -> list[CheckedArticle]:
    return [check_document(Submission(line, Path("corpus.ndjson"))) for line in lines(count, seed, start)]


def test_load_takes_it(writer: Engine) -> None:
    tally, refusals = Tally(), list[object]()
    stream = Stream(io.BytesIO(b"\n".join(lines(COUNT))), Path("corpus.ndjson"), COUNT, 8)
    load_stream(writer, stream, tally, keep_going=True, on_refusal=refusals.append, on_progress=lambda size: None)
    assert refusals == []
    assert str(tally) == f"{COUNT} created, 0 replaced, 0 unchanged, 0 refused"


def test_it_has_every_type_of_entity_and_fact() -> None:
    articles = checked(COUNT)
    assert {entity.type for article in articles for entity in article.entities.values()} == set(EntityType)
    assert {fact.entry.type for article in articles for fact in article.facts} == set(FactType)
    assert {fact.entry.basis.value for article in articles for fact in article.facts} == {"stated", "inferred"}
    assert any(fact.entry.attributed_to for article in articles for fact in article.facts)


def test_entities_recur_and_are_called_the_same_in_every_corpus() -> None:
    articles = checked(COUNT) + checked(COUNT, seed=1) + checked(COUNT, start=50_000)
    assert check_agreement(articles) == []
    times = Counter(slug for article in articles[:COUNT] for slug in article.entities)
    assert max(times.values()) > COUNT / 4  # a hub
    assert sum(count == 1 for count in times.values()) > len(times) / 2


def test_each_article_brings_new_entities_however_many_there_are() -> None:
    for start in (0, 100_000):
        known: set[str] = set()
        for article in checked(COUNT, start=start):
            known |= article.entities.keys()
        assert len(known) > 5 * COUNT


def test_the_command_writes_the_beginning_of_a_larger_corpus_and_the_same_bytes_again() -> None:
    command = [sys.executable, "-m", "benchmarks.corpus", "3", "--seed", "7"]
    written = subprocess.run(command, check=True, capture_output=True).stdout
    expected = islice(documents(1_000_000, seed=7), 3)
    assert written.decode() == "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in expected)
    assert lines(3, seed=7) != lines(3, seed=8)

"""Items are put together anew where something that they show has moved, and only there."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine

from app.deriving import items, sections, settling, showing
from app.keeping.derived import derived_faults
from app.loading.checking import CheckedArticle
from app.loading.documents import Submission, check_document
from app.loading.loader import Load, delete_article, load_articles
from benchmarks.corpus import article

FEW = 2
"""Facts of a type that an item shows, here."""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let items show few facts, so that most of what comes and goes is beyond them."""
    made = (sections.article_beyond, sections.facts_of, sections.places_of_entities, showing._beyond)
    for each in made:
        each.cache_clear()
    for module in (sections, items):
        monkeypatch.setattr(module, "MOST", FEW)
    yield
    for each in made:
        each.cache_clear()


def checked(number: int, place: int) -> CheckedArticle:
    """Return an article of the generated story, which stands at a place of its own in the order of articles."""
    document = {**article(number, 0), "id": f"report-{place:03}"}
    return check_document(Submission(json.dumps(document).encode(), Path("report")))


@pytest.mark.parametrize("seed", range(3))
def test_items_are_what_they_would_be_if_all_were_put_together_anew(writer: Engine, few: None, seed: int) -> None:
    random = Random(seed)
    there: dict[str, CheckedArticle] = {}
    for step in range(12):
        moving = {each.id: each for each in (checked(random.randrange(40), random.randrange(12)) for _ in range(3))}
        with writer.begin() as connection:
            load_articles(connection, [Load.of(each) for each in moving.values()])
            there |= moving
            if step % 3 == 2:
                delete_article(connection, there.pop(random.choice(sorted(there))).id)
        with writer.connect() as connection:
            assert list(derived_faults(connection)) == [], step


def test_an_item_that_shows_nothing_of_it_is_left_alone(
    writer: Engine, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[set[str]] = []

    def noting(connection: Any, entities: Any) -> None:
        prepared.append(set(entities))
        items.prepare_items(connection, entities)

    monkeypatch.setattr(settling, "prepare_items", noting)
    with writer.begin() as connection:
        for place in range(1, 6):
            load_articles(connection, [Load.of(checked(7, place))])
    everybody = set(checked(7, 0).entities)
    assert prepared[0] == everybody
    assert prepared[-1] == set()  # all that the last one says is beyond what is shown
    with writer.begin() as connection:
        load_articles(connection, [Load.of(checked(7, 0))])
    assert prepared[-1] == everybody  # and all that the new first one says is not

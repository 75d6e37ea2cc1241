"""Loading several articles at once: what they share, they may change together; and it takes less time."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from sqlalchemy import Engine

from app.loading.checking import CheckedArticle
from app.loading.loader import Load, Outcome, load_articles
from app.loading.source import Diagnostic, DisagreementError

MOST_ARTICLES: Final = 200
"""How many articles at most are stored in one transaction: what they have in common is derived once."""
HOLD: Final = 2.0
"""Seconds that a transaction should take: others who write wait for its end, and give up after five."""
MOST_TEXT: Final = 2_000_000
"""How many code points they have, beyond which no further one joins them: memory stays flat."""

MOST_UNLOOKED: Final = 200_000
"""How many objects are made before Python looks for cycles among them: about as many as two hundred articles are."""


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Let Python look for cycles seldom: it takes a quarter of the time of loading, which makes hardly any."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(MOST_UNLOOKED)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


class Waiting:
    """Articles that wait to be stored in one transaction, no two of them with one id."""

    def __init__(self) -> None:
        self.articles: list[CheckedArticle] = []
        self.text = 0
        self.most = MOST_ARTICLES

    def has_room_for(self, article: CheckedArticle) -> bool:
        """Tell whether the article may join."""
        is_full = len(self.articles) >= self.most or self.text >= MOST_TEXT
        return not is_full and all(other.id != article.id for other in self.articles)

    def add(self, article: CheckedArticle) -> None:
        """Let the article join."""
        self.articles.append(article)
        self.text += len(article.text)

    def store(self, engine: Engine) -> Iterator[tuple[CheckedArticle, Outcome | DisagreementError]]:
        """Store the articles; yield what became of each, and wait for others: fewer, where they took long."""
        articles, self.articles, self.text = self.articles, [], 0
        if articles:
            began = perf_counter()
            stored = _stored(engine, articles)
            first = next(stored)  # They have all been stored now, unless one disagreed.
            self.most = articles_to_hold(len(articles), perf_counter() - began)
            yield first
            yield from stored


def articles_to_hold(stored: int, seconds: float) -> int:
    """Return how many articles the next transaction should store, by how long it took to store some."""
    return max(1, min(MOST_ARTICLES, int(stored * HOLD / seconds)))


def _stored(
    engine: Engine, articles: Sequence[CheckedArticle]
) -> Iterator[tuple[CheckedArticle, Outcome | DisagreementError]]:
    """Store the articles in one transaction; where any disagrees, one after the other: it takes no others with it."""
    try:
        yield from zip(articles, _load_in_one(engine, articles), strict=True)
    except DisagreementError as error:
        if len(articles) == 1:
            yield articles[0], error
        else:
            for article in articles:
                yield from _stored(engine, [article])


def load_batch(
    engine: Engine, articles: Iterable[CheckedArticle], on_loaded: Callable[[CheckedArticle, Outcome], None]
) -> list[Diagnostic]:
    """Load articles that agree with each other, each as a whole or not at all.

    Those that do not agree with what is stored may do so once all of them are: they are loaded in one transaction, so
    that nobody sees, and no crash leaves, an entity that is called one thing here and another there.

    Args:
        engine: where to.
        articles: which to load.
        on_loaded: is told what became of each that is loaded.

    Returns:
        What keeps the others out.
    """
    disagreeing: list[CheckedArticle] = []
    for article, outcome in store_each(engine, articles):
        if isinstance(outcome, DisagreementError):
            disagreeing.append(article)
        else:
            on_loaded(article, outcome)
    problems: list[Diagnostic] = []
    while disagreeing:
        try:
            outcomes = _load_in_one(engine, disagreeing, beside=[article.id for article in disagreeing])
        except DisagreementError as error:
            problems += error.diagnostics
            refused = {diagnostic.file for diagnostic in error.diagnostics}
            disagreeing = [article for article in disagreeing if article.source.file not in refused]
        else:
            for article, outcome in zip(disagreeing, outcomes, strict=True):
                on_loaded(article, outcome)
            break
    return problems


def store_each(
    engine: Engine, articles: Iterable[CheckedArticle]
) -> Iterator[tuple[CheckedArticle, Outcome | DisagreementError]]:
    """Store the articles as if one after the other, though as many at once as may be; yield what becomes of each."""
    waiting = Waiting()
    for article in articles:
        if not waiting.has_room_for(article):
            yield from waiting.store(engine)
        waiting.add(article)
    yield from waiting.store(engine)


def _load_in_one(engine: Engine, articles: Sequence[CheckedArticle], beside: Iterable[str] = ()) -> list[Outcome]:
    """Load the articles in one transaction; none of them asks those beside it what they said before."""
    loads = [Load.of(article) for article in articles]
    with engine.begin() as connection:
        return load_articles(connection, loads, beside)

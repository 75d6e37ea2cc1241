"""Loading several articles at once: what they share, they may change together."""

from collections.abc import Callable, Iterable

from sqlalchemy import Engine

from app.loading.checking import CheckedArticle
from app.loading.loader import Outcome, load_article
from app.loading.source import Diagnostic, DisagreementError


def load_batch(
    engine: Engine, articles: Iterable[CheckedArticle], on_loaded: Callable[[CheckedArticle, Outcome], None]
) -> list[Diagnostic]:
    """Load articles that agree with each other, one transaction each.

    Those that do not agree with what is stored may do so once all of them are: they are loaded in one transaction, so
    that nobody sees, and no crash leaves, an entity that is called one thing here and another there.

    Args:
        engine: where to.
        articles: which to load.
        on_loaded: is told what became of each that is loaded.

    Returns:
        What keeps the others out.
    """
    waiting: list[CheckedArticle] = []
    problems: list[Diagnostic] = []
    for article in articles:
        try:
            _load_in_one(engine, [article], on_loaded)
        except DisagreementError:
            waiting.append(article)
    while waiting:
        try:
            _load_in_one(engine, waiting, on_loaded)
        except DisagreementError as error:
            problems += error.diagnostics
            refused = {diagnostic.file for diagnostic in error.diagnostics}
            waiting = [article for article in waiting if article.source.file not in refused]
        else:
            break
    return problems


def _load_in_one(
    engine: Engine, articles: list[CheckedArticle], on_loaded: Callable[[CheckedArticle, Outcome], None]
) -> None:
    """Load the articles in one transaction; none of them asks the others what they said before."""
    ids = [article.id for article in articles]
    with engine.begin() as connection:
        outcomes = [load_article(connection, article, beside=ids) for article in articles]
    for article, outcome in zip(articles, outcomes, strict=True):
        on_loaded(article, outcome)

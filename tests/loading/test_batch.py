"""Loading several articles at once."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlmodel import col

from app.loading import batch
from app.loading.batch import HOLD, MOST_ARTICLES, articles_to_hold, collecting_seldom, store_each
from app.loading.loader import Outcome, load_articles
from app.tables import Article, Change
from tests.newsroom import tiny_articles


def test_python_looks_for_cycles_as_before_once_loading_has_ended() -> None:
    gc.enable()  # Another test's command line may have left it off.
    before = gc.get_threshold(), gc.get_freeze_count()
    with collecting_seldom():
        assert gc.isenabled()
        assert gc.get_threshold() > before[0]
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


@given(st.integers(1, MOST_ARTICLES), st.floats(1e-6, 1e6))
def test_a_transaction_takes_no_longer_than_it_should_where_one_article_does_not(stored: int, seconds: float) -> None:
    most = articles_to_hold(stored, seconds)
    assert 1 <= most <= MOST_ARTICLES
    if most > 1:
        assert most * seconds / stored <= HOLD * (1 + 1e-9)
    if most < MOST_ARTICLES:
        assert (most + 1) * seconds / stored > HOLD * (1 - 1e-9)


@pytest.mark.parametrize(("hold", "sizes"), [(60.0, [7]), (0.0, [3, 1, 1, 1, 1])])
def test_articles_that_take_long_are_stored_few_at_a_time(
    writer: Engine, monkeypatch: pytest.MonkeyPatch, hold: float, sizes: list[int]
) -> None:
    if not hold:
        monkeypatch.setattr(batch, "MOST_ARTICLES", 3)
    monkeypatch.setattr(batch, "HOLD", hold)
    stored: list[int] = []

    def noting(connection: object, loads: list[object], beside: object) -> object:
        stored.append(len(loads))
        return load_articles(connection, loads, beside)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "load_articles", noting)
    outcomes = [outcome for _, outcome in store_each(writer, tiny_articles(range(7)))]
    assert outcomes == [Outcome.CREATED] * 7
    assert stored == sizes
    with writer.connect() as connection:
        articles = connection.execute(select(col(Change.article_id)).order_by(col(Change.revision))).scalars().all()
        assert set(articles) == set(connection.execute(select(col(Article.id))).scalars())
        assert articles == [article.id for article in tiny_articles(range(7))]

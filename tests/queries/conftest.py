"""What plans of queries are asked of: SQLite tells them in words of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.api import Api
from tests.newsroom import tiny_articles


@pytest.fixture(scope="session")
def in_sqlite(make_file: Callable[..., Path]) -> Iterator[Api]:
    """The API on many small articles in a SQLite file."""
    with Api(make_file(*tiny_articles())) as api:
        yield api

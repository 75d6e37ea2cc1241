"""Processes beside the tests."""

from collections.abc import Iterator

import pytest

from tests.keeping.children import Children


@pytest.fixture(scope="session")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    with Children(tmp_path_factory.mktemp("children")) as children:
        yield children

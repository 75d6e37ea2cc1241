"""Processes beside the tests, and where they may write."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keeping.children import Children


@pytest.fixture(scope="session")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    with Children(tmp_path_factory.mktemp("children")) as children:
        yield children


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """An empty folder that users without privileges can reach: pytest's are out of their way."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        folder.chmod(0o755)
        yield folder

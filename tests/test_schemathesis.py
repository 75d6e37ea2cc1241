"""Schemathesis asks a real server what the OpenAPI document allows and what it does not, and checks the answers.

A few questions a path, always the same; `schemathesis run` (see schemathesis.toml) asks thousands.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import settings

from app.main import create_app
from app.settings import ROOT, Settings
from app.tokens import hash_of
from tests.api import Server

TOKEN = "dateline_of_schemathesis"
config = schemathesis.Config.from_path(ROOT / "schemathesis.toml")
config.projects.default.phases.coverage.enabled = False  # Thousands of questions.
schema = schemathesis.openapi.from_dict(create_app(Settings()).openapi(), config=config)


@schema.hook
def map_query(_context: schemathesis.HookContext, query: dict[str, object]) -> dict[str, object]:
    """Ask for first pages: a made-up cursor leads nowhere, and tests/queries/test_paging.py forges better ones."""
    return {name: value for name, value in query.items() if name != "cursor"} if query else query


@schema.hook
def map_headers(_context: schemathesis.HookContext, headers: dict[str, str]) -> dict[str, str]:
    """Ask for whatever version there is: nothing has a made-up tag, and each answer would be 412."""
    return {name: value for name, value in headers.items() if name != "If-Match"} if headers else headers


@pytest.fixture(scope="module")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: what is made up here may hit an article that is there."""
    with Server(tmp_path_factory.mktemp("writable"), DATELINE_TOKENS=f"desk:{hash_of(TOKEN)}") as server:
        yield server
        assert server.stop() == 0, server.output()
        assert "Traceback" not in server.output()


@schema.parametrize()
@settings(max_examples=5, derandomize=True, deadline=None)
def test_the_server_keeps_the_promises_of_its_document(case: schemathesis.Case[Any], writable: Server) -> None:
    case.call_and_validate(base_url=writable.url, headers={"Authorization": f"Bearer {TOKEN}"})

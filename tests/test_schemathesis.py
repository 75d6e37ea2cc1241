"""Schemathesis asks a real server what the OpenAPI document allows and what it does not, and checks the answers.

A few questions a path, always the same; `schemathesis run` (see schemathesis.toml) asks thousands.
"""

from typing import Any

import schemathesis
from hypothesis import settings

from app.main import create_app
from app.settings import ROOT, Settings
from tests.api import Server

config = schemathesis.Config.from_path(ROOT / "schemathesis.toml")
config.projects.default.phases.coverage.enabled = False  # Thousands of questions.
schema = schemathesis.openapi.from_dict(create_app(Settings()).openapi(), config=config)


@schema.hook
def map_query(_context: schemathesis.HookContext, query: dict[str, object]) -> dict[str, object]:
    """Ask for first pages: a made-up cursor leads nowhere, and tests/queries/test_paging.py forges better ones."""
    return {name: value for name, value in query.items() if name != "cursor"} if query else query


@schema.parametrize()
@settings(max_examples=5, derandomize=True, deadline=None)
def test_the_server_keeps_the_promises_of_its_document(case: schemathesis.Case[Any], server: Server) -> None:
    case.call_and_validate(base_url=server.url)

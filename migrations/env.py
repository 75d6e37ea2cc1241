"""Runs migrations on the engine handed in, or on DATELINE_DATABASE_URL when called as `alembic`."""

from typing import Any

from alembic import context
from sqlmodel import SQLModel

import app.tables  # noqa: F401 (fills the metadata)
from app.database import create_writer
from app.settings import load_settings


def is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Leave out the full-text index: its tables are FTS5's own, made by hand in a migration."""
    return not (kind == "table" and (name or "").startswith("search_index"))


engine = context.config.attributes.get("engine") or create_writer(load_settings().database_url)
with engine.connect() as connection, connection.begin():
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_object=is_ours,
        render_as_batch=True,
        compare_server_default=True,
    )
    context.run_migrations()

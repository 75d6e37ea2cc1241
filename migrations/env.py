"""Runs migrations on the engine handed in, or on DATELINE_DATABASE_URL when called as `alembic`."""

from typing import Any

from alembic import context
from sqlmodel import SQLModel

import app.tables  # noqa: F401 (fills the metadata)
from app.database import create_writer
from app.errors import NotReadyError
from app.settings import load_settings


def is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Leave out the full-text index: its tables are FTS5's own, made by hand in a migration."""
    return not (kind == "table" and (name or "").startswith("search_index"))


engine = context.config.attributes.get("engine") or create_writer(load_settings().database_url)
with engine.connect() as connection:
    driver: Any = connection.connection.driver_connection
    # To alter a column, SQLite's table is made anew and the old one dropped: that would delete all that refers to it.
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            context.configure(
                connection=connection,
                target_metadata=SQLModel.metadata,
                include_object=is_ours,
                render_as_batch=True,
                compare_server_default=True,
            )
            context.run_migrations()
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                raise NotReadyError(f"migrating would leave rows that refer to nothing: {broken[:5]}")
    finally:
        driver.execute("PRAGMA foreign_keys = ON")

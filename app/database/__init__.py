"""Engines, sessions and migrations; what differs between databases; the revision counter."""

from app.database.engines import Lender, closing, create_reader, create_writer, explained, runs_inline
from app.database.questions import Question
from app.database.schema import Schema, alembic_config, check_ready, migrate, revisions, schema_of
from app.database.watching import Watch, current_revision, current_token

__all__ = [
    "Lender",
    "Question",
    "Schema",
    "Watch",
    "alembic_config",
    "check_ready",
    "closing",
    "create_reader",
    "create_writer",
    "current_revision",
    "current_token",
    "explained",
    "migrate",
    "revisions",
    "runs_inline",
    "schema_of",
]

"""Titles and names of any length in indexes: no tree of PostgreSQL holds an entry of more than 2,704 bytes.

Revision ID: 0006
Revises: 0005
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from app.text.folding import LONGEST_KEY, comparable, fold

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAMES = "ix_name_entity_id_text"
EXPANSION = 18
"""Folding makes of a character at most so many."""
ROLE = sa.table("role", sa.column("fact_id"), sa.column("title", sa.String()), sa.column("title_key"))


def upgrade() -> None:
    _make_keys(comparable)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index(NAMES, table_name="name")
        op.execute(f"CREATE INDEX {NAMES} ON name (entity_id, substr(text, 1, {LONGEST_KEY}))")


def downgrade() -> None:
    _make_keys(fold)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index(NAMES, table_name="name")
        op.create_index(NAMES, "name", ["entity_id", "text"], unique=False)


def _make_keys(make: Callable[[str], str]) -> None:
    connection = op.get_bind()
    long = sa.select(ROLE.c.fact_id, ROLE.c.title).where(sa.func.length(ROLE.c.title) > LONGEST_KEY // EXPANSION)
    for fact_id, title in connection.execute(long).all():
        if fold(title) != comparable(title):
            connection.execute(sa.update(ROLE).where(ROLE.c.fact_id == fact_id).values(title_key=make(title)))

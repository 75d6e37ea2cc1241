"""The feed of changes, and whose revisions they are; how long an article is.

Revision ID: 0002
Revises: 0001
"""

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from app.text.quoting import paragraphs, words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
COUNTS = ("length", "paragraphs", "words")


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("article_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("action", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("action IN ('added', 'replaced', 'deleted')", name=op.f("ck_change_action")),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_change")),
    )
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_article_id"), ["article_id"], unique=False)
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("history", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.execute(sa.text("UPDATE revision SET history = :history").bindparams(history=secrets.token_hex(8)))
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.alter_column("history", existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=False)
    # What was loaded before there was a feed: each article by the revision of one of the last loads, of which there
    # were at least as many as there are articles.
    before = sa.text(
        "INSERT INTO change (revision, article_id, action, at) "
        "SELECT (SELECT value FROM revision) + 1 - row_number() OVER (ORDER BY id DESC), id, 'added', :now FROM article"
    )
    op.execute(before.bindparams(sa.bindparam("now", datetime.now(UTC), sa.DateTime(timezone=True))))
    _count_texts()


def _count_texts() -> None:
    with op.batch_alter_table("article", schema=None) as batch_op:
        for name in COUNTS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
    connection = op.get_bind()
    for article_id, text in connection.execute(sa.text("SELECT id, text FROM article")).all():
        counts = {"length": len(text), "paragraphs": len(paragraphs(text)), "words": len(words(text)), "id": article_id}
        connection.execute(
            sa.text("UPDATE article SET length = :length, paragraphs = :paragraphs, words = :words WHERE id = :id"),
            counts,
        )
    with op.batch_alter_table("article", schema=None) as batch_op:
        for name in COUNTS:
            batch_op.alter_column(name, existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("article", schema=None) as batch_op:
        for name in COUNTS:
            batch_op.drop_column(name)
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_column("history")
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_change_article_id"))
    op.drop_table("change")

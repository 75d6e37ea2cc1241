"""Facts in the order of their lists, wherever a list may start: tables and indexes that have a page side by side.

Revision ID: 0005
Revises: 0004
"""

from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.types import TypeEngine

from app.tables import APART, UNDATED, UNVALUED

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LISTED = ("date", "figure", "note", "quote", "role")
ORDER = ("article_id", "position")
IN_ORDER: dict[str, tuple[tuple[str, ...], ...]] = {
    "date": ((), ("entity_id",), ("relation",), ("precision",), ("precision", "day_key"), ("day_key",)),
    "figure": ((), ("subject_id",), ("unit",), ("value_key",)),
    "note": ((), ("category",), ("about_fact_id",)),
    "quote": ((), ("speaker_id",), ("addressee_id",), ("event_id",), ("direct",)),
    "role": ((), ("person_id",), ("organisation_id",), ("title_key",)),
    "fact": (("type", "basis"), ("attributed_to_id",)),
}
"""By table, the columns whose equal values have the order of lists."""
MAY_BE_NULL = {"entity_id", "subject_id", "unit", "about_fact_id", "addressee_id", "event_id", "organisation_id",
               "attributed_to_id"}  # fmt: skip
BEFORE: dict[str, tuple[tuple[str, ...], ...]] = {
    "date": (("earliest", "latest"),),
    "figure": (("subject_id",), ("unit",), ("value",)),
    "note": (("about_fact_id",), ("category",)),
    "quote": (("addressee_id",), ("event_id",), ("speaker_id",)),
    "role": (("organisation_id",), ("person_id", "organisation_id"), ("title_key",)),
    "fact": (
        ("article_id", "position", "id"),
        ("attributed_to_id",),
        ("basis",),
        ("type", "article_id", "position", "id"),
    ),
}
"""The indexes that the new ones make useless."""
COLUMNS: dict[str, dict[str, type[TypeEngine[Any]]]] = {
    "article": {"facts": sa.Integer},
    "fact": {"notes": sa.Integer},
    **{table: {"article_id": sqlmodel.sql.sqltypes.AutoString, "position": sa.BigInteger} for table in LISTED},
}
COLUMNS["date"] |= {"day_key": sa.Date}
COLUMNS["figure"] |= {"value_key": sa.Float}
FACT = sa.table("fact", *(sa.column(name) for name in ("id", *ORDER)))


def upgrade() -> None:
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.alter_column("position", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)
    for table, added in COLUMNS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, kind in added.items():
                batch_op.add_column(sa.Column(name, kind(), nullable=True))
    _fill()  # as long as the indexes are there that it looks facts up by
    for table, indexes in BEFORE.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for columns in indexes:
                batch_op.drop_index(f"ix_{table}_{'_'.join(columns)}")
    for table, added in COLUMNS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, kind in added.items():
                batch_op.alter_column(name, existing_type=kind(), nullable=False)
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.create_unique_constraint(op.f("uq_fact_article_id_position"), ["article_id", "position"])
    for table, indexes in IN_ORDER.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for columns in indexes:
                batch_op.create_index(_name(table, columns), [*columns, *ORDER], unique=False, **_where(columns))
    _remake_mentions()
    _make_note_subjects()


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{'_'.join([table, *columns, *ORDER])}"


def _where(columns: tuple[str, ...]) -> dict[str, sa.TextClause]:
    null = [f"{name} IS NOT NULL" for name in columns if name in MAY_BE_NULL]
    return {f"{dialect}_where": sa.text(null[0]) for dialect in ("sqlite", "postgresql") if null}


def _fill() -> None:
    number = sa.func.row_number().over(partition_by=[FACT.c.article_id, FACT.c.position], order_by=FACT.c.id) - 1
    ranked = sa.select(FACT.c.id, (FACT.c.position * APART + number).label("place")).subquery()
    op.execute(sa.update(FACT).values(position=ranked.c.place).where(FACT.c.id == ranked.c.id))
    op.execute("UPDATE fact SET notes = (SELECT count(*) FROM note WHERE note.about_fact_id = fact.id)")
    op.execute("UPDATE article SET facts = (SELECT count(*) FROM fact WHERE fact.article_id = article.id)")
    for name in LISTED:
        table = sa.table(name, *(sa.column(column) for column in ("fact_id", *ORDER)))
        for column in ORDER:
            of_fact = sa.select(FACT.c[column]).where(FACT.c.id == table.c.fact_id).scalar_subquery()
            op.execute(sa.update(table).values({column: of_fact}))
    day = sa.text("UPDATE date SET day_key = coalesce(earliest, latest, :undated)")
    op.execute(day.bindparams(sa.bindparam("undated", UNDATED, sa.Date())))
    value = sa.text("UPDATE figure SET value_key = coalesce(value, :unvalued)")
    op.execute(value.bindparams(sa.bindparam("unvalued", UNVALUED, sa.Float())))


def _remake_mentions() -> None:
    op.create_table("mentioned", sa.Column("entity_id", sa.Text()), sa.Column("fact_id", sa.Text()))
    op.execute("INSERT INTO mentioned (entity_id, fact_id) SELECT entity_id, fact_id FROM mention")
    op.drop_table("mention")
    op.create_table(
        "mention",
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("type", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("article_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_mention_entity_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_mention_fact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entity_id", "type", "article_id", "position", name=op.f("pk_mention")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO mention (entity_id, type, article_id, position, fact_id) "
        "SELECT entity_id, type, article_id, position, id FROM mentioned JOIN fact ON fact.id = fact_id"
    )
    op.drop_table("mentioned")
    with op.batch_alter_table("mention", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mention_fact_id"), ["fact_id"], unique=False)


def _make_note_subjects() -> None:
    op.create_table(
        "note_subject",
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("article_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_note_subject_entity_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_note_subject_fact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entity_id", "article_id", "position", name=op.f("pk_note_subject")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO note_subject (entity_id, article_id, position, fact_id) "
        "SELECT mention.entity_id, note.article_id, note.position, note.fact_id "
        "FROM note JOIN mention ON mention.fact_id = note.about_fact_id"
    )
    with op.batch_alter_table("note_subject", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_subject_fact_id"), ["fact_id"], unique=False)


def downgrade() -> None:
    op.drop_table("note_subject")
    op.create_table("mentioned", sa.Column("entity_id", sa.Text()), sa.Column("fact_id", sa.Text()))
    op.execute("INSERT INTO mentioned (entity_id, fact_id) SELECT entity_id, fact_id FROM mention")
    op.drop_table("mention")
    op.create_table(
        "mention",
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_mention_entity_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_mention_fact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entity_id", "fact_id", name=op.f("pk_mention")),
    )
    op.execute("INSERT INTO mention (entity_id, fact_id) SELECT entity_id, fact_id FROM mentioned")
    op.drop_table("mentioned")
    with op.batch_alter_table("mention", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mention_fact_id"), ["fact_id"], unique=False)
    for table, indexes in IN_ORDER.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for columns in indexes:
                batch_op.drop_index(_name(table, columns))
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.drop_constraint("uq_fact_article_id_position", type_="unique")
    for table, added in COLUMNS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in added:
                batch_op.drop_column(name)
    op.execute(sa.update(FACT).values(position=FACT.c.position // APART))
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.alter_column("position", existing_type=sa.BigInteger(), type_=sa.Integer(), existing_nullable=False)
    for table, indexes in BEFORE.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for columns in indexes:
                batch_op.create_index(f"ix_{table}_{'_'.join(columns)}", list(columns), unique=False)

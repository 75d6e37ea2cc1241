"""What is derived of the facts: the lists that entities stand in, and their items; it is filled after all migrations.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "derived_form",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_derived_form_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_derived_form")),
    )
    op.create_table(
        "lineage",
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("tree", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ancestor_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.CheckConstraint("tree IN ('parts', 'places')", name=op.f("ck_lineage_tree")),
        sa.PrimaryKeyConstraint("entity_id", "tree", "ancestor_id", name=op.f("pk_lineage")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("lineage", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lineage_ancestor_id_tree_entity_id"), ["ancestor_id", "tree", "entity_id"], unique=False
        )

    op.create_table(
        "listing",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.Column("name_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("latest", sa.Date(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.CheckConstraint("facts > 0", name=op.f("ck_listing_facts")),
        sa.PrimaryKeyConstraint("number", "entity_id", name=op.f("pk_listing")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_listing_entity_id"), ["entity_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_listing_number_day_entity_id"),
            ["number", "day", "entity_id"],
            unique=False,
            sqlite_where=sa.text("day IS NOT NULL"),
            postgresql_where=sa.text("day IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_listing_number_name_key_entity_id"), ["number", "name_key", "entity_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_listing_number_width_day_entity_id"),
            ["number", "width", "day", "entity_id"],
            unique=False,
            sqlite_where=sa.text("width IS NOT NULL"),
            postgresql_where=sa.text("width IS NOT NULL"),
        )

    op.create_table(
        "tally",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entities", sa.Integer(), nullable=False),
        sa.CheckConstraint("entities > 0", name=op.f("ck_tally_entities")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tally")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "prepared_item",
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("item", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entity.id"], name=op.f("fk_prepared_item_entity_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entity_id", name=op.f("pk_prepared_item")),
    )
    with op.batch_alter_table("date", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_date_entity_id"))
        batch_op.create_index(batch_op.f("ix_date_entity_id_earliest"), ["entity_id", "earliest"], unique=False)
        batch_op.create_index(batch_op.f("ix_date_entity_id_latest"), ["entity_id", "latest"], unique=False)

    with op.batch_alter_table("name", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_name_entity_id"))
        batch_op.create_index(batch_op.f("ix_name_entity_id_text"), ["entity_id", "text"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("name", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_name_entity_id_text"))
        batch_op.create_index(batch_op.f("ix_name_entity_id"), ["entity_id"], unique=False)

    with op.batch_alter_table("date", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_date_entity_id_latest"))
        batch_op.drop_index(batch_op.f("ix_date_entity_id_earliest"))
        batch_op.create_index(batch_op.f("ix_date_entity_id"), ["entity_id"], unique=False)

    op.drop_table("prepared_item")
    op.drop_table("tally")
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("ix_listing_number_width_day_entity_id"),
            sqlite_where=sa.text("width IS NOT NULL"),
            postgresql_where=sa.text("width IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_listing_number_name_key_entity_id"))
        batch_op.drop_index(
            batch_op.f("ix_listing_number_day_entity_id"),
            sqlite_where=sa.text("day IS NOT NULL"),
            postgresql_where=sa.text("day IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_listing_entity_id"))

    op.drop_table("listing")
    with op.batch_alter_table("lineage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lineage_ancestor_id_tree_entity_id"))

    op.drop_table("lineage")
    op.drop_table("derived_form")

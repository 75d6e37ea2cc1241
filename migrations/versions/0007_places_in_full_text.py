"""Documents of a type stand side by side in the full-text index, so that what is looked for in some is not read in all.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TYPES = (
    "person", "organisation", "unit", "place", "document", "event", "name", "role", "relation", "sequence",
    "description", "occurrence", "participation", "date", "quote", "figure", "note", "article",
)  # fmt: skip
CASES = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(TYPES))
PLACE = f"CASE type {CASES} END * 1099511627776 + id"
SIZE = "length(title) + length(body)"


REMOVE = "INSERT INTO search_index (search_index, rowid, title, body) VALUES ('delete', old.{0}, old.title, old.body)"
ADD = "INSERT INTO search_index (rowid, title, body) VALUES (new.{0}, new.title, new.body)"
FULL_TEXT = (
    "CREATE VIRTUAL TABLE search_index USING fts5("
    "title, body, content='search_document', content_rowid='{0}', tokenize='unicode61 remove_diacritics 2')",
    f"CREATE TRIGGER search_document_insert AFTER INSERT ON search_document BEGIN {ADD}; END",
    f"CREATE TRIGGER search_document_delete AFTER DELETE ON search_document BEGIN {REMOVE}; END",
    f"CREATE TRIGGER search_document_update AFTER UPDATE ON search_document BEGIN {REMOVE}; {ADD}; END",
    "INSERT INTO search_index (search_index) VALUES ('rebuild')",
)

# PostgreSQL has no ranges in its index; so the terms of a document say its type, and which words are in its title.
TERMS = (
    "ALTER TABLE search_index ADD COLUMN place BIGINT NOT NULL, ADD COLUMN terms TEXT[] NOT NULL",
    "CREATE INDEX ix_search_index_terms ON search_index USING gin (terms)",
)
WORDS = (
    "ALTER TABLE search_index DROP COLUMN place, DROP COLUMN terms",
    "CREATE INDEX ix_search_index_words ON search_index "
    "USING gin (array_remove(string_to_array(title || ' ' || body, ' '), ''))",
)
AGAIN = "INSERT INTO search_index_pending (rowid) SELECT id FROM search_document ON CONFLICT DO NOTHING"


def _remake_fts5(rowid: str) -> None:
    for statement in FULL_TEXT:
        op.execute(statement.format(rowid))


def _drop_fts5() -> None:
    for kind in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER search_document_{kind}")
    op.execute("DROP TABLE search_index")


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        _drop_fts5()
    for name, kind, value in (("place", sa.BigInteger(), PLACE), ("size", sa.Integer(), SIZE)):
        op.add_column("search_document", sa.Column(name, kind, sa.Computed(value, persisted=not is_sqlite)))
    op.create_index(op.f("ix_search_document_place_size"), "search_document", ["place", "size"], unique=True)
    if is_sqlite:
        _remake_fts5("place")
    else:
        op.drop_index("ix_search_index_words", "search_index")
        for statement in ("DELETE FROM search_index", *TERMS, AGAIN):
            op.execute(statement)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        _drop_fts5()
    op.drop_index(op.f("ix_search_document_place_size"), "search_document")
    for name in ("place", "size"):
        op.drop_column("search_document", name)
    if is_sqlite:
        _remake_fts5("id")
    else:
        for statement in ("DELETE FROM search_index", *WORDS, AGAIN):
            op.execute(statement)

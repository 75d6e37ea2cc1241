"""PostgreSQL looks for words block by block, so that a common one costs no more where more documents have it.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A GIN index gives all that match at once: so its keys say in which block of 16,384 places a document is, and a table
# says in which blocks a term is. Its list of pending entries would be read whole for every block.
BLOCKS = (
    "DROP INDEX ix_search_index_terms",
    "CREATE FUNCTION search_index_keys(terms TEXT[], block BIGINT) RETURNS TEXT[] "
    "LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT array_agg(term || '/' || block) FROM unnest(terms) AS term $$",
    # That the terms say the type is of no use any more: documents of a type are in blocks of their own.
    "UPDATE search_index SET terms = array_remove(terms, '@' || type) FROM search_document WHERE id = rowid",
    "CREATE INDEX ix_search_index_keys ON search_index "
    "USING gin (search_index_keys(terms, place >> 14)) WITH (fastupdate = off)",
    "CREATE TABLE search_index_block (term TEXT NOT NULL, block BIGINT NOT NULL, "
    "CONSTRAINT pk_search_index_block PRIMARY KEY (term, block))",
    "INSERT INTO search_index_block SELECT DISTINCT term, place >> 14 FROM search_index, unnest(terms) AS term",
)
TERMS = (
    "DROP TABLE search_index_block",
    "DROP INDEX ix_search_index_keys",
    "DROP FUNCTION search_index_keys",
    "CREATE INDEX ix_search_index_terms ON search_index USING gin (terms)",
    "INSERT INTO search_index_pending (rowid) SELECT id FROM search_document ON CONFLICT DO NOTHING",
)


def upgrade() -> None:
    _run(BLOCKS)


def downgrade() -> None:
    _run(TERMS)


def _run(statements: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in statements:
            op.execute(statement)

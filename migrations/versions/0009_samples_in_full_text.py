"""Words that are all common are looked for in a sample of the documents, wherever they may meet.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# SQLite: FTS5 goes on to the next document that matches, be it the last one of all. It ends where one of the words it
# looks for does, so the index has words about each document too: its type, whether it is a fact, and of which samples
# it is. A sample is every second block of 16,384 ids (1), every fourth (2), and so on. No question has such words.
SAMPLES = ["".join(f" \ue000{level}" for level in range(1, most + 1)) for most in range(23)]
OF_SAMPLES = " ".join(f"WHEN (({{0}}id >> 14) + 1) & {2**most} THEN '{words}'" for most, words in enumerate(SAMPLES))
ENTITIES = "'person', 'organisation', 'unit', 'place', 'document', 'event'"
SHELF = (
    f"CASE WHEN {{0}}type IN ({ENTITIES}, 'article') THEN '' ELSE '\ue000fact ' END "
    f"|| '\ue000' || {{0}}type || CASE {OF_SAMPLES} ELSE '{SAMPLES[-1]}' END"
)
CONTENT = "CREATE VIEW search_index_content AS SELECT place, title, body, {0} AS shelf FROM search_document"
REMOVE = "INSERT INTO search_index (search_index, rowid, {names}) VALUES ('delete', old.place, {old})"
ADD = "INSERT INTO search_index (rowid, {names}) VALUES (new.place, {new})"
FULL_TEXT = (
    "DROP TRIGGER search_document_insert",
    "DROP TRIGGER search_document_delete",
    "DROP TRIGGER search_document_update",
    "DROP TABLE search_index",
    "CREATE VIRTUAL TABLE search_index USING fts5("
    "{names}, content='{content}', content_rowid='place', tokenize='unicode61 remove_diacritics 2')",
    f"CREATE TRIGGER search_document_insert AFTER INSERT ON search_document BEGIN {ADD}; END",
    f"CREATE TRIGGER search_document_delete AFTER DELETE ON search_document BEGIN {REMOVE}; END",
    f"CREATE TRIGGER search_document_update AFTER UPDATE ON search_document BEGIN {REMOVE}; {ADD}; END",
    "INSERT INTO search_index (search_index) VALUES ('rebuild')",
)

# PostgreSQL: the table that says in which blocks a term is says in how many documents of each. So documents that go are
# noted too, and taken off their blocks many at once, before the transaction commits.
COUNTED = (
    "TRUNCATE search_index_block",
    "ALTER TABLE search_index_block ADD COLUMN documents BIGINT NOT NULL",
    "INSERT INTO search_index_block (term, block, documents) "
    "SELECT term, place >> 14, count(*) FROM search_index, unnest(terms) AS term GROUP BY term, place >> 14",
    "ALTER TABLE search_index DROP CONSTRAINT fk_search_index_rowid",
    "CREATE TRIGGER search_document_delete AFTER DELETE ON search_document REFERENCING OLD TABLE AS changed "
    "FOR EACH STATEMENT EXECUTE FUNCTION search_document_changed()",
)
NOTED = (
    "DROP TRIGGER search_document_delete ON search_document",
    "DELETE FROM search_index WHERE NOT EXISTS (SELECT FROM search_document WHERE id = rowid)",
    "ALTER TABLE search_index ADD CONSTRAINT fk_search_index_rowid "
    "FOREIGN KEY (rowid) REFERENCES search_document (id) ON DELETE CASCADE",
    "ALTER TABLE search_index_block DROP COLUMN documents",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(CONTENT.format(SHELF.format("")))
        _remake_fts5("search_index_content", {"title": "{0}title", "body": "{0}body", "shelf": SHELF})
    else:
        _run(COUNTED)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _remake_fts5("search_document", {"title": "{0}title", "body": "{0}body"})
        op.execute("DROP VIEW search_index_content")
    else:
        _run(NOTED)


def _run(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)


def _remake_fts5(content: str, columns: dict[str, str]) -> None:
    """Make the index of the content anew, and the triggers that keep it by what its columns have of a row."""
    old, new = (", ".join(column.format(f"{row}.") for column in columns.values()) for row in ("old", "new"))
    for statement in FULL_TEXT:
        op.execute(statement.format(content=content, names=", ".join(columns), old=old, new=new))

"""Whether the full-text index agrees with the documents that it indexes.

SQLite's own check of it is an INSERT, which a reader may not do; so the documents are indexed again, some at a time and
in memory, and both indexes are compared by a sum over everything in them.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

BATCH = 1000
"""Documents that are indexed at once."""
INDEX = (
    "CREATE VIRTUAL TABLE search_index USING fts5(title, body, content='', tokenize='unicode61 remove_diacritics 2')"
)
WORDS = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab('main', 'search_index', 'instance')"
CONTENT = ("SELECT term, doc, col, offset FROM temp.words", "SELECT id, sz FROM search_index_docsize")
"""Every word with its place, and the lengths of the documents, by which answers are ranked."""


def index_faults(connection: Connection) -> Iterator[str]:
    """Yield what is wrong with the full-text index."""
    # The view of the words is a temporary table; `query_only` would refuse it, though the file stays as it is.
    connection.exec_driver_sql("PRAGMA query_only = OFF")
    cursor = connection.connection.cursor()
    try:
        cursor.execute(WORDS)
        agree = _sum_of(cursor) == _sum_of_documents(cursor)
        cursor.execute("DROP TABLE temp.words")
    except sqlite3.DatabaseError as error:
        yield f"full-text index: cannot be read ({error})"
    else:
        if not agree:
            yield "full-text index: is not that of the search documents"


def _sum_of_documents(cursor: DBAPICursor) -> int:
    """Return the sum that the index of the stored documents should have."""
    total = 0
    documents = cursor.execute("SELECT id, title, body FROM search_document")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        memory.execute(INDEX)
        memory.execute(WORDS)
        while rows := documents.fetchmany(BATCH):
            memory.execute("BEGIN")
            memory.executemany("INSERT INTO search_index (rowid, title, body) VALUES (?, ?, ?)", rows)
            total += _sum_of(memory.cursor())
            memory.execute("ROLLBACK")
    return total


def _sum_of(cursor: DBAPICursor | sqlite3.Cursor) -> int:
    """Return a number that two indexes share if, and as good as only if, they hold the same."""
    return sum(sum(map(hash, cursor.execute(query))) for query in CONTENT)

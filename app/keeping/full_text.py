"""Whether the full-text index agrees with the documents that it indexes.

PostgreSQL's is a table of words, each row of which is made again.

SQLite's own check of it is an INSERT, which a reader may not do; so the documents are indexed again, some at a time and
in memory, and both indexes are compared by a sum over everything in them.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import Connection, text
from sqlalchemy.engine.interfaces import DBAPICursor

from app.database.postgres import words_of_documents
from app.text.words import TOKENIZER

BATCH = 1000
"""Documents that are indexed at once."""
INDEX = f"CREATE VIRTUAL TABLE search_index USING fts5(title, body, shelf, content='', tokenize='{TOKENIZER}')"
WORDS = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab('main', 'search_index', 'instance')"
CONTENT = ("SELECT term, doc, col, offset FROM temp.words", "SELECT id, sz FROM search_index_docsize")
"""Every word with its place, and the lengths of the documents, by which answers are ranked."""
DOCUMENTS = """
    SELECT document.id, document.place, document.title, document.body,
        search_index.place AS index_place, search_index.title AS title_words, search_index.body AS body_words, terms
    FROM search_document AS document LEFT JOIN search_index ON rowid = document.id
"""
WRONG = """
    SELECT EXISTS (SELECT FROM search_index_pending) OR EXISTS (
        SELECT FROM search_index_block AS noted FULL JOIN (
            SELECT term, place >> 14 AS block, count(*) AS documents
            FROM search_index, unnest(terms) AS term GROUP BY 1, 2
        ) AS counted USING (term, block)
        WHERE noted.documents IS DISTINCT FROM counted.documents
    )
"""
"""Whether documents wait for being indexed, or it is not noted rightly in how many of a block each term is."""


def index_faults(connection: Connection) -> Iterator[str]:
    """Yield what is wrong with the full-text index."""
    if connection.dialect.name == "sqlite":
        yield from _faults_of_fts5(connection)
    else:
        yield from _faults_of_words(connection)


def _faults_of_words(connection: Connection) -> Iterator[str]:
    documents = connection.execute(text(DOCUMENTS), execution_options={"yield_per": BATCH})
    agree = all(
        [(row.id, row.index_place, row.title_words, row.body_words, row.terms) for row in part]
        == words_of_documents(part)
        for part in documents.partitions()
    )
    if not agree or connection.execute(text(WRONG)).scalar():
        yield "full-text index: is not that of the search documents"


def _faults_of_fts5(connection: Connection) -> Iterator[str]:
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
    documents = cursor.execute("SELECT place, title, body, shelf FROM search_index_content")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        memory.execute(INDEX)
        memory.execute(WORDS)
        while rows := documents.fetchmany(BATCH):
            memory.execute("BEGIN")
            memory.executemany("INSERT INTO search_index (rowid, title, body, shelf) VALUES (?, ?, ?, ?)", rows)
            total += _sum_of(memory.cursor())
            memory.execute("ROLLBACK")
    return total


def _sum_of(cursor: DBAPICursor | sqlite3.Cursor) -> int:
    """Return a number that two indexes share if, and as good as only if, they hold the same."""
    return sum(sum(map(hash, cursor.execute(query))) for query in CONTENT)

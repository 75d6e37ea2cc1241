"""Article folders and database contents, as tests write and compare them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlmodel import SQLModel, col

from app.database import closing, create_reader
from app.database.postgres import index_words
from app.keeping.full_text import index_faults
from app.loading.checking import check_folder
from app.loading.loader import Outcome, load_article
from app.tables import Change, DerivedForm, Evidence, Revision, SearchDocument, Span, stored_columns, table_of

FolderFactory = Callable[..., Path]

SEED = Path(__file__).parent.parent / "seed_data" / "koome-meets-haitian-police"


def write_folder(folder: Path, text: str | bytes, facts: object) -> Path:
    """Write article.txt and facts.yaml; facts that are no text are written as JSON, which is YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    content = facts if isinstance(facts, str | bytes) else as_yaml(facts)
    (folder / "article.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "facts.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def as_yaml(data: object) -> str:
    """Return the data as JSON, with escapes for the characters that JSON may hold but YAML may not."""
    escaped = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
    return escaped.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(data, ensure_ascii=False, indent=1))


def load(writer: Engine, folder: Path) -> Outcome:
    article = check_folder(folder)
    with writer.begin() as connection:
        return load_article(connection, article)


def contents(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables but revisions and the form; what the database numbers is put by what it names."""
    tables = {
        name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
        for name, table in SQLModel.metadata.tables.items()
        if name
        not in {table_of(numbered).name for numbered in (Revision, Change, DerivedForm, Span, Evidence, SearchDocument)}
    }
    for table in (Span, SearchDocument):
        columns = [column for column in stored_columns(table_of(table)) if column.name != "id"]
        tables[table_of(table).name] = sorted(tuple(row) for row in connection.execute(select(*columns)))
    evidence = select(col(Evidence.fact_id), col(Span.article_id), col(Span.start), col(Span.end)).join(
        Span, col(Span.id) == col(Evidence.span_id)
    )
    tables["evidence"] = sorted(tuple(row) for row in connection.execute(evidence))
    return tables


def contents_of(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        return contents(connection)


def contents_in(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of a database file."""
    with closing(create_reader(f"sqlite:///{file}")) as reader:
        return contents_of(reader)


def assert_sound(connection: Connection) -> None:
    """Hold what no load, replacement or deletion may break."""
    if connection.dialect.name == "sqlite":
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        # The full-text index agrees with the table that it indexes; SQLite raises an error where it does not.
        connection.exec_driver_sql("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)")
    else:
        index_words(connection)  # as it would before it commits
        assert list(index_faults(connection)) == []

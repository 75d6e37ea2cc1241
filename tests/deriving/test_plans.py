"""A load costs what it touches: none of its statements looks at all rows of a table."""

import re
from pathlib import Path
from typing import Any

from app.database import closing, create_writer
from app.loading.loader import delete_article, load_article
from tests.newsroom import report, tiny_article

ALL_ROWS = re.compile(r"SCAN (?!names\b|revision\b|anon_|\d+ CONSTANT|\(|CONSTANT)")
"""`names` are those of the touched entities, the revision has one row."""


def test_no_statement_of_a_load_looks_at_all_rows(empty_database: Path, tmp_path: Path) -> None:
    file = tmp_path / "loaded.db"
    file.write_bytes(empty_database.read_bytes())
    asked: list[str] = []
    with closing(create_writer(f"sqlite:///{file}")) as writer:
        with writer.begin() as connection:
            load_article(connection, report())
            load_article(connection, tiny_article(1))
        with writer.begin() as connection:
            driver: Any = connection.connection.driver_connection
            driver.set_trace_callback(asked.append)
            load_article(connection, tiny_article(2))
            delete_article(connection, report().id)
            driver.set_trace_callback(None)
            assert any("FROM lineage" in statement for statement in asked)
            for statement in asked:
                if statement.startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
                    plan = driver.execute(f"EXPLAIN QUERY PLAN {statement}")
                    assert [row[3] for row in plan if ALL_ROWS.match(row[3])] == [], statement

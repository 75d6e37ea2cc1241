"""The measure of loading: `python -m benchmarks.executemany FROM TO` copies all rows by `sqlite3.executemany`.

Into the same tables, with the same indexes and triggers, checks and foreign keys, in one transaction.
"""

import json
import sqlite3
import sys
import time
from contextlib import closing

from app.database.sqlite import PRAGMAS


def tables_of(connection: sqlite3.Connection) -> list[str]:
    """Return the tables that rows are put into; those of an index are filled by triggers."""
    listed = connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    return sorted(name for (name,) in listed if not name.startswith("sqlite_"))


def stored_columns(connection: sqlite3.Connection, table: str) -> str:
    """Return the columns of a table that rows bring along, joined by commas; SQLite generates the others."""
    listed = connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", [table])
    return ", ".join(f'"{name}"' for (name,) in listed)


def main(source: str, target: str) -> None:
    """Copy the rows of all tables; print how many there were, and the seconds that storing them took."""
    with closing(sqlite3.connect(source)) as given, closing(sqlite3.connect(target, isolation_level=None)) as made:
        for name, value in {**PRAGMAS, "synchronous": "FULL"}.items():
            made.execute(f"PRAGMA {name} = {value}")
        columns = {name: stored_columns(given, name) for name in tables_of(given)}
        rows = {name: given.execute(f'SELECT {names} FROM "{name}"').fetchall() for name, names in columns.items()}
        began = time.perf_counter()
        made.execute("BEGIN IMMEDIATE")
        made.execute("PRAGMA defer_foreign_keys = ON")
        for name, values in rows.items():
            if values:
                marks = ", ".join("?" * len(values[0]))
                # What the migration or a trigger has put there already is left.
                made.executemany(f'INSERT OR IGNORE INTO "{name}" ({columns[name]}) VALUES ({marks})', values)
        made.execute("COMMIT")
        seconds = time.perf_counter() - began
    print(json.dumps({"rows": sum(map(len, rows.values())), "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])

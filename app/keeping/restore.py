"""Restoring: the articles of a backup instead of those of a database that may be in use, all or nothing."""

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from tempfile import gettempdir

from sqlalchemy import Connection, MetaData, Table, and_, delete, exists, func, insert, select, update
from sqlmodel import SQLModel

from app.database import Schema, check_ready, closing, create_reader, create_writer
from app.database.postgres import index_words
from app.deriving.everything import bring_up_to_date
from app.errors import DamagedFileError, DatabaseFileError
from app.keeping.copying import private_copy
from app.keeping.full_text import index_faults
from app.keeping.opening import Place, examine, examine_server, name_of, offering_way_out, place_of, url_of
from app.keeping.transfer import lost_rows, replace_rows
from app.keeping.verifying import LISTED, VAGUE, feed_faults, file_faults, refuse_faults, row_faults, verified
from app.loading.loader import record
from app.tables import Article, Change, Revision, stored_columns, table_of
from app.text.quoting import printable
from app.vocabulary import ChangeAction

ARTICLE = table_of(Article)
KEPT = {table_of(Revision).name, table_of(Change).name}
"""What goes on as it was: clients that follow the changes learn of the restoration as of any other load."""
TABLES = [table for table in SQLModel.metadata.sorted_tables if table.name not in KEPT]
THEIRS = {table.name: table.to_metadata(MetaData(), schema="backup") for table in TABLES}
"""The same tables in the backup."""
PATIENCE = 60_000
"""Milliseconds that a restoration waits for its turn: between the transactions of a bulk load there is little room."""


def restore_backup(url: str, file: Path) -> Counter[ChangeAction]:
    """Put the articles of the backup in the place of the database's; return what became of how many.

    Raises:
        DatabaseFileError: the backup is not sound, or the database is damaged; nothing is changed.
        NotReadyError: the database's schema is not the one that this version needs.
    """
    live = place_of(url)
    if examine(file) is Schema.EMPTY:
        raise DatabaseFileError(f"{file}: there is nothing in it")
    with private_copy(file, live.parent if isinstance(live, Path) else Path(gettempdir())) as copy:
        with closing(create_writer(url_of(copy))) as writer:
            bring_up_to_date(writer)
        verified(copy, file)
        sound = _prepare(live)
        with closing(create_writer(url_of(live))) as writer, writer.connect() as connection:
            if isinstance(live, Path):
                return _restore_file(connection, copy, sound=sound)
            return _restore_server(connection, copy, sound=sound)


def _restore_file(connection: Connection, copy: Path, *, sound: bool) -> Counter[ChangeAction]:
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    cursor.execute("ATTACH DATABASE ? AS backup", [str(copy)])  # which SQLite does in no transaction
    with connection.begin():
        ours, theirs = (_digests(connection, table) for table in (ARTICLE, THEIRS[ARTICLE.name]))
        changes = _changes(ours, theirs, everything=not sound)
        if changes or not sound:
            _replace(connection)
            _record(connection, changes)
            _verify(connection, (line for table in TABLES for line in _lost(connection, table)))
    return Counter(changes.values())


def _restore_server(connection: Connection, copy: Path, *, sound: bool) -> Counter[ChangeAction]:
    connection.connection.cursor().execute(f"SET lock_timeout = {PATIENCE}")
    with closing(create_reader(url_of(copy))) as reader, reader.connect() as backup, connection.begin():
        changes = _changes(_digests(connection, ARTICLE), _digests(backup, ARTICLE), everything=not sound)
        if changes or not sound:
            replace_rows(backup, connection, TABLES)
            index_words(connection)
            _record(connection, changes)
            _verify(connection, lost_rows(backup, connection, TABLES))
    return Counter(changes.values())


def _prepare(live: Place) -> bool:
    """Return whether nothing is wrong with the database's rows; where there is no database, make one.

    Raises:
        DamagedFileError: it is beyond what other rows can mend.
    """
    with offering_way_out(live) if isinstance(live, Path) else nullcontext():
        if not _examine(live):
            with closing(create_writer(url_of(live))) as writer:
                bring_up_to_date(writer)
        with closing(create_reader(url_of(live))) as reader:
            check_ready(reader)
            with reader.connect() as connection:
                damage = [line for line in file_faults(connection) if not VAGUE.search(line)]
                damage += feed_faults(connection)
                if damage:
                    raise DamagedFileError(printable(f"{name_of(live)}: {'; '.join(damage[:LISTED])}"))
                return next(chain(row_faults(connection), index_faults(connection)), None) is None


def _examine(live: Place) -> bool:
    """Return whether there is anything in the database."""
    if isinstance(live, Path):
        return live.exists() and examine(live) is not Schema.EMPTY
    return examine_server(live) is not Schema.EMPTY


def _digests(connection: Connection, article: Table) -> dict[str, str]:
    return {row.id: row.digest for row in connection.execute(select(article.c["id"], article.c["digest"]))}


def _changes(ours: dict[str, str], theirs: dict[str, str], *, everything: bool) -> dict[str, ChangeAction]:
    """Return what is about to happen to which articles; to all of them, where the rows at hand cannot be relied on."""
    changes = {}
    for article_id in sorted(ours.keys() | theirs.keys()):
        if article_id not in theirs:
            changes[article_id] = ChangeAction.DELETED
        elif article_id not in ours:
            changes[article_id] = ChangeAction.ADDED
        elif everything or ours[article_id] != theirs[article_id]:
            changes[article_id] = ChangeAction.REPLACED
    return changes


def _replace(connection: Connection) -> None:
    # Without the triggers, which would keep the full-text index row by row: it is made anew, whatever it was before.
    triggers = connection.exec_driver_sql("SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger'").all()
    for name, _ in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    for table in reversed(TABLES):
        connection.execute(delete(table))
    for table in TABLES:
        names = [column.name for column in stored_columns(table)]
        theirs = (THEIRS[table.name].columns[name] for name in names)
        connection.execute(insert(table).from_select(names, select(*theirs)))
    connection.exec_driver_sql("INSERT INTO search_index (search_index) VALUES ('rebuild')")
    for _, definition in triggers:
        connection.exec_driver_sql(definition)


def _record(connection: Connection, changes: dict[str, ChangeAction]) -> None:
    # Another token even if no article changes: rows that belong to none have been answered too.
    connection.execute(update(Revision).values(token=secrets.token_hex(8)))
    for article_id, action in changes.items():
        record(connection, article_id, action)


def _verify(connection: Connection, lost: Iterator[str]) -> None:
    """Hold that the database has the rows of the backup, which has been verified, and is sound in all that is not rows.

    Raises:
        DatabaseFileError: the transaction must roll back.
    """
    found = [*lost, *file_faults(connection), *index_faults(connection), *feed_faults(connection)]
    refuse_faults(found, "nothing is restored, as the outcome would not verify")


def _lost(connection: Connection, table: Table) -> Iterator[str]:
    """Yield whether the table has other rows than that of the backup: as many, and each of them."""
    ours, theirs = table.alias("ours"), THEIRS[table.name].alias("theirs")
    same = and_(*(column.is_not_distinct_from(theirs.columns[column.name]) for column in ours.columns))
    lost = connection.execute(select(func.count()).select_from(theirs).where(~exists().where(same))).scalar_one()
    here, there = (connection.execute(select(func.count()).select_from(each)).scalar_one() for each in (ours, theirs))
    if lost or here != there:
        yield f"{table.name}: {here} rows, while the backup has {there}, {lost} of which are not among them"

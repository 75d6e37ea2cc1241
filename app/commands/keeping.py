"""`dateline verify`, `backup` and `restore`; like all commands, each imports what it needs itself."""

from pathlib import Path
from typing import Annotated

import typer

from app.errors import DatabaseFileError


def _database() -> Path:
    """Return the file of the database, if it can be read and is of this version."""
    from app.database import check_ready, closing, create_reader
    from app.keeping.opening import examine, file_of, offering_way_out, url_of
    from app.settings import load_settings

    file = file_of(load_settings().database_url)
    with offering_way_out(file):
        examine(file)
    with closing(create_reader(url_of(file))) as reader:
        check_ready(reader)
    return file


def verify(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A backup; else the database itself.")] = None,
) -> None:
    """Verify that all that the design promises holds of every row; the database may be in use meanwhile."""
    from app.database import Schema, closing, create_reader
    from app.keeping.opening import examine, url_of
    from app.keeping.verifying import faults, summary_of
    from app.text.quoting import printable

    if file is None:
        file = _database()
    elif examine(file) is not Schema.CURRENT:
        raise DatabaseFileError(f"{file}: this is not of this version; `dateline restore` brings it up to date")
    sound = True
    with closing(create_reader(url_of(file))) as reader, reader.connect() as connection:
        for line in faults(connection):
            sound = False
            typer.echo(printable(line), err=True)
        if sound:
            typer.echo(f"{file}: {summary_of(connection)}, nothing wrong")
    raise typer.Exit(0 if sound else 1)


def backup(
    file: Annotated[Path, typer.Argument(help="The backup to write; a file that is there is left alone.")],
) -> None:
    """Write a verified copy of the database, which may be in use meanwhile, into one file."""
    from app.keeping.backup import back_up

    summary = back_up(_database(), file)
    typer.echo(f"{file}: {summary}, {file.stat().st_size} bytes, nothing wrong")


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
) -> None:
    """Put the articles of a backup in the place of the database's, which may be in use meanwhile."""
    from app.database import closing, create_reader
    from app.keeping.opening import file_of
    from app.keeping.restore import restore_backup
    from app.keeping.verifying import summary_of
    from app.settings import load_settings
    from app.vocabulary import ChangeAction

    url = load_settings().database_url
    changes = restore_backup(url, file)
    for action in ChangeAction:
        if changes[action]:
            typer.echo(f"{changes[action]} articles {action}")
    with closing(create_reader(url)) as reader, reader.connect() as connection:
        typer.echo(f"{file_of(url)}: {summary_of(connection)}, {'restored' if changes else 'as in the backup before'}")

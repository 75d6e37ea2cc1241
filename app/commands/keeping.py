"""`dateline verify`, `backup` and `restore`; like all commands, each imports what it needs itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.errors import DatabaseFileError

if TYPE_CHECKING:
    from app.keeping.opening import Place


def _database() -> "Place":
    """Return where the database is, if it can be read and is of this version."""
    from app.database import check_ready, closing, create_reader
    from app.keeping.opening import examine, examine_server, offering_way_out, place_of, url_of
    from app.settings import load_settings

    place = place_of(load_settings().database_url)
    if isinstance(place, Path):
        with offering_way_out(place):
            examine(place)
    else:
        examine_server(place)
    with closing(create_reader(url_of(place))) as reader:
        check_ready(reader)
    return place


def verify(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A backup; else the database itself.")] = None,
) -> None:
    """Verify that all that the design promises holds of every row; the database may be in use meanwhile."""
    from app.database import Schema, closing, create_reader
    from app.keeping.opening import examine, name_of, url_of
    from app.keeping.verifying import faults, summary_of
    from app.text.quoting import printable

    place = _database() if file is None else file
    if file is not None and examine(file) is not Schema.CURRENT:
        raise DatabaseFileError(f"{file}: this is not of this version; `dateline restore` brings it up to date")
    sound = True
    with closing(create_reader(url_of(place))) as reader, reader.connect() as connection:
        for line in faults(connection):
            sound = False
            typer.echo(printable(line), err=True)
        if sound:
            typer.echo(f"{name_of(place)}: {summary_of(connection)}, nothing wrong")
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
    from app.keeping.opening import name_of, place_of
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
        outcome = "restored" if changes else "as in the backup before"
        typer.echo(f"{name_of(place_of(url))}: {summary_of(connection)}, {outcome}")

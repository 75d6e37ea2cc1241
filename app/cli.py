"""The command line: one function a command; what it does is elsewhere.

Each command imports what it needs itself. All of it together takes longer than `serve` may until it answers.
"""

import gc
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from app import __version__
from app.commands import keeping
from app.errors import DatelineError, FolderError, SettingsError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.loading.checking import CheckedArticle
    from app.loading.loader import Outcome
    from app.loading.source import Diagnostic
    from app.settings import Settings

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

STANDARD_INPUT = Path("-")
Folders = Annotated[list[Path], typer.Argument(help="Article folders, each with article.txt and facts.yaml.")]


def version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@cli.callback()
def dateline(
    _version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Dateline: the facts of news articles, each with the words that support it."""


@cli.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="The schema revision: `head`, or `base` to take all down.")] = "head",
) -> None:
    """Bring the database's schema to a revision."""
    from app.database import closing, create_writer
    from app.deriving.everything import bring_up_to_date
    from app.keeping.opening import refuse_unusable
    from app.settings import load_settings

    settings = load_settings()
    refuse_unusable(settings.database_url)
    with closing(create_writer(settings.database_url)) as engine:
        bring_up_to_date(engine, revision)
    typer.echo(f"the schema is at {revision}")


class Format(StrEnum):
    """How diagnostics are shown."""

    TEXT = "text"
    JSON = "json"


@cli.command()
def new(
    text: Annotated[Path, typer.Argument(metavar="ARTICLE.txt", help="The article's text, copied unchanged.")],
    to: Annotated[Path, typer.Option(help="Where to make the article's folder.")] = Path(),
    article_id: Annotated[str | None, typer.Option("--id", help="The article's id; else made of the name.")] = None,
) -> None:
    """Start an article folder: the text, and a facts.yaml that explains itself and passes the check."""
    from app.loading.skeleton import start_folder

    typer.echo(str(start_folder(text, to, article_id)))


@cli.command()
def check(
    folders: Folders,
    form: Annotated[Format, typer.Option("--format", help="For people, or for editors and CI.")] = Format.TEXT,
) -> None:
    """Check article folders: everything that is wrong with them, without touching a database."""
    from app.loading.rendering import as_json, as_text

    articles, problems = _checked(folders)
    if form is Format.JSON:
        typer.echo(as_json(problems))
    else:
        for article in articles:
            facts, entities = len(article.facts), len(article.entities)
            typer.echo(f"{article.source.file.parent}: {facts} facts, {entities} entities, nothing wrong")
        if problems:
            typer.echo(as_text(problems), err=True)
    raise typer.Exit(1 if problems else 0)


def _checked(folders: Iterable[Path]) -> "tuple[list[CheckedArticle], list[Diagnostic]]":
    """Return the articles that have nothing wrong, by themselves and beside each other, and what the others have."""
    from app.loading.checking import check_agreement, check_folder
    from app.loading.source import CheckError

    articles: list[CheckedArticle] = []
    problems: list[Diagnostic] = []
    for folder in folders:
        try:
            articles.append(check_folder(folder))
        except CheckError as error:
            problems += error.diagnostics
    disagreements = check_agreement(articles)
    files = {problem.file for problem in disagreements}
    return [article for article in articles if article.source.file not in files], problems + disagreements


@cli.command()
def load(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Article folders, or files of JSON documents, one a line; - for standard input."),
    ],
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Go on after a document that is refused.")] = False,
) -> None:
    """Load articles, each as a whole or not at all; one that has not changed is left alone.

    A document is what `PUT /articles/ID` takes, with its `id` in it.
    """
    from app.loading.batch import collecting_seldom
    from app.loading.rendering import as_text

    streams = [path for path in paths if path == STANDARD_INPUT or (path.exists() and not path.is_dir())]
    articles, problems = _checked(path for path in paths if path not in streams)
    refused = 0
    with _ready_writer() as engine, collecting_seldom():
        problems += _load(engine, articles)
        if problems:
            typer.echo(as_text(problems), err=True)
        for path in streams:
            if (refused or problems) and not keep_going:
                typer.echo(f"{path}: not loaded, as something before it was refused; --keep-going goes on", err=True)
            else:
                refused += _load_stream(engine, path, keep_going=keep_going)
    raise typer.Exit(1 if problems or refused else 0)


def _load_stream(engine: "Engine", path: Path, *, keep_going: bool) -> int:
    """Load the documents of a file; return how many were refused, having told why."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    from app.loading.stream import Stream, Tally, load_stream
    from app.settings import load_settings

    settings, tally = load_settings(), Tally()
    # Refusals go through it too: in a terminal they would else be written into the bar.
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    with nullcontext(sys.stdin.buffer) if path == STANDARD_INPUT else path.open("rb") as content:
        try:
            with Progress(console=console, disable=not sys.stderr.isatty()) as progress:
                task = progress.add_task(escape(str(path)), total=_size(content))
                load_stream(
                    engine,
                    Stream(content, path, settings.max_documents, settings.max_depth),
                    tally,
                    keep_going=keep_going,
                    on_refusal=lambda error: console.print(str(error), soft_wrap=True),
                    on_progress=lambda size: progress.advance(task, size),
                )
        finally:
            typer.echo(f"{path}: {tally}")
    if tally.refused and not keep_going:
        typer.echo(f"{path}: stopped at the first that was refused; --keep-going goes on", err=True)
    return tally.refused


def _size(content: BinaryIO) -> int | None:
    """Return how many bytes are to come; None for what has no end yet."""
    return os.fstat(content.fileno()).st_size if content.seekable() else None


@contextmanager
def _ready_writer() -> "Iterator[Engine]":
    """Lend an engine that writes, if there is a database to write to: it would make an empty one."""
    from app.database import check_ready, closing, create_reader, create_writer
    from app.settings import load_settings

    url = load_settings().database_url
    with closing(create_reader(url)) as reader:
        check_ready(reader)
    with closing(create_writer(url)) as writer:
        yield writer


def _load(engine: "Engine", articles: "list[CheckedArticle]") -> "list[Diagnostic]":
    """Load the articles, and return what keeps some of them out."""
    from app.loading.batch import load_batch

    def tell(article: "CheckedArticle", outcome: "Outcome") -> None:
        typer.echo(f"{article.id}: {outcome}, {len(article.facts)} facts")

    return load_batch(engine, articles, tell)


@cli.command()
def remove(
    article_id: Annotated[str, typer.Argument(metavar="ID", help="The article's id.")],
) -> None:
    """Take an article, its facts, and the entities that no other article mentions out of the database."""
    from app.loading.loader import delete_article

    with _ready_writer() as engine, engine.begin() as connection:
        delete_article(connection, article_id)
    typer.echo(f"{article_id}: removed")


@cli.command()
def export(
    article_id: Annotated[str, typer.Argument(metavar="ID", help="The article's id.")],
    to: Annotated[Path, typer.Option(help="Where to write the article's folder.")] = Path(),
) -> None:
    """Write an article back as a folder ID/ that loads to the same rows; a folder that is there is left alone."""
    from app.database import check_ready, closing, create_reader
    from app.loading.exporting import export_article
    from app.settings import load_settings

    with closing(create_reader(load_settings().database_url)) as engine:
        check_ready(engine)
        with engine.connect() as connection:
            folder = export_article(connection, article_id, to)
    typer.echo(str(folder))


for command in (keeping.verify, keeping.backup, keeping.restore):
    cli.command()(command)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on [DATELINE_HOST].")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on, 0 for a free one [DATELINE_PORT].")] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes [DATELINE_WORKERS].")] = None,
) -> None:
    """Serve the API: migrate, load the seed data where it is missing or changed, then listen."""
    # To be told to stop is no failure; and a container's first process ignores the signal unless it is handled.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: sys.exit())
    gc.disable()  # until it listens: imports leave next to nothing to collect, and looking takes a fifth of them
    from app import server
    from app.settings import load_settings

    given = {"host": host, "port": port, "workers": workers}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    if not settings.seed_data.is_dir():
        raise SettingsError(f"DATELINE_SEED_DATA={settings.seed_data}: there is no such folder")
    away = _why_unreachable(settings.database_url) if settings.read_url else None
    if settings.read_url and away:
        _expect_readable(settings.read_url, away)
    else:
        _load_seed_data(settings)
    listener = server.listen(settings.host, settings.port)
    typer.echo(f"Dateline: {server.address_of(listener)}/docs")
    server.run(settings, listener)


def _why_unreachable(url: str) -> str | None:
    """Return why no server for the database can be reached; None if one can."""
    from app.database import closing, create_writer, explained
    from app.errors import UnreachableError

    try:
        with closing(create_writer(url)) as engine, explained(), engine.connect():
            return None
    except UnreachableError as error:
        return " ".join(str(error.__cause__).split())


def _expect_readable(url: str, away: str) -> None:
    """Say that nothing can be written, and why, if there is a replica that can be read all the same.

    Raises:
        NotReadyError: there is none, or its schema is another version's.
    """
    from app.database import check_ready, closing, create_reader

    with closing(create_reader(url)) as engine:
        check_ready(engine)
    typer.echo(
        "dateline: warning: DATELINE_DATABASE_URL cannot be written to, so no seed data is looked at; reads are "
        f"answered from DATELINE_READ_URL: {away}",
        err=True,
    )


def _load_seed_data(settings: "Settings") -> None:
    """Migrate, and load the seed data unless all of it is there as it stands.

    Raises:
        FolderError: it has faults.
    """
    from app.database import closing, create_writer
    from app.deriving.everything import bring_up_to_date
    from app.keeping.opening import refuse_unusable
    from app.loading.seed import are_loaded, digests_of, note_loaded

    folders = sorted(path.parent for path in settings.seed_data.glob("*/facts.yaml"))
    digests = digests_of(folders)
    refuse_unusable(settings.database_url)
    with closing(create_writer(settings.database_url)) as engine:
        bring_up_to_date(engine)
        if are_loaded(engine, digests):
            for article_id in digests:
                typer.echo(f"{article_id}: unchanged")
            return
        gc.enable()  # A check leaves much to collect, and there may be thousands.
        articles, problems = _checked(folders)
        problems = problems or _load(engine, articles)
        if not problems:
            note_loaded(engine, articles, digests)
            return
    from app.loading.rendering import as_text

    raise FolderError(f"not serving, as DATELINE_SEED_DATA={settings.seed_data} has faults:\n{as_text(problems)}")


@cli.command()
def token(
    name: Annotated[str, typer.Argument(help="What to call the writer in DATELINE_TOKENS and in the log.")] = "writer",
) -> None:
    """Make a token for writing over HTTP; what goes to standard output is the setting by which the server knows it."""
    from app.loading.checking import NO_ID, is_id
    from app.tokens import hash_of, make_token

    if not is_id(name):
        raise SettingsError(f"the name is {NO_ID}")
    made = make_token()
    typer.echo(f"For the writer, shown this once: {made}", err=True)
    typer.echo(f"DATELINE_TOKENS={name}:{hash_of(made)}")


@cli.command()
def schema() -> None:
    """Print the JSON Schema of facts.yaml, for editors."""
    typer.echo(json.dumps(facts_schema(), indent=2, ensure_ascii=False))


@cli.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    from app.main import create_app
    from app.settings import load_settings

    typer.echo(json.dumps(create_app(load_settings()).openapi(), indent=2, ensure_ascii=False))


def facts_schema() -> dict[str, object]:
    """Return the JSON Schema (2020-12) of the facts.yaml format."""
    from app.loading.format import ArticleDocument

    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ArticleDocument.model_json_schema()}


def main() -> None:
    """Run the command line; an error that Dateline raises on purpose is a message, not a traceback."""
    try:
        cli()
    except (DatelineError, OSError) as error:
        sys.exit(f"dateline: {error}")
    except Exception as error:
        from sqlalchemy.exc import DatabaseError, IntegrityError

        from app.keeping.opening import with_hint
        from app.settings import load_settings, without_secrets

        if not isinstance(error, DatabaseError) or isinstance(error, IntegrityError):  # a fault of the code
            raise
        url = without_secrets(load_settings().database_url)
        sys.exit(f"dateline: DATELINE_DATABASE_URL={url}: the database cannot be used: {with_hint(error.orig)}")


if __name__ == "__main__":
    main()

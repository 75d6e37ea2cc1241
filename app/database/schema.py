"""The schema: what a database has, what this version needs, and how to get from one to the other."""

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect

from app.database.engines import explained
from app.errors import NotReadyError
from app.settings import ROOT
from app.tables import Article, Entity, Fact, table_of

if TYPE_CHECKING:
    from alembic.config import Config  # Only who migrates imports Alembic: it takes longer than all of SQLAlchemy.


def alembic_config(engine: Engine) -> "Config":
    """Return Alembic's configuration, from pyproject.toml, bound to the engine."""
    from alembic.config import Config

    return Config(toml_file=ROOT / "pyproject.toml", attributes={"engine": engine})


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to the revision; `base` takes everything down.

    Raises:
        NotReadyError: there is no way from the schema's revision to this one.
    """
    if revision == "head":
        with engine.connect() as connection:
            if schema_of(connection) is Schema.CURRENT:
                return
    from alembic import command
    from alembic.util import CommandError

    move = command.downgrade if revision == "base" else command.upgrade
    try:
        move(alembic_config(engine), revision)
    except CommandError as error:
        raise NotReadyError(f"the schema cannot be brought to `{revision}`: {error}") from error


@cache
def revisions() -> tuple[str, ...]:
    """Return the schema's revisions up to the one that this version needs; each is the number of a migration's file."""
    return tuple(sorted(file.name.partition("_")[0] for file in (ROOT / "migrations" / "versions").glob("*.py")))


def _found(connection: Connection) -> set[str]:
    """Return what Alembic has noted down of the database: no revision before the first migration, one from then on."""
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars())


class Schema(StrEnum):
    """What a database is, as far as its tables tell."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    FOREIGN = "foreign"


def schema_of(connection: Connection) -> Schema:
    """Return how the database's schema stands to the one that this version needs; another program's is foreign."""
    # Litestream leaves tables of its own in what it replicates; they say nothing of whose it is.
    tables = {name for name in inspect(connection).get_table_names() if not name.startswith("_litestream_")}
    found = _found(connection)
    if not tables - {"alembic_version"}:
        return Schema.EMPTY
    if not found or not tables >= {table_of(model).name for model in (Article, Entity, Fact)}:
        return Schema.FOREIGN
    if found == {revisions()[-1]}:
        return Schema.CURRENT
    return Schema.OLDER if found <= set(revisions()) else Schema.NEWER


def check_ready(engine: Engine) -> None:
    """Return if the database answers and its schema is the one that this version needs.

    Raises:
        NotReadyError: saying what is missing and how to mend it.
        BusyError: another holds the database.
    """
    with explained(), engine.connect() as connection:
        found = _found(connection)
    if found != {revisions()[-1]}:
        raise NotReadyError("the database's schema is not the one this version needs: run `dateline migrate`")

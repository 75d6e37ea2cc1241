"""Settings: read once from DATELINE_* variables, frozen, passed in."""

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.errors import SettingsError

ROOT: Final = Path(__file__).resolve().parent.parent
"""The checkout: where migrations/ and seed_data/ stand beside app/."""


class Settings(BaseSettings):
    """Everything about an installation that is not in the code."""

    model_config = SettingsConfigDict(
        env_prefix="DATELINE_", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    database_url: Annotated[str, Field(repr=False)] = "sqlite:///dateline.db"
    """Where the facts are kept: sqlite:///PATH, relative to the working directory, or postgresql://USER:PASSWORD@HOST/NAME."""
    read_url: Annotated[str | None, Field(repr=False)] = None
    """Where the facts are read: a replica of the PostgreSQL database that they are kept in; without, the same place."""
    seed_data: Path = ROOT / "seed_data"
    """The folder whose article folders `serve` loads where they are missing or changed."""
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """The address that `serve` listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port that `serve` listens on; 0 takes a free one."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """How many processes `serve` runs."""
    log_level: Literal["critical", "error", "warning", "info", "debug"] = "info"
    """How much the server logs: critical, error, warning, info or debug."""
    max_body: Annotated[int, Field(ge=1)] = 4_194_304
    """Bytes that the body of a request may have."""
    max_url: Annotated[int, Field(ge=256, lt=65_536)] = 16_384
    """Bytes that the URL of a request may have: less than 65,536, where the parser's counters wrap round."""
    max_headers: Annotated[int, Field(ge=1024)] = 65_536
    """Bytes that the headers of a request may have, each counted with 32 more, as HTTP/2 does for what it costs."""
    max_connections: Annotated[int, Field(ge=1)] = 1000
    """How many connections a process keeps open at once."""
    max_in_flight: Annotated[int, Field(ge=1)] = 64
    """How many requests a process answers at once; one that waits for its client does not count."""
    request_timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 30
    """Seconds in which a request must have arrived, and in which a client must go on to read its answer."""
    statement_timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 5
    """Seconds that the database may work on the question of one request; with PostgreSQL, on each part of it."""
    max_kept: Annotated[int, Field(ge=0)] = 67_108_864
    """Bytes of answers that a process keeps, to give them again until a load; 0 keeps none, as does PostgreSQL."""
    rate_limit: Annotated[int, Field(ge=0)] = 0
    """Requests a minute that each process answers one client (an IPv4 address, or a /64 of IPv6); 0 for no limit."""

    tokens: Annotated[dict[str, str], NoDecode] = {}
    """Who may write over HTTP: names and hashes that `dateline token` prints, joined by commas; without, nobody may."""
    max_depth: Annotated[int, Field(ge=8, le=200)] = 32  # what pydantic's parser takes
    """How deeply the lists and objects of a JSON document may nest."""
    max_documents: Annotated[int, Field(ge=1)] = 1_000_000
    """How many documents one `dateline load` takes from a stream."""
    check_timeout: Annotated[float, Field(gt=0, le=3600)] = 10
    """Seconds that checking one document may take over HTTP."""

    @field_validator("tokens", mode="before")
    @classmethod
    def are_hashes(cls, value: Any) -> Any:
        """Read `name:hash,name:hash`."""
        if not isinstance(value, str):
            return value
        pairs = [pair.strip() for pair in value.split(",") if pair.strip()]
        if not all(re.fullmatch("[a-z0-9-]+:[0-9a-f]{64}", pair) for pair in pairs):
            raise ValueError("must be what `dateline token` prints, name:hash, several joined by commas")
        hashes = dict(pair.split(":") for pair in pairs)
        if len(hashes) < len(pairs):
            raise ValueError("has one name twice")
        return hashes

    @field_validator("database_url", "read_url")
    @classmethod
    def is_supported(cls, value: str | None) -> str | None:
        """Accept a URL of a SQLite file or of a PostgreSQL database."""
        if value is None:
            return None
        try:
            url = make_url(value)
        except ArgumentError as error:
            raise ValueError("is not a database URL; write for instance sqlite:///dateline.db") from error
        except ValueError as error:  # which libpq would take, but its way is not the only one
            raise ValueError("has a port that is no number; several hosts go in as ?host=A:5432&host=B:5433") from error
        is_file = url.drivername in ("sqlite", "sqlite+pysqlite") and url.database not in (None, "", ":memory:")
        if not is_file and not (url.drivername in ("postgresql", "postgresql+psycopg") and url.database):
            raise ValueError(
                "must name a SQLite file, for instance sqlite:///dateline.db, or a PostgreSQL database, for instance "
                "postgresql://dateline@localhost/dateline"
            )
        return value

    @field_validator("read_url")
    @classmethod
    def is_a_replica(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Accept a replica of what `database_url` names: SQLite has none."""
        both = (value, info.data.get("database_url"))
        if None not in both and not all(make_url(str(url)).get_backend_name() == "postgresql" for url in both):
            raise ValueError(
                "is for a replica of PostgreSQL: it and DATELINE_DATABASE_URL must both begin postgresql://"
            )
        return value


def without_secrets(url: str) -> str:
    """Return the database URL, or what was meant to be one, without the passwords in it: it is going to be shown."""
    shown = re.sub(r"(^|//)([^/:@]*):(?!//).*@", r"\1\2:***@", url, flags=re.DOTALL)
    return re.sub(r"([?&][^=&]*(?:pass|pwd|secret|token)[^=&]*=)[^&]*", r"\1***", shown, flags=re.IGNORECASE)


def load_settings(**given: Any) -> Settings:
    """Read the settings from the environment; values given here go before it.

    Raises:
        SettingsError: naming each variable that holds something it cannot, and why.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = (
            f"DATELINE_{str(details['loc'][0]).upper()}={_shown(details)}: "
            f"{details['msg'].removeprefix('Value error, ')}"
            for details in error.errors()
        )
        raise SettingsError("\n".join(lines)) from error


def _shown(details: ErrorDetails) -> str:
    """Return the value as far as it may be shown: where hashes belong, somebody may have put a token."""
    return "..." if details["loc"][0] == "tokens" else without_secrets(str(details["input"]))

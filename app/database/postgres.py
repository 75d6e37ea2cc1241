"""PostgreSQL: a server, asked from as many processes as there are; one of them writes at a time, as with SQLite."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import URL, Connection, Engine, create_engine, event

from app.database.failures import BUSY, FULL, READ_ONLY, TOO_SLOW, Failure
from app.errors import NotReadyError, UnreachableError
from app.text.words import indexed, terms_of_document

DRIVER: Final = "postgresql+psycopg"
CONNECTIONS: Final = 20
"""How many connections a process reads with at most."""
PATIENCE: Final = 5
"""Seconds that a writer waits for another, a reader for a connection, and both for a server."""
NOTICING: Final = {
    "connect_timeout": PATIENCE,
    "tcp_user_timeout": PATIENCE * 1000,
    "keepalives_idle": PATIENCE,
    "keepalives_interval": PATIENCE,
}
"""How libpq notices that a machine is gone, which says nothing of it; its own way takes hours."""
KEPT: Final = 300
"""Seconds after which another connection takes a connection's place: the URL may name several servers, and who has gone
to the second, as the first was away, goes back."""
WRITING: Final = {"lock_timeout": f"{PATIENCE}s"}
WRITERS: Final = 0x646174656C696E65
"""The advisory lock that a writer holds: the letters of `dateline`."""

UNUSABLE: Final[Failure] = (
    NotReadyError,
    "the database cannot be reached, or is not ours to use: is its server running?",
)
UNREACHABLE: Final[Failure] = UnreachableError, UNUSABLE[1]
FAILURES: Final[dict[str, Failure]] = {
    "08": UNREACHABLE,  # connection exception
    "25006": READ_ONLY,
    "28": UNUSABLE,  # invalid authorization
    "3D000": UNUSABLE,  # no such database
    "40001": BUSY,  # serialization failure
    "40P01": BUSY,  # deadlock
    "42501": UNUSABLE,  # insufficient privilege
    "53100": FULL,  # disk full
    "53200": FULL,  # out of memory
    "53300": BUSY,  # too many connections
    "55P03": BUSY,  # lock not available
    "57014": TOO_SLOW,  # query canceled
    "57P": UNREACHABLE,  # the server stops, starts, or has crashed
    "58": UNUSABLE,  # system error: input or output
    "XX001": UNUSABLE,  # data corrupted
    "XX002": UNUSABLE,  # index corrupted
}
"""What a client is told of SQLSTATEs, by their beginning; all others are faults of the code."""


def failure_of(error: BaseException | None) -> Failure | None:
    """Return what a client is told of the error; None for a fault of the code."""
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:  # What the server has not said: it was not there to say anything.
        return UNREACHABLE if any(kind.__name__ == "OperationalError" for kind in type(error).__mro__) else None
    return next((failure for start, failure in FAILURES.items() if state.startswith(start)), None)


def writer(url: URL) -> Engine:
    """Return the engine that writes; its transactions wait for each other, for as long as a writer may wait."""
    engine = _engine(url, WRITING)

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")

    @event.listens_for(engine, "commit")
    def complete(connection: Connection) -> None:
        if not connection.get_execution_options().get("migrating"):
            index_words(connection)

    return engine


def reader(url: URL, timeout: float | None) -> Engine:
    """Return the engine that reads: in one snapshot a transaction; each statement may take `timeout` seconds."""
    return _engine(
        url,
        {
            "default_transaction_isolation": "repeatable read",
            "default_transaction_read_only": "on",
            "statement_timeout": "0" if timeout is None else f"{max(1, round(timeout * 1000))}ms",
        },
    )


@cache
def _dumper() -> type:
    """Return what makes parameters of strings: no text has a NUL in it, but a question may.

    PostgreSQL would refuse it; with another character that no id has, it finds nothing, as SQLite does.
    """
    from psycopg.types.string import StrDumperUnknown  # Only who asks PostgreSQL imports its driver.

    class Dumper(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd"))

    return Dumper


PENDING: Final = """
    WITH pending AS (
        DELETE FROM search_index_pending
        WHERE rowid = ANY (ARRAY(SELECT rowid FROM search_index_pending LIMIT 1000))
        RETURNING rowid
    )
    SELECT pending.rowid, id, place, title, body FROM pending LEFT JOIN search_document ON id = pending.rowid
"""
"""Takes some documents whose words are not what they were; by an array, as PostgreSQL takes the table to be empty, and
would compare each of its rows with each."""
UNCOUNT: Final = """
    WITH gone AS (
        SELECT term, place >> 14 AS block, count(*) AS documents
        FROM search_index, unnest(terms) AS term WHERE rowid = ANY(%(ids)s) GROUP BY 1, 2
    ), emptied AS (
        DELETE FROM search_index_block AS noted USING gone
        WHERE noted.term = gone.term AND noted.block = gone.block AND noted.documents = gone.documents
    )
    UPDATE search_index_block AS noted SET documents = noted.documents - gone.documents FROM gone
    WHERE noted.term = gone.term AND noted.block = gone.block AND noted.documents > gone.documents
"""
REMOVE: Final = "DELETE FROM search_index WHERE rowid = ANY(%(ids)s)"
INDEX: Final = "INSERT INTO search_index (rowid, place, title, body, terms) VALUES (%s, %s, %s, %s, %s)"
COUNT: Final = """
    INSERT INTO search_index_block AS noted (term, block, documents)
    SELECT term, place >> 14, count(*) FROM search_index, unnest(terms) AS term
    WHERE rowid = ANY(%(ids)s) GROUP BY 1, 2
    ON CONFLICT (term, block) DO UPDATE SET documents = noted.documents + excluded.documents
"""
"""Notes down in how many documents of each block of 16,384 places terms are."""


class Words(NamedTuple):
    """A document as the full-text index has it."""

    rowid: int
    place: int
    title: str
    body: str
    terms: list[str]


def words_of_documents(documents: Sequence[Any]) -> list[Words]:
    """Return the rows of the full-text index for search documents."""
    titles, bodies = (indexed(getattr(row, name) for row in documents) for name in ("title", "body"))
    return [
        Words(row.id, row.place, " ".join(title), " ".join(body), terms_of_document(title, body))
        for row, title, body in zip(documents, titles, bodies, strict=True)
    ]


def index_words(connection: Connection) -> None:
    """Bring the full-text index up to date with search documents that have come, changed or gone in the transaction.

    What the words of a text are is not for the database to say: they are the same as SQLite's.
    """
    while rows := connection.exec_driver_sql(PENDING).all():
        ids = {"ids": [row.rowid for row in rows]}
        connection.exec_driver_sql(UNCOUNT, ids)
        connection.exec_driver_sql(REMOVE, ids)
        if words := words_of_documents([row for row in rows if row.id is not None]):
            connection.exec_driver_sql(INDEX, words)
            connection.exec_driver_sql(COUNT, ids)


def _engine(url: URL, session: dict[str, str]) -> Engine:
    engine = create_engine(
        url.set(drivername=DRIVER),
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=PATIENCE,
        pool_recycle=KEPT,
        pool_pre_ping=True,  # The server may have been started anew; one finds out by asking.
        connect_args={name: value for name, value in NOTICING.items() if name not in url.query},
    )
    # Compiling a plan takes longer than any of our statements runs.
    settings = {"timezone": "UTC", "client_encoding": "UTF8", "jit": "off", **session}

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.adapters.register_dumper(str, _dumper())
        with connection.cursor() as cursor:
            for name, value in settings.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.commit()

    return engine

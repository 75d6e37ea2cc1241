"""What a client is told of a database that fails, in the same words whichever it is."""

from typing import Final

from app.errors import BusyError, DatelineError, ReadOnlyError, StorageFullError, TooSlowError

Failure = tuple[type[DatelineError], str]

BUSY: Final[Failure] = BusyError, "the database is busy with another write; try again in a moment"
TOO_SLOW: Final[Failure] = TooSlowError, "the question took longer than it may; ask a narrower one, or again later"
FULL: Final[Failure] = StorageFullError, "the database has no room left; nothing has been stored"
READ_ONLY: Final[Failure] = ReadOnlyError, "the database can only be read; nothing has been stored"

"""Errors of the domain. They know their HTTP status as a number and nothing else of the web."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class InputError:
    """One thing that is wrong with a request.

    `location` is `query`, `path` or `body`; `name` the parameter; `suggestion` the nearest name or value that would do.
    """

    location: str
    name: str
    detail: str
    suggestion: str | None = None


class DatelineError(Exception):
    """Base of every error that Dateline raises on purpose; `str(error)` is for the reader."""

    status: ClassVar[int] = 500
    retry_after: ClassVar[int | None] = None
    """Seconds after which to try again, where that may help."""
    errors: tuple[InputError, ...] = ()


class NotModifiedError(DatelineError):
    """The client has the answer already, in the version that `etag` names."""

    status = 304

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


class NotFoundError(DatelineError):
    """Nothing in the database answers to an id, of the path or of a filter."""

    status = 404

    def __init__(self, detail: str, errors: Sequence[InputError] = ()) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)


class InvalidInputError(DatelineError):
    """The request asks for something that cannot be: every fault of it at once."""

    status = 422

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__("; ".join(error.detail for error in errors))
        self.errors = tuple(errors)


class NotReadyError(DatelineError):
    """The database cannot be reached or its schema is not the one this version needs."""

    status = 503


class BusyError(DatelineError):
    """Another holds the database for longer than one waits for it."""

    status = 503
    retry_after = 1


class TooSlowError(DatelineError):
    """The database has worked on a question for as long as it may."""

    status = 503
    retry_after = 10


class ReadOnlyError(DatelineError):
    """The database can be read, but not be written to."""

    status = 503


class StorageFullError(DatelineError):
    """There is no room left for what is to be stored."""

    status = 507


class FolderError(DatelineError):
    """An article folder cannot be read, checked or loaded."""


class SettingsError(DatelineError):
    """A DATELINE_* variable holds something that it cannot."""

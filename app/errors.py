"""Errors of the domain. They know their HTTP status as a number and nothing else of the web."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class InputError:
    """One thing that is wrong with a request.

    `location` is `query`, `path`, `header` or `body`; `name` the parameter, or the place in the body; `suggestion` the
    nearest name or value that would do.
    """

    location: str
    name: str
    detail: str
    suggestion: str | None = None


class DatelineError(Exception):
    """Base of every error that Dateline raises on purpose; `str(error)` is for the reader."""

    status: ClassVar[int] = 500
    headers: ClassVar[Mapping[str, str]] = {}
    errors: tuple[InputError, ...] = ()

    @property
    def detail(self) -> str:
        """What a client reads."""
        return str(self)


class NotModifiedError(DatelineError):
    """The client has the answer already, in the version that `etag` names; `token` is the mark of the last load."""

    status = 304

    def __init__(self, etag: str, token: str) -> None:
        super().__init__(etag)
        self.etag = etag
        self.token = token


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


class UnauthorisedError(DatelineError):
    """Who wants to write has to say who they are (RFC 6750)."""

    status = 401
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="dateline"'}


class WrongTokenError(UnauthorisedError):
    """The token is nobody's."""

    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="dateline", error="invalid_token"'}


class ForbiddenError(DatelineError):
    """Nobody may write here."""

    status = 403


class PreconditionError(DatelineError):
    """What the client saw is not what is there (RFC 9110, section 13)."""

    status = 412


class TooLongError(DatelineError):
    """The document takes longer to check than may be."""

    status = 413


class MediaTypeError(DatelineError):
    """The body is of a kind that cannot be read."""

    status = 415
    headers: ClassVar[Mapping[str, str]] = {"Accept": "application/json"}


class NotReadyError(DatelineError):
    """The database cannot be reached or its schema is not the one this version needs."""

    status = 503


class UnreachableError(NotReadyError):
    """The database's server cannot be reached: it is being started, or another is about to take its place."""

    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "5"}


class BehindError(DatelineError):
    """The replica has not heard yet of what the client has written or seen, or may not have."""

    status = 503
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class BusyError(DatelineError):
    """Another holds the database for longer than one waits for it."""

    status = 503
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class TooSlowError(DatelineError):
    """The database has worked on a question for as long as it may."""

    status = 503
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "10"}


class ReadOnlyError(DatelineError):
    """The database can be read, but not be written to."""

    status = 503


class StorageFullError(DatelineError):
    """There is no room left for what is to be stored."""

    status = 507


class FolderError(DatelineError):
    """An article folder cannot be read, checked or loaded."""


class DatabaseFileError(DatelineError):
    """A database file is not what it should be, or cannot be made or brought back."""


class DamagedFileError(DatabaseFileError):
    """A database file is damaged, or no database at all."""


class SettingsError(DatelineError):
    """A DATELINE_* variable holds something that it cannot."""

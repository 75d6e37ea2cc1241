"""Conditional requests: what the client has or believes, held against what is there (RFC 9110, section 13)."""

from dataclasses import dataclass

from starlette.datastructures import Headers

from app.answers import REVISION
from app.encoding import IDENTITY, tagged, untagged
from app.errors import BehindError, InputError, InvalidInputError, NotFoundError, PreconditionError

_MISSED = "`If-Match` names another version than the current one"


def refuse_behind(headers: Headers, current: int) -> None:
    """Return if the revision that is read from is no older than what the client has seen or written.

    Raises:
        BehindError: it is older.
        InvalidInputError: the header has no revision in it.
    """
    wanted = headers[REVISION]
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 20):
        detail = f"`{REVISION}` is {wanted!a}; it must be a revision that a write has answered"
        raise InvalidInputError([InputError("header", REVISION, detail)])
    if int(wanted) > current:
        raise BehindError(f"the replica that answers here is behind: it is at revision {current}, not yet at {wanted}")


def in_doubt(error: NotFoundError | PreconditionError) -> BehindError:
    """Return what a client that wants a version by its ETag is told where a replica has another, or nothing.

    412 or 404 would say for good that the version is gone, though it may be one that the replica has yet to hear of,
    and ETags do not say which of two is newer. Asking the primary would, but then reads would wait for it, or end with
    it. 503 says what is true: here it cannot be had now. Whoever has the revision of the write as well, and sends it
    along, is in no doubt: a replica that has come so far answers 412 and 404 as the primary would.
    """
    return BehindError(f"the replica that answers here is behind, or there has been a change since: {error}")


@dataclass(frozen=True)
class Preconditions:
    """The entity tags of a request's `If-Match`, None without that header, and of its `If-None-Match`."""

    if_match: frozenset[str] | None
    if_none_match: frozenset[str]

    @classmethod
    def of(cls, headers: Headers) -> "Preconditions":
        """Return the preconditions in the headers."""
        # An `If-Match` that names nothing, for want of the tag that should stand there, must not let all through.
        if_match = _tags(headers, "if-match") if "if-match" in headers else None
        return cls(if_match, _tags(headers, "if-none-match"))

    def held(self, current: str, coding: str = IDENTITY) -> str | None:
        """Return the tag by which the client has what this strong one stands for, None if it has not.

        Weak tags count (section 13.1.2), and so does that of the same in the coding which the client would be given.
        """
        tags = (tag.removeprefix("W/") for tag in self.if_none_match)
        return next((tag for tag in tags if tag in (current, tagged(current, coding))), None)

    def refuse_read(self, current: str) -> None:
        """Return if what would be answered, by its strong tag, is what the client wants, in whatever coding.

        Raises:
            PreconditionError: it is something else.
        """
        if not self._lets(current):
            raise PreconditionError(f"{_MISSED}: its ETag is {current}")

    def refuse_write(self, current: str | None) -> None:
        """Return if what is there, by its strong tag, None for nothing, is what the client believes to be there.

        Raises:
            PreconditionError: it is not, so that writing would undo what the client has not seen.
        """
        if not self._lets(current):
            there = f"its ETag is {current}" if current else "there is no such article"
            raise PreconditionError(f"{_MISSED}: {there}")
        had = {untagged(tag.removeprefix("W/"))[0] for tag in self.if_none_match}
        if current is not None and had & {current, "*"}:
            raise PreconditionError(f"`If-None-Match` does not let this article be replaced: its ETag is {current}")

    def _lets(self, current: str | None) -> bool:
        """Return whether what is there is what `If-Match` names, in whatever coding the client has read it."""
        if self.if_match is None:
            return True
        return current is not None and not {current, "*"}.isdisjoint(untagged(tag)[0] for tag in self.if_match)


def _tags(headers: Headers, name: str) -> frozenset[str]:
    tags = (tag.strip() for value in headers.getlist(name) for tag in value.split(","))
    return frozenset(tag for tag in tags if tag)

"""How a handler asks: one connection, one snapshot of the database, one question; and how it answers."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import parse_qsl, urlencode

from anyio.to_thread import run_sync
from fastapi import Depends, Query, Request
from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy import Connection, Engine
from starlette.datastructures import Headers
from starlette.types import Scope

from app import __version__
from app.answers import JSON, REVISION, Answer, Header, as_json, make_answer
from app.database import current_revision, current_token, explained, runs_inline
from app.encoding import preferred
from app.errors import NotFoundError, NotModifiedError, PreconditionError, UnreachableError
from app.problems import refuse_repeated
from app.queries.articles import marks_of_article
from app.queries.paging import Slice
from app.queries.unknown import nothing_answers
from app.routers.preconditions import Preconditions, in_doubt, refuse_behind
from app.schemas.base import Page
from app.schemas.parameters import NoParameters

P = ParamSpec("P")
FoundT = TypeVar("FoundT")


def find_etag(connection: Connection, article_id: str) -> str | None:
    """Return the strong ETag of an article: of its text and facts, and of the code that shows them; None without one.

    It is the same for all paths of the article, so that any of them can be read before a write.
    """
    marks = marks_of_article(connection, article_id)
    return None if marks is None else _etag_of(marks.digest)


def _etag_of(digest: str) -> str:
    return f'"{hashlib.sha256(f"{__version__} {digest}".encode()).hexdigest()[:32]}"'


def etag_of_article(connection: Connection, article_id: str) -> str:
    """Return the strong ETag of an article.

    Raises:
        NotFoundError: there is no such article.
    """
    return find_etag(connection, article_id) or nothing_answers(connection, "article", article_id)


async def run(engine: Engine, question: Callable[[], FoundT]) -> FoundT:
    """Ask the engine, right here if that takes no longer than a hop to another thread would, else in another thread."""
    return question() if runs_inline(engine) else await run_sync(question)


class Asking:
    """What a handler needs of its request: ask the database, link to the next page, and answer."""

    def __init__(self, scope: Scope) -> None:
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers = Headers(scope=scope)
        state = scope["app"].state
        self.engine: Engine = state.reader
        self.connect: Callable[[], AbstractContextManager[Connection]] = state.connect
        self.may_be_behind: bool = state.reader is not state.primary
        self.last_load = ""
        """The mark of the last load before the question."""
        self.etag = ""
        self.links: list[Header] = []
        self._has_asked = False
        """Whether a server was there to be asked."""

    async def page(
        self, question: Callable[Concatenate[Connection, P], Slice[Any]], *args: P.args, **kwargs: P.kwargs
    ) -> Answer:
        """Answer a question for a list, with the link to the next page.

        Raises:
            NotModifiedError: the client has the answer already.
        """
        return self.answer(self.linked(await self.fetch(question, *args, **kwargs)))

    async def prepared_page(
        self, question: Callable[Concatenate[Connection, P], Slice[bytes]], *args: P.args, **kwargs: P.kwargs
    ) -> Answer:
        """Answer a question for a list of prepared items, with the link to the next page.

        Raises:
            NotModifiedError: the client has the answer already.
        """
        return self.answer(self.prepared(await self.fetch(question, *args, **kwargs)))

    async def item(
        self, question: Callable[Concatenate[Connection, P], BaseModel | bytes], *args: P.args, **kwargs: P.kwargs
    ) -> Answer:
        """Answer a question for one thing.

        Raises:
            NotModifiedError: the client has the answer already.
        """
        return self.answer(await self.fetch(question, *args, **kwargs))

    async def fetch(
        self, question: Callable[Concatenate[Connection, P], FoundT], *args: P.args, **kwargs: P.kwargs
    ) -> FoundT:
        """Return what the question finds, read from one snapshot of the database.

        Raises:
            NotModifiedError: the client has the answer already (RFC 9110, section 13.1.2).
            PreconditionError: it wants another version than there is (section 13.1.1).
            BehindError: the replica has not heard yet of what the client wants, or may not have.
        """

        def mark(connection: Connection) -> str:
            self.last_load = current_token(connection)
            # The strong ETag: what was asked, after which load, by which version of the code.
            asked = f"{__version__} {self.path}?{self.query}"
            return f'"{self.last_load}-{hashlib.sha256(asked.encode()).hexdigest()[:16]}"'

        return await self._read(mark, lambda connection: question(connection, *args, **kwargs))

    async def fetch_of_article(self, question: Callable[[Connection, str], FoundT], article_id: str) -> FoundT:
        """Return what the question finds about one article alone: its ETag stands as long as the article does.

        Raises:
            NotModifiedError: the client has the answer already.
            NotFoundError: there is no such article.
            PreconditionError: the client wants another version than there is.
            BehindError: the replica has not heard yet of what the client wants, or may not have.
        """

        def mark(connection: Connection) -> str:
            marks = marks_of_article(connection, article_id) or nothing_answers(connection, "article", article_id)
            self.last_load = marks.token
            return _etag_of(marks.digest)

        return await self._read(mark, lambda connection: question(connection, article_id))

    async def _read(self, mark: Callable[[Connection], str], question: Callable[[Connection], FoundT]) -> FoundT:
        return await run(self.engine, lambda: self._ask_whoever_is_there(mark, question))

    def _ask_whoever_is_there(
        self, mark: Callable[[Connection], str], question: Callable[[Connection], FoundT]
    ) -> FoundT:
        """Ask once more if the server goes while it is asked: the URL may name another one."""
        try:
            return self._ask(mark, question)
        except UnreachableError:
            if not self._has_asked:
                raise
            return self._ask(mark, question)

    def _ask(self, mark: Callable[[Connection], str], question: Callable[[Connection], FoundT]) -> FoundT:
        wanted = Preconditions.of(self.headers)
        knows = not self.may_be_behind
        with explained(), self.connect() as connection:
            self._has_asked = True
            if self.may_be_behind and REVISION in self.headers:
                refuse_behind(self.headers, current_revision(connection))
                knows = True  # of all that the client does
            try:
                return self._find(connection, mark, question, wanted)
            except (NotFoundError, PreconditionError) as error:
                if knows or wanted.if_match is None:
                    raise
                raise in_doubt(error) from error

    def _find(
        self,
        connection: Connection,
        mark: Callable[[Connection], str],
        question: Callable[[Connection], FoundT],
        wanted: Preconditions,
    ) -> FoundT:
        self.etag = mark(connection)
        held = wanted.held(self.etag, preferred(self._accepted))
        if held is not None:
            wanted.refuse_read(self.etag)
            raise NotModifiedError(held, self.last_load)
        found = question(connection)
        wanted.refuse_read(self.etag)  # Only now: where there is nothing, nothing is wanted of it (section 13.2.1).
        if "*" in wanted.if_none_match:  # Whatever there is: so there has to be something.
            raise NotModifiedError(self.etag, self.last_load)
        return found

    @property
    def _accepted(self) -> bytes | None:
        accepted = self.headers.get("accept-encoding")
        return None if accepted is None else accepted.encode("latin-1")

    def answer(self, found: BaseModel | bytes, media_type: bytes = JSON) -> Answer:
        """Return the answer: a wire model, or bytes of the media type."""
        return make_answer(as_json(found), self.etag, self.last_load, self._accepted, media_type, self.links)

    def linked(self, part: Slice[Any]) -> Page[Any]:
        """Return a slice as a page: its cursor becomes the path of the same question from there on."""
        total = part.total
        return Page(items=part.items, total=total.number, total_relation=total.relation, next=self._next(part))

    def prepared(self, part: Slice[bytes]) -> bytes:
        """Return a slice of prepared items as the JSON of its page."""
        total = {"total": part.total.number, "total_relation": part.total.relation}
        rest = to_json({**total, "next": self._next(part)})
        return b'{"items":[%s],%s' % (b",".join(part.items), rest[1:])

    def _next(self, part: Slice[Any]) -> str | None:
        return None if part.cursor is None else self.following("cursor", part.cursor)

    def following(self, name: str, value: str) -> str:
        """Return the path of the same question with this parameter; it goes into the `Link` header too (RFC 8288)."""
        given = parse_qsl(self.query, keep_blank_values=True)
        following = f"{self.path}?{urlencode([*(pair for pair in given if pair[0] != name), (name, value)])}"
        self.links.append((b"link", f'<{following}>; rel="next"'.encode("latin-1")))
        return following


async def asking(request: Request) -> Asking:
    """Return what the handler asks with, having refused parameters that may not be repeated.

    A coroutine, as the framework would make a class in another thread.
    """
    refuse_repeated(request)
    return Asking(request.scope)


Ask = Annotated[Asking, Depends(asking)]
NoQuery = Annotated[NoParameters, Query()]
"""For paths without parameters: they refuse all."""

"""How a handler asks: one connection, one snapshot of the database, one question."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response
from sqlalchemy import Connection, Engine

from app import __version__
from app.database import current_token, explained
from app.errors import NotModifiedError
from app.problems import refuse_repeated
from app.queries.articles import article_digest
from app.queries.paging import Slice
from app.queries.unknown import nothing_answers
from app.routers.preconditions import Preconditions
from app.schemas.base import Page
from app.schemas.parameters import NoParameters

P = ParamSpec("P")
AnswerT = TypeVar("AnswerT")


def find_etag(connection: Connection, article_id: str) -> str | None:
    """Return the strong ETag of an article: of its text and facts, and of the code that shows them; None without one.

    It is the same for all paths of the article, so that any of them can be read before a write.
    """
    digest = article_digest(connection, article_id)
    return digest and f'"{hashlib.sha256(f"{__version__} {digest}".encode()).hexdigest()[:32]}"'


def etag_of_article(connection: Connection, article_id: str) -> str:
    """Return the strong ETag of an article.

    Raises:
        NotFoundError: there is no such article.
    """
    return find_etag(connection, article_id) or nothing_answers(connection, "article", article_id)


class Asking:
    """What a handler needs of its request: ask the database, and link to the next page."""

    def __init__(self, request: Request, response: Response) -> None:
        """Refuse parameters that may not be repeated, before anything is asked."""
        refuse_repeated(request)
        self.request = request
        self.response = response
        self.engine: Engine = request.app.state.reader

    def __call__(
        self, question: Callable[Concatenate[Connection, P], AnswerT], *args: P.args, **kwargs: P.kwargs
    ) -> AnswerT:
        """Return the answer to one question, read from one snapshot of the database.

        SQLite answers in the time that a hop to another thread would take, so the question runs right here.

        Raises:
            NotModifiedError: the client has the answer already (RFC 9110, section 13.1.2).
        """

        def mark(connection: Connection) -> str:
            return self._etag(current_token(connection))

        return self._answer(mark, lambda connection: question(connection, *args, **kwargs))

    def of_article(self, question: Callable[[Connection, str], AnswerT], article_id: str) -> AnswerT:
        """Return the answer to a question about one article alone: its ETag stands as long as the article does.

        Raises:
            NotModifiedError: the client has the answer already.
            NotFoundError: there is no such article.
        """

        def mark(connection: Connection) -> str:
            return etag_of_article(connection, article_id)

        return self._answer(mark, lambda connection: question(connection, article_id))

    def _answer(self, mark: Callable[[Connection], str], question: Callable[[Connection], AnswerT]) -> AnswerT:
        wanted = Preconditions.of(self.request.headers)
        with explained(), self.engine.connect() as connection:
            etag = mark(connection)
            if wanted.held(etag):
                raise NotModifiedError(etag)
            answer = question(connection)
        if "*" in wanted.if_none_match:  # Whatever there is: so there has to be something.
            raise NotModifiedError(etag)
        self.response.headers.update({"ETag": etag, "Cache-Control": "no-cache"})
        return answer

    def _etag(self, token: str) -> str:
        """Return the strong ETag of the answer: what was asked, after which load, by which version of the code."""
        asked = f"{__version__} {self.request.url.path}?{self.request.url.query}"
        return f'"{token}-{hashlib.sha256(asked.encode()).hexdigest()[:16]}"'

    def page(
        self, question: Callable[Concatenate[Connection, P], Slice[Any]], *args: P.args, **kwargs: P.kwargs
    ) -> Page[Any]:
        """Return the answer to a question for a list, with the link to the next page."""
        return self.linked(self(question, *args, **kwargs))

    def linked(self, part: Slice[Any]) -> Page[Any]:
        """Return a slice as a page: its cursor becomes the path of the same question from there on."""
        following = None if part.cursor is None else self.following("cursor", part.cursor)
        return Page(items=part.items, total=part.total, next=following)

    def following(self, name: str, value: str) -> str:
        """Return the path of the same question with this parameter; it goes into the `Link` header too (RFC 8288)."""
        others = [(other, given) for other, given in self.request.query_params.multi_items() if other != name]
        following = f"{self.request.url.path}?{urlencode([*others, (name, value)])}"
        self.response.headers.append("Link", f'<{following}>; rel="next"')
        return following


async def asking(request: Request, response: Response) -> Asking:
    """Return what the handler asks with; a coroutine, as the framework would make a class in another thread."""
    return Asking(request, response)


Ask = Annotated[Asking, Depends(asking)]
NoQuery = Annotated[NoParameters, Query()]
"""For paths without parameters: they refuse all."""

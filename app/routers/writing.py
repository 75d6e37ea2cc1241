"""Writing over HTTP: articles come and go, by those who have a token; anybody may have a document checked."""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Annotated, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi import Path as PathParameter
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.database import check_ready, create_writer, explained
from app.errors import ForbiddenError, MediaTypeError, UnauthorisedError, WrongTokenError
from app.loading import loader
from app.loading.checking import CheckedArticle
from app.loading.documents import Submission, check_document
from app.loading.loader import Outcome, known_entities, load_article
from app.logs import note
from app.queries.articles import get_article
from app.routers.asking import NoQuery, etag_of_article, find_etag
from app.routers.preconditions import Preconditions
from app.schemas.views import ArticleItem, Checked
from app.settings import Settings
from app.tokens import writer_of
from app.vocabulary import SLUG

BODY = Path("body")
ResultT = TypeVar("ResultT")


class Desk:
    """Where articles are checked and stored, in threads of their own: readers go on meanwhile.

    One document is checked at a time and one is stored at a time, as neither would be faster beside another.
    """

    def __init__(self, settings: Settings, reader: Engine) -> None:
        self.tokens = settings.tokens
        self.deepest = settings.max_depth
        self.patience = settings.check_timeout
        self.reader = reader
        self.writer = create_writer(settings.database_url)
        self.checking, self.storing = CapacityLimiter(1), CapacityLimiter(1)

    def close(self) -> None:
        """Close what is open."""
        self.writer.dispose()

    async def check(self, submission: Submission) -> CheckedArticle:
        """Return the article of a document with nothing wrong in it.

        Raises:
            CheckError: with every diagnostic.
            TooLongError: it takes longer to check than may be.
        """
        return await run_sync(lambda: check_document(submission, monotonic() + self.patience), limiter=self.checking)

    async def compare(self, article: CheckedArticle) -> None:
        """Return if no other article calls one of the article's entities otherwise.

        Raises:
            DisagreementError: another one does.
        """

        def compare() -> None:
            check_ready(self.reader)
            with explained(), self.reader.connect() as connection:
                known_entities(connection, article)

        await run_sync(compare, limiter=self.checking)

    async def store(self, article: CheckedArticle, wanted: Preconditions) -> tuple[Outcome, ArticleItem, str]:
        """Create or replace the article; return what was done, the article as readers get it, and its ETag.

        Raises:
            PreconditionError: what is there is not what the client believes to be there.
            DisagreementError: another article calls one of its entities otherwise.
        """

        def store() -> tuple[Outcome, ArticleItem, str]:
            with explained(), self.writer.begin() as connection:
                wanted.refuse_write(find_etag(connection, article.id))
                outcome = load_article(connection, article)
                return outcome, get_article(connection, article.id), etag_of_article(connection, article.id)

        return await self._write(store)

    async def delete(self, article_id: str, wanted: Preconditions) -> None:
        """Take the article out.

        Raises:
            NotFoundError: there is no such article.
            PreconditionError: what is there is not what the client believes to be there.
        """

        def delete() -> None:
            with explained(), self.writer.begin() as connection:
                wanted.refuse_write(etag_of_article(connection, article_id))
                loader.delete_article(connection, article_id)

        await self._write(delete)

    async def _write(self, change: Callable[[], ResultT]) -> ResultT:
        """Run the change; only on a database that is there, or the writer would make an empty one."""

        def run() -> ResultT:
            check_ready(self.reader)
            return change()

        return await run_sync(run, limiter=self.storing)


bearer = HTTPBearer(auto_error=False, scheme_name="token", description="A token that `dateline token` made.")


async def get_desk(request: Request) -> Desk:
    """Return the application's desk."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(get_desk)]


async def authorise(
    request: Request, desk: AtDesk, given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
) -> str:
    """Return the name of the writer whose token the request carries.

    Raises:
        ForbiddenError: nobody may write here.
        UnauthorisedError: the request has no token, or nobody's.
    """
    if not desk.tokens:
        raise ForbiddenError(
            "writing is turned off here: make a token with `dateline token`, and start the server with its hash in "
            "DATELINE_TOKENS"
        )
    if given is None:
        raise UnauthorisedError("writing takes a token: send it as `Authorization: Bearer TOKEN`")
    writer = writer_of(given.credentials, desk.tokens)
    if writer is None:
        raise WrongTokenError("nobody here has this token")
    note(request.scope, writer=writer)
    return writer


async def read_body(request: Request) -> bytes:
    """Return the body of a request that brings JSON.

    Raises:
        MediaTypeError: it brings something else.
        HTTPException: it breaks off.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        given = f"{media_type!a}" if media_type else "of a type that no Content-Type tells"
        raise MediaTypeError(f"the body must be application/json, not {given}")
    if (coding := request.headers.get("content-encoding", "identity").lower()) != "identity":
        raise MediaTypeError(f"the body must not be compressed, but is {coding!a}")
    try:
        return await request.body()
    except ClientDisconnect as error:  # Nobody reads this, but it is no failure of ours.
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the body has ended before its end") from error


Writer = Annotated[str, Depends(authorise)]
Body = Annotated[bytes, Depends(read_body)]
ArticleId = Annotated[str, PathParameter(pattern=SLUG, max_length=100)]
router = APIRouter(tags=["articles"])


@router.put(
    "/articles/{id}",
    summary="Create or replace an article",
    responses={status: {} for status in (201, 401, 403, 409, 412, 415, 507)},
)
async def put_article(
    id: ArticleId, _none: NoQuery, _writer: Writer, body: Body, desk: AtDesk, request: Request, response: Response
) -> ArticleItem:
    """Create or replace an article: its text and all of its facts, checked as `dateline check` does.

    It is stored whole or not at all, and readers see the old article or the new one. `If-Match` with an ETag that any
    of the article's paths gave lets nobody's changes be lost; `If-None-Match: *` only creates. An article that is there
    as it stands is left alone.
    """
    article = await desk.check(Submission(body, BODY, article_id=id, deepest=desk.deepest))
    outcome, item, etag = await desk.store(article, Preconditions.of(request.headers))
    response.headers.update({"ETag": etag, "Content-Location": item.url})
    if outcome is Outcome.CREATED:
        response.status_code = HTTPStatus.CREATED
        response.headers["Location"] = item.url
    return item


@router.delete(
    "/articles/{id}",
    summary="Delete an article",
    status_code=HTTPStatus.NO_CONTENT,
    response_class=Response,
    responses={status: {} for status in (401, 403, 404, 412, 507)},
)
async def delete_article(id: ArticleId, _none: NoQuery, _writer: Writer, desk: AtDesk, request: Request) -> Response:
    """Delete an article with its facts, and the entities that no other article mentions; `If-Match` as for `PUT`."""
    await desk.delete(id, Preconditions.of(request.headers))
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/check", summary="Check an article", responses={status: {} for status in (409, 415)})
async def check_article(_none: NoQuery, body: Body, desk: AtDesk) -> Checked:
    """Check an article as `PUT /articles/{id}` would, and store nothing; it takes no token.

    Everything that is wrong with it is in the `errors` of the problem; also where other articles call its entities
    otherwise.
    """
    article = await desk.check(Submission(body, BODY, needs_id=False, deepest=desk.deepest))
    await desk.compare(article)
    return Checked(article=article.id or None, facts=len(article.facts), entities=len(article.entities))

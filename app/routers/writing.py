"""Writing over HTTP: articles come and go, by those who have a token; anybody may have a document checked."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Path, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.answers import REVISION
from app.errors import ForbiddenError, MediaTypeError, UnauthorisedError, WrongTokenError
from app.logs import note
from app.routers.asking import NoQuery
from app.routers.preconditions import Preconditions
from app.schemas.views import ArticleItem, Checked
from app.tokens import writer_of
from app.vocabulary import SLUG

if TYPE_CHECKING:
    from app.routers.desk import Desk

bearer = HTTPBearer(auto_error=False, scheme_name="token", description="A token that `dateline token` made.")


async def get_desk(request: Request) -> "Desk":
    """Return the application's desk, which the first who comes to it opens."""
    state = request.app.state
    if state.desk is None:
        desk = await run_sync(_open_desk, request)
        state.desk = state.desk or desk  # Of several who came at once, one's is taken; the others' have opened nothing.
    opened: Desk = state.desk
    return opened


def _open_desk(request: Request) -> "Desk":
    from app.routers.desk import Desk  # Only here, as its module says; and in a thread, so that readers go on.

    state = request.app.state
    return Desk(state.settings, state.reader, state.primary)


AtDesk = Annotated["Desk", Depends(get_desk)]


async def authorise(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]) -> str:
    """Return the name of the writer whose token the request carries.

    Raises:
        ForbiddenError: nobody may write here.
        UnauthorisedError: the request has no token, or nobody's.
    """
    tokens: dict[str, str] = request.app.state.settings.tokens
    if not tokens:
        raise ForbiddenError(
            "writing is turned off here: make a token with `dateline token`, and start the server with its hash in "
            "DATELINE_TOKENS"
        )
    if given is None:
        raise UnauthorisedError("writing takes a token: send it as `Authorization: Bearer TOKEN`")
    writer = writer_of(given.credentials, tokens)
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
ArticleId = Annotated[str, Path(pattern=SLUG, max_length=100)]
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
    article = await desk.check(body, id)
    stored = await desk.store(article, Preconditions.of(request.headers))
    response.headers.update({"ETag": stored.etag, "Content-Location": stored.item.url, REVISION: str(stored.revision)})
    if stored.created:
        response.status_code = HTTPStatus.CREATED
        response.headers["Location"] = stored.item.url
    return stored.item


@router.delete(
    "/articles/{id}",
    summary="Delete an article",
    status_code=HTTPStatus.NO_CONTENT,
    response_class=Response,
    responses={status: {} for status in (401, 403, 404, 412, 507)},
)
async def delete_article(id: ArticleId, _none: NoQuery, _writer: Writer, desk: AtDesk, request: Request) -> Response:
    """Delete an article with its facts, and the entities that no other article mentions; `If-Match` as for `PUT`."""
    revision = await desk.delete(id, Preconditions.of(request.headers))
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={REVISION: str(revision)})


@router.post("/check", summary="Check an article", responses={status: {} for status in (409, 415)})
async def check_article(_none: NoQuery, body: Body, desk: AtDesk) -> Checked:
    """Check an article as `PUT /articles/{id}` would, and store nothing; it takes no token.

    Everything that is wrong with it is in the `errors` of the problem; also where other articles call its entities
    otherwise.
    """
    article = await desk.check(body, needs_id=False)
    await desk.compare(article)
    return Checked(article=article.id or None, facts=len(article.facts), entities=len(article.entities))

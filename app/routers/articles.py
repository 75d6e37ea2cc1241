"""Articles, their texts, and how much of them the facts cover."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, PlainTextResponse

from app.queries import articles as queries
from app.routers.asking import Ask, NoQuery
from app.schemas.base import Page
from app.schemas.parameters import ArticleFilters
from app.schemas.views import ArticleItem, Coverage

router = APIRouter(tags=["articles"])


@router.get("/articles", summary="List articles")
async def list_articles(filters: Annotated[ArticleFilters, Query()], ask: Ask) -> Page[ArticleItem]:
    """List the articles; `q` looks through their texts."""
    return ask.page(queries.list_articles, filters)


@router.get("/articles/{id}", summary="Get one article")
async def get_article(id: str, _none: NoQuery, ask: Ask) -> ArticleItem:
    """Get one article: what its text gives about it, its size and its checksum."""
    return ask.of_article(queries.get_article, id)


@router.get(
    "/articles/{id}/text",
    summary="Get the text of an article",
    response_class=PlainTextResponse,
    response_description="The text.",
)
async def get_article_text(id: str, _none: NoQuery, ask: Ask) -> PlainTextResponse:
    """Get the text byte for byte as it was loaded, in UTF-8; offsets of evidence count its code points."""
    text = ask.of_article(queries.get_text, id)
    return PlainTextResponse(text, headers=dict(ask.response.headers))


@router.get("/articles/{id}/coverage", summary="Get what no fact uses")
async def get_article_coverage(id: str, _none: NoQuery, ask: Ask) -> Coverage:
    """Get which words of the article no fact uses as evidence."""
    return ask.of_article(queries.get_coverage, id)


@router.get("/articles/{id}/document", summary="Get an article to write it back", response_class=JSONResponse)
async def get_article_document(id: str, _none: NoQuery, ask: Ask) -> JSONResponse:
    """Get the text and facts of an article as the one document that `PUT /articles/{id}` takes.

    Edit it, and send it back with its ETag as `If-Match`.
    """
    from app.loading.exporting import submitted_form  # Here, as it takes the format and the checker along.

    document = ask.of_article(submitted_form, id)
    return JSONResponse(document, headers=dict(ask.response.headers))

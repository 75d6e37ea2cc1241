"""Articles, their texts, and how much of them the facts cover."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic_core import to_json
from starlette.responses import JSONResponse, PlainTextResponse

from app.answers import Answer
from app.queries import articles as queries
from app.routers.asking import Ask, NoQuery
from app.schemas.base import Page
from app.schemas.parameters import ArticleFilters
from app.schemas.views import ArticleItem, Coverage

router = APIRouter(tags=["articles"])


@router.get("/articles", summary="List articles", response_model=Page[ArticleItem])
async def list_articles(filters: Annotated[ArticleFilters, Query()], ask: Ask) -> Answer:
    """List the articles; `q` looks through their texts."""
    return await ask.page(queries.list_articles, filters)


@router.get("/articles/{id}", summary="Get one article", response_model=ArticleItem)
async def get_article(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one article: what its text gives about it, its size and its checksum."""
    return ask.answer(await ask.fetch_of_article(queries.get_article, id))


@router.get(
    "/articles/{id}/text",
    summary="Get the text of an article",
    response_class=PlainTextResponse,
    response_description="The text.",
)
async def get_article_text(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get the text byte for byte as it was loaded, in UTF-8; offsets of evidence count its code points."""
    text = await ask.fetch_of_article(queries.get_text, id)
    return ask.answer(text.encode(), b"text/plain; charset=utf-8")


@router.get("/articles/{id}/coverage", summary="Get what no fact uses", response_model=Coverage)
async def get_article_coverage(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get which words of the article no fact uses as evidence."""
    return ask.answer(await ask.fetch_of_article(queries.get_coverage, id))


@router.get("/articles/{id}/document", summary="Get an article to write it back", response_class=JSONResponse)
async def get_article_document(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get the text and facts of an article as the one document that `PUT /articles/{id}` takes.

    Edit it, and send it back with its ETag as `If-Match`.
    """
    from app.loading.exporting import submitted_form  # Here, as it takes the format and the checker along.

    return ask.answer(to_json(await ask.fetch_of_article(submitted_form, id)))

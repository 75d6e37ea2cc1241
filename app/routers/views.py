"""Search, timeline and graph: questions across types."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.answers import Answer
from app.queries import graph as graphs
from app.queries import search as searches
from app.queries import timeline as timelines
from app.routers.asking import Ask
from app.schemas.base import Page
from app.schemas.parameters import GraphParameters, SearchFilters, TimelineFilters
from app.schemas.views import Graph, SearchHit, Timeline

router = APIRouter()


@router.get("/search", tags=["search"], summary="Search everything", response_model=Page[SearchHit])
async def search(filters: Annotated[SearchFilters, Query()], ask: Ask) -> Answer:
    """Search names, statements and quoted words, whatever their case and accents, best match first.

    A word that very many have costs no more than a rare one: 1,000 matches are ranked, and `total_relation` says
    whether there are more.
    """
    return await ask.prepared_page(searches.search, filters)


@router.get("/timeline", tags=["timeline"], summary="Get the timeline", response_model=Timeline)
async def get_timeline(filters: Annotated[TimelineFilters, Query()], ask: Ask) -> Answer:
    """Get the events in the order of their days, and apart those of which a first or a last day is not known.

    Both halves have pages of their own: a page that `next` leads to goes on with its half alone.
    """
    halves = await ask.fetch(timelines.timeline, filters)
    dated, undated = ask.prepared(halves.dated), ask.prepared(halves.undated)
    return ask.answer(b'%s,"undated":%s}' % (dated[:-1], undated))


@router.get("/graph", tags=["graph"], summary="Get the graph", response_model=Graph)
async def get_graph(parameters: Annotated[GraphParameters, Query()], ask: Ask) -> Answer:
    """Get the entities around a focus and what connects them: roles, relations, participations, sequences, quotes."""
    return await ask.item(graphs.graph, parameters)

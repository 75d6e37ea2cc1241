"""Facts of all types, and the types that have paths of their own."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.answers import Answer
from app.queries.facts import get_fact as fact_by_id
from app.queries.facts import list_facts as facts_by_filters
from app.routers.asking import Ask, NoQuery
from app.schemas.base import Page
from app.schemas.facts import AnyFactItem, DateItem, FactItem, FigureItem, NoteItem, QuoteItem, RoleItem
from app.schemas.parameters import (
    DateFilters,
    FactFilters,
    FigureFilters,
    NoteFilters,
    QuoteFilters,
    RoleFilters,
)

router = APIRouter()


@router.get("/roles", tags=["roles"], summary="List roles", response_model=Page[RoleItem])
async def list_roles(filters: Annotated[RoleFilters, Query()], ask: Ask) -> Answer:
    """List who holds which post, rank or capacity, and where."""
    return await ask.page(facts_by_filters, RoleItem, filters)


@router.get("/roles/{id}", tags=["roles"], summary="Get one role", response_model=RoleItem)
async def get_role(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one role with the words that support it."""
    return await ask.item(fact_by_id, RoleItem, id)


@router.get("/dates", tags=["dates"], summary="List dates", response_model=Page[DateItem])
async def list_dates(filters: Annotated[DateFilters, Query()], ask: Ask) -> Answer:
    """List how words of the articles became dates: the expression, its EDTF and bounds, and why."""
    return await ask.page(facts_by_filters, DateItem, filters)


@router.get("/dates/{id}", tags=["dates"], summary="Get one date", response_model=DateItem)
async def get_date(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one date with the words that support it."""
    return await ask.item(fact_by_id, DateItem, id)


@router.get("/quotes", tags=["quotes"], summary="List quotes", response_model=Page[QuoteItem])
async def list_quotes(filters: Annotated[QuoteFilters, Query()], ask: Ask) -> Answer:
    """List who said what to whom, directly or as reported."""
    return await ask.page(facts_by_filters, QuoteItem, filters)


@router.get("/quotes/{id}", tags=["quotes"], summary="Get one quote", response_model=QuoteItem)
async def get_quote(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one quote with the words that support it."""
    return await ask.item(fact_by_id, QuoteItem, id)


@router.get("/figures", tags=["figures"], summary="List figures", response_model=Page[FigureItem])
async def list_figures(filters: Annotated[FigureFilters, Query()], ask: Ask) -> Answer:
    """List the numbers and quantities, in the article's words and, where they give one, as a value."""
    return await ask.page(facts_by_filters, FigureItem, filters)


@router.get("/figures/{id}", tags=["figures"], summary="Get one figure", response_model=FigureItem)
async def get_figure(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one figure with the words that support it."""
    return await ask.item(fact_by_id, FigureItem, id)


@router.get("/notes", tags=["notes"], summary="List notes", response_model=Page[NoteItem])
async def list_notes(filters: Annotated[NoteFilters, Query()], ask: Ask) -> Answer:
    """List remarks on the text and on other facts: slips, second readings, and what is not stated."""
    return await ask.page(facts_by_filters, NoteItem, filters)


@router.get("/notes/{id}", tags=["notes"], summary="Get one note", response_model=NoteItem)
async def get_note(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one note with the words that it remarks on."""
    return await ask.item(fact_by_id, NoteItem, id)


@router.get("/facts", tags=["facts"], summary="List facts", response_model=Page[AnyFactItem])
async def list_facts(filters: Annotated[FactFilters, Query()], ask: Ask) -> Answer:
    """List facts of all types; with `article` and `at`, those whose evidence covers one place of a text."""
    return await ask.page(facts_by_filters, FactItem, filters)


@router.get("/facts/{id}", response_model=AnyFactItem, tags=["facts"], summary="Get one fact")
async def get_fact(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one fact, of any type, with the words that support it."""
    return await ask.item(fact_by_id, FactItem, id)

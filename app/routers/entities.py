"""People, organisations, units, places, documents and events."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.answers import Answer
from app.queries.entities import get_entity, list_entities
from app.routers.asking import Ask, NoQuery
from app.schemas.base import Page
from app.schemas.entities import DocumentItem, EventItem, OrganisationItem, PersonItem, PlaceItem, UnitItem
from app.schemas.parameters import (
    DocumentFilters,
    EventFilters,
    OrganisationFilters,
    PersonFilters,
    PlaceFilters,
    UnitFilters,
)

router = APIRouter()


@router.get("/people", tags=["people"], summary="List people", response_model=Page[PersonItem])
async def list_people(filters: Annotated[PersonFilters, Query()], ask: Ask) -> Answer:
    """List the people of the articles, with their roles, the events they took part in and what they said."""
    return await ask.prepared_page(list_entities, PersonItem, filters)


@router.get("/people/{id}", tags=["people"], summary="Get one person", response_model=PersonItem)
async def get_person(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one person, each statement with the words that support it."""
    return await ask.item(get_entity, PersonItem, id)


@router.get(
    "/organisations", tags=["organisations"], summary="List organisations", response_model=Page[OrganisationItem]
)
async def list_organisations(filters: Annotated[OrganisationFilters, Query()], ask: Ask) -> Answer:
    """List the organisations and groups of the articles, with their people, parents and parts."""
    return await ask.prepared_page(list_entities, OrganisationItem, filters)


@router.get(
    "/organisations/{id}", tags=["organisations"], summary="Get one organisation", response_model=OrganisationItem
)
async def get_organisation(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one organisation, each statement with the words that support it."""
    return await ask.item(get_entity, OrganisationItem, id)


@router.get("/units", tags=["units"], summary="List units", response_model=Page[UnitItem])
async def list_units(filters: Annotated[UnitFilters, Query()], ask: Ask) -> Answer:
    """List the units, with the organisations that they are part of."""
    return await ask.prepared_page(list_entities, UnitItem, filters)


@router.get("/units/{id}", tags=["units"], summary="Get one unit", response_model=UnitItem)
async def get_unit(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one unit, each statement with the words that support it."""
    return await ask.item(get_entity, UnitItem, id)


@router.get("/places", tags=["places"], summary="List places", response_model=Page[PlaceItem])
async def list_places(filters: Annotated[PlaceFilters, Query()], ask: Ask) -> Answer:
    """List the places, with what lies in them and what happened there."""
    return await ask.prepared_page(list_entities, PlaceItem, filters)


@router.get("/places/{id}", tags=["places"], summary="Get one place", response_model=PlaceItem)
async def get_place(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one place, each statement with the words that support it."""
    return await ask.item(get_entity, PlaceItem, id)


@router.get("/documents", tags=["documents"], summary="List documents", response_model=Page[DocumentItem])
async def list_documents(filters: Annotated[DocumentFilters, Query()], ask: Ask) -> Answer:
    """List the documents that the articles speak of, with their dates."""
    return await ask.prepared_page(list_entities, DocumentItem, filters)


@router.get("/documents/{id}", tags=["documents"], summary="Get one document", response_model=DocumentItem)
async def get_document(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one document, each statement with the words that support it."""
    return await ask.item(get_entity, DocumentItem, id)


@router.get("/events", tags=["events"], summary="List events", response_model=Page[EventItem])
async def list_events(filters: Annotated[EventFilters, Query()], ask: Ask) -> Answer:
    """List the events, past, ongoing and planned, with their dates, participants and places.

    `from` and `to` let through what may have been in the period: an event whose first or last day is not known reaches
    as far as nothing in the text forbids. `/timeline` sets such events apart.
    """
    return await ask.prepared_page(list_entities, EventItem, filters)


@router.get("/events/{id}", tags=["events"], summary="Get one event", response_model=EventItem)
async def get_event(id: str, _none: NoQuery, ask: Ask) -> Answer:
    """Get one event, each statement with the words that support it."""
    return await ask.item(get_entity, EventItem, id)

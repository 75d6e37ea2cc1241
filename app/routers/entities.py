"""People, organisations, units, places, documents and events."""

from typing import Annotated

from fastapi import APIRouter, Query

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


@router.get("/people", tags=["people"], summary="List people")
async def list_people(filters: Annotated[PersonFilters, Query()], ask: Ask) -> Page[PersonItem]:
    """List the people of the articles, with their roles, the events they took part in and what they said."""
    return ask.page(list_entities, PersonItem, filters)


@router.get("/people/{id}", tags=["people"], summary="Get one person")
async def get_person(id: str, _none: NoQuery, ask: Ask) -> PersonItem:
    """Get one person, each statement with the words that support it."""
    return ask(get_entity, PersonItem, id)


@router.get("/organisations", tags=["organisations"], summary="List organisations")
async def list_organisations(filters: Annotated[OrganisationFilters, Query()], ask: Ask) -> Page[OrganisationItem]:
    """List the organisations and groups of the articles, with their people, parents and parts."""
    return ask.page(list_entities, OrganisationItem, filters)


@router.get("/organisations/{id}", tags=["organisations"], summary="Get one organisation")
async def get_organisation(id: str, _none: NoQuery, ask: Ask) -> OrganisationItem:
    """Get one organisation, each statement with the words that support it."""
    return ask(get_entity, OrganisationItem, id)


@router.get("/units", tags=["units"], summary="List units")
async def list_units(filters: Annotated[UnitFilters, Query()], ask: Ask) -> Page[UnitItem]:
    """List the units, with the organisations that they are part of."""
    return ask.page(list_entities, UnitItem, filters)


@router.get("/units/{id}", tags=["units"], summary="Get one unit")
async def get_unit(id: str, _none: NoQuery, ask: Ask) -> UnitItem:
    """Get one unit, each statement with the words that support it."""
    return ask(get_entity, UnitItem, id)


@router.get("/places", tags=["places"], summary="List places")
async def list_places(filters: Annotated[PlaceFilters, Query()], ask: Ask) -> Page[PlaceItem]:
    """List the places, with what lies in them and what happened there."""
    return ask.page(list_entities, PlaceItem, filters)


@router.get("/places/{id}", tags=["places"], summary="Get one place")
async def get_place(id: str, _none: NoQuery, ask: Ask) -> PlaceItem:
    """Get one place, each statement with the words that support it."""
    return ask(get_entity, PlaceItem, id)


@router.get("/documents", tags=["documents"], summary="List documents")
async def list_documents(filters: Annotated[DocumentFilters, Query()], ask: Ask) -> Page[DocumentItem]:
    """List the documents that the articles speak of, with their dates."""
    return ask.page(list_entities, DocumentItem, filters)


@router.get("/documents/{id}", tags=["documents"], summary="Get one document")
async def get_document(id: str, _none: NoQuery, ask: Ask) -> DocumentItem:
    """Get one document, each statement with the words that support it."""
    return ask(get_entity, DocumentItem, id)


@router.get("/events", tags=["events"], summary="List events")
async def list_events(filters: Annotated[EventFilters, Query()], ask: Ask) -> Page[EventItem]:
    """List the events, past, ongoing and planned, with their dates, participants and places.

    `from` and `to` let through what may have been in the period: an event whose first or last day is not known reaches
    as far as nothing in the text forbids. `/timeline` sets such events apart.
    """
    return ask.page(list_entities, EventItem, filters)


@router.get("/events/{id}", tags=["events"], summary="Get one event")
async def get_event(id: str, _none: NoQuery, ask: Ask) -> EventItem:
    """Get one event, each statement with the words that support it."""
    return ask(get_entity, EventItem, id)

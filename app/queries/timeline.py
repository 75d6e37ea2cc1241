"""Events in the order of their days, undated ones apart: two lists of one question, each with its own pages."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select

from app.queries.entities import ENTITY, SORT_KEYS, entities_of, slice_of_items
from app.queries.filters import conditions_of
from app.queries.paging import Order, Slice, count, order_by, question_in
from app.queries.unknown import refuse_unknown
from app.schemas.entities import EventItem
from app.schemas.parameters import TimelineFilters
from app.vocabulary import EntityType

UNDATED = "-undated"
"""Marks a cursor as one into the undated events, so that a page goes on with them alone."""


@dataclass(frozen=True)
class TimelineSlice:
    """One page of the dated events, and one of the undated."""

    dated: Slice[EventItem]
    undated: Slice[EventItem]


def timeline(connection: Connection, filters: TimelineFilters) -> TimelineSlice:
    """Return the events of the question: those with a first and a last day in order of days, the others by name.

    A page that a cursor leads to goes on with its own half; the other half has no items there.

    Raises:
        InvalidInputError: a forged cursor.
        NotFoundError: a filter names something that is not there.
    """
    refuse_unknown(connection, filters)
    events = entities_of(EntityType.EVENT).where(*conditions_of(EntityType.EVENT, filters))
    is_dated = ENTITY.earliest.is_not(None) & ENTITY.latest.is_not(None)
    dated, undated = events.where(is_dated), events.where(~is_dated)
    order = order_by(filters, SORT_KEYS)
    by_name = Order(order.question + UNDATED, SORT_KEYS["name"])
    goes_on = None if filters.cursor is None else question_in(filters.cursor)
    return TimelineSlice(
        dated=_nothing_of(connection, dated)
        if goes_on == by_name.question
        else slice_of_items(connection, EventItem, dated, order, filters),
        undated=_nothing_of(connection, undated)
        if goes_on not in (None, by_name.question)
        else slice_of_items(connection, EventItem, undated, by_name, filters),
    )


def _nothing_of(connection: Connection, events: Select[Any]) -> Slice[EventItem]:
    return Slice([], count(connection, events), None)

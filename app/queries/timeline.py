"""Events in the order of their days, undated ones apart: two lists of one question, each with its own pages."""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from app.listings import Part
from app.queries.entities import SORT_KEYS, view_of
from app.queries.filters import wanted_by
from app.queries.lists import fetch_page
from app.queries.matching import bounded
from app.queries.paging import Order, Slice, question_in
from app.queries.ranges import By
from app.queries.unknown import refuse_unknown
from app.schemas.parameters import TimelineFilters
from app.vocabulary import EntityType

UNDATED: Final = "-undated"
"""Marks a cursor as one into the undated events, so that a page goes on with them alone."""


@dataclass(frozen=True)
class TimelineSlice:
    """One page of the dated events, and one of the undated, as JSON."""

    dated: Slice[bytes]
    undated: Slice[bytes]


def timeline(connection: Connection, filters: TimelineFilters) -> TimelineSlice:
    """Return the events of the question: those with a first and a last day in order of days, the others by name.

    A page that a cursor leads to goes on with its own half; the other half has no items there.

    Raises:
        InvalidInputError: a forged cursor.
        NotFoundError: a filter names something that is not there.
    """
    refuse_unknown(connection, filters)
    view = view_of(filters)
    by_name = replace(view, order=Order(view.order.question + UNDATED, SORT_KEYS["name"]), by=By.NAME)
    halves = (view, [Part.DATED]), (by_name, [Part.BEGUN, Part.ENDING, Part.UNDATED])
    goes_on = None if filters.cursor is None else question_in(filters.cursor)
    other = {by_name.order.question: view}.get(goes_on or "", by_name)
    slices = []
    for half, parts in halves:
        wanted = wanted_by(EntityType.EVENT, filters, parts)
        if goes_on is not None and half is other:
            beginning = fetch_page(connection, wanted, replace(half, cursor=None, limit=1))
            slices.append(replace(beginning, items=[], cursor=None))
        else:
            slices.append(fetch_page(connection, wanted, half))
    return TimelineSlice(*(bounded(connection, half, filters, [EntityType.EVENT]) for half in slices))

"""Pages of lists of facts: which index leads, so that what a page costs does not grow with what it does not show.

- no filter, or one whose ranges an index has in the order of the list: those ranges, from the cursor on;
- articles: their facts, which are as many as texts of that length give;
- several filters, or an order that no index of the filter has: the first one that lets no more than `FEW` facts
  through, all of them looked at and sorted; where every filter lets more through, the first one whose ranges are in
  order, else the list itself, read until the page is full. Filters that are all common may next to never meet: a page
  looks at `LOOKED_AT` facts, and where it is not full, the next one goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from app.database import Question
from app.listings import number_of
from app.queries import fact_ranges as ranges
from app.queries import paging
from app.queries.fact_filters import Arm, Narrowing, Posts, Wanted, wanted_of
from app.queries.fact_ranges import KEYS, LOWEST, UNKNOWN, By, Part, Range, Shape
from app.queries.lists import TALLIES
from app.queries.matching import may_leave_out, must_follow, values_of
from app.queries.paging import Order, Slice, Total, decode, encode, question_of
from app.schemas.parameters import ListParameters
from app.tables import Lineage, table_of
from app.vocabulary import EntityType, FactType, TotalRelation, Tree

FEW: Final = 1000
"""How many facts are looked at, and sorted, at most where no index has them in order."""
LOOKED_AT: Final = 10_000
"""How many facts are looked at for a page, at most, where an index has them in order."""
MOST_RANGES: Final = 120
"""How many ranges one statement puts in order."""
LINEAGE = table_of(Lineage).c


PARTS: Final = Question(
    select(LINEAGE.entity_id)
    .where(LINEAGE.ancestor_id.in_(bindparam("ids", expanding=True)), LINEAGE.tree == Tree.PARTS.value)
    .distinct()
    .limit(MOST_RANGES + 1)
)


@dataclass(frozen=True)
class Lead:
    """What the rows of a page are looked up by: arms, and the conditions that their rows have to hold."""

    arms: tuple[Arm, ...]
    probes: tuple[str, ...] = ()
    ordered: bool = True
    overlapping: bool = False
    most: int | None = None
    """How many of them are counted; None for as many as in any list."""


@dataclass(frozen=True)
class View:
    """Which page of a list is asked for."""

    fact_type: FactType | None
    order: Order
    by: By
    limit: int
    after: Sequence[Any] | None


def page_of_facts(connection: Connection, fact_type: FactType | None, filters: ListParameters) -> Slice[Any]:
    """Return one page of the facts, each a row of what its item is made of, then of the keys of the order.

    Raises:
        InvalidInputError: the cursor is not one of this list and order.
    """
    view = _view(fact_type, filters)
    wanted = wanted_of(filters, lambda ids: _posts(connection, ids))
    if filters.q is not None:
        return _found(connection, view, wanted, filters.q)
    lead = _lead(connection, view, wanted)
    shape, values = _page(view, lead, wanted)
    end = _end(connection, shape, values) if lead.ordered and lead.probes and not wanted.articles else None
    if end is not None:
        shape = _up_to(end, shape)
        values |= {f"last_{name}": value for name, value in zip(KEYS[view.by], end, strict=True)}
    rows = ranges.page_of(shape).all(connection, values)
    shows_all = view.after is None and end is None and len(rows) <= view.limit
    total = Total(len(rows)) if shows_all else _total(connection, view, lead, wanted, len(rows))
    return _slice(view, rows, total, end)


def _end(connection: Connection, shape: Shape, values: dict[str, Any]) -> Sequence[Any] | None:
    """Return the keys up to which the page goes, however full it is; None if there are not many facts to look at."""
    each = max(1, LOOKED_AT // len(shape.ranges))
    return next(iter(ranges.end_of(shape).all(connection, values | {"limit": each})), None)


def _up_to(end: Sequence[Any], shape: Shape) -> Shape:
    """Return the shape of a question that goes no further than the keys: without what has no day where these have."""
    key = KEYS[shape.by][0]
    reached = [of for of in shape.ranges if of.part is not Part.UNKNOWN or end[0] == LOWEST[key]]
    return replace(shape, ranges=tuple(replace(of, ends=True) for of in reached))


def _view(fact_type: FactType | None, filters: ListParameters) -> View:
    named = filters.sort.removeprefix("-")
    by = By.POSITION if named == "id" else By(named)  # an id begins with its article's, then there is no order to see
    table = ranges.plain_table(fact_type).c
    keys = tuple(table[name] for name in KEYS[by])
    order = Order(question_of(filters), keys, filters.sort.startswith("-"))
    after = None if filters.cursor is None else decode(filters.cursor, order)
    return View(fact_type, order, by, filters.limit, after)


def _posts(connection: Connection, ids: list[str]) -> Posts:
    """Return how to find the posts in organisations with their parts, of which there may be any number."""
    organisations = {*ids, *(row.entity_id for row in PARTS.all(connection, {"ids": ids}))}
    if len(organisations) <= MOST_RANGES:
        return Posts(organisations=tuple(sorted(organisations)))
    people = tuple(number_of(EntityType.PERSON, organisation=organisation) for organisation in ids)
    tallies = TALLIES.all(connection, {"numbers": people})
    return Posts() if any(row.entities > FEW for row in tallies) else Posts(people=people)


def _lead(connection: Connection, view: View, wanted: Wanted) -> Lead:
    """Return what leads to the page with the least to look at."""
    every = wanted.narrowings
    conditions = tuple(name for narrowing in every for name in narrowing.probes)
    plain = ranges.plain_table(view.fact_type)
    if wanted.articles:
        arm = Arm(plain, (("article_id", wanted.articles),))
        return Lead((arm,), conditions, ordered=view.by is By.POSITION and len(wanted.articles) == 1)
    if not every:
        return Lead((Arm(plain),))
    leading = [_led_by(narrowing, every) for narrowing in every if narrowing.arms]
    in_order = [lead for lead in leading if _has_order(view.by, lead)]
    if len(every) == 1 and in_order:
        return in_order[0]
    for lead in leading:
        if _is_few(connection, view, lead, wanted):
            return replace(lead, ordered=False)
    return replace(in_order[0], most=FEW) if in_order else Lead((Arm(plain),), conditions, most=FEW)


def _led_by(narrowing: Narrowing, every: Sequence[Narrowing]) -> Lead:
    others = [other for other in every if other is not narrowing or not narrowing.exact]
    probes = tuple(name for other in others for name in other.probes)
    return Lead(narrowing.arms, probes, overlapping=narrowing.overlapping)


def _has_order(by: By, lead: Lead) -> bool:
    """Tell whether an index has each range of the lead in this order."""
    keys = KEYS[by][:1] if by is not By.POSITION else ()
    if any(arm.probes for arm in lead.arms):
        return False
    return sum(1 for arm in lead.arms for _ in arm.ranges()) <= MOST_RANGES and all(
        {name for name, _, _ in arm.bounds} <= set(keys)
        and (not keys or (keys[0] in arm.table.c and arm.columns in ((), ("precision",))))
        for arm in lead.arms
    )


def _is_few(connection: Connection, view: View, lead: Lead, wanted: Wanted) -> bool:
    shape = _counted(view, replace(lead, probes=()))
    ((looked, _),) = ranges.count_of(shape).all(connection, _values(lead.arms, wanted.values, FEW + 1))
    return bool(looked <= FEW)


def _counted(view: View, lead: Lead) -> Shape:
    arms = tuple(Range.of(arm) for arm in lead.arms)
    return Shape(view.fact_type, arms, overlapping=lead.overlapping, probes=lead.probes)


def _page(view: View, lead: Lead, wanted: Wanted) -> tuple[Shape, dict[str, Any]]:
    """Return the shape of the question for the page with its values."""
    arms = [single for arm in lead.arms for single in arm.ranges()] if lead.ordered else list(lead.arms)
    parts = _parts(view, lead)
    shape = Shape(
        view.fact_type,
        tuple(Range.of(arm, part, resumes=resumes) for part, resumes in parts for arm in arms),
        view.by,
        view.order.descending,
        lead.ordered,
        lead.overlapping,
        lead.probes,
    )
    values = _values(arms * len(parts), wanted.values, view.limit + 1)
    return shape, values | _after(view)


def _parts(view: View, lead: Lead) -> list[tuple[Part, bool]]:
    """Return the parts of ranges to read, and whether each starts after the cursor."""
    key = KEYS[view.by][0]
    if key not in UNKNOWN or not view.order.descending or not lead.ordered:
        return [(Part.ALL, view.after is not None)]
    if view.after is not None and view.after[0] == LOWEST[key]:
        return [(Part.UNKNOWN, True)]
    return [(Part.KNOWN, view.after is not None), (Part.UNKNOWN, False)]


def _values(arms: Sequence[Arm], values: dict[str, Any], limit: int) -> dict[str, Any]:
    return {**ranges.values_of(arms), **values, "limit": limit}


def _after(view: View) -> dict[str, Any]:
    if view.after is None:
        return {}
    return {f"after_{name}": value for name, value in zip(KEYS[view.by], view.after, strict=True)}


def _total(connection: Connection, view: View, lead: Lead, wanted: Wanted, shown: int) -> Total:
    most = paging.MOST_COUNTED if lead.most is None else lead.most
    values = _values(lead.arms, wanted.values, most + 1)
    ((looked, passing),) = ranges.count_of(_counted(view, lead)).all(connection, values)
    if looked <= most:
        return Total(passing)
    return Total(max(min(passing, most), shown), TotalRelation.AT_LEAST)


def _found(connection: Connection, view: View, wanted: Wanted, words: str) -> Slice[Any]:
    """Answer a question with words: full text finds all facts that have them, and the filters narrow them down."""
    conditions = tuple(name for narrowing in wanted.narrowings for name in narrowing.probes)
    equal = (("article_id", wanted.articles),) if wanted.articles else ()
    lead = Lead((Arm(ranges.plain_table(view.fact_type), equal),), conditions, ordered=False)
    rows = _rows_found(connection, view, lead, wanted, words)
    beginning = rows
    if not rows and view.after is not None:  # What has the words has changed since the page before.
        beginning = _rows_found(connection, replace(view, after=None), lead, wanted, words)
    if beginning:
        number, is_a_part = beginning[0].all_pages, beginning[0].may_be_more
    else:
        number, is_a_part = 0, may_leave_out(connection, words, ranges.types_of(view.fact_type), wanted.articles)
    return _slice(view, rows, Total(number, TotalRelation.AT_LEAST if is_a_part else TotalRelation.EXACT))


def _rows_found(connection: Connection, view: View, lead: Lead, wanted: Wanted, words: str) -> Sequence[Any]:
    shape, values = _page(view, lead, wanted)
    values |= values_of(words, ranges.types_of(view.fact_type), wanted.articles)
    return ranges.found_of(shape, follow=must_follow(words)).all(connection, values)


def _slice(view: View, rows: Sequence[Any], total: Total, end: Sequence[Any] | None = None) -> Slice[Any]:
    """Return the page; if it goes no further than an end, the next one starts there."""
    page = list(rows[: view.limit])
    last = page[-1][-len(KEYS[view.by]) :] if len(rows) > view.limit else end
    return Slice(page, total, None if last is None else encode(view.order.question, last))

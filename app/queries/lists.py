"""Pages of lists of entities: ranges of an index in the order of the list, of items that are there as bytes.

What a page costs depends on how many items it has, and not on how many the list has, wherever an index has the order:

- one list (a filter with one value, or none): its range, from the cursor on;
- alternatives (a filter with several values): the beginning of the range of each, put in order;
- several filters: the shortest list, and of each entity in it a look whether it stands in the others. Of lists that
  have next to nothing in common a page looks at `LOOKED_AT` entities, and where it is not full, the next one goes on;
- a period, by day: a range of days for each width of events, as one that reaches into the period from before it begins
  so many days before it at most; by name or id: what the period has, if that is little, else the list in its order,
  which mostly does not take long to fill a page, and is looked at no further than several lists.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, literal, select, tuple_

from app.database import Question
from app.listings import DIGITS, WIDEST, Part, most_days
from app.prepared import with_evidence, without_evidence
from app.queries.conditions import overlaps
from app.queries.filters import Wanted
from app.queries.paging import MOST_COUNTED, Order, Slice, Total, decode, encode
from app.queries.ranges import ITEM, KEYS, TALLY, By, Kind, Range, Shape, count_of, end_of, no_day, page_of, stands_in
from app.tables import Entity, PreparedItem, table_of
from app.vocabulary import TotalRelation

ENTITY = table_of(Entity).c
COUNTED: Final = MOST_COUNTED
"""How many entities are looked at to count what has no tally, or to sort what no index has in order."""
LOOKED_AT: Final = 10_000
"""How many entities are looked at for a page."""
AT_ONCE: Final = 40
"""How many ranges one statement puts in order."""
TALLIES: Final = Question(
    select(TALLY.number, TALLY.entities).where(TALLY.number.in_(bindparam("numbers", expanding=True)))
)


@dataclass(frozen=True)
class View:
    """Which page of a list is asked for, and how."""

    order: Order
    by: By
    limit: int
    cursor: str | None
    evidence: bool


@dataclass(frozen=True)
class Stretch:
    """A range of a list, with what it has beside its shape."""

    number: int
    kind: Kind
    width: int | None = None

    @property
    def part(self) -> Part:
        """The part of a list that it is of."""
        return Part(self.number % 2**DIGITS)


def fetch_page(connection: Connection, wanted: Wanted, view: View) -> Slice[bytes]:
    """Return one page of the entities, as JSON.

    Raises:
        InvalidInputError: the cursor is not one of this list and order.
    """
    after = None if view.cursor is None else decode(view.cursor, view.order)
    if wanted.found:
        return _few(connection, wanted, view, after)
    (alone, *others) = wanted.all_of
    if others or len(alone.numbers) > 1 or wanted.has_period:
        return _several(connection, wanted, view, after)
    (number,) = alone.numbers
    rows = _rows(connection, wanted, view, after, [Stretch(number, _kind(view, number))], tally=True)
    total = rows[0].total if rows else _tallies(connection, alone.numbers).get(number, 0)
    return _slice(rows, Total(total), view)


def _several(connection: Connection, wanted: Wanted, view: View, after: Sequence[Any] | None) -> Slice[bytes]:
    """Answer by the alternatives that the fewest entities stand in, and look each of these up in the others."""
    tallies = _tallies(connection, [number for group in wanted.all_of for number in group.numbers])
    groups = sorted(
        (replace(group, numbers=tuple(filter(tallies.get, group.numbers))) for group in wanted.all_of),
        key=lambda group: sum(tallies[number] for number in group.numbers),
    )
    wanted = replace(wanted, all_of=tuple(groups))
    sizes = [tallies[number] for number in groups[0].numbers]
    listed = [Stretch(number, _kind(view, number)) for number in groups[0].numbers]
    if not sizes:
        return _slice([], Total(0), view)
    in_period = listed
    if wanted.has_period and sum(sizes) > COUNTED:
        in_period = [part for number in groups[0].numbers for part in _in_period(number, wanted)]
    total = _total(connection, wanted, sizes, in_period)
    is_little = total.relation is TotalRelation.EXACT
    stretches = in_period if is_little or view.by is By.DATE else listed
    may_take_long = not is_little and (len(groups) > 1 or wanted.has_period) and sum(sizes) > LOOKED_AT
    end = _end(connection, wanted, view, after, stretches) if may_take_long else None
    rows = _rows(connection, wanted, view, after, stretches, end=end)
    if total.relation is TotalRelation.AT_LEAST:
        total = replace(total, number=max(total.number, len(rows)))
    return _slice(rows, total, view, end)


def _end(
    connection: Connection, wanted: Wanted, view: View, after: Sequence[Any] | None, stretches: Sequence[Stretch]
) -> Sequence[Any] | None:
    """Return the keys up to which the page goes, however full it is; None if there are not many to look at."""
    ends: list[Any] = []
    for some in _at_once(stretches):
        shape, values = _asked(wanted, view, after, some)
        ends += end_of(shape).all(connection, values | {"limit": max(1, LOOKED_AT // len(stretches))})
    return (max if view.order.descending else min)(map(tuple, ends), default=None)


def _kind(view: View, number: int) -> Kind:
    """Return in which order an index has a list, as the view wants it."""
    return Kind.DAYS if view.by is By.DATE and number % 2**DIGITS != Part.UNDATED else Kind.LIST


def _in_period(number: int, wanted: Wanted) -> list[Stretch]:
    """Return the ranges of what of a list may be in the period."""
    match Part(number % 2**DIGITS):
        case Part.DATED if wanted.first is not None:
            return [Stretch(number, Kind.WIDTH, width) for width in range(WIDEST + 1)]
        case Part.UNDATED:
            return [Stretch(number, Kind.LIST)]
        case _:
            return [Stretch(number, Kind.DAYS)]


def _total(connection: Connection, wanted: Wanted, sizes: list[int], stretches: list[Stretch]) -> Total:
    """Count: by tallies where that is exact, else by looking at no more than some thousands."""
    (group, *others) = wanted.all_of
    if group.apart and not others and not wanted.has_period:
        return Total(sum(sizes))
    counts: list[Any] = []
    for some in _at_once(stretches):
        shape = _shape(wanted, some)
        values = _values(wanted, some) | {"limit": COUNTED + 1}
        counts += count_of(shape).all(connection, values)
    if len(counts) == 1 and counts[0][0] <= COUNTED:
        return Total(counts[0][1])
    at_least = max(passing for _, passing in counts)
    at_least = at_least if others or wanted.has_period else max(at_least, *sizes)
    return Total(at_least, TotalRelation.AT_LEAST)


def _at_once(stretches: Sequence[Stretch]) -> Iterator[Sequence[Stretch]]:
    for start in range(0, len(stretches), AT_ONCE):
        yield stretches[start : start + AT_ONCE]


def _shape(wanted: Wanted, stretches: Sequence[Stretch]) -> Shape:
    return Shape(
        tuple(Range(stretch.kind, stretch.part) for stretch in stretches),
        distinct=not wanted.all_of[0].apart,
        others=len(wanted.all_of) - 1,
        first=wanted.first is not None,
        last=wanted.last is not None,
    )


def _values(wanted: Wanted, stretches: Sequence[Stretch]) -> dict[str, Any]:
    """Return the values of what a shape leaves open."""
    values: dict[str, Any] = {f"others{other}": group.numbers for other, group in enumerate(wanted.all_of[1:])}
    values |= {name: day for name, day in (("first", wanted.first), ("last", wanted.last)) if day is not None}
    for place, stretch in enumerate(stretches):
        values[f"n{place}"] = stretch.number
        if stretch.width is not None and wanted.first is not None:
            values[f"w{place}"] = stretch.width
            values[f"from{place}"] = _days_before(wanted.first, most_days(stretch.width))
    return values


def _days_before(day: date, days: int) -> date:
    """Return the day so many days before, or the first day of all."""
    return day - timedelta(days) if days < (day - date.min).days else date.min


def _rows(
    connection: Connection,
    wanted: Wanted,
    view: View,
    after: Sequence[Any] | None,
    stretches: Sequence[Stretch],
    *,
    end: Sequence[Any] | None = None,
    tally: bool = False,
) -> Sequence[Any]:
    """Return the rows of the page, and one more if there is one."""
    rows: list[Any] = []
    for some in _at_once([each for each in stretches if end is None or not _is_later(each.part, view, end)]):
        shape, values = _asked(wanted, view, after, some)
        shape = replace(shape, evidence=view.evidence, tally=tally)
        if end is not None:
            shape = replace(shape, ranges=tuple(replace(of, ends=True) for of in shape.ranges))
            values |= {f"last_{key}": value for key, value in zip(KEYS[view.by], end, strict=True)}
        rows += page_of(shape).all(connection, values | {"limit": view.limit + 1})
    if len(stretches) <= AT_ONCE:
        return rows
    keys = itemgetter(*range(len(KEYS[view.by])))
    distinct = {row.entity_id: row for row in rows}.values()
    return sorted(distinct, key=keys, reverse=view.order.descending)[: view.limit + 1]


def _asked(
    wanted: Wanted, view: View, after: Sequence[Any] | None, stretches: Sequence[Stretch]
) -> tuple[Shape, dict[str, Any]]:
    """Return the shape of a question for ranges from the cursor on, with its values."""
    shape = replace(_shape(wanted, stretches), by=view.by, descending=view.order.descending)
    values = _values(wanted, stretches)
    if after is not None:
        shape = replace(shape, ranges=tuple(_resumed(of, view, after) for of in shape.ranges))
        values |= {f"after_{key}": value for key, value in zip(KEYS[view.by], after, strict=True)}
    return shape, values


def _resumed(of: Range, view: View, after: Sequence[Any]) -> Range:
    """Return the range from the cursor on: all of it, where the cursor is still among what has a day."""
    return of if _is_later(of.part, view, after) else replace(of, resumes=True)


def _is_later(part: Part, view: View, keys: Sequence[Any]) -> bool:
    """Tell whether a part of a list, what has no day, comes after the keys, which have one."""
    return view.by is By.DATE and part is Part.UNDATED and keys[0] != no_day(descending=view.order.descending)


def _few(connection: Connection, wanted: Wanted, view: View, after: Sequence[Any] | None) -> Slice[bytes]:
    """Answer by the conditions that few entities meet, and sort these."""
    keys = [key.label(name) for key, name in zip(view.order.keys, KEYS[view.by], strict=True)]
    found = select(*keys).where(
        *wanted.found,
        *overlaps(ENTITY.earliest, ENTITY.latest, wanted.first, wanted.last),
        *(stands_in(f"others{place}", ENTITY.id) for place in range(len(wanted.all_of))),
    )
    values: dict[str, Any] = {f"others{place}": group.numbers for place, group in enumerate(wanted.all_of)}
    looked_at = found.limit(COUNTED + 1).subquery()
    seen: int = connection.execute(select(func.count()).select_from(looked_at), values).scalar_one()
    total = Total(seen) if seen <= COUNTED else Total(COUNTED, TotalRelation.AT_LEAST)
    page = found.join(PreparedItem, ITEM.entity_id == ENTITY.id).add_columns(ITEM.item)
    if view.evidence:
        page = page.add_columns(ITEM.evidence)
    if after is not None:
        here, there = tuple_(*view.order.keys), tuple_(*(literal(value) for value in after))
        page = page.where(here < there if view.order.descending else here > there)
    ordered = (key.desc() if view.order.descending else key.asc() for key in view.order.keys)
    rows = connection.execute(page.order_by(*ordered).limit(view.limit + 1), values).all()
    return _slice(rows, total, view)


def _tallies(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """Return how many entities stand in the lists, without those that nobody stands in."""
    return {row.number: row.entities for row in TALLIES.all(connection, {"numbers": numbers})}


def _slice(rows: Sequence[Any], total: Total, view: View, end: Sequence[Any] | None = None) -> Slice[bytes]:
    """Return the page; if it goes no further than an end, the next one starts there."""
    page = rows[: view.limit]
    items = [with_evidence(row.item, row.evidence) if view.evidence else without_evidence(row.item) for row in page]
    last = [getattr(page[-1], key) for key in KEYS[view.by]] if len(rows) > view.limit else end
    return Slice(items, total, None if last is None else encode(view.order.question, last))

"""Filters of facts, each as ranges of an index and as a condition of one row.

Values of one filter are alternatives, different filters all apply. Whichever filter lets the fewest facts through is
asked by its index; of each fact there, the conditions tell whether the others let it through, too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Table, bindparam, exists, func, or_, select
from sqlmodel import col

from app.queries.conditions import overlaps
from app.queries.unknown import NOBODY
from app.schemas.parameters import (
    DateFilters,
    FactFilters,
    FigureFilters,
    ListParameters,
    NoteFilters,
    QuoteFilters,
    RoleFilters,
)
from app.tables import (
    UNVALUED,
    Date,
    Evidence,
    Fact,
    Figure,
    Lineage,
    Listing,
    Mention,
    Note,
    NoteSubject,
    Quote,
    Role,
    Span,
    table_of,
)
from app.text.folding import comparable
from app.vocabulary import Basis, FactType, Precision, Tree

FACT, MENTION = table_of(Fact), table_of(Mention)
ROLE, DATE, QUOTE, FIGURE, NOTE = (table_of(table) for table in (Role, Date, Quote, Figure, Note))
NOTE_SUBJECT, LINEAGE, LISTING = table_of(NoteSubject), table_of(Lineage), table_of(Listing).c
LONGEST: Final = {
    Precision.DAY: 0,
    Precision.MONTH: 30,
    Precision.SEASON: 366,
    Precision.YEAR: 365,
    Precision.DECADE: 3652,
    Precision.CENTURY: 36524,
}
"""How many days at most lie between the first and the last day of a date, by its precision; a range has no such end."""


@dataclass(frozen=True)
class Arm:
    """Rows of a table that an index has: those with one of the values in each column, within the bounds."""

    table: Table
    equal: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    bounds: tuple[tuple[str, str, Any], ...] = ()
    """Column, `least` or `most`, and value."""
    probes: tuple[str, ...] = ()
    """Conditions that tell which rows it has, in no order, where its columns do not."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that have one of some values."""
        return tuple(name for name, _ in self.equal)

    def ranges(self) -> Iterator["Arm"]:
        """Yield an arm for each combination of values: each has its rows side by side."""
        for values in product(*(alternatives for _, alternatives in self.equal)):
            yield replace(self, equal=tuple((name, (value,)) for name, value in zip(self.columns, values, strict=True)))


@dataclass(frozen=True)
class Narrowing:
    """One filter: the arms that have what it lets through, if an index does, and the conditions by their names."""

    probes: tuple[str, ...]
    arms: tuple[Arm, ...] = ()
    overlapping: bool = False
    """Whether a fact may be in several of the ranges."""
    exact: bool = True
    """Whether the arms have nothing that the filter keeps out."""

    def ranges(self) -> list[Arm]:
        """Return the ranges of all arms."""
        return [single for arm in self.arms for single in arm.ranges()]


def hidden(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the column so that no index of it is used: which one leads is not left to the planner."""
    return func.coalesce(column, column)


def _among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return hidden(column).in_(bindparam(name, expanding=True))


def _mentions() -> ColumnElement[bool]:
    there = MENTION.alias("mentioning").c
    return exists().where(
        there.entity_id.in_(bindparam("entity", expanding=True)),
        there.type == FACT.c.type,
        there.article_id == FACT.c.article_id,
        there.position == FACT.c.position,
    )


def _belongs() -> ColumnElement[bool]:
    there = LINEAGE.alias("belonging").c
    organisation: BindParameter[list[str]] = bindparam("organisation", expanding=True)
    return or_(
        hidden(ROLE.c.organisation_id).in_(organisation),
        exists().where(
            there.entity_id == ROLE.c.organisation_id,
            there.tree == Tree.PARTS.value,
            there.ancestor_id.in_(organisation),
        ),
    )


def _is_about() -> ColumnElement[bool]:
    there = NOTE_SUBJECT.alias("subject").c
    about: BindParameter[list[str]] = bindparam("about", expanding=True)
    return or_(
        hidden(NOTE.c.about_fact_id).in_(about),
        exists().where(
            there.entity_id.in_(about), there.article_id == NOTE.c.article_id, there.position == NOTE.c.position
        ),
    )


def _covers() -> ColumnElement[bool]:
    at: ColumnElement[int] = bindparam("at")
    return exists(
        select(col(Evidence.fact_id))
        .join(Span, col(Span.id) == col(Evidence.span_id))
        .where(col(Evidence.fact_id) == FACT.c.id, col(Span.start) <= at, col(Span.end) > at)
        .correlate(FACT)
    )


def _dated(name: str) -> ColumnElement[bool]:
    day: Any = bindparam(name, type_=DATE.c.day_key.type)
    given = (day, None) if name == "from" else (None, day)
    return overlaps(DATE.c.earliest, DATE.c.latest, *given)[0]


PROBES: Final[dict[str, ColumnElement[bool]]] = {
    "person": _among(ROLE.c.person_id, "person"),
    "organisation": _belongs(),
    "holder": ROLE.c.person_id.in_(
        select(LISTING.entity_id).where(LISTING.number.in_(bindparam("holder", expanding=True)))
    ),
    "title": _among(ROLE.c.title_key, "title"),
    "dated": _among(DATE.c.entity_id, "dated"),
    "relation": _among(DATE.c.relation, "relation"),
    "precision": _among(DATE.c.precision, "precision"),
    "from": _dated("from"),
    "to": _dated("to"),
    "speaker": _among(QUOTE.c.speaker_id, "speaker"),
    "addressee": _among(QUOTE.c.addressee_id, "addressee"),
    "event": _among(QUOTE.c.event_id, "event"),
    "direct": _among(QUOTE.c.direct, "direct"),
    "subject": _among(FIGURE.c.subject_id, "subject"),
    "unit": _among(FIGURE.c.unit, "unit"),
    "min": FIGURE.c.value >= bindparam("min"),
    "max": FIGURE.c.value <= bindparam("max"),
    "category": _among(NOTE.c.category, "category"),
    "about": _is_about(),
    "type": _among(FACT.c.type, "type"),
    "basis": _among(FACT.c.basis, "basis"),
    "entity": _mentions(),
    "attributed_to": _among(FACT.c.attributed_to_id, "attributed_to"),
    "nobody": FACT.c.attributed_to_id.is_(None),
    "attributed_to_or_nobody": or_(_among(FACT.c.attributed_to_id, "attributed_to"), FACT.c.attributed_to_id.is_(None)),
    "at": _covers(),
}
"""What has to hold of a row, by the name of the filter, whose values the parameter of this name has."""


@dataclass(frozen=True)
class Wanted:
    """What the filters ask for: narrowings that all apply, and the values of their conditions."""

    narrowings: tuple[Narrowing, ...]
    values: dict[str, Any]
    articles: tuple[str, ...]


@dataclass(frozen=True)
class Posts:
    """How an index finds the posts in some organisations and their parts at any depth; not at all where all is many."""

    organisations: tuple[str, ...] = ()
    """These organisations and their parts, where these are few."""
    people: tuple[int, ...] = ()
    """The lists of people who have the posts, where the parts are many, most of which nobody may have a post in."""


Parts = Callable[[list[str]], Posts]


def wanted_of(filters: ListParameters, parts: Parts) -> Wanted:
    """Return what the filters ask for.

    Args:
        filters: of a list of facts.
        parts: returns how to find the posts in organisations with their parts.
    """
    narrowings: list[Narrowing] = []
    values: dict[str, Any] = {}
    for name, narrowing, given in OWN[type(filters)](filters, parts):
        narrowings.append(narrowing)
        values |= given if name is None else {name: given}
    return Wanted(tuple(narrowings), values, tuple(filters.article))


Narrowed = Iterator[tuple[str | None, Narrowing, Any]]


def _equal(table: Table, columns: dict[str, tuple[str, Sequence[Any]]]) -> Narrowed:
    """Yield a narrowing for each filter that is set: by its condition's name, its column and its values."""
    for name, (column, values) in columns.items():
        if values:
            yield name, Narrowing((name,), (Arm(table, ((column, tuple(values)),)),)), list(values)


def _roles(filters: RoleFilters, parts: Parts) -> Narrowed:
    yield from _equal(ROLE, {"person": ("person_id", filters.person)})
    if filters.organisation:
        posts = parts(filters.organisation)
        arms = [Arm(ROLE, (("organisation_id", posts.organisations),))] if posts.organisations else []
        arms += [Arm(ROLE, probes=("holder", "organisation"))] if posts.people else []
        values = {"organisation": filters.organisation, "holder": posts.people}
        yield None, Narrowing(("organisation",), tuple(arms)), values
    yield from _equal(ROLE, {"title": ("title_key", sorted({comparable(title) for title in filters.title}))})


def _dates(filters: DateFilters, _parts: Parts) -> Narrowed:
    yield from _equal(
        DATE,
        {
            "dated": ("entity_id", filters.entity),
            "relation": ("relation", filters.relation),
            "precision": ("precision", filters.precision),
        },
    )
    if filters.basis:
        arm = Arm(FACT, (("type", (FactType.DATE.value,)), ("basis", tuple(filters.basis))))
        yield "basis", Narrowing(("basis",), (arm,)), list(filters.basis)
    given = {name: day for name, day in (("from", filters.from_), ("to", filters.to)) if day is not None}
    if given:
        arms = tuple(_windows(filters.from_, filters.to))
        yield None, Narrowing(tuple(given), arms, exact=False), given


def _windows(first: date | None, last: date | None) -> Iterator[Arm]:
    """Yield, for each precision, the days on which what may be in the period begins."""
    for precision in Precision:
        bounds: list[tuple[str, str, Any]] = []
        if precision in LONGEST:  # Without a longest extent, it may begin, or end, on any day.
            if first is not None:
                reach = min(timedelta(LONGEST[precision]), first - date.min)
                bounds.append(("day_key", "least", first - reach))
            if last is not None:
                bounds.append(("day_key", "most", last))
        yield Arm(DATE, (("precision", (precision.value,)),), tuple(bounds))


def _quotes(filters: QuoteFilters, _parts: Parts) -> Narrowed:
    yield from _equal(
        QUOTE,
        {
            "speaker": ("speaker_id", filters.speaker),
            "addressee": ("addressee_id", filters.addressee),
            "event": ("event_id", filters.event),
            "direct": ("direct", () if filters.direct is None else (filters.direct,)),
        },
    )


def _figures(filters: FigureFilters, _parts: Parts) -> Narrowed:
    yield from _equal(FIGURE, {"subject": ("subject_id", filters.subject), "unit": ("unit", filters.unit)})
    given = {name: value for name, value in (("min", filters.min), ("max", filters.max)) if value is not None}
    if given:
        sides = {"min": "least", "max": "most"}
        bounds = tuple(("value_key", sides[name], value) for name, value in given.items())
        keeps_out_unknown = filters.max is not None and filters.max < UNVALUED
        yield None, Narrowing(tuple(given), (Arm(FIGURE, (), bounds),), exact=keeps_out_unknown), given


def _notes(filters: NoteFilters, _parts: Parts) -> Narrowed:
    yield from _equal(NOTE, {"category": ("category", filters.category)})
    if filters.about:
        facts = tuple(value for value in filters.about if "." in value)  # as no other id has a dot
        entities = tuple(value for value in filters.about if "." not in value)
        arms = (
            *([Arm(NOTE_SUBJECT, (("entity_id", entities),))] if entities else []),
            *([Arm(NOTE, (("about_fact_id", facts),))] if facts else []),
        )
        yield "about", Narrowing(("about",), arms, overlapping=True), list(filters.about)


def _facts(filters: FactFilters, _parts: Parts) -> Narrowed:
    types, bases = tuple(filters.type or FactType), tuple(filters.basis or Basis)
    by_type = Arm(FACT, (("type", types), ("basis", bases)))
    if filters.entity:
        arm = Arm(MENTION, (("entity_id", tuple(filters.entity)), ("type", types)))
        given = _given(entity=filters.entity, type=filters.type)
        yield None, Narrowing(tuple(given), (arm,), overlapping=len(filters.entity) > 1), given
        if filters.basis:
            yield "basis", Narrowing(("basis",), (by_type,)), filters.basis
    elif given := _given(type=filters.type, basis=filters.basis):
        yield None, Narrowing(tuple(given), (by_type,)), given
    yield from _voices(filters.attributed_to)
    if filters.at is not None:
        yield "at", Narrowing(("at",)), filters.at


def _given(**filters: Any) -> dict[str, Any]:
    return {name: values for name, values in filters.items() if values}


def _voices(attributed_to: list[str]) -> Narrowed:
    voices = [voice for voice in attributed_to if voice != NOBODY]
    if NOBODY in attributed_to:  # Most facts are the article's own: a condition finds some soon, and needs no index.
        name = "attributed_to_or_nobody" if voices else "nobody"
        yield None, Narrowing((name,)), {"attributed_to": voices} if voices else {}
    elif voices:
        arm = Arm(FACT, (("attributed_to_id", tuple(voices)),))
        yield "attributed_to", Narrowing(("attributed_to",), (arm,)), voices


OWN: Final[dict[type[ListParameters], Callable[[Any, Parts], Narrowed]]] = {
    RoleFilters: _roles,
    DateFilters: _dates,
    QuoteFilters: _quotes,
    FigureFilters: _figures,
    NoteFilters: _notes,
    FactFilters: _facts,
}

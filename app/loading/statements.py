"""The plain English sentence of a fact, made from its columns.

A file may word a sentence itself (`statement:`); this is what stands there when it does not.
"""

from collections.abc import Callable, Mapping
from datetime import date

from app.loading.format import (
    AnyFactEntry,
    DateEntry,
    DescriptionEntry,
    FigureEntry,
    NameEntry,
    NoteEntry,
    OccurrenceEntry,
    ParticipationEntry,
    QuoteEntry,
    RelationEntry,
    RoleEntry,
    SequenceEntry,
)
from app.text.dates import Bounds, resolve
from app.vocabulary import DescriptionKind, Status

NameOf = Callable[[str | None], str]


def statement_of(fact: AnyFactEntry, names: Mapping[str, str]) -> str:
    """Return the fact as a sentence; `names` gives the name of each entity by its slug."""
    if fact.statement is not None:
        return fact.statement

    def name_of(slug: str | None) -> str:
        return names[slug] if slug is not None else ""

    sentence = _sentence(fact, name_of)
    return sentence[:1].upper() + sentence[1:]


def _sentence(fact: AnyFactEntry, name_of: NameOf) -> str:
    match fact:
        case NameEntry():
            return f"{name_of(fact.entity)} is called “{fact.text}”."
        case RoleEntry():
            place = f", {name_of(fact.organisation)}" if fact.organisation else ""
            return f"{name_of(fact.person)} is described as {fact.title}{place}."
        case RelationEntry():
            return fact.kind.sentence.format(child=name_of(fact.child), parent=name_of(fact.parent))
        case SequenceEntry():
            return f"{name_of(fact.earlier)} comes before {name_of(fact.later)}."
        case DescriptionEntry():
            return _description(fact, name_of(fact.entity))
        case OccurrenceEntry():
            return f"{name_of(fact.event)} is told of as {_STATUS[fact.status]}."
        case ParticipationEntry():
            return fact.role.sentence.format(child=name_of(fact.entity), parent=name_of(fact.event))
        case DateEntry():
            return _date(fact, name_of)
        case QuoteEntry():
            return _quote(fact, name_of)
        case FigureEntry():
            return _figure(fact, name_of)
        case NoteEntry():
            return fact.statement


_STATUS = {Status.OCCURRED: "having occurred", Status.ONGOING: "under way", Status.PLANNED: "planned"}


def _description(fact: DescriptionEntry, name: str) -> str:
    if fact.kind is DescriptionKind.PURPOSE:
        return f"the purpose of {name} is given as “{fact.text}”."
    return f"{name} is described as “{fact.text}”."


def _date(fact: DateEntry, name_of: NameOf) -> str:
    dated = name_of(fact.entity) if fact.entity else "the article"
    unsure = ", in the preferred reading" if set(fact.edtf) & set("?~%") else ""
    return f"The words “{fact.expression}” date {dated} {_when(resolve(fact.edtf))}{unsure}."


def _when(bounds: Bounds) -> str:
    """Return the bounds in words."""
    first, last = bounds.earliest, bounds.latest
    if first and last:
        return f"to {_day(first)}" if first == last else f"between {_day(first)} and {_day(last)}"
    if last:
        return f"on or before {_day(last)}"
    return f"on or after {_day(first)}" if first else "to no known day"


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def _quote(fact: QuoteEntry, name_of: NameOf) -> str:
    to = f" to {name_of(fact.addressee)}" if fact.addressee else ""
    if fact.direct:
        return f"{name_of(fact.speaker)} said{to}: “{fact.text}”."
    return f"{name_of(fact.speaker)} is reported as saying{to}: {fact.text}."


def _figure(fact: FigureEntry, name_of: NameOf) -> str:
    subject = f"{name_of(fact.subject)}: " if fact.subject else ""
    value = f", that is {fact.value:,.15g}" if fact.value is not None else ""
    unit = f" {fact.unit}" if fact.unit and fact.value is not None else ""
    qualifier = f" ({fact.qualifier})" if fact.qualifier else ""
    return f"{subject}“{fact.expression}”{value}{unit}{qualifier}."

"""Query parameters: one model a route. A list means that the parameter may be repeated, and that repeating means OR."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from app.schemas.views import SearchType
from app.vocabulary import SLUG, Basis, DateRelation, EntityType, FactType, NoteCategory, Precision, Status

FACT = r"^[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*$"
ENTITY_OR_FACT = r"^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)?$"
LINE = r"^[^\x00-\x1f\x7f]+$"
SEARCHABLE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20!-/:-@\[-`{-\x7f][^\x00-\x1f\x7f]*$"
"""Somewhere a character that is neither white space nor ASCII punctuation: something to look for."""
CURSOR = r"^[A-Za-z0-9_-]+$"
REASONS = {
    SLUG: "is not an id: ids are lower-case words joined by hyphens, such as japhet-koome",
    ENTITY_OR_FACT: "is not the id of a fact or an entity: take it from `id` of an item",
    LINE: "is empty or has a control character in it",
    SEARCHABLE: "has no word to look for, or a control character in it",
    CURSOR: "is not a cursor: take it from `next`, or leave it out",
}
"""What it means that a value does not match."""
MOST_VALUES = 50
"""How often one parameter may be repeated."""


@dataclass(frozen=True)
class Names:
    """The parameter holds ids of entities of this type (of any type, when None), or of articles.

    An id with a dot in it is that of a fact.
    """

    type: EntityType | Literal["article"] | None


def iso_date(value: Any) -> Any:
    """Return the day that an ISO date names: pydantic by itself would read a bare number as seconds since 1970."""
    if not isinstance(value, str):
        return value
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            return date.fromisoformat(value)
    except ValueError:
        pass  # no such day; said below, as for what has another form
    raise PydanticCustomError("iso_date", "must be a day of the calendar, written YYYY-MM-DD")


def sorted_set(values: list[str]) -> list[str]:
    """Return each value once, in order: repeating one changes nothing."""
    return sorted(set(values))


Slug = Annotated[str, StringConstraints(pattern=SLUG, max_length=100)]
Line = Annotated[str, StringConstraints(pattern=LINE, max_length=200)]
Query = Annotated[str, StringConstraints(pattern=SEARCHABLE, max_length=200)]
Cursor = Annotated[str, StringConstraints(pattern=CURSOR, max_length=1000)]
Day = Annotated[date, BeforeValidator(iso_date)]
Offset = Annotated[int, Field(ge=0, le=1_000_000_000)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Many = (Field(max_length=MOST_VALUES), AfterValidator(sorted_set))
Optional = SkipJsonSchema[None]

Slugs = Annotated[list[Slug], *Many]
Articles = Annotated[Slugs, Names("article"), Field(examples=[["koome-meets-haitian-police"]])]
People = Annotated[Slugs, Names(EntityType.PERSON), Field(examples=[["japhet-koome"]])]
Organisations = Annotated[Slugs, Names(EntityType.ORGANISATION), Field(examples=[["national-police-service"]])]
Units = Annotated[Slugs, Names(EntityType.UNIT), Field(examples=[["recce-squad"]])]
Places = Annotated[Slugs, Names(EntityType.PLACE), Field(examples=[["nairobi"]])]
Documents = Annotated[Slugs, Names(EntityType.DOCUMENT), Field(examples=[["unsc-resolution-2699"]])]
Events = Annotated[Slugs, Names(EntityType.EVENT), Field(examples=[["meeting-with-haitian-delegation"]])]
Entities = Annotated[Slugs, Names(None), Field(examples=[["japhet-koome"]])]
Kinds = Slugs
Included = Annotated[list[Literal["evidence"]], Field(max_length=MOST_VALUES, examples=[["evidence"]])]


class Parameters(BaseModel):
    """A parameter that the route does not have is refused."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, populate_by_name=False)


class NoParameters(Parameters):
    """The parameters of a path that has none; an item, for one, always carries its evidence."""


class ChangeParameters(Parameters):
    """Parameters of `/changes`."""

    since: Annotated[int, Field(ge=0, le=2**63 - 1, examples=[0])] = 0
    """The revision up to which the changes are known; 0 for none."""
    limit: Annotated[int, Field(ge=1, le=1000, examples=[100])] = 100
    """How many changes a page has: 1 to 1000."""


class ListParameters(Parameters):
    """What every list has."""

    sort: str
    """The order; each list has its own."""
    q: Annotated[Query | Optional, Field(examples=["Prohète"])] = None
    """Words to find, whatever their case and accents; all of them must occur: in the names of entities, in the
    statements and quoted words of facts, in the texts of articles. Of more than 1,000 that are found, 1,000 are
    listed. `/search` looks through all of these, and says how far."""
    article: Articles = []
    """Only what these articles support: ids of articles. Repeat for OR."""
    limit: Annotated[int, Field(ge=1, le=100, examples=[20])] = 20
    """How many items a page has: 1 to 100."""
    cursor: Cursor | Optional = None
    """Where the page starts: taken from `next` of the page before, with the same filters and `sort`."""
    include: Included = []
    """`evidence` adds the words that support each statement; without it `evidence` is null in lists."""


class EntityParameters(ListParameters):
    """What every list of entities has."""

    sort: Annotated[Literal["name", "-name", "id", "-id"], Field(examples=["-name"])] = "name"
    """The order: by name without case and accents, or by id; `-` turns it round."""


class PersonFilters(EntityParameters):
    """Filters of `/people`."""

    organisation: Organisations = []
    """Who holds a post in these organisations or in a part of them, at any depth. Repeat for OR."""
    title: Annotated[list[Line], *Many, Field(examples=[["Inspector General of Police"]])] = []
    """Who holds a post with exactly this title, whatever its case and accents; with `organisation`, such a post there.
    Repeat for OR."""
    event: Events = []
    """Who took part in these events. Repeat for OR."""


class OrganisationFilters(EntityParameters):
    """Filters of `/organisations`."""

    kind: Annotated[Kinds, Field(examples=[["police-service"]])] = []
    """Organisations of these kinds. Repeat for OR."""
    parent: Organisations = []
    """Organisations that are part of these, at any depth. Repeat for OR."""
    event: Events = []
    """Organisations that took part in these events. Repeat for OR."""


class UnitFilters(EntityParameters):
    """Filters of `/units`."""

    organisation: Organisations = []
    """Units that are part of these organisations, at any depth. Repeat for OR."""
    event: Annotated[Events, Field(examples=[["drawing-of-units"]])] = []
    """Units that took part in these events. Repeat for OR."""


class PlaceFilters(EntityParameters):
    """Filters of `/places`."""

    kind: Annotated[Kinds, Field(examples=[["city"]])] = []
    """Places of these kinds. Repeat for OR."""
    within: Places = []
    """Places that lie in these places, at any depth. Repeat for OR."""


class DocumentFilters(EntityParameters):
    """Filters of `/documents`."""

    kind: Annotated[Kinds, Field(examples=[["resolution"]])] = []
    """Documents of these kinds. Repeat for OR."""
    issuer: Annotated[Entities, Field(examples=[["united-nations-security-council"]])] = []
    """Documents that these entities issued. Repeat for OR."""


class Period(Parameters):
    """A period, both ends included."""

    from_: Annotated[Day | Optional, Field(alias="from", examples=["2024-06-01"])] = None
    """The first day, YYYY-MM-DD. What may have been on or after it is in; what has no date at all is in too."""
    to: Annotated[Day | Optional, Field(examples=["2024-06-30"])] = None
    """The last day, YYYY-MM-DD. What may have been on or before it is in; what has no date at all is in too."""

    @model_validator(mode="after")
    def begins_before_it_ends(self) -> Self:
        """Refuse a period that ends before it begins."""
        if self.from_ and self.to and self.from_ > self.to:
            raise PydanticCustomError(
                "period",
                "`from` ({first}) is after `to` ({last}): a period begins before it ends",
                {"first": self.from_.isoformat(), "last": self.to.isoformat(), "parameter": "from"},
            )
        return self


class EventFilters(ListParameters, Period):
    """Filters of `/events`."""

    sort: Annotated[Literal["name", "-name", "id", "-id", "date", "-date"], Field(examples=["date"])] = "name"
    """The order: by name, by id, or by day; `-` turns it round. Undated events are last either way."""
    kind: Annotated[Kinds, Field(examples=[["meeting"]])] = []
    """Events of these kinds. Repeat for OR."""
    status: Annotated[list[Status], Field(max_length=MOST_VALUES, examples=[["planned"]])] = []
    """Events that an article presents so. Repeat for OR."""
    person: People = []
    """Events in which these people took part. Repeat for OR."""
    organisation: Organisations = []
    """Events in which these organisations, or a part of them, took part. Repeat for OR."""
    unit: Units = []
    """Events in which these units took part. Repeat for OR."""
    place: Places = []
    """Events at or to these places, or a place in them, or in which they took part as states. Repeat for OR."""
    document: Documents = []
    """Events in which these documents play a part. Repeat for OR."""


class TimelineFilters(ListParameters, Period):
    """Filters of `/timeline`."""

    sort: Annotated[Literal["date", "-date"], Field(examples=["-date"])] = "date"
    """The order: by day; `-` turns it round."""
    person: People = []
    """Events in which these people took part. Repeat for OR."""
    organisation: Organisations = []
    """Events in which these organisations, or a part of them, took part. Repeat for OR."""
    unit: Units = []
    """Events in which these units took part. Repeat for OR."""
    place: Places = []
    """Events at or to these places, or a place in them, or in which they took part as states. Repeat for OR."""


class FactParameters(ListParameters):
    """What every list of facts has."""

    sort: Annotated[Literal["position", "-position", "id", "-id"], Field(examples=["-position"])] = "position"
    """The order: by article and place in its text; `-` turns it round. By id means the same, as an id begins with its
    article's."""


class RoleFilters(FactParameters):
    """Filters of `/roles`."""

    person: People = []
    """Roles of these people. Repeat for OR."""
    organisation: Organisations = []
    """Roles in these organisations or in a part of them, at any depth. Repeat for OR."""
    title: Annotated[list[Line], *Many, Field(examples=[["Deputy Inspector General"]])] = []
    """Roles with exactly this title, whatever its case and accents. Repeat for OR."""


class DateFilters(ListParameters, Period):
    """Filters of `/dates`."""

    sort: Annotated[Literal["position", "-position", "id", "-id", "date", "-date"], Field(examples=["date"])] = (
        "position"
    )
    """The order: by article and place in its text (by id means the same), or by day; `-` turns it round. Dates without
    a day are last either way."""
    entity: Annotated[Entities, Field(examples=[["meeting-with-haitian-delegation"]])] = []
    """Dates of these events or documents. Repeat for OR."""
    relation: Annotated[list[DateRelation], Field(max_length=MOST_VALUES, examples=[["on"]])] = []
    """Dates that relate so. Repeat for OR."""
    precision: Annotated[list[Precision], Field(max_length=MOST_VALUES, examples=[["day"]])] = []
    """Dates known so finely. Repeat for OR."""
    basis: Annotated[list[Basis], Field(max_length=MOST_VALUES, examples=[["inferred"]])] = []
    """Stated or inferred dates. Repeat for OR."""


class QuoteFilters(FactParameters):
    """Filters of `/quotes`."""

    speaker: Entities = []
    """What these entities said. Repeat for OR."""
    addressee: Entities = []
    """What was said to these entities. Repeat for OR."""
    event: Events = []
    """What was said on these occasions. Repeat for OR."""
    direct: Annotated[bool | Optional, Field(examples=[True])] = None
    """True for words between quotation marks, false for reported speech."""


class FigureFilters(ListParameters):
    """Filters of `/figures`."""

    sort: Annotated[Literal["position", "-position", "id", "-id", "value", "-value"], Field(examples=["-value"])] = (
        "position"
    )
    """The order: by article and place in its text (by id means the same), or by value; `-` turns it round. Figures
    without a value are last either way."""
    subject: Annotated[Entities, Field(examples=[["kenyan-police-units"]])] = []
    """Figures of these entities. Repeat for OR."""
    unit: Annotated[list[Line], *Many, Field(examples=[["people"]])] = []
    """Figures that count or measure this. Repeat for OR."""
    min: Annotated[Number | Optional, Field(examples=[500])] = None
    """Figures of at least this value, in their own unit."""
    max: Annotated[Number | Optional, Field(examples=[1500])] = None
    """Figures of at most this value, in their own unit."""

    @model_validator(mode="after")
    def least_is_at_most_the_most(self) -> Self:
        """Refuse a range that is empty."""
        if self.min is not None and self.max is not None and self.min > self.max:
            raise PydanticCustomError(
                "range",
                "`min` ({least}) is greater than `max` ({most})",
                {"least": self.min, "most": self.max, "parameter": "min"},
            )
        return self


class NoteFilters(FactParameters):
    """Filters of `/notes`."""

    category: Annotated[list[NoteCategory], Field(max_length=MOST_VALUES, examples=[["ambiguity"]])] = []
    """Notes of these sorts. Repeat for OR."""
    about: Annotated[
        list[Annotated[str, StringConstraints(pattern=ENTITY_OR_FACT, max_length=201)]],
        *Many,
        Names(None),
        Field(examples=[["special-operations-group"]]),
    ] = []
    """Notes on these facts, or on any fact that mentions these entities: ids of facts or entities. Repeat for OR."""


class FactFilters(FactParameters):
    """Filters of `/facts`."""

    type: Annotated[list[FactType], Field(max_length=MOST_VALUES, examples=[["relation"]])] = []
    """Facts of these types. Repeat for OR."""
    entity: Entities = []
    """Facts that mention these entities. Repeat for OR."""
    basis: Annotated[list[Basis], Field(max_length=MOST_VALUES, examples=[["inferred"]])] = []
    """Stated or inferred facts. Repeat for OR."""
    attributed_to: Annotated[Entities, Field(examples=[["national-police-service"]])] = []
    """Facts that the article says from these entities; `none` for its own voice. Repeat for OR."""
    at: Annotated[Offset | Optional, Field(examples=[30])] = None
    """Facts whose evidence covers this code point of the text, counted from 0; needs one `article`."""

    @model_validator(mode="after")
    def offset_has_its_article(self) -> Self:
        """Refuse an offset into no text, or into several."""
        if self.at is not None and len(self.article) != 1:
            raise PydanticCustomError(
                "offset", "`at` is an offset into the text of one article: name it with `article`", {"parameter": "at"}
            )
        return self


class ArticleFilters(ListParameters):
    """Filters of `/articles`."""

    sort: Annotated[Literal["id", "-id"], Field(examples=["id"])] = "id"
    """The order: by id; `-` turns it round."""


class SearchFilters(ListParameters):
    """Parameters of `/search`."""

    q: Annotated[Query, Field(examples=["Prohète"])]
    """Words to find, whatever their case and accents; all of them must occur, and those that a hyphen or an apostrophe
    joins must follow each other. Several words, each of them in more than 32,768 documents, are looked for in a sample
    of 262,144 documents, and 2,000 documents that have all the words are read to see whether they follow each other:
    `total_relation` says if there may be more. In the articles of `article`, all that they say is looked through."""
    type: Annotated[list[SearchType], *Many, Field(examples=[["person"]])] = []
    """Only entities or facts of these types, or articles. Repeat for OR."""
    sort: Annotated[Literal["rank"], Field(examples=["rank"])] = "rank"
    """The order: what has all the words in its name or statement first, then what is shorter; the first 1,000 that are
    found are ranked, those by name or statement before the others. Of one word in more than 4,096 documents, names and
    statements are looked for in the sample."""


class GraphParameters(Parameters):
    """Parameters of `/graph`."""

    focus: Annotated[Entities, Field(examples=[["noor-gabow"]])] = []
    """Where the graph starts: ids of entities. Without it, it shows whatever `limit` lets in. Repeat for several."""
    depth: Annotated[int, Field(ge=1, le=4, examples=[2])] = 1
    """How many connections away from the focus it reaches: 1 to 4."""
    article: Articles = []
    """Only connections that these articles support. Repeat for OR."""
    limit: Annotated[int, Field(ge=1, le=500, examples=[100])] = 100
    """How many entities at most: 1 to 500."""
    include: Included = []
    """`evidence` adds the words that support each connection."""

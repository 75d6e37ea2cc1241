"""The controlled terms of Dateline, each with one line of meaning.

A term is its own string value, so it goes into a column, a file or an answer as it is. `meaning` feeds the
documentation; `sentence`, where a term has one, is how a fact of that kind reads as plain English.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, Self

SLUG: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
"""An id: lower-case words and digits joined by single hyphens."""


class Term(StrEnum):
    """A string with a meaning and, where it relates two things, a sentence with two gaps."""

    meaning: str
    sentence: str

    def __new__(cls, value: str, meaning: str = "", sentence: str = "") -> Self:
        """Make the member `value`; `meaning` and `sentence` become attributes."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.sentence = sentence
        return member

    @classmethod
    def values(cls) -> list[str]:
        """Return the terms as plain strings, in the order of definition."""
        return [member.value for member in cls]

    @classmethod
    def explained(cls) -> str:
        """Return the terms and their meanings as a list in Markdown."""
        return "\n".join(f"- `{member.value}`: {member.meaning}" for member in cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Put the meanings into the schemas of OpenAPI and of facts.yaml."""
        return {**handler(core_schema), "description": f"{cls.__doc__}\n\n{cls.explained()}"}


class EntityType(Term):
    """What an entity is."""

    PERSON = "person", "a named human being."
    ORGANISATION = "organisation", "a body, group or mission of people, named or described."
    UNIT = "unit", "a named force or squad inside an organisation."
    PLACE = "place", "a country, city, building or area; states act as places too."
    DOCUMENT = "document", "a resolution, law, report or other text."
    EVENT = "event", "something that happened, happens or is planned."


class FactType(Term):
    """What a fact says; each type has a table of its own."""

    NAME = "name", "the article calls an entity this."
    ROLE = "role", "a person holds a post, rank or capacity."
    RELATION = "relation", "one entity belongs to, lies in or derives from another."
    SEQUENCE = "sequence", "one event comes before another."
    DESCRIPTION = "description", "an entity is characterised, or given a purpose or condition."
    OCCURRENCE = "occurrence", "an event occurred, is under way or is planned."
    PARTICIPATION = "participation", "an entity took part in an event."
    DATE = "date", "words of the article date an event, a document or the article itself."
    QUOTE = "quote", "somebody said something, directly or as reported."
    FIGURE = "figure", "the article gives a number or quantity."
    NOTE = "note", "a remark on the text: a typo, a second reading, a gap."


class Basis(Term):
    """How a fact rests on the article."""

    STATED = "stated", "the article says it."
    INFERRED = "inferred", "somebody concluded it from the article; `reasoning` says why."


class NameKind(Term):
    """What sort of name a name is."""

    FULL = "full", "the name in full."
    SHORT = "short", "a shortened name or a surname with a title."
    ACRONYM = "acronym", "initials."
    DESCRIPTIVE = "descriptive", "words that describe rather than name, such as `the gang-hit country`."


class RelationKind(Term):
    """How a child entity relates to its parent entity."""

    PART_OF = "part-of", "the child is a part or branch of the parent.", "{child} is part of {parent}."
    MEMBER_OF = (
        "member-of",
        "the child is a member or member state of the parent.",
        "{child} is a member of {parent}.",
    )
    BELONGS_TO = "belongs-to", "the child is the parent's own.", "{child} belongs to {parent}."
    CONTROLS = "controls", "the child holds or controls the parent.", "{child} controls {parent}."
    LEADS = "leads", "the child leads, or is to lead, the parent.", "{child} leads {parent}."
    DRAWN_FROM = (
        "drawn-from",
        "the child is made up of people of the parent.",
        "{child} is drawn from {parent}.",
    )
    WITHIN = "within", "the child, a place, lies inside the parent, a place.", "{child} is in {parent}."
    CAPITAL_OF = (
        "capital-of",
        "the child, a city, is the capital of the parent.",
        "{child} is the capital of {parent}.",
    )
    LOCATED_IN = (
        "located-in",
        "the child acts in, or has its seat in, the parent, a place.",
        "{child} is located in {parent}.",
    )
    MANDATED_BY = (
        "mandated-by",
        "the child has its mandate from the parent.",
        "{child} is mandated by {parent}.",
    )
    ISSUED_BY = (
        "issued-by",
        "the child, a document, was issued by the parent.",
        "{child} was issued by {parent}.",
    )
    WITHIN_EVENT = (
        "within-event",
        "the child, an event, took place within the parent, an event.",
        "{child} took place within {parent}.",
    )
    ABOUT = "about", "the child, an event or document, concerns the parent.", "{child} is about {parent}."


class Tree(Term):
    """What the relations between entities make up, as far as filters follow them to any depth."""

    PARTS = "parts", "organisations with their parts."
    PLACES = "places", "places with what lies in them."


TREES: Final = {
    Tree.PARTS: (RelationKind.PART_OF,),
    Tree.PLACES: (RelationKind.WITHIN, RelationKind.CAPITAL_OF, RelationKind.LOCATED_IN),
}
"""Of which relations each tree is made."""


class DescriptionKind(Term):
    """What a description does."""

    CHARACTERISATION = "characterisation", "words that characterise the entity."
    PURPOSE = "purpose", "what the entity is for."
    CONDITION = "condition", "the state that the entity is in."


class Status(Term):
    """How the article presents an event."""

    OCCURRED = "occurred", "it is told as having happened."
    ONGOING = "ongoing", "it is told as happening."
    PLANNED = "planned", "it is told as planned, expected or intended."


class ParticipationRole(Term):
    """As what an entity takes part in an event."""

    LED = "led", "led it or is to lead it.", "{child} has the lead in {parent}."
    ATTENDED = "attended", "took part in it or was present.", "{child} is among those who take part in {parent}."
    HOSTED = "hosted", "hosted it.", "{child} is the host of {parent}."
    ADDRESSED = "addressed", "was spoken to, briefed or assured in it.", "{child} is addressed in {parent}."
    SPOKE = "spoke", "spoke, announced or briefed in it.", "{child} speaks in {parent}."
    CONDUCTED = "conducted", "carried it out.", "{child} is the one to carry out {parent}."
    OFFERED = "offered", "made an offer in it.", "{child} is the one to make the offer in {parent}."
    MANDATED = "mandated", "gave the mandate in it.", "{child} is the one to give the mandate in {parent}."
    DEPLOYED = "deployed", "is sent or deployed in it.", "{child} is what is deployed in {parent}."
    SUPPORTED = "supported", "is helped or supported by it.", "{child} is what is supported by {parent}."
    SOURCE = "source", "is what is drawn upon in it.", "{child} is drawn upon in {parent}."
    TARGET = "target", "is what it is directed against or seizes.", "{child} is the target of {parent}."
    SUBJECT = "subject", "is what it is about.", "{child} is the subject of {parent}."
    INSTRUMENT = (
        "instrument",
        "is the document by which it is done.",
        "{child} is the instrument of {parent}.",
    )
    VENUE = "venue", "is the place where it happens.", "{child} is the venue of {parent}."
    DESTINATION = "destination", "is the place to which it goes.", "{child} is the destination of {parent}."


class DateRelation(Term):
    """How the dated thing relates to the date."""

    ON = "on", "it falls on the date, or within its bounds."
    BY = "by", "it is to happen no later than the date."
    BEFORE = "before", "it happened before, or at the latest on, the date."
    AFTER = "after", "it happened after the date."
    PUBLISHED = "published", "it was published or adopted on the date."


class Precision(Term):
    """How finely a date is known."""

    DAY = "day", "one day."
    MONTH = "month", "one month."
    SEASON = "season", "one season."
    YEAR = "year", "one year."
    DECADE = "decade", "ten years."
    CENTURY = "century", "a hundred years."
    RANGE = "range", "somewhere between, or throughout, two bounds, one of which may be open."


class NoteCategory(Term):
    """What a note is about."""

    TYPO = "typo", "a slip of spelling, spacing or punctuation."
    GRAMMAR = "grammar", "a broken or unclear sentence."
    AMBIGUITY = "ambiguity", "the words bear more than one reading."
    NOT_STATED = "not-stated", "something a reader would ask that the article does not say."


class TotalRelation(Term):
    """How the `total` of a list stands to the number of its items."""

    EXACT = "exact", "all pages together have as many items."
    AT_LEAST = "at-least", "there are as many items, or more: looking at all of them would make the list slow."


class ChangeAction(Term):
    """What happened to an article."""

    ADDED = "added", "it was not there before."
    REPLACED = "replaced", "its text or facts are others than before."
    DELETED = "deleted", "it is there no more."

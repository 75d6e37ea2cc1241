"""Items of the six types of entity, and the statements inside them."""

from datetime import date
from typing import Literal

from app.schemas.base import ArticleRef, EntityRef, Statement, Wire
from app.vocabulary import (
    DateRelation,
    DescriptionKind,
    EntityType,
    NameKind,
    ParticipationRole,
    Precision,
    RelationKind,
    Status,
)


class NameStatement(Statement):
    """An article calls the entity this."""

    text: str
    """The name, as the article has it."""
    kind: NameKind
    """What sort of name it is."""


class DescriptionStatement(Statement):
    """Words that characterise the entity or give its purpose or condition."""

    kind: DescriptionKind
    """What the words do."""
    text: str
    """The words."""


class ParentStatement(Statement):
    """What the entity belongs to, lies in or derives from."""

    kind: RelationKind
    """How the entity relates to the parent."""
    parent: EntityRef
    """The parent."""


class ChildStatement(Statement):
    """What belongs to the entity, lies in it or derives from it."""

    kind: RelationKind
    """How the child relates to the entity."""
    child: EntityRef
    """The child."""


class FigureStatement(Statement):
    """A number or quantity of the entity."""

    expression: str
    """The article's words for it."""
    value: float | None
    """Its value, in `unit`; null when the words give no number."""
    unit: str | None
    """What it counts or measures."""
    qualifier: str | None
    """How exact it is."""


class RoleStatement(Statement):
    """A post, rank or capacity that the person holds."""

    title: str
    """The title."""
    organisation: EntityRef | None
    """Where, if the text gives it."""


class MemberStatement(Statement):
    """A person who holds a post in the organisation or unit."""

    title: str
    """The title."""
    person: EntityRef
    """Who holds it."""


class EventStatement(Statement):
    """An event in which the entity took part."""

    role: ParticipationRole
    """As what."""
    event: EntityRef
    """The event."""


class ParticipantStatement(Statement):
    """Who or what took part in the event."""

    role: ParticipationRole
    """As what."""
    entity: EntityRef
    """Who or what."""


class SpokenStatement(Statement):
    """Something that the entity said."""

    text: str
    """The words: the speaker's own when direct, the report's when not."""
    direct: bool
    """True for words between quotation marks, false for reported speech."""
    addressee: EntityRef | None
    """To whom."""
    event: EntityRef | None
    """On which occasion."""


class HeardStatement(Statement):
    """Something that was said on the occasion of the event."""

    text: str
    """The words: the speaker's own when direct, the report's when not."""
    direct: bool
    """True for words between quotation marks, false for reported speech."""
    speaker: EntityRef
    """Who said it."""
    addressee: EntityRef | None
    """To whom."""


class DateStatement(Statement):
    """Words that date the event or document."""

    expression: str
    """The article's words."""
    relation: DateRelation
    """How the dated thing relates to the date."""
    edtf: str
    """The date in Extended Date/Time Format (ISO 8601-2, level 2); `?` and `~` say how sure it is."""
    earliest: date | None
    """The first day it may be, in the preferred reading; null where it is open."""
    latest: date | None
    """The last day it may be, in the preferred reading; null where it is open."""
    precision: Precision
    """How finely it is known."""


class StatusStatement(Statement):
    """How an article presents the event."""

    status: Status
    """Occurred, ongoing or planned."""


class EarlierStatement(Statement):
    """An event that comes before this one."""

    event: EntityRef
    """The earlier event."""


class LaterStatement(Statement):
    """An event that comes after this one."""

    event: EntityRef
    """The later event."""


class EntityItem(Wire):
    """What every entity has.

    Each list inside it is made of the first 50 facts, in the order of articles and their texts.
    """

    id: str
    """Its id: a slug, unique over all types."""
    url: str
    """The path that answers it."""
    type: EntityType
    """What it is."""
    name: str
    """What to call it: the desk's label, as the articles' own words are in `names`."""
    kind: str | None
    """A finer sort: the desk's label too, and no fact of an article."""
    articles: list[ArticleRef]
    """The articles that mention it."""
    names: list[NameStatement]
    """What articles call it."""
    descriptions: list[DescriptionStatement]
    """How articles, or those they quote, describe it."""
    parents: list[ParentStatement]
    """What it belongs to, lies in or derives from."""
    children: list[ChildStatement]
    """What belongs to it, lies in it or derives from it."""
    figures: list[FigureStatement]
    """Its numbers and quantities."""
    more: dict[str, str]
    """For each of the lists in here that is cut off after its first 50 facts, by its name: the path of a list of all of
    them. `participants` and `places` are cut off together, after 50 facts of both."""


class PersonItem(EntityItem):
    """A person."""

    type: Literal[EntityType.PERSON]
    """`person`."""
    roles: list[RoleStatement]
    """Posts, ranks and capacities."""
    events: list[EventStatement]
    """What the person took part in."""
    quotes: list[SpokenStatement]
    """What the person said."""


class OrganisationItem(EntityItem):
    """An organisation."""

    type: Literal[EntityType.ORGANISATION]
    """`organisation`."""
    people: list[MemberStatement]
    """Who holds a post in it."""
    events: list[EventStatement]
    """What it took part in."""
    quotes: list[SpokenStatement]
    """What it said."""


class UnitItem(EntityItem):
    """A unit."""

    type: Literal[EntityType.UNIT]
    """`unit`."""
    people: list[MemberStatement]
    """Who holds a post in it."""
    events: list[EventStatement]
    """What it took part in."""
    quotes: list[SpokenStatement]
    """What it said."""


class PlaceItem(EntityItem):
    """A place."""

    type: Literal[EntityType.PLACE]
    """`place`."""
    events: list[EventStatement]
    """What happened there, or what it took part in as a state."""
    quotes: list[SpokenStatement]
    """What it said, as a state."""


class DocumentItem(EntityItem):
    """A document."""

    type: Literal[EntityType.DOCUMENT]
    """`document`."""
    dates: list[DateStatement]
    """Its dates."""
    events: list[EventStatement]
    """The events that it plays a part in."""


class EventItem(EntityItem):
    """An event."""

    type: Literal[EntityType.EVENT]
    """`event`."""
    earliest: date | None
    """The first day on which it may have been, all of `dates` together; null where it is open."""
    latest: date | None
    """The last day on which it may have been, all of `dates` together; null where it is open."""
    statuses: list[StatusStatement]
    """How articles present it."""
    dates: list[DateStatement]
    """The words that date it."""
    participants: list[ParticipantStatement]
    """Who and what took part."""
    places: list[ParticipantStatement]
    """Its venues and destinations."""
    earlier: list[EarlierStatement]
    """Events that come before it."""
    later: list[LaterStatement]
    """Events that come after it."""
    quotes: list[HeardStatement]
    """What was said in it."""

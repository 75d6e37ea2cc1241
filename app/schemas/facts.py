"""Items of facts: what all have in common, and the columns of each type."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from app.schemas.base import ArticleRef, EntityRef, EvidenceItem, Wire
from app.vocabulary import (
    Basis,
    DateRelation,
    DescriptionKind,
    FactType,
    NameKind,
    NoteCategory,
    ParticipationRole,
    Precision,
    RelationKind,
    Status,
)


class FactRef(Wire):
    """A fact, as notes refer to it."""

    type: FactType
    """What it says."""
    id: str
    """Its id."""
    statement: str
    """The fact as a sentence."""
    url: str
    """The path that answers it."""


class FactItem(Wire):
    """What every fact has."""

    id: str
    """Its id: the article's id, a dot, and a name; it stays while the fact stands."""
    url: str
    """The path that answers it."""
    type: FactType
    """What it says."""
    article: ArticleRef
    """The article that it is a fact of."""
    statement: str
    """The fact as a plain English sentence that stands alone."""
    basis: Basis
    """`stated` if the article says it, `inferred` if somebody concluded it."""
    reasoning: str | None
    """Why it follows from the evidence; null when stated."""
    attributed_to: EntityRef | None
    """The entity that the article says it from; null for the article's own voice."""
    notes: list[str]
    """The paths of notes on it."""
    evidence: list[EvidenceItem] | None
    """The words that support it, in the order of the text; null in lists, unless asked for with `include=evidence`."""


class NameItem(FactItem):
    """The article calls the entity this."""

    type: Literal[FactType.NAME]
    """`name`."""
    entity: EntityRef
    """The entity that is named."""
    text: str
    """The name, as the article has it."""
    kind: NameKind
    """What sort of name it is."""


class RoleItem(FactItem):
    """A person holds a post, rank or capacity."""

    type: Literal[FactType.ROLE]
    """`role`."""
    person: EntityRef
    """Who holds it."""
    organisation: EntityRef | None
    """Where, if the text gives it."""
    title: str
    """The title."""


class RelationItem(FactItem):
    """The child belongs to, lies in or derives from the parent."""

    type: Literal[FactType.RELATION]
    """`relation`."""
    kind: RelationKind
    """How the child relates to the parent."""
    child: EntityRef
    """What belongs, lies or derives."""
    parent: EntityRef
    """What it belongs to, lies in or derives from."""


class SequenceItem(FactItem):
    """One event comes before another."""

    type: Literal[FactType.SEQUENCE]
    """`sequence`."""
    earlier: EntityRef
    """The event that comes first."""
    later: EntityRef
    """The event that comes after it."""


class DescriptionItem(FactItem):
    """Words that characterise an entity or give its purpose or condition."""

    type: Literal[FactType.DESCRIPTION]
    """`description`."""
    entity: EntityRef
    """What is described."""
    kind: DescriptionKind
    """What the words do."""
    text: str
    """The words."""


class OccurrenceItem(FactItem):
    """How the article presents an event."""

    type: Literal[FactType.OCCURRENCE]
    """`occurrence`."""
    event: EntityRef
    """The event."""
    status: Status
    """Occurred, ongoing or planned."""


class ParticipationItem(FactItem):
    """Who or what took part in an event, as what."""

    type: Literal[FactType.PARTICIPATION]
    """`participation`."""
    event: EntityRef
    """The event."""
    entity: EntityRef
    """Who or what took part."""
    role: ParticipationRole
    """As what."""


class DateItem(FactItem):
    """Words that date an event, a document or the article."""

    type: Literal[FactType.DATE]
    """`date`."""
    entity: EntityRef | None
    """The event or document; null for the dateline itself."""
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


class QuoteItem(FactItem):
    """Somebody said something."""

    type: Literal[FactType.QUOTE]
    """`quote`."""
    speaker: EntityRef
    """Who said it."""
    addressee: EntityRef | None
    """To whom."""
    event: EntityRef | None
    """On which occasion."""
    text: str
    """The words: the speaker's own when direct, the report's when not."""
    direct: bool
    """True for words between quotation marks, false for reported speech."""


class FigureItem(FactItem):
    """A number or quantity."""

    type: Literal[FactType.FIGURE]
    """`figure`."""
    subject: EntityRef | None
    """What is counted or measured."""
    expression: str
    """The article's words for it."""
    value: float | None
    """Its value, in `unit`; null when the words give no number."""
    unit: str | None
    """What it counts or measures."""
    qualifier: str | None
    """How exact it is."""


class NoteItem(FactItem):
    """A remark on the text, or on another fact."""

    type: Literal[FactType.NOTE]
    """`note`."""
    about: FactRef | None
    """The fact that it remarks on; null for a remark on the text."""
    category: NoteCategory
    """What sort of remark it is."""
    suggestion: str | None
    """The better wording, or the other reading."""


AnyFactItem = TypeAliasType(
    "AnyFactItem",
    Annotated[
        NameItem
        | RoleItem
        | RelationItem
        | SequenceItem
        | DescriptionItem
        | OccurrenceItem
        | ParticipationItem
        | DateItem
        | QuoteItem
        | FigureItem
        | NoteItem,
        Field(discriminator="type", description="A fact of any type; `type` says which."),
    ],
)
"""A name of its own makes the union one schema of the OpenAPI document."""

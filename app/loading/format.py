"""The `facts.yaml` format, as one pydantic model: `ArticleDocument`.

A field that names an entity carries `Refers(...)` with the types that it may name; a field that must stand in the
fact's evidence letter for letter carries `Verbatim()`. Checking, loading and exporting read those marks, so that a
new kind of fact is one class here and one table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from app.vocabulary import (
    SLUG,
    Basis,
    DateRelation,
    DescriptionKind,
    EntityType,
    FactType,
    NameKind,
    NoteCategory,
    ParticipationRole,
    Precision,
    RelationKind,
    Status,
)

Slug = Annotated[str, StringConstraints(pattern=SLUG, max_length=100)]
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$"),
]


@dataclass(frozen=True)
class Refers:
    """The field holds the slug of an entity of one of these types (any type when empty)."""

    types: tuple[EntityType, ...] = ()


@dataclass(frozen=True)
class Verbatim:
    """The field's words stand in the fact's evidence exactly as they are written."""


E = EntityType
AnyEntity = Annotated[Slug, Refers()]
Person = Annotated[Slug, Refers((E.PERSON,))]
Body = Annotated[Slug, Refers((E.ORGANISATION, E.UNIT))]
Voice = Annotated[Slug, Refers((E.PERSON, E.ORGANISATION, E.UNIT, E.PLACE))]
Event = Annotated[Slug, Refers((E.EVENT,))]
Dated = Annotated[Slug, Refers((E.EVENT, E.DOCUMENT))]
Words = Annotated[Line, Verbatim()]


class Model(BaseModel):
    """Unknown keys are errors; the docstrings under the fields are their descriptions."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Quotation(Model):
    """Words of the article, and what tells them apart where they occur more than once."""

    exact: Annotated[str, StringConstraints(min_length=1)]
    """The words, letter for letter as the article has them."""
    prefix: str | None = None
    """Words right before them."""
    suffix: str | None = None
    """Words right after them."""
    nth: Annotated[int, Field(ge=1)] | None = None
    """Which occurrence is meant, counted from 1 at the start of the text."""


def as_quotations(value: Any) -> Any:
    """Turn the short forms of evidence (a string, one object) into a list of objects."""
    items = value if isinstance(value, list) else [value]
    return [{"exact": item} if isinstance(item, str) else item for item in items]


Quotations = Annotated[
    list[Quotation],
    BeforeValidator(as_quotations, json_schema_input_type=str | Quotation | list[str | Quotation]),
    Field(min_length=1),
]


class ArticleHeader(Model):
    """What the text itself gives about the article; leave out what it does not state."""

    dateline: Words | None = None
    """The place and date at the head of the text."""
    headline: Words | None = None
    """The headline, where the text has one."""
    byline: Words | None = None
    """The author's line, where the text has one."""
    publisher: Words | None = None
    """The publisher, where the text names it."""
    url: Words | None = None
    """The article's own address, where the text gives it."""
    year: Annotated[int, Field(ge=1, le=9999)] | None = None
    """The year, where the text states it."""


class EntityEntry(Model):
    """An entity that facts below refer to by its slug. All articles that name it must agree on all three fields."""

    type: EntityType
    """What it is."""
    name: Line
    """What to call it in lists and sentences."""
    kind: Slug | None = None
    """A finer sort, in the desk's own words: `country`, `police-service`, `meeting`."""


class FactEntry(Model):
    """What every fact may carry."""

    id: Slug | None = None
    """A name for the fact, unique in the file: notes refer to it, and its address is made of it. Without one the
    address is made of the fact's own columns, and stays while they stay."""
    basis: Basis = Basis.STATED
    """`stated` if the article says it, `inferred` if somebody concluded it."""
    reasoning: Line | None = None
    """Why it follows from the evidence; required when inferred, absent when stated."""
    attributed_to: Annotated[Slug, Refers((E.PERSON, E.ORGANISATION, E.UNIT, E.PLACE))] | None = None
    """The entity that the article says it from; absent for the article's own voice."""
    statement: Line | None = None
    """The fact as a plain English sentence that stands alone; made from the columns unless given."""
    evidence: Quotations
    """The words that support it: a string, or a list of strings and of objects with `exact` and, where the words occur
    more than once, `prefix`, `suffix` or `nth`."""

    @model_validator(mode="after")
    def reasoning_goes_with_inference(self) -> Self:
        """Hold `basis = inferred` if and only if there is a reasoning."""
        if self.basis is Basis.INFERRED and self.reasoning is None:
            raise ValueError("an inferred fact needs a `reasoning`: why does it follow from the evidence?")
        if self.basis is Basis.STATED and self.reasoning is not None:
            raise ValueError("a stated fact has no `reasoning`; say `basis: inferred` if it was concluded")
        return self


class NameEntry(FactEntry):
    """The article calls the entity this."""

    type: Literal[FactType.NAME]
    entity: AnyEntity
    """The entity that is named."""
    text: Words
    """The name, as the article has it."""
    kind: NameKind
    """What sort of name it is."""


class RoleEntry(FactEntry):
    """A person holds a post, rank or capacity."""

    type: Literal[FactType.ROLE]
    person: Person
    """Who holds it."""
    organisation: Body | None = None
    """Where, if the text gives it."""
    title: Line
    """The title, in the article's words where it has them in one piece."""


class RelationEntry(FactEntry):
    """The child belongs to, lies in or derives from the parent."""

    type: Literal[FactType.RELATION]
    kind: RelationKind
    """How the child relates to the parent."""
    child: AnyEntity
    """The entity that belongs, lies or derives."""
    parent: AnyEntity
    """What it belongs to, lies in or derives from."""

    @model_validator(mode="after")
    def child_is_not_parent(self) -> Self:
        """Refuse an entity that relates to itself."""
        if self.child == self.parent:
            raise ValueError("`child` and `parent` are the same entity")
        return self


class SequenceEntry(FactEntry):
    """One event comes before another."""

    type: Literal[FactType.SEQUENCE]
    earlier: Event
    """The event that comes first."""
    later: Event
    """The event that comes after it."""

    @model_validator(mode="after")
    def earlier_is_not_later(self) -> Self:
        """Refuse an event that comes before itself."""
        if self.earlier == self.later:
            raise ValueError("`earlier` and `later` are the same event")
        return self


class DescriptionEntry(FactEntry):
    """Words that characterise an entity or give its purpose or condition."""

    type: Literal[FactType.DESCRIPTION]
    entity: AnyEntity
    """What is described."""
    kind: DescriptionKind
    """What the words do."""
    text: Words
    """The words."""


class OccurrenceEntry(FactEntry):
    """How the article presents an event."""

    type: Literal[FactType.OCCURRENCE]
    event: Event
    """The event."""
    status: Status
    """Occurred, ongoing or planned."""


class ParticipationEntry(FactEntry):
    """Who or what took part in an event, as what."""

    type: Literal[FactType.PARTICIPATION]
    event: Event
    """The event."""
    entity: AnyEntity
    """Who or what took part; a place takes part as its venue or destination."""
    role: ParticipationRole
    """As what."""


class DateEntry(FactEntry):
    """Words that date an event, a document or, without an entity, the article."""

    type: Literal[FactType.DATE]
    entity: Dated | None = None
    """The event or document; absent for the dateline itself."""
    expression: Words
    """The words."""
    relation: DateRelation
    """How the dated thing relates to the date."""
    edtf: Line
    """The date in Extended Date/Time Format (ISO 8601-2), up to level 2; `?` and `~` say how sure it is."""
    earliest: date | None = None
    """The first day it may be; read off `edtf` when absent, checked against it when given."""
    latest: date | None = None
    """The last day it may be; read off `edtf` when absent, checked against it when given."""
    precision: Precision | None = None
    """How finely it is known; read off `edtf` when absent."""


class QuoteEntry(FactEntry):
    """Somebody said something."""

    type: Literal[FactType.QUOTE]
    speaker: Voice
    """Who said it; organisations may speak."""
    addressee: Voice | None = None
    """To whom."""
    event: Event | None = None
    """On which occasion."""
    text: Words
    """The words: of the speaker when direct, of the report when not; without the quotation marks."""
    direct: bool
    """True for the words between quotation marks, false for reported speech."""


def without_sign_of_zero(value: float) -> float:
    """Return 0 for -0, which SQLite would not keep: the fact would come back as another one."""
    return value + 0.0


class FigureEntry(FactEntry):
    """A number or quantity."""

    type: Literal[FactType.FIGURE]
    subject: AnyEntity | None = None
    """What is counted or measured."""
    expression: Words
    """The article's words for it."""
    value: Annotated[float, Field(allow_inf_nan=False), AfterValidator(without_sign_of_zero)] | None = None
    """Its value; absent when the words give no number."""
    unit: Slug | None = None
    """What it counts or measures: `people`, `dollars`, `kilometres`."""
    qualifier: Line | None = None
    """How exact it is: `about`, `at least`, `unclear whether in total or each`."""


class NoteEntry(FactEntry):
    """A remark on the text, or on another fact of the file."""

    type: Literal[FactType.NOTE]
    about: Slug | None = None
    """The `id` of the fact that it remarks on."""
    category: NoteCategory
    """What sort of remark."""
    suggestion: Line | None = None
    """The better wording or the other reading; the article's words stay as they are."""
    statement: Line
    """The remark."""
    evidence: Annotated[
        list[Quotation],
        BeforeValidator(as_quotations, json_schema_input_type=str | Quotation | list[str | Quotation]),
    ] = []
    """The words that it remarks on; only a `not-stated` note may do without."""

    @model_validator(mode="after")
    def gaps_alone_lack_evidence(self) -> Self:
        """Let only a `not-stated` note do without evidence."""
        if not self.evidence and self.category is not NoteCategory.NOT_STATED:
            raise ValueError("only a `not-stated` note may do without evidence")
        return self


AnyFactEntry = Annotated[
    NameEntry
    | RoleEntry
    | RelationEntry
    | SequenceEntry
    | DescriptionEntry
    | OccurrenceEntry
    | ParticipationEntry
    | DateEntry
    | QuoteEntry
    | FigureEntry
    | NoteEntry,
    Field(discriminator="type"),
]


class ArticleDocument(Model):
    """The facts of one article, beside its text in `article.txt`."""

    article: ArticleHeader = ArticleHeader()
    """What the text gives about the article."""
    entities: dict[Slug, EntityEntry]
    """The people, organisations, units, places, documents and events, by slug."""
    facts: list[AnyFactEntry]
    """The facts, in any order; the text's own order reads best."""


class SubmittedArticle(ArticleDocument):
    """An article as one JSON document: its text, and its facts in the form of `facts.yaml`."""

    id: Slug | None = None
    """Its id; the path says it too where there is one."""
    text: str
    """The text, with line feeds alone; offsets of evidence count its code points."""


ENTRIES: dict[FactType, type[FactEntry]] = {
    FactType(kind): model
    for model in FactEntry.__subclasses__()
    for kind in get_args(model.model_fields["type"].annotation)
}


@cache
def marked(model: type[Model], mark: type[Any]) -> Mapping[str, Any]:
    """Return the fields of the model that carry the mark, with it."""
    return {
        name: found
        for name, field in model.model_fields.items()
        for found in _metadata(field.annotation, field.metadata)
        if isinstance(found, mark)
    }


def _metadata(annotation: Any, metadata: list[Any]) -> Iterator[Any]:
    """Yield the marks of an annotation; in `Annotated[...] | None` they sit inside the union."""
    yield from metadata
    for part in getattr(annotation, "__args__", ()):
        yield from getattr(part, "__metadata__", ())

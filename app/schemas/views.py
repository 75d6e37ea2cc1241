"""Answers that are neither entities nor facts: articles, coverage, search, timeline, graph, health."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.schemas.base import ArticleRef, EntityRef, EvidenceItem, Page, Wire
from app.schemas.entities import EventItem
from app.vocabulary import Basis, ChangeAction, FactType

SearchType = Literal[
    "article",
    "person",
    "organisation",
    "unit",
    "place",
    "document",
    "event",
    "name",
    "role",
    "relation",
    "sequence",
    "description",
    "occurrence",
    "participation",
    "date",
    "quote",
    "figure",
    "note",
]


class ArticleItem(Wire):
    """An article: what the text itself gives, and no more."""

    id: str
    """Its id: a slug."""
    url: str
    """The path that answers it."""
    text_url: str
    """The path of the text, as it was published."""
    dateline: str | None
    """The place and date at the head of the text."""
    headline: str | None
    """The headline; null unless the text has it."""
    byline: str | None
    """The author's line; null unless the text has it."""
    publisher: str | None
    """The publisher; null unless the text names it."""
    source_url: str | None
    """The article's own address; null unless the text gives it."""
    year: int | None
    """The year of the Gregorian calendar; null unless the text states it."""
    sha256: str
    """Of the text's UTF-8 bytes, in lower-case hex."""
    length: int
    """The length of the text, in Unicode code points."""
    paragraphs: int
    """How many paragraphs the text has."""
    words: int
    """How many words the text has."""
    facts: int
    """How many facts are drawn from it."""
    evidence: list[EvidenceItem] | None
    """Where the text gives its dateline, headline, byline, publisher and address; null in lists, unless asked for with
    `include=evidence`."""


class Coverage(Wire):
    """Which words of an article no fact uses."""

    article: ArticleRef
    """The article."""
    words: int
    """How many words the text has."""
    covered: int
    """How many of them are evidence of a fact."""
    share: Annotated[float, Field(ge=0, le=1)]
    """`covered` divided by `words`, from 0 to 1."""
    gaps: list[EvidenceItem]
    """The runs of words that no fact uses, in the order of the text."""


class SearchHit(Wire):
    """Something that full text found."""

    type: SearchType
    """The type of the entity or fact, or `article`."""
    id: str
    """Its id."""
    name: str
    """The entity's name, the fact's statement, or the article's first line."""
    url: str
    """The path that answers it."""
    snippet: str
    """The best passage, its matching words between `**` and `**`."""
    evidence: list[EvidenceItem] | None
    """The words that support the fact, or that name the entity; null unless asked for with `include=evidence`."""


class Timeline(Page[EventItem]):
    """Events in the order of their days; undated ones apart."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    undated: Page[EventItem]
    """Events of the same question of which a first or a last day is not known, in the order of their names."""


class GraphEdge(Wire):
    """What connects two entities; the same connection of several articles appears once."""

    source: str
    """The id of the node that it starts from: the person, child, participant, earlier event or speaker."""
    target: str
    """The id of the node that it leads to: the organisation, parent, event, later event or addressee."""
    type: FactType
    """The type of the facts behind it."""
    label: str
    """The title, the kind of relation, the role in the event, `before` or `said to`."""
    basis: Basis
    """`stated` if an article says it, `inferred` if somebody concluded it."""
    reasoning: str | None
    """Why it follows from the evidence; null when stated."""
    attributed_to: EntityRef | None
    """The entity that the article says it from; null for the article's own voice."""
    facts: list[str]
    """The paths of the facts behind it."""
    evidence: list[EvidenceItem] | None
    """The words that support it; null unless asked for with `include=evidence`."""


class Graph(Wire):
    """Entities and what connects them."""

    nodes: list[EntityRef]
    """The entities, the focus first, then by their distance from it."""
    edges: list[GraphEdge]
    """The connections among the nodes."""
    truncated: bool
    """True when `limit` left entities out, or may have, as only the first connections of an entity are looked at."""


class ChangeItem(Wire):
    """What one load did to an article."""

    revision: int
    """The revision that it led to."""
    action: ChangeAction
    """What happened to the article."""
    article: str
    """The id of the article, which may be gone by now."""
    at: datetime
    """When it was loaded, in UTC."""


class Changes(Page[ChangeItem]):
    """What happened to articles after a revision, the oldest change first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    revision: int
    """The revision that the database has come to."""
    history: str
    """Whose revisions these are: another value means another database, and that what is known has to be read anew."""


class Checked(Wire):
    """A document with nothing wrong in it."""

    article: str | None
    """The id of the article, if the document has one."""
    facts: int
    """How many facts it has."""
    entities: int
    """How many entities it has."""


class Health(Wire):
    """Whether the process is alive."""

    status: Literal["ok"]
    """`ok`."""
    version: str
    """The version of Dateline."""


class Readiness(Wire):
    """Whether the service can answer."""

    status: Literal["ready"]
    """`ready`."""
    revision: int
    """How many loads the database has seen."""
    writable: bool
    """False while reads go to a replica whose primary, which writes go to, cannot be reached."""

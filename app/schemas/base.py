"""What all answers are made of: references, evidence, statements, pages."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from app.vocabulary import Basis, EntityType, FactType, TotalRelation


class Wire(BaseModel):
    """Every field is always present; the docstring under a field is its description in OpenAPI."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )


ENTITY_PATHS = {
    EntityType.PERSON: "/people",
    EntityType.ORGANISATION: "/organisations",
    EntityType.UNIT: "/units",
    EntityType.PLACE: "/places",
    EntityType.DOCUMENT: "/documents",
    EntityType.EVENT: "/events",
}
FACT_PATHS = {
    FactType.ROLE: "/roles",
    FactType.DATE: "/dates",
    FactType.QUOTE: "/quotes",
    FactType.FIGURE: "/figures",
    FactType.NOTE: "/notes",
}
PATHS_BY_TERM = {term.value: path for paths in (ENTITY_PATHS, FACT_PATHS) for term, path in paths.items()}
"""By the term as rows have it: making it an enumeration's member first takes longer than all else about an url."""


def entity_url(entity_type: str, entity_id: str) -> str:
    """Return the path that answers the entity."""
    return f"{PATHS_BY_TERM[entity_type]}/{entity_id}"


def fact_url(fact_type: str, fact_id: str) -> str:
    """Return the path that answers the fact: its type's own where there is one, else `/facts`."""
    return f"{PATHS_BY_TERM.get(fact_type, '/facts')}/{fact_id}"


class EntityRef(Wire):
    """An entity, as others refer to it."""

    type: EntityType
    """What it is."""
    id: str
    """Its id: a slug, unique over all types."""
    name: str
    """What to call it."""
    url: str
    """The path that answers it."""


class ArticleRef(Wire):
    """An article, as others refer to it."""

    id: str
    """Its id: a slug."""
    url: str
    """The path that answers it."""


def article_ref(article_id: str) -> ArticleRef:
    """Return how to refer to the article."""
    return ArticleRef(id=article_id, url=f"/articles/{article_id}")


class EvidenceItem(Wire):
    """Exact words of an article: `text[start:end] == exact`, in Unicode code points of `/articles/{id}/text`."""

    article: str
    """The id of the article."""
    exact: str
    """The words, letter for letter."""
    prefix: str
    """What stands right before them: 20 code points or a little more, in whole words."""
    suffix: str
    """What stands right after them: 20 code points or a little more, in whole words."""
    start: Annotated[int, Field(ge=0)]
    """Where they start: code points from the start of the text, the first being 0."""
    end: Annotated[int, Field(ge=1)]
    """Where they end: code points from the start of the text, exclusive."""
    paragraph: Annotated[int, Field(ge=1)]
    """The paragraph that holds them, counted from 1."""


class Statement(Wire):
    """What is said of an entity. The same statement of several articles appears once, with all of its facts."""

    basis: Basis
    """`stated` if an article says it, `inferred` if somebody concluded it."""
    reasoning: str | None
    """Why it follows from the evidence; null when stated."""
    attributed_to: EntityRef | None
    """The entity that the article says it from; null for the article's own voice."""
    facts: list[str]
    """The paths of the facts behind it, one an article."""
    notes: list[str]
    """The paths of notes on those facts: second readings, slips, gaps."""
    evidence: list[EvidenceItem] | None
    """The words that support it, in the order of the text; null in lists, unless asked for with `include=evidence`."""


ItemT = TypeVar("ItemT")


class Page(Wire, Generic[ItemT]):
    """One page of a list.

    Its descriptions are no docstrings: pydantic would look for them in all source files that are being imported, anew
    for each kind of item, which takes longer than all else about the models together.
    """

    model_config = ConfigDict(use_attribute_docstrings=False)

    items: Annotated[list[ItemT], Field(description="The items of this page, in the order of `sort`.")]
    total: Annotated[
        int, Field(ge=0, description="How many items all pages have together, or at least have: see `total_relation`.")
    ]
    total_relation: Annotated[TotalRelation, Field(description="Whether `total` is exact.")]
    next: Annotated[
        str | None,
        Field(description="The path of the next page, also in the `Link` header; null on the last page alone."),
    ]


class Fault(Wire):
    """One thing that is wrong with a request."""

    location: str
    """Where it is: `query`, `path`, `header` or `body`."""
    name: str
    """The parameter."""
    detail: str
    """What is wrong with it, and the way out."""
    suggestion: str | None
    """The nearest name or value that would do; null when none is near."""


class Problem(Wire):
    """An error, as RFC 9457 has it."""

    type: str
    """What kind of problem it is; `about:blank` where the status says it all."""
    title: str
    """The kind in words."""
    status: Annotated[int, Field(ge=400, le=599)]
    """The HTTP status."""
    detail: str
    """What happened this time, and the way out."""
    instance: str
    """The path that was asked for."""
    errors: list[Fault]
    """Every fault of the request, where it has any."""

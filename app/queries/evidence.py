"""What stands behind statements, fetched for a whole page at once: evidence, notes, references."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import BindParameter, Connection, bindparam, select
from sqlmodel import col

from app.database import Question
from app.schemas.base import EntityRef, EvidenceItem, entity_url, fact_url
from app.tables import Entity, Evidence, Note, Span
from app.vocabulary import EntityType, FactType

EVIDENCE = (
    select(
        col(Evidence.fact_id),
        col(Span.article_id),
        col(Span.exact),
        col(Span.prefix),
        col(Span.suffix),
        col(Span.start),
        col(Span.end),
        col(Span.paragraph),
    )
    .join(Span, col(Span.id) == col(Evidence.span_id))
    .order_by(col(Span.article_id), col(Span.start), col(Span.end))
)
NOTES = select(col(Note.about_fact_id), col(Note.fact_id)).order_by(col(Note.fact_id))
IDS: BindParameter[list[str]] = bindparam("ids", expanding=True)
EVIDENCE_OF_FACTS = Question(EVIDENCE.where(col(Evidence.fact_id).in_(IDS)))
NOTES_ON_FACTS = Question(NOTES.where(col(Note.about_fact_id).in_(IDS)))
REFERENCES = Question(select(col(Entity.id), col(Entity.type), col(Entity.name)).where(col(Entity.id).in_(IDS)))


def evidence_of(connection: Connection, facts: list[str]) -> dict[str, list[EvidenceItem]]:
    """Return the evidence of the facts, in the order of the text, by fact id."""
    evidence: dict[str, list[EvidenceItem]] = defaultdict(list)
    rows = EVIDENCE_OF_FACTS.all(connection, {"ids": facts})
    for fact_id, article, exact, prefix, suffix, start, end, paragraph in rows:
        evidence[fact_id].append(
            EvidenceItem(
                article=article, exact=exact, prefix=prefix, suffix=suffix, start=start, end=end, paragraph=paragraph
            )
        )
    return evidence


def notes_on(connection: Connection, facts: list[str]) -> dict[str, list[str]]:
    """Return the paths of the notes on the facts, by fact id."""
    notes: dict[str, list[str]] = defaultdict(list)
    for about, fact_id in NOTES_ON_FACTS.all(connection, {"ids": facts}):
        notes[about].append(fact_url(FactType.NOTE, fact_id))
    return notes


def references(connection: Connection, ids: Iterable[str | None]) -> dict[str | None, EntityRef | None]:
    """Return how to refer to the entities, by id; None refers to nothing."""
    wanted = {entity_id for entity_id in ids if entity_id is not None}
    refs: dict[str | None, EntityRef | None] = {None: None}
    if wanted:
        for entity_id, entity_type, name in REFERENCES.all(connection, {"ids": list(wanted)}):
            refs[entity_id] = EntityRef(
                type=EntityType(entity_type), id=entity_id, name=name, url=entity_url(entity_type, entity_id)
            )
    return refs

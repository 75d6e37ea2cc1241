"""What stands behind statements, fetched for a whole page at once: evidence, notes, references."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import BindParameter, Connection, Executable, bindparam, select
from sqlmodel import col

from app.schemas.base import EntityRef, EvidenceItem, entity_url, fact_url
from app.tables import Entity, Evidence, Mention, Note, Span
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
MENTIONS = select(col(Mention.fact_id)).where(col(Mention.entity_id).in_(IDS))
"""The facts that mention the entities `ids`: however many there are, a page asks with its entities alone."""

EVIDENCE_OF_FACTS = EVIDENCE.where(col(Evidence.fact_id).in_(IDS))
EVIDENCE_OF_MENTIONS = EVIDENCE.where(col(Evidence.fact_id).in_(MENTIONS))
NOTES_ON_FACTS = NOTES.where(col(Note.about_fact_id).in_(IDS))
NOTES_ON_MENTIONS = NOTES.where(col(Note.about_fact_id).in_(MENTIONS))
REFERENCES = select(col(Entity.id), col(Entity.type), col(Entity.name)).where(col(Entity.id).in_(IDS))


def evidence_of(connection: Connection, facts: list[str]) -> dict[str, list[EvidenceItem]]:
    """Return the evidence of the facts, in the order of the text, by fact id."""
    return _evidence(connection, EVIDENCE_OF_FACTS, facts)


def evidence_of_mentions(connection: Connection, entities: list[str]) -> dict[str, list[EvidenceItem]]:
    """Return the evidence of all facts that mention the entities, in the order of the text, by fact id."""
    return _evidence(connection, EVIDENCE_OF_MENTIONS, entities)


def _evidence(connection: Connection, statement: Executable, ids: list[str]) -> dict[str, list[EvidenceItem]]:
    evidence: dict[str, list[EvidenceItem]] = defaultdict(list)
    for fact_id, article, exact, prefix, suffix, start, end, paragraph in connection.execute(statement, {"ids": ids}):
        evidence[fact_id].append(
            EvidenceItem(
                article=article, exact=exact, prefix=prefix, suffix=suffix, start=start, end=end, paragraph=paragraph
            )
        )
    return evidence


def notes_on(connection: Connection, facts: list[str]) -> dict[str, list[str]]:
    """Return the paths of the notes on the facts, by fact id."""
    return _notes(connection, NOTES_ON_FACTS, facts)


def notes_on_mentions(connection: Connection, entities: list[str]) -> dict[str, list[str]]:
    """Return the paths of the notes on all facts that mention the entities, by fact id."""
    return _notes(connection, NOTES_ON_MENTIONS, entities)


def _notes(connection: Connection, statement: Executable, ids: list[str]) -> dict[str, list[str]]:
    notes: dict[str, list[str]] = defaultdict(list)
    for about, fact_id in connection.execute(statement, {"ids": ids}):
        notes[about].append(fact_url(FactType.NOTE, fact_id))
    return notes


def references(connection: Connection, ids: Iterable[str | None]) -> dict[str | None, EntityRef | None]:
    """Return how to refer to the entities, by id; None refers to nothing."""
    wanted = {entity_id for entity_id in ids if entity_id is not None}
    refs: dict[str | None, EntityRef | None] = {None: None}
    if wanted:
        for entity_id, entity_type, name in connection.execute(REFERENCES, {"ids": list(wanted)}):
            refs[entity_id] = EntityRef(
                type=EntityType(entity_type), id=entity_id, name=name, url=entity_url(entity_type, entity_id)
            )
    return refs

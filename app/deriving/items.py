"""Items as answers show them, put together for many entities at once: plain values to JSON, nothing validated."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import to_json
from sqlalchemy import Connection, select
from sqlmodel import col

from app.database.questions import Question
from app.deriving.sections import MODELS, MOST, SECTIONS, SOURCES, Section, facts_of, places_of_entities
from app.deriving.selecting import IDS, delete_ids, insert_rows, rows_of_ids
from app.prepared import GAP
from app.schemas.base import entity_url, fact_url
from app.tables import Entity, Evidence, Note, PreparedItem, Span, table_of
from app.vocabulary import Basis, EntityType, FactType

ENTITY, SPAN = table_of(Entity).c, table_of(Span).c
ENTITIES = Question(
    select(ENTITY.id, ENTITY.type, ENTITY.name, ENTITY.kind, ENTITY.earliest, ENTITY.latest).where(ENTITY.id.in_(IDS))
)
NAMED = Question(select(ENTITY.id, ENTITY.type, ENTITY.name).where(ENTITY.id.in_(IDS)))
NOTES = Question(
    select(col(Note.about_fact_id), col(Note.fact_id))
    .where(col(Note.about_fact_id).in_(IDS))
    .order_by(col(Note.fact_id))
)
EVIDENCE = Question(
    select(
        col(Evidence.fact_id),
        SPAN.article_id,
        SPAN.exact,
        SPAN.prefix,
        SPAN.suffix,
        SPAN.start,
        SPAN.end,
        SPAN.paragraph,
    )
    .join(Span, SPAN.id == col(Evidence.span_id))
    .where(col(Evidence.fact_id).in_(IDS))
    .order_by(col(Evidence.fact_id), SPAN.article_id, SPAN.start, SPAN.end)
)
Facts = Sequence[Any]
"""Rows of `facts_of` a type."""
UNFILLED: Final = GAP.decode()
MARK: Final = to_json(UNFILLED)
"""What a gap is in JSON at first: a character that no text of a fact holds."""
FIELDS: Final[dict[EntityType, dict[str, Section | None]]] = {
    entity_type: {**dict.fromkeys(model.model_fields), **{each.name: each for each in SECTIONS[entity_type]}}
    for entity_type, model in MODELS.items()
}
"""By type of entity, the fields of its item, and the section behind those that are lists of statements."""


@dataclass(frozen=True)
class Background:
    """What the items of many entities are made of, each fetched in one go."""

    facts: Mapping[FactType, Mapping[str, Facts]]
    """By type and entity: the first `MOST`, and at least one more where there are more."""
    notes: Mapping[str, list[str]]
    evidence: Mapping[str, bytes]
    """By fact: JSON, its items with commas between them."""
    refs: Mapping[str | None, dict[str, str] | None]

    @classmethod
    def fetch(cls, connection: Connection, entities: Collection[str]) -> "Background":
        """Fetch it."""
        facts: dict[FactType, dict[str, Facts]] = {
            fact_type: _facts(connection, fact_type, entities) for fact_type in SOURCES
        }
        shown = {row.id for of_type in facts.values() for rows in of_type.values() for row in rows[:MOST]}
        return cls(facts, _notes(connection, shown), _evidence(connection, shown), _refs(connection, facts))

    def articles(self, entity: str) -> tuple[list[str], bool]:
        """Return the first articles that mention the entity, as far as its facts tell, and whether that is all."""
        of_entity = [facts[entity] for facts in self.facts.values() if entity in facts]
        cut = [rows[MOST].article_id for rows in of_entity if len(rows) > MOST]
        articles = sorted({row.article_id for rows in of_entity for row in rows})
        known = [article for article in articles if article <= min(cut)] if cut else articles
        return known[:MOST], not cut and len(known) <= MOST


def prepare_items(connection: Connection, entities: Collection[str]) -> None:
    """Put the items of the entities together anew, and store them."""
    delete_ids(connection, table_of(PreparedItem).delete().where(col(PreparedItem.entity_id).in_(IDS)), entities)
    insert_rows(connection, PreparedItem, list(prepared_items(connection, entities)))


def prepared_items(connection: Connection, entities: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the prepared items of those of the entities that are there."""
    rows = sorted(rows_of_ids(connection, ENTITIES, entities), key=lambda row: str(row.id))
    behind = Background.fetch(connection, [row.id for row in rows])
    for row in rows:
        yield _prepared(row, behind)


def _facts(connection: Connection, fact_type: FactType, entities: Collection[str]) -> dict[str, Facts]:
    facts: dict[str, list[Any]] = defaultdict(list)
    for row in rows_of_ids(connection, facts_of(fact_type), entities):
        facts[row[0]].append(row)
    return dict(facts)


def _notes(connection: Connection, facts: Collection[str]) -> dict[str, list[str]]:
    notes: dict[str, list[str]] = defaultdict(list)
    for about, fact_id in rows_of_ids(connection, NOTES, facts):
        notes[about].append(fact_url(FactType.NOTE, fact_id))
    return notes


def _evidence(connection: Connection, facts: Collection[str]) -> dict[str, bytes]:
    evidence: dict[str, list[bytes]] = defaultdict(list)
    for fact_id, article, exact, prefix, suffix, start, end, paragraph in rows_of_ids(connection, EVIDENCE, facts):
        item = {
            "article": article,
            "exact": exact,
            "prefix": prefix,
            "suffix": suffix,
            "start": start,
            "end": end,
            "paragraph": paragraph,
        }
        evidence[fact_id].append(to_json(item))
    return {fact_id: b",".join(items) for fact_id, items in evidence.items()}


def _refs(
    connection: Connection, facts: Mapping[FactType, Mapping[str, Facts]]
) -> dict[str | None, dict[str, str] | None]:
    """Return how to refer to all entities in the facts; None refers to nothing."""
    wanted: set[str | None] = set()
    for fact_type, of_entities in facts.items():
        places = places_of_entities(fact_type)
        wanted |= {row[place] for rows in of_entities.values() for row in rows[:MOST] for place in places}
    wanted.discard(None)
    refs: dict[str | None, dict[str, str] | None] = {None: None}
    for entity_id, entity_type, name in rows_of_ids(connection, NAMED, wanted):
        refs[entity_id] = {
            "type": entity_type,
            "id": entity_id,
            "name": name,
            "url": entity_url(entity_type, entity_id),
        }
    return refs


def _prepared(row: Any, behind: Background) -> dict[str, Any]:
    entity_type = EntityType(row.type)
    articles, all_of_them = behind.articles(row.id)
    more = {} if all_of_them else {"articles": f"/facts?entity={row.id}"}
    evidence: list[bytes] = []
    values: dict[str, Any] = {
        "id": row.id,
        "url": entity_url(entity_type, row.id),
        "type": entity_type.value,
        "name": row.name,
        "kind": row.kind,
        "articles": [{"id": article, "url": f"/articles/{article}"} for article in articles],
        "earliest": row.earliest,
        "latest": row.latest,
        "more": more,
    }
    for name, section in FIELDS[entity_type].items():
        if section:
            facts = behind.facts[section.fact_type].get(row.id, ())
            values[name] = _statements(section, row.id, facts, behind, evidence) if facts else []
            if len(facts) > MOST:
                more[name] = f"/facts?entity={row.id}&type={section.fact_type}"
    item = to_json({name: values[name] for name in FIELDS[entity_type]}).replace(MARK, GAP)
    return {"entity_id": row.id, "item": item, "evidence": GAP.join(evidence)}


def _statements(
    section: Section, entity: str, facts: Facts, behind: Background, evidence: list[bytes]
) -> list[dict[str, Any]]:
    """Return the statements; facts of several articles that say the same become one, stated if one of them is."""
    anchor, only, said = section.anchor_place, section.only, section.said
    same: dict[tuple[Any, ...], list[Any]] = {}
    for row in facts[:MOST]:
        if row[anchor] == entity and (only is None or only(row)):
            same.setdefault(said(row), []).append(row)
    evidence += [
        b"[%s]" % b",".join([behind.evidence[row.id] for row in alike if row.id in behind.evidence])
        for alike in same.values()
    ]
    return [_statement(section, said, alike, behind) for said, alike in same.items()]


def _statement(section: Section, said: tuple[Any, ...], alike: Facts, behind: Background) -> dict[str, Any]:
    first = alike[0] if len(alike) == 1 else min(alike, key=_inferred)
    statement = {
        "basis": first.basis,
        "reasoning": first.reasoning,
        "attributed_to": behind.refs[said[0]],
        "facts": [fact_url(section.fact_type, row.id) for row in alike],
        "notes": [note for row in alike for note in behind.notes.get(row.id, ())],
        "evidence": UNFILLED,
    }
    for (name, is_ref), value in zip(section.fields, said[1:], strict=True):
        statement[name] = behind.refs[value] if is_ref else value
    return statement


def _inferred(row: Any) -> bool:
    return bool(row.basis != Basis.STATED)

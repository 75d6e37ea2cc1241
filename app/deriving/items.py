"""Items as answers show them, put together for many entities at once: plain values to JSON, nothing validated."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Row, Select, select
from sqlmodel import col

from app.deriving.sections import MODELS, MOST, SECTIONS, Section, Source
from app.deriving.selecting import IDS, delete_ids, insert_rows, rows_of_ids
from app.prepared import GAP
from app.schemas.base import EvidenceItem, entity_url, fact_url
from app.tables import Entity, Evidence, Fact, Mention, Note, PreparedItem, Span, table_of
from app.vocabulary import Basis, EntityType, FactType

ENTITY, FACT, SPAN = table_of(Entity).c, table_of(Fact).c, table_of(Span).c
ENTITIES = select(ENTITY.id, ENTITY.type, ENTITY.name, ENTITY.kind, ENTITY.earliest, ENTITY.latest).where(
    ENTITY.id.in_(IDS)
)
NAMED = select(ENTITY.id, ENTITY.type, ENTITY.name).where(ENTITY.id.in_(IDS))
ARTICLES = (
    select(col(Mention.entity_id), FACT.article_id)
    .join(Fact, FACT.id == col(Mention.fact_id))
    .where(col(Mention.entity_id).in_(IDS))
    .distinct()
    .order_by(col(Mention.entity_id), FACT.article_id)
)
NOTES = (
    select(col(Note.about_fact_id), col(Note.fact_id))
    .where(col(Note.about_fact_id).in_(IDS))
    .order_by(col(Note.fact_id))
)
EVIDENCE = (
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
EVIDENCE_FIELDS = tuple(EvidenceItem.model_fields)
Facts = Sequence[Row[Any]]


@dataclass(frozen=True)
class Background:
    """What the items of many entities are made of, each fetched in one go."""

    facts: Mapping[Source, Mapping[str, Facts]]
    """By source and entity: the first `MOST`, and one more where there are more."""
    articles: Mapping[str, list[str]]
    """Likewise."""
    notes: Mapping[str, list[str]]
    evidence: Mapping[str, bytes]
    """By fact: JSON, its items with commas between them."""
    refs: Mapping[str | None, dict[str, str] | None]

    @classmethod
    def fetch(cls, connection: Connection, entities: Collection[Row[Any]]) -> "Background":
        """Fetch it."""
        of_type: dict[EntityType, list[str]] = defaultdict(list)
        for row in entities:
            of_type[EntityType(row.type)].append(row.id)
        sources: dict[Source, list[str]] = defaultdict(list)
        for entity_type, ids in of_type.items():
            for source in dict.fromkeys(section.source for section in SECTIONS[entity_type]):
                sources[source] += ids
        facts = {source: _first(connection, source.statement, ids) for source, ids in sources.items()}
        shown = [row for of in facts.values() for rows in of.values() for row in rows[:MOST]]
        fact_ids = {row.id for row in shown}
        articles = _first(connection, ARTICLES, [row.id for row in entities])
        return cls(
            facts,
            {entity: [row.article_id for row in rows] for entity, rows in articles.items()},
            _notes(connection, fact_ids),
            _evidence(connection, fact_ids),
            _refs(connection, shown),
        )


def prepare_items(connection: Connection, entities: Collection[str]) -> None:
    """Put the items of the entities together anew, and store them."""
    delete_ids(connection, table_of(PreparedItem).delete().where(col(PreparedItem.entity_id).in_(IDS)), entities)
    insert_rows(connection, PreparedItem, list(prepared_items(connection, entities)))


def prepared_items(connection: Connection, entities: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the prepared items of those of the entities that are there."""
    rows = sorted(rows_of_ids(connection, ENTITIES, entities), key=lambda row: str(row.id))
    behind = Background.fetch(connection, rows)
    for row in rows:
        yield _prepared(row, behind)


def _first(connection: Connection, statement: Select[Any], entities: Collection[str]) -> dict[str, Facts]:
    """Return the first rows of each entity, which is their first column, and by which they are ordered."""
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows_of_ids(connection, statement, entities):
        rows = found[row[0]]
        if len(rows) <= MOST:
            rows.append(row)
    return dict(found)


def _notes(connection: Connection, facts: Collection[str]) -> dict[str, list[str]]:
    notes: dict[str, list[str]] = defaultdict(list)
    for about, fact_id in rows_of_ids(connection, NOTES, facts):
        notes[about].append(fact_url(FactType.NOTE, fact_id))
    return notes


def _evidence(connection: Connection, facts: Collection[str]) -> dict[str, bytes]:
    evidence: dict[str, list[bytes]] = defaultdict(list)
    for fact_id, *values in rows_of_ids(connection, EVIDENCE, facts):
        evidence[fact_id].append(to_json(dict(zip(EVIDENCE_FIELDS, values, strict=True))))
    return {fact_id: b",".join(items) for fact_id, items in evidence.items()}


def _refs(connection: Connection, facts: Iterable[Row[Any]]) -> dict[str | None, dict[str, str] | None]:
    """Return how to refer to all entities in the facts; None refers to nothing."""
    wanted: set[str | None] = set()
    columns: dict[tuple[str, ...], list[int]] = {}
    for row in facts:
        places = columns.get(row._fields)
        if places is None:
            places = columns[row._fields] = [
                place for place, name in enumerate(row._fields) if name.endswith("_id") and name != "about_fact_id"
            ]
        wanted.update(row[place] for place in places)
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


def _prepared(row: Row[Any], behind: Background) -> dict[str, Any]:
    entity_type = EntityType(row.type)
    articles = behind.articles.get(row.id, [])
    more = {"articles": f"/facts?entity={row.id}"} if len(articles) > MOST else {}
    evidence: list[bytes] = []
    values = {
        "id": to_json(row.id),
        "url": to_json(entity_url(entity_type, row.id)),
        "type": to_json(entity_type.value),
        "name": to_json(row.name),
        "kind": to_json(row.kind),
        "articles": to_json([{"id": article, "url": f"/articles/{article}"} for article in articles[:MOST]]),
        "earliest": to_json(row.earliest),
        "latest": to_json(row.latest),
    }
    sections = {section.name: section for section in SECTIONS[entity_type]}
    for name in MODELS[entity_type].model_fields:
        if name in sections:
            section = sections[name]
            facts = behind.facts[section.source].get(row.id, ())
            values[name] = b"[%s]" % b",".join(_statements(section, facts, behind, evidence))
            if len(facts) > MOST:
                more[name] = f"/facts?entity={row.id}&type={section.source.fact_type}"
    values["more"] = to_json(more)
    pieces = (b'"%s":%s' % (name.encode(), values[name]) for name in MODELS[entity_type].model_fields)
    item = b"{" + b",".join(pieces) + b"}"
    return {"entity_id": row.id, "item": item, "evidence": GAP.join(evidence)}


def _statements(section: Section, facts: Facts, behind: Background, evidence: list[bytes]) -> Iterator[bytes]:
    """Yield the statements; facts of several articles that say the same become one, stated if one of them is."""
    same: dict[tuple[Any, ...], list[Row[Any]]] = defaultdict(list)
    for row in islice(facts, MOST):
        if section.only is None or section.only(row):
            same[(row.attributed_to_id, *section.values(row))].append(row)
    for (voice, *values), alike in same.items():
        first = min(alike, key=_inferred)
        common = {
            "basis": first.basis,
            "reasoning": first.reasoning,
            "attributed_to": behind.refs[voice],
            "facts": [fact_url(section.source.fact_type, row.id) for row in alike],
            "notes": [note for row in alike for note in behind.notes.get(row.id, ())],
        }
        fields = {
            name: behind.refs[value] if is_ref else value
            for (name, is_ref), value in zip(section.fields, values, strict=True)
        }
        evidence.append(b"[%s]" % b",".join(behind.evidence[row.id] for row in alike if row.id in behind.evidence))
        yield b'%s,"evidence":%s,%s' % (to_json(common)[:-1], GAP, to_json(fields)[1:])


def _inferred(row: Row[Any]) -> bool:
    return bool(row.basis != Basis.STATED)

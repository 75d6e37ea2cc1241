"""A checked article as rows of tables: plain dictionaries, ready for `executemany`."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from app.loading.checking import CheckedArticle, CheckedFact
from app.loading.format import FactEntry, NoteEntry, Refers, RoleEntry, marked
from app.loading.statements import statement_of
from app.tables import APART, FACT_TABLES, UNDATED, UNVALUED, ListedFactRow
from app.text.folding import comparable, fold
from app.text.quoting import WORD, Span, context, paragraph_at, paragraphs
from app.vocabulary import FactType

Row = dict[str, Any]
ORDER = ("article_id", "position")
"""What facts are listed by."""
TABLES = {fact_type: str(model.__tablename__) for fact_type, model in FACT_TABLES.items()}
"""The name of each type's own table."""
SORTED = 100
"""How much of a name lists are sorted by: a cursor must hold it."""


@dataclass
class ArticleRows:
    """The rows of one article. Evidence is still (fact id, place): the database numbers the spans."""

    article: Row
    entities: list[Row]
    facts: list[Row] = field(default_factory=list)
    fact_tables: dict[str, list[Row]] = field(default_factory=dict)
    spans: list[Row] = field(default_factory=list)
    evidence: list[tuple[str, Span]] = field(default_factory=list)
    mentions: list[Row] = field(default_factory=list)
    note_subjects: list[Row] = field(default_factory=list)
    search_documents: list[Row] = field(default_factory=list)


def rows_of(article: CheckedArticle) -> ArticleRows:
    """Return the article's rows; equal articles give equal rows and so an equal digest."""
    header = article.header.model_dump(mode="json")
    rows = ArticleRows(
        article={
            "id": article.id,
            "text": article.text,
            "sha256": hashlib.sha256(article.text.encode()).hexdigest(),
            "source_url": header.pop("url"),
            **header,
        },
        entities=[
            {
                "id": slug,
                "type": entry.type.value,
                "name": entry.name,
                "name_key": fold(entry.name)[:SORTED],
                "kind": entry.kind,
            }
            for slug, entry in sorted(article.entities.items())
        ],
    )
    names = {slug: entry.name for slug, entry in article.entities.items()}
    places = paragraphs(article.text)
    for fact in article.facts:
        _add_fact(rows, article, fact, names)
    _add_spans(rows, article, places)
    rows.search_documents.append(
        {
            "subject_id": article.id,
            "type": "article",
            "title": rows.article["headline"] or article.text.strip().split("\n")[0][:200],
            "body": article.text,
        }
    )
    rows.article["digest"] = _digest(rows)
    _derive(rows, article, places)
    return rows


def _add_fact(rows: ArticleRows, article: CheckedArticle, fact: CheckedFact, names: dict[str, str]) -> None:
    entry, spans = fact.entry, fact.spans
    fact_type, statement = entry.type.value, statement_of(entry, names)
    rows.facts.append(
        {
            "id": fact.id,
            "article_id": article.id,
            "type": fact_type,
            "statement": statement,
            "basis": entry.basis.value,
            "reasoning": entry.reasoning,
            "attributed_to_id": entry.attributed_to,
            "position": spans[0].start if spans else len(article.text),
        }
    )
    rows.fact_tables.setdefault(TABLES[entry.type], []).append(columns_of(article, fact))
    rows.evidence += [(fact.id, span) for span in spans]
    exact = dict.fromkeys([article.text[span.start : span.end] for span in spans])
    rows.search_documents.append(
        {"subject_id": fact.id, "type": fact_type, "title": statement, "body": "\n".join(exact)}
    )


def _derive(rows: ArticleRows, article: CheckedArticle, places: list[Span]) -> None:
    """Add what follows from the rest, so that the digest needs none of it."""
    text = rows.article["text"]
    rows.article |= {
        "length": len(text),
        "paragraphs": len(places),
        "words": len(WORD.findall(text)),
        "facts": len(rows.facts),
    }
    about = Counter(note["about_fact_id"] for note in rows.fact_tables.get("note", ()))
    starting: Counter[int] = Counter()
    for fact in sorted(rows.facts, key=lambda row: row["id"]):
        start = fact["position"]
        fact |= {"position": start * APART + starting[start], "notes": about[fact["id"]]}
        starting[start] += 1
    facts = {row["id"]: row for row in rows.facts}
    for checked in article.facts:
        fact = facts[checked.id]
        rows.mentions += [
            {
                "entity_id": slug,
                "type": fact["type"],
                "article_id": article.id,
                "position": fact["position"],
                "fact_id": checked.id,
            }
            for slug in _mentioned(checked.entry)
        ]
    for fact_type, table in FACT_TABLES.items():
        for row in rows.fact_tables.get(TABLES[fact_type], ()) if issubclass(table, ListedFactRow) else ():
            row |= {"article_id": article.id, "position": facts[row["fact_id"]]["position"]}
            row |= sort_keys_of(fact_type, row)
    rows.note_subjects += _note_subjects(rows)


def _mentioned(entry: FactEntry) -> list[str]:
    """Return the entities that a fact mentions."""
    return sorted({getattr(entry, name) for name in _mentioning(type(entry))} - {None})


@cache
def _mentioning(model: type[FactEntry]) -> tuple[str, ...]:
    """Return the fields that mention entities: who says it all is none of what it says."""
    return tuple(name for name in marked(model, Refers) if name != "attributed_to")


def sort_keys_of(fact_type: FactType, row: Row) -> Row:
    """Return what lists are sorted by beyond the order of the texts, of a row of the type's own table."""
    if fact_type is FactType.DATE:
        return {"day_key": row["earliest"] or row["latest"] or UNDATED}
    if fact_type is FactType.FIGURE:
        return {"value_key": UNVALUED if row["value"] is None else row["value"]}
    return {}


def _note_subjects(rows: ArticleRows) -> Iterator[Row]:
    """Yield the entities that each note's fact mentions."""
    mentioned: dict[str, list[str]] = {}
    for row in rows.mentions:
        mentioned.setdefault(row["fact_id"], []).append(row["entity_id"])
    for note in rows.fact_tables.get("note", ()):
        for entity_id in mentioned.get(note["about_fact_id"], ()):
            yield {"entity_id": entity_id, **{name: note[name] for name in ("fact_id", *ORDER)}}


@cache
def _columns(model: type[FactEntry]) -> dict[str, str]:
    """Return the columns of the fields that entries of a type have beyond those of all facts."""
    references = marked(model, Refers)
    own = [name for name in model.model_fields if name not in FactEntry.model_fields and name != "type"]
    return {name: f"{name}_id" if name in references else name for name in own}


def columns_of(article: CheckedArticle, fact: CheckedFact) -> Row:
    """Return the row of the fact's own table: a field that names an entity becomes a column that ends in `_id`."""
    entry = fact.entry
    row: Row = {"fact_id": fact.id}
    for name, column in _columns(type(entry)).items():
        value = getattr(entry, name)
        row[column] = value.value if isinstance(value, StrEnum) else value
    if isinstance(entry, RoleEntry):
        row["title_key"] = comparable(entry.title)
    if isinstance(entry, NoteEntry):
        about = row.pop("about")
        row["about_fact_id"] = f"{article.id}.{about}" if about else None
    if fact.bounds is not None:
        row |= {
            "earliest": fact.bounds.earliest,
            "latest": fact.bounds.latest,
            "precision": fact.bounds.precision.value,
        }
    return row


def _add_spans(rows: ArticleRows, article: CheckedArticle, places: list[Span]) -> None:
    for span in sorted({span for _, span in rows.evidence}):
        prefix, suffix = context(article.text, span)
        rows.spans.append(
            {
                "article_id": article.id,
                "start": span.start,
                "end": span.end,
                "exact": article.text[span.start : span.end],
                "prefix": prefix,
                "suffix": suffix,
                "paragraph": paragraph_at(places, span.start),
            }
        )


def _digest(rows: ArticleRows) -> str:
    """Hash everything that a load would write, whatever the order of the facts in the file."""
    content = [
        rows.article,
        rows.entities,
        sorted(rows.facts, key=lambda row: row["id"]),
        {table: sorted(entries, key=lambda row: row["fact_id"]) for table, entries in sorted(rows.fact_tables.items())},
        rows.spans,
        sorted((fact_id, span.start, span.end) for fact_id, span in rows.evidence),
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

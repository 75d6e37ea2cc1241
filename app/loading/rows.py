"""A checked article as rows of tables: plain dictionaries, ready for `executemany`."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from app.loading.checking import CheckedArticle, CheckedFact
from app.loading.format import FactEntry, NoteEntry, Refers, RoleEntry, marked
from app.loading.statements import statement_of
from app.tables import FACT_TABLES
from app.text.folding import fold
from app.text.quoting import Span, context, paragraph_at, paragraphs, words

Row = dict[str, Any]
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
    for fact in article.facts:
        _add_fact(rows, article, fact, names)
    _add_spans(rows, article)
    rows.search_documents.append(
        {
            "subject_id": article.id,
            "type": "article",
            "title": rows.article["headline"] or article.text.strip().split("\n")[0][:200],
            "body": article.text,
        }
    )
    rows.article["digest"] = _digest(rows)
    rows.article |= {  # the text's own, so the digest needs none of it
        "length": len(article.text),
        "paragraphs": len(paragraphs(article.text)),
        "words": len(words(article.text)),
    }
    return rows


def _add_fact(rows: ArticleRows, article: CheckedArticle, fact: CheckedFact, names: dict[str, str]) -> None:
    entry, spans = fact.entry, fact.spans
    statement = statement_of(entry, names)
    rows.facts.append(
        {
            "id": fact.id,
            "article_id": article.id,
            "type": entry.type.value,
            "statement": statement,
            "basis": entry.basis.value,
            "reasoning": entry.reasoning,
            "attributed_to_id": entry.attributed_to,
            "position": spans[0].start if spans else len(article.text),
        }
    )
    rows.fact_tables.setdefault(str(FACT_TABLES[entry.type].__tablename__), []).append(columns_of(article, fact))
    rows.evidence += [(fact.id, span) for span in spans]
    mentioned = {getattr(entry, name) for name in marked(type(entry), Refers) if name != "attributed_to"}
    rows.mentions += [{"entity_id": slug, "fact_id": fact.id} for slug in sorted(mentioned - {None})]
    exact = dict.fromkeys(article.text[span.start : span.end] for span in spans)
    rows.search_documents.append(
        {"subject_id": fact.id, "type": entry.type.value, "title": statement, "body": "\n".join(exact)}
    )


def columns_of(article: CheckedArticle, fact: CheckedFact) -> Row:
    """Return the row of the fact's own table: a field that names an entity becomes a column that ends in `_id`."""
    entry = fact.entry
    own = [name for name in type(entry).model_fields if name not in FactEntry.model_fields and name != "type"]
    references = marked(type(entry), Refers)
    dumped = entry.model_dump(mode="python")
    row: Row = {"fact_id": fact.id}
    for name in own:
        value = dumped[name]
        row[f"{name}_id" if name in references else name] = getattr(value, "value", value)
    if isinstance(entry, RoleEntry):
        row["title_key"] = fold(entry.title)
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


def _add_spans(rows: ArticleRows, article: CheckedArticle) -> None:
    places = paragraphs(article.text)
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

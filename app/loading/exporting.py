"""Exporting: an article's rows back to the folder that loads to the same rows."""

import io
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.emitter import Emitter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from sqlalchemy import Connection, bindparam, select
from sqlmodel import col

from app.database import Question
from app.errors import FolderError, NotFoundError
from app.loading.checking import FACT, local_id
from app.loading.format import ENTRIES, FactEntry, NoteEntry, Refers, marked
from app.loading.source import FACTS_FILE, TEXT_FILE
from app.loading.statements import statement_of
from app.tables import FACT_TABLES, Article, Entity, Evidence, Fact, Mention, Span, table_of
from app.text.dates import DateError
from app.text.quoting import occurrences
from app.vocabulary import Basis, FactType

SCHEMA_LINE = "# yaml-language-server: $schema=../facts.schema.json\n"

OF_ARTICLE = col(Fact.article_id) == bindparam("article")
ARTICLE = Question(select(table_of(Article)).where(col(Article.id) == bindparam("article")))
ENTITIES = Question(
    select(col(Entity.id), col(Entity.type), col(Entity.name), col(Entity.kind))
    .where(col(Entity.id).in_(select(col(Mention.entity_id)).join(Fact).where(OF_ARTICLE)))
    .order_by(col(Entity.type), col(Entity.id))
)
FACTS = Question(select(table_of(Fact)).where(OF_ARTICLE).order_by(col(Fact.position), col(Fact.id)))
OWN_ROWS = [
    Question(select(table_of(table)).join(Fact, col(Fact.id) == col(table.fact_id)).where(OF_ARTICLE))
    for table in FACT_TABLES.values()
]
EVIDENCE = Question(
    select(col(Evidence.fact_id), col(Span.start), col(Span.exact))
    .join(Span, col(Span.id) == col(Evidence.span_id))
    .where(col(Span.article_id) == bindparam("article"))
    .order_by(col(Span.start), col(Span.end))
)


def export_article(connection: Connection, article_id: str, to: Path) -> Path:
    """Write the article's folder, named by its id, into the folder `to`; return its path.

    Raises:
        NotFoundError: there is no such article.
        FolderError: the folder is there already.
    """
    text, document = article_document(connection, article_id)
    folder = to / article_id
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:  # perhaps written by hand: comments and order would be lost
        raise FolderError(f"{folder} is there already: export to another place with --to") from error
    (folder / TEXT_FILE).write_bytes(text.encode())
    (folder / FACTS_FILE).write_bytes(facts_yaml(document).encode())
    return folder


class UnfoldedQuotes(Emitter):
    """Leaves strings in double quotes on one line: where the package folds them behind an escape, it adds a blank."""

    def write_double_quoted(self, text: Any, split: bool = True) -> None:  # noqa: ARG002
        """Write the string."""
        super().write_double_quoted(text, split=False)


def facts_yaml(document: dict[str, Any]) -> str:
    """Return the document as YAML that people can read and go on writing."""
    yaml = YAML()
    yaml.width = 110
    yaml.Emitter = UnfoldedQuotes
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(_quoted(document), stream)
    return SCHEMA_LINE + stream.getvalue()


def _quoted(value: Any) -> Any:
    """Put strings in double quotes where they hold what the YAML package takes for the end of a line, 1.1's rule."""
    match value:
        case dict():
            return {key: _quoted(item) for key, item in value.items()}
        case list():
            return [_quoted(item) for item in value]
        case str() if any(char in value for char in "\x85\u2028\u2029"):
            return DoubleQuotedScalarString(value)
        case _:
            return value


def article_document(connection: Connection, article_id: str) -> tuple[str, dict[str, Any]]:
    """Return the article's text and its facts in the form of the format's model.

    Raises:
        NotFoundError: there is no such article.
        FolderError: its rows are not as a load writes them, with a line for each fault.
    """
    found = ARTICLE.all(connection, {"article": article_id})
    if not found:
        raise NotFoundError(f"there is no article ‘{article_id}’")
    article = found[0]
    header = {
        "dateline": article.dateline,
        "headline": article.headline,
        "byline": article.byline,
        "publisher": article.publisher,
        "url": article.source_url,
        "year": article.year,
    }
    entities = _entities(connection, article_id)
    names = {slug: entry["name"] for slug, entry in entities.items()}
    return article.text, {
        "article": _present(header),
        "entities": {slug: _present(entry) for slug, entry in entities.items()},
        "facts": _facts(connection, article_id, article.text, names),
    }


def submitted_form(connection: Connection, article_id: str) -> dict[str, Any]:
    """Return the article as one JSON document, in the form of `SubmittedArticle`.

    Raises:
        NotFoundError: there is no such article.
    """
    text, document = article_document(connection, article_id)
    return {"id": article_id, "text": text, **document}


def _present(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}


def _entities(connection: Connection, article_id: str) -> dict[str, dict[str, Any]]:
    rows = ENTITIES.all(connection, {"article": article_id})
    return {row.id: {"type": row.type, "name": row.name, "kind": row.kind} for row in rows}


def _facts(connection: Connection, article_id: str, text: str, names: dict[str, str]) -> list[dict[str, Any]]:
    asked = {"article": article_id}
    own = {row.fact_id: row._asdict() for question in OWN_ROWS for row in question.all(connection, asked)}
    evidence: dict[str, list[Any]] = {}
    for row in EVIDENCE.all(connection, asked):
        evidence.setdefault(row.fact_id, []).append(_quotation(text, row.start, row.exact))
    entries: list[dict[str, Any]] = []
    faults: list[str] = []
    for row in FACTS.all(connection, asked):
        try:
            entries.append(_entry(row, own[row.id], evidence.get(row.id, []), names))
        except ValidationError as error:  # rows that no load has written
            faults += [f"fact {row.id}: {_reason(details)}" for details in error.errors()]
        except DateError as error:
            faults.append(f"fact {row.id}: `edtf`: {error}")
    if faults:
        raise FolderError("\n".join(faults))
    return entries


def _reason(details: ErrorDetails) -> str:
    """Return one of pydantic's errors in words, with the field that it is of."""
    field = details["loc"][1:2]
    message = details["msg"].removeprefix("Value error, ")
    return f"`{field[0]}`: {message}" if field else message


def _quotation(text: str, start: int, exact: str) -> str | dict[str, Any]:
    places = [span.start for span in occurrences(text, exact)]
    return exact if len(places) == 1 else {"exact": exact, "nth": places.index(start) + 1}


def _entry(fact: Any, columns: dict[str, Any], evidence: list[Any], names: dict[str, str]) -> dict[str, Any]:
    """Return one fact as the file has it: what the loader would make by itself is left out."""
    model = ENTRIES[FactType(fact.type)]
    references = marked(model, Refers)
    entry: dict[str, Any] = {"id": fact.id.split(".", 1)[1], "type": fact.type}
    for name in model.model_fields:
        if name not in FactEntry.model_fields and name != "type":
            entry[name] = columns.get(f"{name}_id" if name in references else name)
    if fact.type == FactType.NOTE:
        entry["about"] = columns["about_fact_id"] and columns["about_fact_id"].split(".", 1)[1]
    entry |= {
        "basis": fact.basis if fact.basis != Basis.STATED else None,
        "reasoning": fact.reasoning,
        "attributed_to": fact.attributed_to_id,
        "statement": fact.statement,
        "evidence": evidence[0] if len(evidence) == 1 and isinstance(evidence[0], str) else evidence or None,
    }
    parsed = FACT.validate_python(_present(entry))
    if entry["id"] == local_id(parsed.model_copy(update={"id": None})):
        del entry["id"]
    if not isinstance(parsed, NoteEntry) and fact.statement == statement_of(
        parsed.model_copy(update={"statement": None}), names
    ):
        del entry["statement"]
    return {key: _plain(value) for key, value in _present(entry).items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value

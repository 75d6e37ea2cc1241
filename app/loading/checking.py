"""Checking an article folder: everything that is wrong with it, at once, before the database sees any of it."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from app.loading.format import (
    ENTRIES,
    AnyFactEntry,
    ArticleDocument,
    ArticleHeader,
    DateEntry,
    EntityEntry,
    NoteEntry,
    ParticipationEntry,
    Quotation,
    Quotations,
    Refers,
    Verbatim,
    marked,
)
from app.loading.source import (
    FACTS_FILE,
    TEXT_FILE,
    CheckError,
    Diagnostic,
    DocumentPath,
    Source,
    read_source,
    read_text,
)
from app.text.dates import Bounds, DateError, resolve
from app.text.folding import expected_terms, nearest
from app.text.quoting import QuotationError, Span, locate, not_in_the_text, shown
from app.vocabulary import SLUG, EntityType, FactType, ParticipationRole

FACT: TypeAdapter[AnyFactEntry] = TypeAdapter(AnyFactEntry)
QUOTATIONS: TypeAdapter[list[Quotation]] = TypeAdapter(Quotations)
ENTITY = TypeAdapter(EntityEntry)
HEADER = TypeAdapter(ArticleHeader)
Key = TypeVar("Key")
Valid = TypeVar("Valid")
NOT_CONTENT = {"id", "basis", "reasoning", "statement", "evidence"}
"""What may be mended without making another fact of it, so that its address stays."""


@dataclass(frozen=True)
class CheckedFact:
    """A fact whose references resolve, with its place in the article and its address."""

    id: str
    entry: AnyFactEntry
    spans: tuple[Span, ...]
    bounds: Bounds | None
    """Of a date."""


@dataclass(frozen=True)
class CheckedArticle:
    """An article folder with nothing wrong in it."""

    id: str
    source: Source
    text: str
    header: ArticleHeader
    entities: dict[str, EntityEntry]
    facts: tuple[CheckedFact, ...]


def check_folder(folder: Path) -> CheckedArticle:
    """Read and check an article folder; its name is the article's id.

    Raises:
        CheckError: with every diagnostic of both files.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckError([Diagnostic(folder, 1, 1, "", "there is no such folder")])
    problems: list[Diagnostic] = []
    try:
        text = read_text(folder / TEXT_FILE)
        problems += _text_problems(folder / TEXT_FILE, text)
    except CheckError as error:
        text, problems = "", error.diagnostics
    try:
        source = read_source(folder / FACTS_FILE)
    except CheckError as error:
        raise CheckError(problems + error.diagnostics) from error
    if problems:
        raise CheckError(problems + source.problems)
    return Checker(folder.resolve().name, text, source).check()


def _text_problems(file: Path, text: str) -> Iterator[Diagnostic]:
    """Offsets must mean the same to everyone, so a text has one kind of line end and no NUL."""
    if not text.strip():
        yield Diagnostic(file, 1, 1, "", "the text is empty")
    for char, message in {
        "\r": "a carriage return: save the text with line feeds alone (LF, not CRLF)",
        "\0": "a NUL character: it is not text",
        "\ufeff": "a byte order mark: save the text as UTF-8 without one",
    }.items():
        if (at := text.find(char)) >= 0:
            yield Diagnostic(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), "", message)


class Checker:
    """Goes through one document and collects what is wrong with it."""

    def __init__(self, article_id: str, text: str, source: Source) -> None:
        self.article_id = article_id
        self.text = text
        self.source = source
        self.problems = list(source.problems)
        self.declared: set[str] = set()
        self.entities: dict[str, EntityEntry] = {}
        self.mentioned: set[str] = set()

    def check(self) -> CheckedArticle:
        """Return the checked article, or raise `CheckError` with all diagnostics."""
        if not re.fullmatch(SLUG, self.article_id) or len(self.article_id) > 100:
            message = f"the folder's name {shown(self.article_id)} is the article's id, but not a slug of at most 100"
            self.report((), f"{message} characters")
        data = self.source.data
        if not isinstance(data, dict):
            self.report((), "the file holds no `entities` and `facts`")
            raise CheckError(self.problems)
        header, entries = self._validated(data)
        self._check_header(header)
        facts = [self._checked(index, entry) for index, entry in entries]
        self._check_identity(entries)
        self._check_use()
        if self.problems:
            raise CheckError(self.problems)
        return CheckedArticle(self.article_id, self.source, self.text, header, self.entities, tuple(facts))

    def report(self, path: DocumentPath, message: str) -> None:
        """Note one thing that is wrong."""
        self.problems.append(self.source.diagnostic(path, message))

    def _validated(self, data: dict[str, Any]) -> tuple[ArticleHeader, list[tuple[int, AnyFactEntry]]]:
        """Validate against the format; what fails is reported, what passes is still checked further."""
        entities, facts = data.get("entities"), data.get("facts")
        self.declared = set(entities) if isinstance(entities, dict) else set()
        try:
            document = ArticleDocument.model_validate(data)
        except ValidationError as error:
            for details in error.errors():
                self._report_invalid(details)
            self.entities = dict(_passing(ENTITY, entities.items() if isinstance(entities, dict) else ()))
            header = dict(_passing(HEADER, [("article", data.get("article"))])).get("article", ArticleHeader())
            raw = facts if isinstance(facts, list) else []
            passing = list(_passing(FACT, enumerate(raw)))
            for index in sorted({*range(len(raw))} - {index for index, _ in passing}):
                self._check_rest(index, raw[index])
            return header, passing
        self.entities = document.entities
        return document.article, list(enumerate(document.facts))

    def _report_invalid(self, details: ErrorDetails) -> None:
        """Report one of pydantic's errors in the writer's terms."""
        path = _in_document(details)
        message = details["msg"].removeprefix("Value error, ")
        if details["type"] == "extra_forbidden":
            near = nearest(str(path[-1]), _known_keys(path, self.source.data))
            message = f"unknown key `{path[-1]}`" + (f"; did you mean `{near}`?" if near else "")
        elif details["type"] == "missing":
            message = f"`{path[-1]}` is missing"
        elif details["type"] == "too_short":
            message = "at least one is needed"
        elif details["type"] in ("dict_type", "model_type", "model_attributes_type"):
            message = "here stand keys with their values (`key: value`)"
        elif details["type"] in ("union_tag_not_found", "union_tag_invalid"):
            message = f"`type` must be one of {', '.join(FactType.values())}"
        elif details["type"] == "string_pattern_mismatch" and details["ctx"]["pattern"] == SLUG:
            message = f"{shown(str(details['input']))} is not a slug: lower-case letters, digits and single hyphens"
        elif details["type"] in ("enum", "literal_error"):
            message = _wrong_term(str(details["input"]), details["ctx"]["expected"])
        elif details["type"] == "string_pattern_mismatch":
            message = "here stands one line, without line breaks and control characters"
        self.report(path, message)

    def _check_header(self, header: ArticleHeader) -> None:
        for field in marked(ArticleHeader, Verbatim):
            words = getattr(header, field)
            if words is not None and words not in self.text:
                self.report(("article", field), not_in_the_text(self.text, words))
        if header.year is not None and str(header.year) not in self.text:
            self.report(("article", "year"), f"the text does not state the year {header.year}")

    def _checked(self, index: int, entry: AnyFactEntry) -> CheckedFact:
        """Check one fact against the entities and the text."""
        path: DocumentPath = ("facts", index)
        self._check_references(path, entry)
        spans = [self._located(path, position, quotation) for position, quotation in enumerate(entry.evidence)]
        found = tuple(sorted({span for span in spans if span is not None}))
        if None not in spans:
            self._check_verbatim(path, entry, found)
        bounds = self._resolved(path, entry) if isinstance(entry, DateEntry) else None
        return CheckedFact(f"{self.article_id}.{local_id(entry)}", entry, found, bounds)

    def _check_references(self, path: DocumentPath, entry: AnyFactEntry) -> None:
        for field, mark in marked(type(entry), Refers).items():
            slug = getattr(entry, field)
            if slug is None:
                continue
            self._check_declared((*path, field), slug)
            types = mark.types
            if isinstance(entry, ParticipationEntry) and field == "entity" and entry.role is ParticipationRole.VENUE:
                types = (EntityType.PLACE,)
            if types and slug in self.entities and (actual := self.entities[slug].type) not in types:
                self.report((*path, field), f"`{slug}` is of type {actual}, not {' or '.join(types)}")

    def _located(self, path: DocumentPath, position: int, quotation: Quotation) -> Span | None:
        try:
            return locate(self.text, quotation.exact, quotation.prefix, quotation.suffix, quotation.nth)
        except QuotationError as error:
            here: DocumentPath = (*path, "evidence", position)
            self.report(here if here in self.source.places else (*path, "evidence"), str(error))
            return None

    def _check_verbatim(self, path: DocumentPath, entry: AnyFactEntry, spans: tuple[Span, ...]) -> None:
        evidence = [self.text[span.start : span.end] for span in spans]
        for field in marked(type(entry), Verbatim):
            words = getattr(entry, field)
            if not any(words in exact for exact in evidence):
                self.report(
                    (*path, field),
                    f"the words {shown(words)} are not in this fact's evidence, letter for letter",
                )

    def _resolved(self, path: DocumentPath, entry: DateEntry) -> Bounds | None:
        try:
            bounds = resolve(entry.edtf)
        except DateError as error:
            self.report((*path, "edtf"), str(error))
            return None
        for field in ("earliest", "latest", "precision"):
            given, read = getattr(entry, field), getattr(bounds, field)
            if given is not None and given != read:
                self.report(
                    (*path, field),
                    f"{given} disagrees with `edtf: {entry.edtf}`, which gives {read or 'no bound'}",
                )
        return bounds

    def _check_identity(self, entries: list[tuple[int, AnyFactEntry]]) -> None:
        """Hold that no two facts are the same, and that notes are about facts that exist."""
        first: dict[str, int] = {}
        for index, entry in entries:
            local = local_id(entry)
            if local in first and entry.id is not None:
                self.report(("facts", index, "id"), f"the id `{local}` is taken by facts[{first[local]}]")
            elif local in first:
                message = f"says the same as facts[{first[local]}]: put the evidence of both under one"
                self.report(("facts", index), message)
            first.setdefault(local, index)
        given = [entry.get("id") for entry in self.source.data.get("facts") or () if isinstance(entry, dict)]
        ids = {*first, *(name for name in given if isinstance(name, str))}
        for index, entry in entries:
            if isinstance(entry, NoteEntry) and entry.about is not None and entry.about not in ids:
                near = nearest(entry.about, ids)
                hint = f"; did you mean `{near}`?" if near else "; give the fact an `id` to speak about it"
                self.report(("facts", index, "about"), f"no fact has the id `{entry.about}`{hint}")

    def _check_use(self) -> None:
        """Hold that an entity exists only as long as a fact of the article supports it."""
        for slug in sorted(self.declared - self.mentioned):
            self.report(("entities", slug), "no fact is about this entity: add one or take the entity out")

    def _check_rest(self, index: int, raw: Any) -> None:
        """Check what can be of an entry that is no fact yet: its other faults come to light with the first."""
        if not isinstance(raw, dict):
            return
        if raw.get("type") not in FactType.values():  # any of its words may be what uses an entity
            self.mentioned |= {word for word in raw.values() if isinstance(word, str)}
            return
        path: DocumentPath = ("facts", index)
        for field in marked(ENTRIES[FactType(raw["type"])], Refers):
            if isinstance(slug := raw.get(field), str):
                self._check_declared((*path, field), slug)
        with suppress(ValidationError):
            for position, quotation in enumerate(QUOTATIONS.validate_python(raw.get("evidence"))):
                self._located(path, position, quotation)

    def _check_declared(self, path: DocumentPath, slug: str) -> None:
        if path[-1] != "attributed_to":
            self.mentioned.add(slug)
        if slug not in self.declared:
            near = nearest(slug, self.declared)
            hint = f"; did you mean `{near}`?" if near else ""
            self.report(path, f"`{slug}` is not among the entities{hint}")


def check_agreement(articles: Sequence[CheckedArticle]) -> list[Diagnostic]:
    """Return where articles that share an entity disagree on it: one diagnostic for either file."""
    problems: list[Diagnostic] = []
    first: dict[str, CheckedArticle] = {}
    for article in articles:
        for slug, entry in article.entities.items():
            other = first.setdefault(slug, article)
            for field in ("name", "type", "kind"):
                here, there = getattr(entry, field), getattr(other.entities[slug], field)
                if here != there:
                    problems += [_disagreement(article, other, slug, field), _disagreement(other, article, slug, field)]
    return problems


def _disagreement(article: CheckedArticle, other: CheckedArticle, slug: str, field: str) -> Diagnostic:
    path = ("entities", slug, field)
    there = other.source.diagnostic(path, "")
    here, said = (getattr(each.entities[slug], field) or "nothing" for each in (article, other))
    return article.source.diagnostic(
        path, f"{here} here, but {said} in {there.file}:{there.line}: articles that share an entity agree on it"
    )


def local_id(entry: AnyFactEntry) -> str:
    """Return the fact's id within its article: the one the file gives, else one made of the fact's own columns."""
    if entry.id is not None:
        return entry.id
    excluded = NOT_CONTENT - ({"statement"} if isinstance(entry, NoteEntry) else set())
    content = entry.model_dump(mode="json", exclude=excluded, exclude_none=True)
    if isinstance(entry, DateEntry):
        content = {key: value for key, value in content.items() if key not in ("earliest", "latest", "precision")}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return f"{entry.type.value}-{digest[:10]}"


def _passing(model: TypeAdapter[Valid], entries: Iterable[tuple[Key, Any]]) -> Iterator[tuple[Key, Valid]]:
    """Yield the entries that the model accepts."""
    for key, entry in entries:
        with suppress(ValidationError):
            yield key, model.validate_python(entry)


def _wrong_term(word: str, expected: str) -> str:
    """Say which terms there are, and which of them the word is most like."""
    terms = expected_terms(expected)
    near = nearest(word, terms)
    hint = f"; did you mean `{near}`?" if near else ""
    return f"{shown(word)} is not one of {', '.join(terms)}{hint}"


def _in_document(details: ErrorDetails) -> DocumentPath:
    """Return pydantic's path without what is no step in the document: the tag of the union, and the mark of a key."""
    loc = details["loc"]
    steps = loc[:2] + loc[3:] if loc[:1] == ("facts",) else loc
    return steps[:-1] if steps[-1:] == ("[key]",) and details["type"] != "extra_forbidden" else steps


def _known_keys(path: DocumentPath, data: Any) -> list[str]:
    """Return the keys that the format knows at the parent of the path."""
    match path:
        case (_,):
            return list(ArticleDocument.model_fields)
        case ("article", _):
            return list(ArticleHeader.model_fields)
        case ("entities", _, _):
            return list(EntityEntry.model_fields)
        case ("facts", int(index), _):
            return list(ENTRIES[FactType(data["facts"][index]["type"])].model_fields)
        case _:
            return list(Quotation.model_fields)

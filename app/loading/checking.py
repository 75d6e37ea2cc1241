"""Checking an article folder: everything that is wrong with it, at once, before the database sees any of it."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.errors import TooLongError
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
from app.loading.hints import Hints
from app.loading.source import (
    FACTS_FILE,
    TEXT_FILE,
    CheckError,
    Diagnostic,
    DocumentPath,
    Source,
    Valid,
    read_source,
    read_text,
)
from app.loading.wording import told
from app.text.dates import Bounds, DateError, resolve
from app.text.quoting import (
    QuotationError,
    Span,
    UnfoundError,
    listed,
    locate,
    not_in_the_text,
    shown,
)
from app.vocabulary import SLUG, EntityType, FactType, ParticipationRole

DOCUMENT = TypeAdapter(ArticleDocument)
FACT: TypeAdapter[AnyFactEntry] = TypeAdapter(AnyFactEntry)
QUOTATIONS: TypeAdapter[list[Quotation]] = TypeAdapter(Quotations)
ENTITY = TypeAdapter(EntityEntry)
HEADER = TypeAdapter(ArticleHeader)
Key = TypeVar("Key")
LONGEST_TEXT = 1_000_000
"""Code points of an article: a long book has as many."""
MOST_ENTITIES = 10_000
"""Entities of one article: as many as one SQL statement may name, and far more than one article does."""
MOST_FAULTS = 10_000
"""Faults against the format that are told one by one: more are one fault of whatever wrote the document."""
LONGEST_KEY = 1000
"""Characters of a key among the entities; a slug has 100, but every fault below the key would repeat it."""
NO_ID = "not a slug of at most 100 characters: lower-case letters, digits and single hyphens"
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
    """An article with nothing wrong in it."""

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
        problem = "this is a file, not an article's folder" if folder.exists() else "there is no such file or folder"
        raise CheckError([Diagnostic(folder, 1, 1, "", problem)])
    problems: list[Diagnostic] = []
    try:
        text = read_text(folder / TEXT_FILE)
        problems += [Diagnostic(folder / TEXT_FILE, *place, "", message) for place, message in text_problems(text)]
    except CheckError as error:
        text, problems = "", error.diagnostics
    try:
        source = read_source(folder / FACTS_FILE)
    except CheckError as error:
        raise CheckError(problems + error.diagnostics) from error
    if problems:
        raise CheckError(problems + source.problems)
    article_id = folder.resolve().name
    if not is_id(article_id):
        message = f"the folder's name {shown(article_id)} is the article's id, but {NO_ID}"
        source.problems.append(source.diagnostic((), message))
    return Checker(article_id, text, source).check()


def is_id(name: str) -> bool:
    """Tell whether an article may be called this."""
    return len(name) <= 100 and re.fullmatch(SLUG, name) is not None


def text_problems(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield what is wrong with a text, each with its line and column.

    Offsets must mean the same to everyone, so a text has one kind of line end and no NUL.
    """
    if not text.strip():
        yield (1, 1), "the text is empty"
    if len(text) > LONGEST_TEXT:
        yield (1, 1), f"the text has {len(text)} characters; an article may have {LONGEST_TEXT}"
    for char, message in {
        "\r": "a carriage return: save the text with line feeds alone (LF, not CRLF)",
        "\0": "a NUL character: it is not text",
        "\ufeff": "a byte order mark: save the text as UTF-8 without one",
    }.items():
        if (at := text.find(char)) >= 0:
            yield (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)), message


class Checker:
    """Goes through one document and collects what is wrong with it."""

    def __init__(self, article_id: str, text: str, source: Source, deadline: float = math.inf) -> None:
        self.article_id = article_id
        self.text = text
        self.source = source
        self.deadline = deadline
        self.problems = list(source.problems)
        self.declared: set[str] = set()
        self.entities: dict[str, EntityEntry] = {}
        self.mentioned: set[str] = set()
        self.hints = Hints(text)

    def check(self) -> CheckedArticle:
        """Return the checked article.

        Raises:
            CheckError: with all diagnostics.
            TooLongError: the deadline, of `time.monotonic()`, has passed.
        """
        data = self.source.data
        if not isinstance(data, dict):
            self.report((), "here stand no `entities` and `facts`")
            raise CheckError(self.problems)
        entities = data.get("entities")
        self.declared = set(entities) if isinstance(entities, dict) else set()
        self._check_size()
        header, entries = self._validated(data)
        self._check_header(header)
        local_ids = [local_id(entry) for _, entry in entries]
        facts = [
            self._checked(index, entry, f"{self.article_id}.{local}")
            for (index, entry), local in zip(entries, local_ids, strict=True)
        ]
        self._check_identity(entries, local_ids)
        self._check_use()
        if self.problems:
            raise CheckError(self.problems)
        return CheckedArticle(self.article_id, self.source, self.text, header, self.entities, tuple(facts))

    def report(self, path: DocumentPath, message: str, suggestion: str | None = None) -> None:
        """Note one thing that is wrong."""
        self._go_on()
        self.problems.append(self.source.diagnostic(path, message, suggestion))

    def _go_on(self) -> None:
        """Return if there is time left.

        Raises:
            TooLongError: there is none.
        """
        if monotonic() > self.deadline:
            raise TooLongError("checking this document takes longer than it may here; `dateline load` takes its time")

    def _check_size(self) -> None:
        """Return if there are no more entities, by no longer keys, than can be checked and stored.

        Raises:
            CheckError: there are.
        """
        count, longest = len(self.declared), max(map(len, self.declared), default=0)
        if count > MOST_ENTITIES:
            self.report(("entities",), f"{count} entities, but an article may have {MOST_ENTITIES} at most")
            raise CheckError(self.problems)
        if longest > LONGEST_KEY:
            self.report(("entities",), f"a key of {longest} characters, but a slug has 100 at most")
            raise CheckError(self.problems)

    def _validated(self, data: dict[str, Any]) -> tuple[ArticleHeader, list[tuple[int, AnyFactEntry]]]:
        """Validate against the format; what fails is reported, what passes is still checked further."""
        entities, facts = data.get("entities"), data.get("facts")
        try:
            document = self.source.validate(DOCUMENT, data)
        except ValidationError as error:
            if error.error_count() > MOST_FAULTS:
                self.report((), f"{error.error_count()} faults against the format, too many to tell one by one")
                raise CheckError(self.problems) from error
            for details in error.errors():
                self.report(*told(details, self.source, self.hints))
            self.entities = dict(self._passing(ENTITY, entities.items() if isinstance(entities, dict) else ()))
            header = dict(self._passing(HEADER, [("article", data.get("article"))])).get("article", ArticleHeader())
            raw = facts if isinstance(facts, list) else []
            passing = list(self._passing(FACT, enumerate(raw)))
            for index in sorted({*range(len(raw))} - {index for index, _ in passing}):
                self._check_rest(index, raw[index])
            return header, passing
        self.entities = document.entities
        return document.article, list(enumerate(document.facts))

    def _passing(self, model: TypeAdapter[Valid], entries: Iterable[tuple[Key, Any]]) -> Iterator[tuple[Key, Valid]]:
        """Yield the entries that the model accepts."""
        for key, entry in entries:
            self._go_on()
            with suppress(ValidationError):
                yield key, self.source.validate(model, entry)

    def _check_header(self, header: ArticleHeader) -> None:
        for field in marked(ArticleHeader, Verbatim):
            words = getattr(header, field)
            if words is not None and words not in self.text:
                self._report_unfound(("article", field), words)
        if header.year is not None and str(header.year) not in self.text:
            self.report(("article", "year"), f"the text does not state the year {header.year}")

    def _checked(self, index: int, entry: AnyFactEntry, fact_id: str) -> CheckedFact:
        """Check one fact against the entities and the text."""
        path: DocumentPath = ("facts", index)
        self._check_references(path, entry)
        spans = [self._located(path, position, quotation) for position, quotation in enumerate(entry.evidence)]
        found = tuple(sorted({span for span in spans if span is not None}))
        if None not in spans:
            self._check_verbatim(path, entry, found)
        bounds = self._resolved(path, entry) if isinstance(entry, DateEntry) else None
        return CheckedFact(fact_id, entry, found, bounds)

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
        self._go_on()
        place: DocumentPath = (*path, "evidence", position)
        try:
            return locate(self.text, quotation.exact, quotation.prefix, quotation.suffix, quotation.nth)
        except UnfoundError:
            self._report_unfound(place, quotation.exact)
        except QuotationError as error:
            self.report(place, str(error))
        return None

    def _report_unfound(self, path: DocumentPath, words: str) -> None:
        """Report words that are not in the text, with the nearest that are, if finding them costs little enough."""
        near = self.hints.words(words)
        nearest = self.text[near.start : near.end] if near else None
        hint = f"; the nearest are {shown(nearest)} at {listed([near])}" if near and nearest else ""
        self.report(path, not_in_the_text(words) + hint, nearest)

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

    def _check_identity(self, entries: list[tuple[int, AnyFactEntry]], local_ids: list[str]) -> None:
        """Hold that no two facts are the same, and that notes are about facts that exist."""
        first: dict[str, int] = {}
        for (index, entry), local in zip(entries, local_ids, strict=True):
            if local in first and entry.id is not None:
                self.report(("facts", index, "id"), f"the id `{local}` is taken by facts[{first[local]}]")
            elif local in first:
                message = f"says the same as facts[{first[local]}]: put the evidence of both under one"
                self.report(("facts", index), message)
            first.setdefault(local, index)
        facts = self.source.data.get("facts")
        given = [entry.get("id") for entry in facts if isinstance(entry, dict)] if isinstance(facts, list) else []
        ids = {*first, *(name for name in given if isinstance(name, str))}
        for index, entry in entries:
            if isinstance(entry, NoteEntry) and entry.about is not None and entry.about not in ids:
                near = self.hints.word(entry.about, ids)
                hint = f"; did you mean `{near}`?" if near else "; give the fact an `id` to speak about it"
                self.report(("facts", index, "about"), f"no fact has the id `{entry.about}`{hint}", near)

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
            near = self.hints.word(slug, self.declared)
            hint = f"; did you mean `{near}`?" if near else ""
            self.report(path, f"`{slug}` is not among the entities{hint}", near)


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

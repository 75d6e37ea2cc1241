"""Writing one article: its sentences, and the facts that rest on their words."""

from typing import Any

from benchmarks.corpus.world import Entity

Document = dict[str, Any]
Value = Entity | str | float | bool | None
CONTEXT = 15
"""Code points of a prefix, where one is needed."""


class Writer:
    """An article that is being written, sentence by sentence, each followed by its facts."""

    def __init__(self) -> None:
        self.header: dict[str, str | int] = {}
        self.entities: dict[str, dict[str, str]] = {}
        self._parts: list[str] = []
        self._length = 0
        self._start = 0
        self._facts: dict[tuple[Any, ...], Document] = {}
        self._evidence: dict[tuple[Any, ...], dict[tuple[int, str], None]] = {}

    def say(self, sentence: str, *, new_paragraph: bool = False) -> None:
        """Add a sentence; the facts that follow quote it."""
        separator = "" if not self._parts else "\n\n" if new_paragraph else " "
        self._start = self._length + len(separator)
        self._parts += [separator, sentence]
        self._length = self._start + len(sentence)

    def fact(
        self,
        fact_type: str,
        /,
        *words: str,
        because: str | None = None,
        said_by: Entity | None = None,
        **columns: Value,
    ) -> None:
        """Add a fact of the last sentence, or more evidence for one that is there.

        Args:
            fact_type: the type of the fact.
            words: what of the sentence is the evidence; all of it if nothing is given.
            because: the reasoning, if the fact is inferred.
            said_by: whom the article says it from.
            columns: the fields of the fact; entities become their slugs and are declared.
        """
        fact: Document = {"type": fact_type}
        for name, value in columns.items():
            if value is not None:
                fact[name.rstrip("_")] = self._slug(value) if isinstance(value, Entity) else value
        if said_by is not None and said_by.slug in self.entities:
            fact["attributed_to"] = said_by.slug
        key = tuple(fact.items())
        if because:
            fact |= {"basis": "inferred", "reasoning": because}
        self._facts.setdefault(key, fact)
        places = self._evidence.setdefault(key, {})
        if not words and columns.get("category") != "not-stated":  # a gap has no words
            words = (self._parts[-1],)
        for exact in words:
            places[self._start + self._parts[-1].index(exact), exact] = None

    def _slug(self, entity: Entity) -> str:
        if entity.slug not in self.entities:
            entry = {"type": entity.type, "name": entity.name}
            self.entities[entity.slug] = entry if entity.kind is None else {**entry, "kind": entity.kind}
        return entity.slug

    def document(self, article_id: str) -> Document:
        """Return the article as the document that `dateline load` takes."""
        text = "".join(self._parts) + "\n"
        for key, fact in self._facts.items():
            quoted = [self._quotation(text, start, exact) for start, exact in self._evidence[key]]
            if quoted:
                fact["evidence"] = quoted[0] if len(quoted) == 1 else quoted
        return {
            "id": article_id,
            "text": text,
            "article": self.header,
            "entities": self.entities,
            "facts": list(self._facts.values()),
        }

    @staticmethod
    def _quotation(text: str, start: int, exact: str) -> str | Document:
        """Return the words, with what tells them apart where they occur more than once."""
        first = text.find(exact)
        if first == start and text.find(exact, start + 1) < 0:
            return exact
        prefix = text[max(0, start - CONTEXT) : start].lstrip()
        if prefix and text.count(prefix.rstrip()) == 1:
            return {"exact": exact, "prefix": prefix}
        end = start + len(exact)
        suffix = text[end : end + CONTEXT].rstrip()
        if suffix and text.count(suffix.lstrip()) == 1:
            return {"exact": exact, "suffix": suffix}
        nth = 1
        while first < start:
            first, nth = text.find(exact, first + 1), nth + 1
        return {"exact": exact, "nth": nth}

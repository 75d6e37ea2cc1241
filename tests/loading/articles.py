"""Articles for tests: one small article with a fact of every type, and a strategy for many that share entities."""

import copy
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from app.loading.checking import CheckedArticle, Checker
from app.loading.source import Source
from app.vocabulary import (
    DateRelation,
    DescriptionKind,
    FactType,
    NameKind,
    NoteCategory,
    ParticipationRole,
    RelationKind,
    Status,
    Term,
)
from tests.folders import as_yaml

Document = dict[str, Any]

TEXT = """\
LONDON, Jun 19 – Ada Lovelace, president of the Weavers’ Union, led a rally in Hull on Tuesday.

The union said its Red Squad, some 200 strong, kept the “peaceful” rally safe.

“We will vote,” Ada told Hull at the rally. Law 12 of 2023 orders the vote; the the law is new.
"""

_DOCUMENT: Document = {
    "article": {"dateline": "LONDON, Jun 19", "year": 2023},
    "entities": {
        "ada": {"type": "person", "name": "Ada Lovelace"},
        "weavers": {"type": "organisation", "name": "Weavers’ Union", "kind": "trade-union"},
        "red-squad": {"type": "unit", "name": "Red Squad"},
        "hull": {"type": "place", "name": "Hull", "kind": "city"},
        "law-12": {"type": "document", "name": "Law 12"},
        "rally": {"type": "event", "name": "Rally in Hull", "kind": "rally"},
        "vote": {"type": "event", "name": "Weavers’ vote"},
    },
    "facts": [
        {
            "type": "date", "id": "dateline", "expression": "Jun 19", "relation": "on", "edtf": "2024?-06-19",
            "basis": "inferred", "reasoning": "The law is of 2023, and the text does not give the year.",
            "evidence": ["LONDON, Jun 19", "Law 12 of 2023"],
        },
        {
            "type": "name", "entity": "ada", "text": "Ada", "kind": "short",
            "evidence": {"exact": "Ada", "suffix": " told"},
        },
        {
            "type": "role", "person": "ada", "organisation": "weavers", "title": "President",
            "evidence": "Ada Lovelace, president of the Weavers’ Union",
        },
        {
            "type": "relation", "kind": "part-of", "child": "red-squad", "parent": "weavers",
            "attributed_to": "weavers", "evidence": "its Red Squad",
        },
        {"type": "participation", "event": "rally", "entity": "ada", "role": "led", "evidence": "led a rally"},
        {"type": "participation", "event": "rally", "entity": "hull", "role": "venue", "evidence": "a rally in Hull"},
        {
            "type": "occurrence", "event": "rally", "status": "occurred",
            "statement": "Weavers rallied in Hull.", "evidence": "led a rally in Hull on Tuesday",
        },
        {
            "type": "date", "entity": "rally", "expression": "on Tuesday", "relation": "on", "edtf": "2024?-06-18",
            "basis": "inferred", "reasoning": "The Tuesday before the dateline.",
            "evidence": ["Jun 19", "on Tuesday"],
        },
        {
            "type": "figure", "subject": "red-squad", "expression": "some 200 strong", "value": 200, "unit": "people",
            "qualifier": "some", "attributed_to": "weavers", "evidence": "some 200 strong",
        },
        {
            "type": "description", "entity": "rally", "kind": "characterisation", "text": "peaceful",
            "attributed_to": "weavers", "evidence": "kept the “peaceful” rally safe",
        },
        {
            "type": "quote", "speaker": "ada", "addressee": "hull", "event": "rally", "text": "We will vote,",
            "direct": True, "evidence": "“We will vote,” Ada told Hull at the rally",
        },
        {"type": "sequence", "earlier": "rally", "later": "vote", "evidence": "We will vote"},
        {
            "type": "relation", "kind": "about", "child": "law-12", "parent": "vote",
            "evidence": "Law 12 of 2023 orders the vote",
        },
        {"type": "note", "category": "typo", "statement": "“the” stands twice.", "suggestion": "the law",
         "evidence": "the the law"},
        {"type": "note", "category": "not-stated", "about": "dateline", "statement": "The year is not stated."},
    ],
}  # fmt: skip


def small_document() -> Document:
    """The facts of `TEXT`, one of every type at least; the caller may change them."""
    return copy.deepcopy(_DOCUMENT)


def small_yaml() -> str:
    return as_yaml(_DOCUMENT)


def checked(article_id: str, text: str, document: Document) -> CheckedArticle:
    """Check a document without writing it to a file."""
    return Checker(article_id, text, Source(Path(f"{article_id}/facts.yaml"), document)).check()


def fact_of(document: Document, fact_type: str) -> Document:
    """The document's first fact of the type."""
    fact: Document = next(fact for fact in document["facts"] if fact["type"] == fact_type)
    return fact


# --- Many articles ------------------------------------------------------------------------------------------------

ODD = "ab:#'\"-{}[]&*!|>%@`\\ ,?~=\u0085\u2028\u00a0\ufeff😀é’\u0301"
LINES = st.text(ODD, min_size=1, max_size=40).filter(str.strip).map(str.strip) | st.sampled_from(
    ["null", "~", "yes", "1e3", "0x1F", "2024-06-18", "- a", "key: value", "word " * 30 + "end", "=", "<<"]
)
TOKENS = st.sampled_from(["Ada", "Ben", "Hull", "the", "vote", "Jun", "19", "200"]) | LINES.map(
    lambda line: line.replace("\ufeff", "é")  # A byte order mark in a text is refused.
)
SEPARATORS = st.sampled_from([" ", " ", "\n", "\n\n", "\t", " – "])

# What an article may call an entity: with two entries, articles may disagree.
ENTITIES: dict[str, list[Document]] = {
    "ada": [{"type": "person", "name": "Ada"}, {"type": "person", "name": "Ada L."}],
    "ben": [{"type": "person", "name": "Ben"}],
    "union": [{"type": "organisation", "name": "Union"}, {"type": "organisation", "name": "Union", "kind": "guild"}],
    "squad": [{"type": "unit", "name": "Squad"}],
    "hull": [{"type": "place", "name": "Hull", "kind": "city"}],
    "act": [{"type": "document", "name": "Act"}, {"type": "event", "name": "Act"}],
    "rally": [{"type": "event", "name": "Rally"}],
    "vote": [{"type": "event", "name": "Vote"}],
}
DATES = ["2024-06-18", "2024?-06-19", "2024-06", "2023", "[..2024-05-31]", "[2024-07-01..]", "2024-06-20/2024-06-30"]


@st.composite
def articles(draw: st.DrawFn) -> tuple[str, Document]:
    """A text and a document that fits it, about some of the entities above."""
    parts: list[str] = []
    places: list[tuple[int, int]] = []
    for token in draw(st.lists(TOKENS, min_size=3, max_size=10)):
        start = len("".join(parts))
        places.append((start, start + len(token)))
        parts += [token, draw(SEPARATORS)]
    text = "".join(parts)
    entities = {slug: draw(st.sampled_from(entries)) for slug, entries in ENTITIES.items()}
    facts: dict[str, Document] = {}
    for number in range(draw(st.integers(1, 6))):
        fact = draw(_facts(text, places, entities, [fact["id"] for fact in facts.values() if "id" in fact]))
        if draw(st.booleans()):
            fact["id"] = f"fact-{number}"
        own = {key: value for key, value in fact.items() if key not in ("id", "evidence", "basis", "reasoning")}
        facts.setdefault(str(sorted(own.items())), fact)
    mentioned = {value for fact in facts.values() for key, value in fact.items() if key in REFERENCES}
    voices = sorted(slug for slug in mentioned if entities[slug]["type"] not in ("document", "event"))
    for fact in facts.values():
        if voices and draw(st.integers(0, 3)) == 0:
            fact["attributed_to"] = draw(st.sampled_from(voices))
    return text, {
        "entities": {slug: entry for slug, entry in entities.items() if slug in mentioned},
        "facts": list(facts.values()),
    }


REFERENCES = {
    "child", "earlier", "entity", "event", "later", "organisation", "parent", "person", "speaker", "subject",
}  # fmt: skip


@st.composite
def _facts(
    draw: st.DrawFn, text: str, places: list[tuple[int, int]], entities: dict[str, Document], ids: list[str]
) -> Document:
    def slug(*types: str) -> str:
        return draw(st.sampled_from([slug for slug, entry in entities.items() if not types or entry["type"] in types]))

    def term(terms: type[Term]) -> str:
        return str(draw(st.sampled_from(terms)))

    first = draw(st.integers(0, len(places) - 1))
    last = draw(st.integers(first, len(places) - 1))
    words = text[slice(*places[draw(st.integers(first, last))])]
    exact = text[places[first][0] : places[last][1]]
    nth = sum(text.startswith(exact, start) for start in range(places[first][0] + 1))
    fact: Document = {"evidence": [{"exact": exact, "nth": nth}]}
    if draw(st.booleans()):
        fact |= {"basis": "inferred", "reasoning": draw(LINES)}
    fact_type = draw(st.sampled_from(FactType))
    fact["type"] = fact_type.value
    match fact_type:
        case FactType.NAME:
            fact |= {"entity": slug(), "text": words, "kind": term(NameKind)}
        case FactType.ROLE:
            fact |= {"person": slug("person"), "title": draw(LINES)}
            if draw(st.booleans()):
                fact["organisation"] = slug("organisation", "unit")
        case FactType.RELATION:
            child, parent = draw(st.permutations(sorted(entities)))[:2]
            fact |= {"child": child, "parent": parent, "kind": term(RelationKind)}
        case FactType.SEQUENCE:
            earlier, later = draw(st.permutations(["rally", "vote"]))
            fact |= {"earlier": earlier, "later": later}
        case FactType.DESCRIPTION:
            fact |= {"entity": slug(), "kind": term(DescriptionKind), "text": words}
        case FactType.OCCURRENCE:
            fact |= {"event": slug("event"), "status": term(Status)}
        case FactType.PARTICIPATION:
            role = term(ParticipationRole)
            entity = slug("place") if role == "venue" else slug()
            fact |= {"event": slug("event"), "entity": entity, "role": role}
        case FactType.DATE:
            fact |= {"expression": words, "relation": term(DateRelation), "edtf": draw(st.sampled_from(DATES))}
            if draw(st.integers(0, 3)):
                fact["entity"] = slug("event", "document")
        case FactType.QUOTE:
            fact |= {"speaker": slug("person", "organisation"), "text": words, "direct": draw(st.booleans())}
        case FactType.FIGURE:
            fact |= {"subject": slug(), "expression": words, "qualifier": draw(LINES)}
            if draw(st.booleans()):
                fact["value"] = draw(st.floats(allow_nan=False, allow_infinity=False))
        case FactType.NOTE:
            fact |= {"category": term(NoteCategory), "statement": draw(LINES), "suggestion": draw(LINES)}
            if ids:
                fact["about"] = draw(st.sampled_from(ids))
    return fact

"""Articles that tests of the read side are asked about, beside the real one.

`HAITIAN_REPORT` tells of the same meeting as the real article: it agrees with it here, and differs from it there.
`tiny_articles` are many, small, and alike, for lists of several pages.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.loading.checking import CheckedArticle, Checker
from app.loading.source import Source

REPORT = "talks-in-nairobi"

REPORT_TEXT = """\
PORT-AU-PRINCE, Haiti, Jun 20 – Inspector General of Police Japhet Koome of the National Police Service met a \
delegation from Haiti police in Nairobi on Wednesday.

Commissioner Marie Prophète-Élysée, of the Haitian National Police Academy, thanked Kenya. “Mèsi anpil,” she told \
Koome. “Some 2,500 Kenyan officers will come,” she said.

Of the National Police Service, she said that it is well-resourced. Koome spoke at the meeting.
"""

KOOME = {"type": "person", "name": "Japhet Koome"}
NPS = {"type": "organisation", "name": "National Police Service", "kind": "police-service"}
MEETING = {"type": "event", "name": "Koome’s meeting with the Haitian delegation", "kind": "meeting"}

REPORT_DOCUMENT: dict[str, Any] = {
    "article": {"dateline": "PORT-AU-PRINCE, Haiti, Jun 20"},
    "entities": {
        "japhet-koome": KOOME,
        "marie-prophete-elysee": {"type": "person", "name": "Marie Prophète-Élysée"},
        "national-police-service": NPS,
        "haitian-police-academy": {"type": "organisation", "name": "Haitian National Police Academy", "kind": "school"},
        "haitian-police": {"type": "organisation", "name": "Haitian Police", "kind": "police"},
        "haitian-delegation": {"type": "organisation", "name": "Haitian delegation", "kind": "delegation"},
        "kenyan-police-units": {"type": "organisation", "name": "Kenyan police units", "kind": "contingent"},
        "nairobi": {"type": "place", "name": "Nairobi", "kind": "city"},
        "kenya": {"type": "place", "name": "Kenya", "kind": "country"},
        "meeting-with-haitian-delegation": MEETING,
    },
    "facts": [
        # What both say: the first states what the real article only lets one infer.
        {
            "type": "role",
            "id": "koome-role",
            "person": "japhet-koome",
            "organisation": "national-police-service",
            "title": "Inspector General of Police",
            "evidence": "Inspector General of Police Japhet Koome of the National Police Service",
        },
        {
            "type": "participation",
            "id": "koome-attended",
            "event": "meeting-with-haitian-delegation",
            "entity": "japhet-koome",
            "role": "attended",
            "evidence": "Japhet Koome of the National Police Service met a delegation from Haiti police",
        },
        {
            "type": "participation",
            "event": "meeting-with-haitian-delegation",
            "entity": "haitian-delegation",
            "role": "attended",
            "evidence": "met a delegation from Haiti police",
        },
        {
            "type": "participation",
            "event": "meeting-with-haitian-delegation",
            "entity": "nairobi",
            "role": "venue",
            "evidence": "met a delegation from Haiti police in Nairobi",
        },
        {
            "type": "relation",
            "kind": "part-of",
            "child": "haitian-delegation",
            "parent": "haitian-police",
            "evidence": "a delegation from Haiti police",
        },
        {
            "type": "occurrence",
            "event": "meeting-with-haitian-delegation",
            "status": "occurred",
            "evidence": "met a delegation from Haiti police in Nairobi on Wednesday",
        },
        # Where they differ: the day, the number, the state that the police are in, and as what Koome took part.
        {
            "type": "date",
            "id": "meeting-date",
            "entity": "meeting-with-haitian-delegation",
            "basis": "inferred",
            "reasoning": "The Wednesday before the dateline of June 20, if the year is 2024.",
            "expression": "on Wednesday",
            "relation": "on",
            "edtf": "2024-06-19?",
            "evidence": ["Jun 20", "on Wednesday"],
        },
        {
            "type": "figure",
            "id": "strength",
            "subject": "kenyan-police-units",
            "expression": "Some 2,500",
            "value": 2500,
            "unit": "people",
            "qualifier": "some",
            "attributed_to": "marie-prophete-elysee",
            "evidence": "Some 2,500 Kenyan officers will come",
        },
        {
            "type": "description",
            "entity": "national-police-service",
            "kind": "condition",
            "text": "well-resourced",
            "attributed_to": "marie-prophete-elysee",
            "evidence": "Of the National Police Service, she said that it is well-resourced",
        },
        {
            "type": "participation",
            "event": "meeting-with-haitian-delegation",
            "entity": "japhet-koome",
            "role": "spoke",
            "evidence": "Koome spoke at the meeting",
        },
        # What only this one has.
        {
            "type": "role",
            "person": "marie-prophete-elysee",
            "organisation": "haitian-police-academy",
            "title": "Commissioner",
            "evidence": "Commissioner Marie Prophète-Élysée, of the Haitian National Police Academy",
        },
        {
            "type": "name",
            "entity": "marie-prophete-elysee",
            "text": "Marie Prophète-Élysée",
            "kind": "full",
            "evidence": "Commissioner Marie Prophète-Élysée",
        },
        {
            "type": "quote",
            "id": "thanks",
            "speaker": "marie-prophete-elysee",
            "addressee": "japhet-koome",
            "direct": True,
            "text": "Mèsi anpil,",
            "evidence": "“Mèsi anpil,” she told Koome",
        },
        {
            "type": "quote",
            "speaker": "marie-prophete-elysee",
            "addressee": "kenya",
            "direct": False,
            "text": "thanked Kenya",
            "evidence": "Commissioner Marie Prophète-Élysée, of the Haitian National Police Academy, thanked Kenya",
        },
        {"type": "note", "category": "not-stated", "about": "strength", "statement": "When they come is not stated."},
    ],
}

TINY = 150
NAMES = ("Åsa Öberg", "asa oberg", "ÅSA ÖBERG", "Zoë", "zoe", "Ngũgĩ", "Ñu", "émile", "Emile", "נועה")
"""Several fold to the same key, so that only the id tells such rows apart."""
TINY_TEXT = "{n} came to Hall on May {day}. “We are {number},” said Anna. Squad, of Club, keeps Law of {year}."


def report() -> CheckedArticle:
    return checked(REPORT, REPORT_TEXT, REPORT_DOCUMENT)


def checked(article_id: str, text: str, document: dict[str, Any]) -> CheckedArticle:
    """Check an article without writing its folder."""
    return Checker(article_id, text, Source(Path(f"{article_id}/facts.yaml"), document)).check()


def tiny_articles(numbers: range = range(TINY)) -> Iterator[CheckedArticle]:
    """Yield articles of one entity of each type and one fact of each type, every fifth event without a date."""
    for number in numbers:
        yield tiny_article(number)


def tiny_article(n: int) -> CheckedArticle:
    day, year = n % 28 + 1, 1900 + n % 100
    text = TINY_TEXT.format(n=f"No {n}", day=day, number=n % 7, year=year)
    name = NAMES[n % len(NAMES)]
    facts: list[dict[str, Any]] = [
        {"type": "name", "entity": f"person-{n}", "text": "Anna", "kind": "short", "evidence": "Anna"},
        {"type": "role", "person": f"person-{n}", "organisation": f"club-{n}", "title": "Member", "evidence": "Anna"},
        {
            "type": "relation",
            "kind": "part-of",
            "child": f"squad-{n}",
            "parent": f"club-{n}",
            "evidence": "Squad, of Club",
        },
        {
            "type": "participation",
            "event": f"visit-{n}",
            "entity": f"hall-{n}",
            "role": "venue",
            "evidence": "came to Hall",
        },
        {"type": "occurrence", "event": f"visit-{n}", "status": "occurred", "evidence": "came to Hall"},
        {
            "type": "quote",
            "speaker": f"person-{n}",
            "event": f"visit-{n}",
            "direct": True,
            "text": f"We are {n % 7},",
            "evidence": f"“We are {n % 7},” said Anna",
        },
        {
            "type": "figure",
            "subject": f"club-{n}",
            "expression": f"{n % 7}",
            "value": None if n % 7 == 0 else n % 7 - 3.5,
            "unit": "people",
            "evidence": f"We are {n % 7}",
        },
        {"type": "note", "category": "ambiguity", "statement": "Who keeps it?", "evidence": "keeps Law"},
        {
            "type": "date",
            "entity": f"law-{n}",
            "expression": str(year),
            "relation": "published",
            "edtf": str(year),
            "evidence": f"Law of {year}",
        },
    ]
    if n % 5:
        facts.append(
            {
                "type": "date",
                "entity": f"visit-{n}",
                "expression": f"May {day}",
                "relation": "on",
                "edtf": f"2020-05-{day:02}",
                "evidence": f"on May {day}",
            }
        )
    entities = {
        f"person-{n}": {"type": "person", "name": name},
        f"club-{n}": {"type": "organisation", "name": name, "kind": f"kind-{n % 3}"},
        f"squad-{n}": {"type": "unit", "name": name},
        f"hall-{n}": {"type": "place", "name": name},
        f"law-{n}": {"type": "document", "name": name},
        f"visit-{n}": {"type": "event", "name": name},
    }
    return checked(f"tiny-{n}", text, {"entities": entities, "facts": facts})

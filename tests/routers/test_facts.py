"""Facts of all types, and the types that have paths of their own."""

import random
from typing import Any

import pytest

from app.loading.checking import CheckedArticle, CheckedFact
from app.loading.format import (
    ENTRIES,
    DateEntry,
    FactEntry,
    FigureEntry,
    NoteEntry,
    QuoteEntry,
    Refers,
    RoleEntry,
    marked,
)
from app.vocabulary import Basis, FactType, NoteCategory
from tests.api import KOOME, Api, assert_problem, faults_of
from tests.newsroom import REPORT, checked

PATHS = {
    "/roles": FactType.ROLE,
    "/dates": FactType.DATE,
    "/quotes": FactType.QUOTE,
    "/figures": FactType.FIGURE,
    "/notes": FactType.NOTE,
}
NPS = "national-police-service"


@pytest.fixture(scope="module")
def facts(koome_article: CheckedArticle) -> list[CheckedFact]:
    return list(koome_article.facts)


def ids(api: Api, path: str, **filters: Any) -> set[str]:
    found = api.ids(path, params={"limit": 100, **filters})
    assert len(found) == len(set(found))
    return set(found)


def fact(name: str) -> str:
    return f"{KOOME}.{name}"


def mentions(entry: FactEntry, entity: str) -> bool:
    return any(getattr(entry, name) == entity for name in marked(type(entry), Refers) if name != "attributed_to")


# --- All facts ----------------------------------------------------------------------------------------------------


def test_all_facts_of_the_article_are_there(koome: Api, facts: list[CheckedFact]) -> None:
    assert ids(koome, "/facts") == {fact.id for fact in facts}


@pytest.mark.parametrize("fact_type", FactType)
def test_facts_of_a_type_have_the_columns_of_that_type(
    koome: Api, facts: list[CheckedFact], fact_type: FactType
) -> None:
    expected = {fact.id: fact for fact in facts if fact.entry.type is fact_type}
    items = koome.items("/facts", params={"type": fact_type, "limit": 100, "include": "evidence"})
    assert {item["id"] for item in items} == expected.keys()
    for item in items:
        entry: Any = expected[item["id"]].entry
        assert item["type"] == fact_type
        assert item["article"] == {"id": KOOME, "url": f"/articles/{KOOME}"}
        assert (item["basis"], item["reasoning"]) == (entry.basis, entry.reasoning)
        assert [(words["start"], words["end"]) for words in item["evidence"]] == [
            (span.start, span.end) for span in expected[item["id"]].spans
        ]
        for name in marked(ENTRIES[fact_type], Refers):
            given = getattr(entry, name)
            assert (item[name] and item[name]["id"]) == given
        for name in ("text", "title", "kind", "role", "status", "edtf", "expression", "direct", "value", "category"):
            assert item.get(name) == getattr(entry, name, None)


def test_facts_stand_in_the_order_of_the_text_unless_sorted(koome: Api, facts: list[CheckedFact]) -> None:
    first = {fact.id: fact.spans[0].start if fact.spans else 10**6 for fact in facts}
    in_order = sorted(first, key=lambda id_: (first[id_], id_))
    for sort in ("position", "id"):
        assert koome.ids("/facts", params={"limit": 100, "sort": sort}) == in_order
        assert koome.ids("/facts", params={"limit": 100, "sort": f"-{sort}"}) == in_order[::-1]


def test_facts_at_a_place_of_the_text_are_those_whose_words_cover_it(koome: Api, facts: list[CheckedFact]) -> None:
    for at in (0, 24, 25, 30, 64, 65, 1384, 2145, 2146, 2176, 2177, 10**9):
        expected = {fact.id for fact in facts if any(span.start <= at < span.end for span in fact.spans)}
        assert ids(koome, "/facts", article=KOOME, at=at) == expected
    assert fact("koome-inspector-general") in ids(koome, "/facts", article=KOOME, at=30)


def test_a_place_needs_one_text_to_be_in(both: Api) -> None:
    for articles in ([], [KOOME, REPORT]):
        problem = assert_problem(both.get("/facts", params={"at": 30, "article": articles}), 422)
        assert list(faults_of(problem)) == ["at"]
        assert "`article`" in problem["detail"]
    for bad in ("-1", "1.5", "x", str(10**12)):
        assert list(faults_of(assert_problem(both.get(f"/facts?article={KOOME}&at={bad}"), 422))) == ["at"]
    assert both.read("/facts", params={"at": 30, "article": REPORT})["total"] >= 0


def test_facts_that_mention_an_entity(koome: Api, facts: list[CheckedFact]) -> None:
    for entity in ("japhet-koome", "haiti", "unsc-resolution-2699", "drawing-of-units"):
        assert ids(koome, "/facts", entity=entity) == {fact.id for fact in facts if mentions(fact.entry, entity)}
    either = ids(koome, "/facts", entity=["haiti", "kenya"])
    assert either == ids(koome, "/facts", entity="haiti") | ids(koome, "/facts", entity="kenya")


def test_facts_by_basis(koome: Api, facts: list[CheckedFact]) -> None:
    for basis in Basis:
        assert ids(koome, "/facts", basis=basis) == {fact.id for fact in facts if fact.entry.basis is basis}
    assert ids(koome, "/facts", basis=list(Basis)) == {fact.id for fact in facts}


def test_facts_by_whom_the_article_says_them_from(koome: Api, facts: list[CheckedFact]) -> None:
    def of(*voices: str | None) -> set[str]:
        return {fact.id for fact in facts if fact.entry.attributed_to in voices}

    assert of(NPS)
    assert ids(koome, "/facts", attributed_to=NPS) == of(NPS)
    assert ids(koome, "/facts", attributed_to="none") == of(None)
    assert ids(koome, "/facts", attributed_to=["none", "william-ruto"]) == of(None, "william-ruto")
    assert ids(koome, "/facts", attributed_to="haiti") == set()


def test_different_filters_all_apply(koome: Api, facts: list[CheckedFact]) -> None:
    expected = {
        fact.id
        for fact in facts
        if fact.entry.type in (FactType.NAME, FactType.RELATION)
        and fact.entry.basis is Basis.INFERRED
        and mentions(fact.entry, "haiti")
    }
    assert len(expected) > 3
    assert ids(koome, "/facts", type=["name", "relation"], basis="inferred", entity="haiti") == expected


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("paramilitary", True),
        ("PARAMILITÁRY", True),
        ("boots ground", True),
        ("“gang-hit”", True),
        ("nonsense-of-no-article", False),
    ],
)
def test_text_looks_through_statements_and_quoted_words(koome: Api, q: str, expected: bool) -> None:
    items = koome.items("/facts", params={"q": q, "limit": 100, "include": "evidence"})
    assert bool(items) == expected
    for item in items:
        words = " ".join([item["statement"], *(words["exact"] for words in item["evidence"])]).lower()
        assert all(part in words for part in q.lower().replace("á", "a").strip("“”").split())


def test_a_fact_answers_on_its_own_path_and_among_all_facts(koome: Api) -> None:
    own, any_ = koome.read(f"/roles/{fact('kanja-dig')}"), koome.read(f"/facts/{fact('kanja-dig')}")
    assert own == any_
    assert own["url"] == f"/roles/{fact('kanja-dig')}"
    assert_problem(koome.get(f"/dates/{fact('kanja-dig')}"), 404)


# --- Types that have paths of their own ---------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "fact_type"), PATHS.items())
def test_a_path_has_all_facts_of_its_type(koome: Api, facts: list[CheckedFact], path: str, fact_type: FactType) -> None:
    assert ids(koome, path) == {fact.id for fact in facts if fact.entry.type is fact_type}
    assert koome.items(path, params={"limit": 100}) == koome.items("/facts", params={"type": fact_type, "limit": 100})


@pytest.mark.parametrize(
    ("path", "model", "filters"),
    [
        ("/roles", RoleEntry, {"person": "person"}),
        ("/dates", DateEntry, {"entity": "entity", "relation": "relation", "basis": "basis"}),
        ("/quotes", QuoteEntry, {"speaker": "speaker", "addressee": "addressee", "event": "event", "direct": "direct"}),
        ("/figures", FigureEntry, {"subject": "subject", "unit": "unit"}),
        ("/notes", NoteEntry, {"category": "category"}),
    ],
)
def test_filters_that_compare_a_column(
    koome: Api, facts: list[CheckedFact], path: str, model: type[Any], filters: dict[str, str]
) -> None:
    for name, column in filters.items():
        of = {fact.id: getattr(fact.entry, column) for fact in facts if isinstance(fact.entry, model)}
        values = {value for value in of.values() if value is not None}
        assert values
        for value in values:
            shown = str(value).lower() if isinstance(value, bool) else value
            assert ids(koome, path, **{name: shown}) == {id_ for id_, found in of.items() if found == value}
        if name != "direct":
            either = sorted(values)[:2]
            assert ids(koome, path, **{name: either}) == {id_ for id_, found in of.items() if found in either}


def test_roles_by_organisation_at_any_depth_and_by_title(koome: Api) -> None:
    assert ids(koome, "/roles", organisation="kenya-police-service") == {fact("kanja-dig")}
    assert ids(koome, "/roles", organisation=NPS) == {
        fact("koome-inspector-general-nps"),
        fact("kanja-dig"),
        fact("gabow-dig"),
        fact("gabow-lead-officer"),
    }
    assert ids(koome, "/roles", title="DEPUTY inspector général") == {fact("kanja-dig"), fact("gabow-dig")}
    assert ids(koome, "/roles", title="deputy inspector general", person="noor-gabow") == {fact("gabow-dig")}
    assert ids(koome, "/roles", organisation=NPS, title="Deputy Inspector General", person="japhet-koome") == set()


def test_dates_show_how_tuesday_became_a_day_and_that_the_year_is_inferred(koome: Api) -> None:
    [date] = koome.items("/dates", params={"entity": "meeting-with-haitian-delegation", "include": "evidence"})
    assert date["expression"] == "on Tuesday"
    assert date["edtf"] == "2024-06-18?"
    assert date["earliest"] == date["latest"] == "2024-06-18"
    assert (date["precision"], date["relation"], date["basis"]) == ("day", "on", "inferred")
    assert "year" in date["reasoning"]
    assert {words["exact"] for words in date["evidence"]} >= {"Jun 19"}
    dateline = koome.read(f"/dates/{fact('dateline')}")
    assert dateline["entity"] is None
    assert dateline["basis"] == "inferred"
    assert "not the year" in dateline["reasoning"]
    assert any(koome.read(note)["suggestion"] == "2029 or 2030" for note in dateline["notes"])


def test_dates_by_precision(koome: Api, facts: list[CheckedFact]) -> None:
    for precision in ("day", "year", "range"):
        expected = {fact.id for fact in facts if fact.bounds and fact.bounds.precision == precision}
        assert expected
        assert ids(koome, "/dates", precision=precision) == expected


@pytest.mark.parametrize("first", [None, "2023-06-01", "2024-01-01", "2024-06-19", "2024-07-01"])
@pytest.mark.parametrize("last", [None, "2022-12-31", "2023-01-01", "2024-05-31", "2024-06-18", "2025-01-01"])
def test_dates_of_a_period_are_those_that_may_be_in_it(
    koome: Api, facts: list[CheckedFact], first: str | None, last: str | None
) -> None:
    given = {name: day for name, day in {"from": first, "to": last}.items() if day}
    if first and last and first > last:
        assert_problem(koome.get("/dates", params=given), 422)
        return
    expected = {
        fact.id
        for fact in facts
        if (bounds := fact.bounds)
        and (first is None or str(bounds.latest or "9999") >= first)
        and (last is None or str(bounds.earliest or "0000") <= last)
    }
    assert ids(koome, "/dates", **given) == expected


def test_quotes_of_a_speaker(koome: Api) -> None:
    assert ids(koome, "/quotes", speaker="japhet-koome") == {fact("koome-assurance"), fact("remains-committed")}
    assert ids(koome, "/quotes", speaker="japhet-koome", direct="true") == {fact("remains-committed")}
    assert ids(koome, "/quotes", speaker="japhet-koome", direct="false") == {fact("koome-assurance")}
    assert ids(koome, "/quotes", speaker=["japhet-koome", "joachim-prohete"], addressee="japhet-koome") == {
        fact("counting-on-your-support")
    }
    for bad in ("maybe", "2", "", "tru"):
        assert list(faults_of(assert_problem(koome.get("/quotes", params={"direct": bad}), 422))) == ["direct"]


def test_figures_by_value(both: Api) -> None:
    strength, claimed, vague = fact("strength"), f"{REPORT}.strength", fact("much-of-the-capital")
    assert ids(both, "/figures") == {strength, claimed, vague}
    assert ids(both, "/figures", min=1000) == {strength, claimed}
    assert ids(both, "/figures", min=1000.5) == {claimed}
    assert ids(both, "/figures", max=1000) == {strength}
    assert ids(both, "/figures", min=1000, max=1000) == {strength}
    assert ids(both, "/figures", min="-1e308", max="1e308") == {strength, claimed}
    assert ids(both, "/figures", subject="kenyan-police-units", unit="people", min=2000) == {claimed}
    assert both.ids("/figures", params={"sort": "value"}) == [strength, claimed, vague]
    assert both.ids("/figures", params={"sort": "-value"}) == [claimed, strength, vague]


def test_a_range_of_values_is_of_numbers_and_not_empty(koome: Api) -> None:
    problem = assert_problem(koome.get("/figures?min=2&max=1"), 422)
    assert list(faults_of(problem)) == ["min"]
    assert "is greater than" in problem["detail"]
    for bad in ("nan", "inf", "-Infinity", "1e999", "1,000", "x", ""):
        for name in ("min", "max"):
            assert list(faults_of(assert_problem(koome.get("/figures", params={name: bad}), 422))) == [name]


def test_notes_on_facts_and_on_what_mentions_an_entity(koome: Api, facts: list[CheckedFact]) -> None:
    notes = {fact.id: fact.entry for fact in facts if isinstance(fact.entry, NoteEntry)}

    def on(*about: str | None) -> set[str]:
        return {id_ for id_, entry in notes.items() if entry.about in about}

    assert ids(koome, "/notes", about=fact("sog-parent")) == on("sog-parent")
    named = [fact.entry.id for fact in facts if fact.entry.id and mentions(fact.entry, "special-operations-group")]
    assert ids(koome, "/notes", about="special-operations-group") == on(*named)
    assert ids(koome, "/notes", about=[fact("strength"), fact("dateline")]) == on("strength", "dateline")
    assert ids(koome, "/notes", about=fact("dateline"), category="not-stated") == {
        id_ for id_ in on("dateline") if notes[id_].category is NoteCategory.NOT_STATED
    }


def test_notes_on_what_is_not_there(koome: Api) -> None:
    for unknown in ("nobody", fact("no-such-fact"), "no-article.no-fact"):
        problem = assert_problem(koome.get("/notes", params={"about": unknown}), 404)
        assert list(faults_of(problem)) == ["about"]
    for bad in ("Upper", "a.b.c", ".a", "a.", ""):
        assert list(faults_of(assert_problem(koome.get("/notes", params={"about": bad}), 422))) == ["about"]


def test_both_articles_keep_their_own_facts(both: Api) -> None:
    assert ids(both, "/quotes", article=REPORT, speaker="marie-prophete-elysee", direct="true") == {f"{REPORT}.thanks"}
    assert ids(both, "/dates", entity="meeting-with-haitian-delegation") == {
        fact("meeting-date"),
        f"{REPORT}.meeting-date",
    }


def test_names_and_titles_may_be_long(empty: Api) -> None:
    """Longer than the trees of an index hold, and of letters that cannot be compressed."""
    letters = random.Random(0)
    name, title = ("".join(chr(letters.randrange(0x4E00, 0x9FFF)) for _ in range(2000)) for _ in range(2))
    text = f"{name}, {title}."
    facts = [
        {"type": "name", "entity": "ada", "text": name, "kind": "full", "evidence": name},
        {"type": "role", "person": "ada", "title": title, "evidence": title},
    ]
    empty.load(checked("long", text, {"entities": {"ada": {"type": "person", "name": "Ada"}}, "facts": facts}))
    assert empty.read("/people/ada")["names"][0]["text"] == name
    assert empty.read("/roles")["items"][0]["title"] == title

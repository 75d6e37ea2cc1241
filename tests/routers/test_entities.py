"""People, organisations, units, places, documents and events of the real article, and of two that share them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.loading.checking import CheckedArticle
from app.loading.format import (
    DateEntry,
    OccurrenceEntry,
    ParticipationEntry,
    RelationEntry,
    RoleEntry,
)
from app.vocabulary import EntityType, RelationKind
from tests.api import KOOME, Api, assert_problem, evidence_in, faults_of
from tests.newsroom import REPORT

PATHS = {
    "/people": EntityType.PERSON,
    "/organisations": EntityType.ORGANISATION,
    "/units": EntityType.UNIT,
    "/places": EntityType.PLACE,
    "/documents": EntityType.DOCUMENT,
    "/events": EntityType.EVENT,
}
NPS = "national-police-service"
MEETING = "meeting-with-haitian-delegation"
DEPLOYMENT = "deployment-to-haiti"


class Reading:
    """The facts of the article as facts.yaml has them: what answers are compared with."""

    def __init__(self, article: CheckedArticle) -> None:
        self.entities = article.entities
        self.entries = [fact.entry for fact in article.facts]
        self.bounds = [(fact.entry, fact.bounds) for fact in article.facts if fact.bounds is not None]

    def of(self, entity_type: EntityType) -> set[str]:
        return {slug for slug, entry in self.entities.items() if entry.type is entity_type}

    def below(self, parent: str, *kinds: RelationKind) -> set[str]:
        """Return what lies below the parent, at any depth."""
        children = {
            entry.child
            for entry in self.entries
            if isinstance(entry, RelationEntry) and entry.parent == parent and entry.kind in kinds
        }
        return children.union(*(self.below(child, *kinds) for child in children))

    def took_part(self, *events: str) -> set[str]:
        return {
            entry.entity for entry in self.entries if isinstance(entry, ParticipationEntry) and entry.event in events
        }

    def events_of(self, entities: set[str]) -> set[str]:
        return {
            entry.event for entry in self.entries if isinstance(entry, ParticipationEntry) and entry.entity in entities
        }

    def roles(self) -> Iterator[RoleEntry]:
        return (entry for entry in self.entries if isinstance(entry, RoleEntry))


@pytest.fixture(scope="module")
def reading(koome_article: CheckedArticle) -> Reading:
    return Reading(koome_article)


def ids(api: Api, path: str, **filters: Any) -> set[str]:
    found = api.ids(path, params={"limit": 100, **filters})
    assert len(found) == len(set(found))
    return set(found)


@pytest.mark.parametrize(("path", "entity_type"), PATHS.items())
def test_a_list_has_every_entity_of_its_type_and_no_other(
    koome: Api, reading: Reading, path: str, entity_type: EntityType
) -> None:
    assert ids(koome, path) == reading.of(entity_type)
    for item in koome.items(path):
        entry = reading.entities[item["id"]]
        assert (item["type"], item["name"], item["kind"]) == (entry.type, entry.name, entry.kind)


def test_people_are_the_five_that_the_article_names_each_with_a_role_in_its_words(koome: Api) -> None:
    people = koome.items("/people", params={"include": "evidence"})
    assert [person["name"] for person in people] == [
        "Douglas Kanja", "Japhet Koome", "Joachim Prohete", "Noor Gabow", "William Ruto",
    ]  # fmt: skip
    words = {
        "douglas-kanja": "Deputy Inspector General(DIG)Kenya Police Service, Douglas Kanja",
        "japhet-koome": "Inspector General of Police Japhet Koome",
        "joachim-prohete": "Haitian Police official Joachim Prohete",
        "noor-gabow": "who is the lead NPS Officer on the Haiti Mission",
        "william-ruto": "President William Ruto",
    }
    for person in people:
        assert any(words[person["id"]] in found["exact"] for found in evidence_in(person["roles"]))


def test_people_of_an_organisation_hold_a_post_in_it_or_in_a_part_of_it(koome: Api) -> None:
    assert ids(koome, "/people", organisation=NPS) == {"japhet-koome", "douglas-kanja", "noor-gabow"}
    assert ids(koome, "/people", organisation="kenya-police-service") == {"douglas-kanja"}
    assert ids(koome, "/people", organisation=["kenya-police-service", "haitian-police"]) == {
        "douglas-kanja",
        "joachim-prohete",
    }
    assert ids(koome, "/people", organisation="general-service-unit") == set()


def test_people_by_title_whatever_its_case_and_accents(koome: Api) -> None:
    assert ids(koome, "/people", title="deputy INSPECTOR génerál") == {"douglas-kanja", "noor-gabow"}
    assert ids(koome, "/people", title=["President", "Inspector General of Police"]) == {"william-ruto", "japhet-koome"}
    assert ids(koome, "/people", title="Inspector") == set()


def test_people_by_organisation_and_title_hold_that_post_there(koome: Api) -> None:
    # Gabow is Deputy Inspector General of one body, and has another post in the mission.
    mission = "multinational-security-support-mission"
    assert ids(koome, "/people", organisation=mission) == {"noor-gabow"}
    assert ids(koome, "/people", organisation=mission, title="lead NPS Officer") == {"noor-gabow"}
    assert ids(koome, "/people", organisation=mission, title="Deputy Inspector General") == set()


@pytest.mark.parametrize("path", ["/people", "/organisations", "/units"])
def test_who_took_part_in_an_event(koome: Api, reading: Reading, path: str) -> None:
    events = [MEETING, "drawing-of-units", "ruto-announcement"]
    for event in events:
        assert ids(koome, path, event=event) == reading.took_part(event) & reading.of(PATHS[path])
    assert ids(koome, path, event=events) == reading.took_part(*events) & reading.of(PATHS[path])
    assert ids(koome, "/people", event=MEETING) == {"japhet-koome", "joachim-prohete", "douglas-kanja", "noor-gabow"}


@pytest.mark.parametrize("path", ["/organisations", "/places", "/documents", "/events"])
def test_entities_of_a_kind(koome: Api, reading: Reading, path: str) -> None:
    entities = reading.of(PATHS[path])
    kinds = {slug: reading.entities[slug].kind for slug in entities}
    for kind in set(kinds.values()) - {None}:
        assert ids(koome, path, kind=kind) == {slug for slug in entities if kinds[slug] == kind}
    assert ids(koome, path, kind=[str(kind) for kind in kinds.values()]) == entities
    assert ids(koome, path, kind="no-such-kind") == set()


@pytest.mark.parametrize(("path", "name"), [("/organisations", "parent"), ("/units", "organisation")])
def test_parts_of_an_organisation_at_any_depth(koome: Api, reading: Reading, path: str, name: str) -> None:
    for parent in reading.of(EntityType.ORGANISATION):
        expected = reading.below(parent, RelationKind.PART_OF) & reading.of(PATHS[path])
        assert ids(koome, path, **{name: parent}) == expected
    parts = {"kenya-police-service", "administration-police-service", "other-nps-commanders"}
    assert ids(koome, "/organisations", parent=NPS) == parts


def test_units_are_three_and_found_below_the_service_of_their_service(koome: Api) -> None:
    assert ids(koome, "/units") == {"recce-squad", "rapid-deployment-force", "special-operations-group"}
    administration_police = {"rapid-deployment-force", "special-operations-group"}
    assert ids(koome, "/units", organisation="administration-police-service") == administration_police
    assert ids(koome, "/units", organisation=NPS) == administration_police
    assert ids(koome, "/units", organisation="general-service-unit") == {"recce-squad"}
    assert ids(koome, "/units", organisation=["general-service-unit", NPS]) == ids(koome, "/units")


def test_the_parent_of_the_special_operations_group_is_inferred_and_a_note_has_the_other_reading(koome: Api) -> None:
    unit = koome.read("/units/special-operations-group")
    [parent] = [parent for parent in unit["parents"] if parent["kind"] == "part-of"]
    assert parent["parent"]["id"] == "administration-police-service"
    assert parent["basis"] == "inferred"
    assert parent["reasoning"]
    [note] = parent["notes"]
    other = koome.read(note)
    assert other["category"] == "ambiguity"
    assert other["about"]["url"] in parent["facts"]
    assert other["suggestion"]


def test_places_within_a_place_at_any_depth(koome: Api, reading: Reading) -> None:
    assert ids(koome, "/places", within="kenya") == {"nairobi", "nps-headquarters"}
    assert ids(koome, "/places", within="nairobi") == {"nps-headquarters"}
    assert ids(koome, "/places", within="haiti") == {"port-au-prince"}
    assert ids(koome, "/places", within=["haiti", "nairobi"]) == {"port-au-prince", "nps-headquarters"}
    assert ids(koome, "/places", within="port-au-prince") == set()
    assert ids(koome, "/places", within="kenya", kind="city") == {"nairobi"}


def test_documents_by_issuer(koome: Api) -> None:
    assert ids(koome, "/documents", issuer="united-nations-security-council") == {"unsc-resolution-2699"}
    assert ids(koome, "/documents", issuer="william-ruto") == set()
    assert ids(koome, "/documents", issuer=["william-ruto", "united-nations-security-council"]) == {
        "unsc-resolution-2699"
    }


def test_events_of_june_are_the_meeting_and_the_deployment_and_not_rutos_statement(koome: Api) -> None:
    june = ids(koome, "/events", **{"from": "2024-06-01", "to": "2024-06-30"})
    assert june >= {MEETING, DEPLOYMENT}
    assert "ruto-announcement" not in june
    assert koome.read(f"/events/{MEETING}")["earliest"] == "2024-06-18"


@pytest.mark.parametrize("first", [None, "2023-01-01", "2024-05-31", "2024-06-01", "2024-06-18", "2024-07-01"])
@pytest.mark.parametrize("last", [None, "2023-01-01", "2024-05-31", "2024-06-18", "2024-06-30", "2025-01-01"])
def test_events_of_a_period_are_those_that_may_have_been_in_it(
    koome: Api, reading: Reading, first: str | None, last: str | None
) -> None:
    if first and last and first > last:
        return
    days: dict[str, tuple[str, str]] = dict.fromkeys(reading.of(EntityType.EVENT), ("0001-01-01", "9999-12-31"))
    ongoing = {
        entry.event for entry in reading.entries if isinstance(entry, OccurrenceEntry) and entry.status == "ongoing"
    }
    for entry, bounds in reading.bounds:
        if isinstance(entry, DateEntry) and entry.entity in days:
            start, end = days[entry.entity]
            start = max(start, str(bounds.earliest or start))
            if entry.entity not in ongoing:  # what goes on has no last day yet
                end = min(end, str(bounds.latest or end))
            days[entry.entity] = (start, end)
    expected = {
        event
        for event, (start, end) in days.items()
        if (last is None or start <= last) and (first is None or end >= first)
    }
    given = {name: day for name, day in {"from": first, "to": last}.items() if day}
    assert ids(koome, "/events", **given) == expected
    timeline = koome.read("/timeline", params={"limit": 100, **given})
    assert {item["id"] for item in timeline["items"] + timeline["undated"]["items"]} == expected


def test_events_by_status(koome: Api, reading: Reading) -> None:
    for status in ("occurred", "ongoing", "planned"):
        expected = {
            entry.event for entry in reading.entries if isinstance(entry, OccurrenceEntry) and entry.status == status
        }
        assert expected
        assert ids(koome, "/events", status=status) == expected
    assert ids(koome, "/events", status=["occurred", "ongoing", "planned"]) == reading.of(EntityType.EVENT)


@pytest.mark.parametrize("path", ["/events", "/timeline"])
def test_events_by_who_and_what_took_part(koome: Api, reading: Reading, path: str) -> None:
    def found(**filters: Any) -> set[str]:
        answer = koome.read(path, params={"limit": 100, **filters})
        undated = answer["undated"]["items"] if path == "/timeline" else []
        return {item["id"] for item in answer["items"] + undated}

    kinds = {"person": EntityType.PERSON, "unit": EntityType.UNIT}
    if path == "/events":
        kinds["document"] = EntityType.DOCUMENT
    for name, entity_type in kinds.items():
        for entity in reading.of(entity_type):
            assert found(**{name: entity}) == reading.events_of({entity})
        assert found(**{name: sorted(reading.of(entity_type))}) == reading.events_of(reading.of(entity_type))
    for organisation in reading.of(EntityType.ORGANISATION):
        parts = reading.below(organisation, RelationKind.PART_OF)
        assert found(organisation=organisation) == reading.events_of({organisation, *parts})
    for place in reading.of(EntityType.PLACE):
        inner = reading.below(place, RelationKind.WITHIN, RelationKind.CAPITAL_OF, RelationKind.LOCATED_IN)
        assert found(place=place) == reading.events_of({place, *(inner & reading.of(EntityType.PLACE))})
    assert found(person="william-ruto", organisation="assessment-team") == {"briefing-of-ruto"}


def test_different_filters_all_apply(koome: Api) -> None:
    given = {"kind": "meeting", "person": "japhet-koome", "status": "occurred", "from": "2024-06-18", "place": "kenya"}
    assert ids(koome, "/events", **given) == {MEETING}
    assert ids(koome, "/events", **{**given, "status": "planned"}) == set()
    assert ids(koome, "/events", **{**given, "status": ["planned", "occurred"]}) == {MEETING}
    assert ids(koome, "/events", **{**given, "organisation": "haitian-police"}) == {MEETING}
    assert ids(koome, "/events", **{**given, "q": "delegation"}) == {MEETING}
    assert ids(koome, "/events", **{**given, "q": "gangs"}) == set()


@pytest.mark.parametrize(
    ("path", "q", "expected"),
    [
        ("/people", "Prohète", {"joachim-prohete"}),
        ("/people", "PROHETE joachim", {"joachim-prohete"}),
        ("/people", "ig koome", {"japhet-koome"}),
        ("/people", "koome gabow", set()),
        ("/places", "caribbean", {"haiti"}),
        ("/organisations", "nps", {NPS, "other-nps-commanders"}),
        ("/units", "recce", {"recce-squad"}),
        ("/documents", "2699", {"unsc-resolution-2699"}),
        ("/events", "delegation", {MEETING}),
    ],
)
def test_text_finds_names_whatever_their_case_and_accents(koome: Api, path: str, q: str, expected: set[str]) -> None:
    assert ids(koome, path, q=q) == expected


def test_a_name_with_accents_is_found_without_them(both: Api) -> None:
    for q in ("Prophète-Élysée", "prophete elysee", "PROPHÈTE", "Élysée Marie"):
        assert ids(both, "/people", q=q) == {"marie-prophete-elysee"}


@pytest.mark.parametrize("path", PATHS)
def test_names_sort_without_case_and_accents(many: Api, path: str) -> None:
    names = [item["name"] for item in many.items(path, params={"limit": 100})]
    order = list(dict.fromkeys(names))
    assert order.index("émile") < order.index("Ngũgĩ") < order.index("zoe") < order.index("נועה")
    assert len(names) == 150
    backwards = many.ids(path, params={"limit": 100, "sort": "-name"})
    assert backwards == many.ids(path, params={"limit": 100})[::-1]


def test_events_sort_by_day_and_undated_ones_come_last(many: Api) -> None:
    events = many.items("/events", params={"limit": 100, "sort": "date"})
    days = [event["earliest"] for event in events]
    dated = [day for day in days if day]
    assert dated == sorted(dated)
    assert days == dated + [None] * 30


def test_an_item_of_another_type_is_not_there(koome: Api) -> None:
    assert_problem(koome.get("/people/nairobi"), 404)
    assert koome.get("/places/nairobi").status_code == 200


# --- What two articles say of the same ----------------------------------------------------------------------------


def one(statements: list[Any], where: Callable[[Any], bool]) -> Any:
    [found] = [statement for statement in statements if where(statement)]
    return found


def test_the_same_statement_of_two_articles_appears_once_with_both_facts(both: Api) -> None:
    event = both.read(f"/events/{MEETING}")
    came = one(event["participants"], lambda part: (part["entity"]["id"], part["role"]) == ("japhet-koome", "attended"))
    assert [path.split("/")[2].split(".")[0] for path in came["facts"]] == [KOOME, REPORT]
    assert [words["article"] for words in came["evidence"]] == [KOOME, REPORT]
    assert [status["status"] for status in event["statuses"]] == ["occurred"]
    venue = one(event["places"], lambda place: place["entity"]["id"] == "nairobi")
    assert len(venue["facts"]) == 2
    part = one(both.read("/organisations/haitian-delegation")["parents"], lambda parent: parent["kind"] == "part-of")
    assert len(part["facts"]) == 2
    assert [article["id"] for article in event["articles"]] == [KOOME, REPORT]


def test_what_one_article_states_is_stated_though_another_only_lets_it_be_inferred(both: Api, koome: Api) -> None:
    def role(api: Api) -> Any:
        return one(api.read("/people/japhet-koome")["roles"], lambda role: role["organisation"] is not None)

    alone, together = role(koome), role(both)
    assert (alone["basis"], together["basis"]) == ("inferred", "stated")
    assert together["reasoning"] is None
    assert together["facts"] == [*alone["facts"], f"/roles/{REPORT}.koome-role"]
    assert [words for words in together["evidence"] if words["article"] == KOOME] == alone["evidence"]


def test_statements_that_differ_stand_side_by_side(both: Api) -> None:
    event = both.read(f"/events/{MEETING}")
    assert [(date["edtf"], len(date["facts"])) for date in event["dates"]] == [("2024-06-18?", 1), ("2024-06-19?", 1)]
    assert (event["earliest"], event["latest"]) == ("2024-06-18", "2024-06-19")
    parts = [part["role"] for part in event["participants"] if part["entity"]["id"] == "japhet-koome"]
    assert sorted(parts) == ["attended", "spoke"]
    figures = both.read("/organisations/kenyan-police-units")["figures"]
    assert {figure["value"] for figure in figures} == {1000, 2500}


def test_what_somebody_says_is_kept_apart_from_what_the_article_says(both: Api) -> None:
    figures = both.read("/organisations/kenyan-police-units")["figures"]
    claimed = one(figures, lambda figure: figure["value"] == 2500)
    assert claimed["attributed_to"]["id"] == "marie-prophete-elysee"
    assert one(figures, lambda figure: figure["value"] == 1000)["attributed_to"] is None


def test_articles_narrow_the_entities_but_not_what_is_said_of_them(both: Api) -> None:
    assert ids(both, "/people", article=REPORT) == {"japhet-koome", "marie-prophete-elysee"}
    assert "marie-prophete-elysee" not in ids(both, "/people", article=KOOME)
    assert ids(both, "/people", article=[REPORT, KOOME]) == ids(both, "/people")
    [shared] = [
        person for person in both.items("/people", params={"article": REPORT}) if person["id"] == "japhet-koome"
    ]
    assert {article["id"] for article in shared["articles"]} == {KOOME, REPORT}


def test_a_parameter_with_too_many_values_is_refused(koome: Api) -> None:
    for path, name in (("/people", "organisation"), ("/events", "status"), ("/people", "include")):
        value = {"organisation": NPS, "status": "planned", "include": "evidence"}[name]
        assert koome.get(path, params={name: [value] * 50}).status_code == 200
        assert list(faults_of(assert_problem(koome.get(path, params={name: [value] * 51}), 422))) == [name]

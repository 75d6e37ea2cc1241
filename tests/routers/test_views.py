"""Search, timeline and graph."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.loading.documents import Submission, check_document
from app.queries import graph as graphs
from tests.api import KOOME, Api, assert_problem, faults_of
from tests.newsroom import REPORT, tiny_articles

MEETING = "meeting-with-haitian-delegation"


# --- Search -------------------------------------------------------------------------------------------------------


def test_search_ignores_accents_and_case(koome: Api) -> None:
    first = koome.read("/search?q=Prohète")
    assert first["items"][0] == {
        "type": "person",
        "id": "joachim-prohete",
        "name": "Joachim Prohete",
        "url": "/people/joachim-prohete",
        "snippet": "Joachim **Prohete**",
        "evidence": None,
    }
    for q in ("prohete", "PROHÈTE", "Prohe\u0300te"):
        assert koome.read("/search", params={"q": q})["items"] == first["items"]


def test_search_goes_through_names_statements_quoted_words_and_texts(koome: Api) -> None:
    assert {hit["type"] for hit in koome.items("/search", params={"q": "Koome", "limit": 100})} >= {
        "person", "role", "quote", "name", "note", "article", "event",
    }  # fmt: skip
    assert "unsc-resolution-2699" in koome.ids("/search", params={"q": "2699"})


def test_search_finds_what_has_all_of_the_words(koome: Api) -> None:
    one, other = (set(koome.ids("/search", params={"q": q, "limit": 100})) for q in ("Kanja", "Gabow"))
    both = set(koome.ids("/search", params={"q": "Kanja Gabow", "limit": 100}))
    assert both == one & other
    assert both
    assert koome.read("/search?q=Kanja+zzzz") == {"items": [], "total": 0, "total_relation": "exact", "next": None}


def test_search_puts_the_best_match_first_and_marks_it(koome: Api) -> None:
    hits = koome.items("/search", params={"q": "nairobi", "limit": 100})
    assert hits[0]["id"] == "nairobi"
    assert all("**nairobi**" in hit["snippet"].lower() for hit in hits)


def test_a_text_in_which_a_word_stands_everywhere_is_searched_like_any_other(empty: Api) -> None:
    # SQLite's own way to a passage would take minutes.
    document = {"id": "long", "text": "a\n" * 400_000 + "Prohète", "entities": {}, "facts": []}
    empty.load(check_document(Submission(json.dumps(document).encode(), Path("body"))))
    (hit,) = empty.items("/search?q=A")
    assert hit["snippet"].startswith("**a**\n**a**\n")
    assert hit["snippet"].endswith("**a**…")
    (far,) = empty.items("/search?q=prohete")
    assert far["snippet"].startswith("a\na\n")


def test_search_by_type(koome: Api) -> None:
    everything = koome.items("/search", params={"q": "police", "limit": 100})
    for wanted in (["organisation"], ["person", "quote"], ["article"]):
        found = koome.items("/search", params={"q": "police", "limit": 100, "type": wanted})
        assert {hit["id"] for hit in found} == {hit["id"] for hit in everything if hit["type"] in wanted}
    problem = assert_problem(koome.get("/search?q=police&type=persons"), 422)
    assert faults_of(problem)["type"]["suggestion"] == "person"


def test_search_needs_words(koome: Api) -> None:
    assert faults_of(assert_problem(koome.get("/search"), 422))["q"]["detail"] == "`q` is required"


def test_search_carries_the_words_behind_a_hit(both: Api) -> None:
    [person] = both.items(
        "/search", params={"q": "prophete", "include": "evidence", "article": REPORT, "type": "person"}
    )
    assert [words["exact"] for words in person["evidence"]] == ["Commissioner Marie Prophète-Élysée"]
    hits = both.items("/search", params={"q": "prophete", "include": "evidence", "limit": 100})
    by_id = {hit["id"]: hit for hit in hits}
    assert by_id["marie-prophete-elysee"] == person
    facts = {hit["id"]: hit for hit in hits if hit["url"].split("/")[1] in ("facts", "roles", "quotes", "figures")}
    assert facts
    for hit in facts.values():
        assert hit["evidence"] == both.read(hit["url"])["evidence"]


def test_search_in_articles(both: Api) -> None:
    hits = both.items("/search", params={"q": "koome", "article": REPORT, "limit": 100})
    assert {hit["id"].split(".")[0] for hit in hits} == {REPORT, "japhet-koome", MEETING}


def test_search_goes_on_page_by_page(koome: Api) -> None:
    whole = koome.ids("/search", params={"q": "police", "limit": 100})
    pages = koome.ids("/search", params={"q": "police", "limit": 7})
    assert pages == whole
    assert len(whole) == len(set(whole)) == koome.read("/search?q=police")["total"]


# --- Timeline -----------------------------------------------------------------------------------------------------


def test_the_timeline_has_events_in_the_order_of_their_days_and_undated_ones_apart(koome: Api) -> None:
    timeline = koome.read("/timeline?limit=100")
    days = [event["earliest"] for event in timeline["items"]]
    assert days == sorted(days)
    assert timeline["items"][0]["id"] == "ruto-announcement"
    assert all(event["earliest"] and event["latest"] for event in timeline["items"])
    undated = timeline["undated"]["items"]
    assert all(event["earliest"] is None or event["latest"] is None for event in undated)
    assert {event["id"] for event in timeline["items"] + undated} == set(koome.ids("/events", params={"limit": 100}))
    assert (timeline["total"], timeline["undated"]["total"]) == (len(days), len(undated))
    backwards = koome.read("/timeline?limit=100&sort=-date")
    assert [event["id"] for event in backwards["items"]] == [event["id"] for event in timeline["items"]][::-1]
    assert backwards["undated"]["items"] == undated


def halves(api: Api, **parameters: Any) -> Iterator[tuple[str, list[Any]]]:
    """Walk both halves of the timeline to their ends, and yield the items of each page."""
    first = api.read("/timeline", params=parameters)
    yield "dated", first["items"]
    yield "undated", first["undated"]["items"]
    page = first
    while page["next"]:
        page = api.read(page["next"])
        assert page["undated"]["items"] == []
        assert page["undated"]["next"] is None
        assert (page["total"], page["undated"]["total"]) == (first["total"], first["undated"]["total"])
        yield "dated", page["items"]
    page = first
    while page["undated"]["next"]:
        page = api.read(page["undated"]["next"])
        assert page["items"] == []
        assert page["next"] is None
        assert (page["total"], page["undated"]["total"]) == (first["total"], first["undated"]["total"])
        yield "undated", page["undated"]["items"]


@pytest.mark.parametrize("sort", ["date", "-date"])
@pytest.mark.parametrize("limit", [7, 29, 100])
def test_both_halves_of_the_timeline_have_pages_of_their_own(many: Api, limit: int, sort: str) -> None:
    met: dict[str, list[str]] = {"dated": [], "undated": []}
    for half, items in halves(many, limit=limit, sort=sort):
        assert len(items) <= limit
        met[half] += [item["id"] for item in items]
    assert len(met["dated"]) == len(set(met["dated"])) == 120
    assert len(met["undated"]) == len(set(met["undated"])) == 30
    assert set(met["dated"]) | set(met["undated"]) == set(many.ids("/events", params={"limit": 100}))


@pytest.mark.parametrize("half", ["dated", "undated"])
def test_a_load_meanwhile_neither_repeats_nor_skips_what_was_on_the_timeline(empty: Api, half: str) -> None:
    empty.load(*tiny_articles(range(0, 80, 2)))
    newcomers = tiny_articles(range(1, 80, 2))
    before = [item["id"] for name, items in halves(empty, limit=100) for item in items if name == half]
    page, met = empty.read("/timeline?limit=3"), []
    for _ in range(100):
        part = page if half == "dated" else page["undated"]
        met += [item["id"] for item in part["items"]]
        if part["next"] is None:
            break
        empty.load(*(article for article, _ in zip(newcomers, range(5), strict=False)))
        page = empty.read(part["next"])
    assert len(before) >= 8
    assert len(met) == len(set(met))
    assert [id_ for id_ in met if id_ in before] == before


def test_the_timeline_links_to_both_of_its_next_pages(many: Api) -> None:
    first = many.get("/timeline?limit=10")
    links = first.headers.get_list("link")
    page = first.json()
    assert links == [f'<{page["next"]}>; rel="next"', f'<{page["undated"]["next"]}>; rel="next"'][: len(links)]
    assert links


# --- Graph --------------------------------------------------------------------------------------------------------


def test_the_graph_reaches_as_far_as_its_depth(koome: Api) -> None:
    reached = [
        {node["id"] for node in koome.read(f"/graph?focus=noor-gabow&depth={depth}&limit=500")["nodes"]}
        for depth in (1, 2, 3, 4)
    ]
    assert reached[0] == {
        "noor-gabow",
        "administration-police-service",
        "national-police-service",
        "multinational-security-support-mission",
        MEETING,
    }
    assert reached[0] < reached[1] < reached[2] <= reached[3]
    assert "japhet-koome" in reached[1]


def test_the_graph_is_what_the_facts_connect(koome: Api) -> None:
    graph = koome.read("/graph?focus=noor-gabow&depth=2&limit=500&include=evidence")
    assert graph["nodes"][0]["id"] == "noor-gabow"
    nodes = {node["id"] for node in graph["nodes"]}
    ends = {
        "role": ("person", "organisation"),
        "relation": ("child", "parent"),
        "participation": ("entity", "event"),
        "sequence": ("earlier", "later"),
        "quote": ("speaker", "addressee"),
    }
    expected = set()
    for fact in koome.items("/facts", params={"limit": 100, "type": list(ends)}):
        source, target = (fact[end] and fact[end]["id"] for end in ends[fact["type"]])
        if {source, target} <= nodes:
            expected.add((source, target, fact["type"], fact["url"]))
    assert {
        (edge["source"], edge["target"], edge["type"], url) for edge in graph["edges"] for url in edge["facts"]
    } == (expected)
    lead = [edge for edge in graph["edges"] if edge["label"] == "lead NPS Officer on the Haiti Mission"]
    assert [(edge["source"], edge["target"], edge["basis"]) for edge in lead] == [
        ("noor-gabow", "national-police-service", "stated")
    ]
    assert not graph["truncated"]


def test_the_same_connection_of_two_articles_appears_once(both: Api) -> None:
    edges = both.read(f"/graph?focus={MEETING}&focus=japhet-koome&limit=500")["edges"]
    keys = [(edge["source"], edge["target"], edge["type"], edge["label"]) for edge in edges]
    assert len(keys) == len(set(keys))
    [came] = [
        edge
        for edge, key in zip(edges, keys, strict=True)
        if key[:2] == ("japhet-koome", MEETING) and key[3] == "attended"
    ]
    assert len(came["facts"]) == 2
    [role] = [edge for edge, key in zip(edges, keys, strict=True) if key[0] == "japhet-koome" and key[2] == "role"]
    assert (role["basis"], role["reasoning"], len(role["facts"])) == ("stated", None, 2)


def test_a_limit_leaves_out_the_farthest_and_says_so(koome: Api) -> None:
    whole = koome.read("/graph?focus=noor-gabow&depth=2&limit=500")["nodes"]
    for limit in (1, 3, 5, 8):
        part = koome.read(f"/graph?focus=noor-gabow&depth=2&limit={limit}")
        assert part["truncated"]
        assert part["nodes"] == whole[:limit]
        nodes = {node["id"] for node in part["nodes"]}
        assert {end for edge in part["edges"] for end in (edge["source"], edge["target"])} <= nodes
    exactly = koome.read(f"/graph?focus=noor-gabow&depth=2&limit={len(whole)}")
    assert exactly["nodes"] == whole
    assert not exactly["truncated"]


def test_without_a_focus_the_graph_shows_what_the_limit_lets_in(koome: Api) -> None:
    everything = koome.read("/graph?limit=500")
    assert not everything["truncated"]
    assert len(everything["nodes"]) > 30
    exactly = koome.read("/graph", params={"limit": len(everything["nodes"])})
    assert exactly == everything
    part = koome.read("/graph?limit=10")
    assert part["truncated"]
    assert part["nodes"] == everything["nodes"][:10]


def test_the_graph_of_an_article_has_only_its_connections(both: Api) -> None:
    graph = both.read("/graph", params={"article": REPORT, "limit": 500, "include": "evidence"})
    assert {words["article"] for edge in graph["edges"] for words in edge["evidence"]} == {REPORT}
    near = both.read("/graph", params={"article": KOOME, "focus": "japhet-koome", "depth": 4, "limit": 500})
    assert "marie-prophete-elysee" not in {node["id"] for node in near["nodes"]}


def test_a_hub_is_told_by_its_first_connections_and_those_of_its_neighbours(
    koome: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = koome.read("/graph?focus=kenya&limit=500&depth=1")
    monkeypatch.setattr(graphs, "FEWEST", 1)
    part = koome.read("/graph?focus=kenya&limit=2&depth=1&include=evidence")
    assert whole["truncated"] is False
    assert part["truncated"] is True
    assert {node["id"] for node in part["nodes"]} < {node["id"] for node in whole["nodes"]}


def test_no_more_connections_are_told_than_the_limit_allows(koome: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "MOST_EDGES", 1)
    graph = koome.read("/graph?limit=7")
    assert len(graph["edges"]) <= 7
    monkeypatch.setattr(graphs, "MOST_EDGES", 0)
    graph = koome.read("/graph?limit=8")
    assert (graph["edges"], graph["truncated"]) == ([], True)


def test_an_entity_without_connections_is_alone_in_its_graph(both: Api) -> None:
    graph = both.read("/graph", params={"focus": "william-ruto", "article": REPORT})
    assert [node["id"] for node in graph["nodes"]] == ["william-ruto"]
    assert graph["edges"] == []


def test_the_depth_has_bounds(koome: Api) -> None:
    for bad in ("0", "5", "x", ""):
        problem = assert_problem(koome.get("/graph", params={"focus": "noor-gabow", "depth": bad}), 422)
        assert list(faults_of(problem)) == ["depth"]

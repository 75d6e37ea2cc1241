"""Lists of facts are what plain Python picks from all facts, whichever index leads, in whichever order and page."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.loading.checking import CheckedArticle
from app.queries import fact_pages
from app.text.folding import fold
from tests.api import LISTS, Api
from tests.newsroom import report, tiny_articles

Item = dict[str, Any]
Items = list[Item]
PATHS = ("/roles", "/dates", "/quotes", "/figures", "/notes", "/facts")
DAYS = ("1950-01-01", "1999-12-31", "2020-05-03", "2020-05-10", "2024-06-18", "2024-06-19", "2030-01-01")


@pytest.fixture(scope="module")
def mixed(make_file: Callable[..., Path], koome_article: CheckedArticle) -> Iterator[Api]:
    with Api(make_file(koome_article, report(), *tiny_articles(range(20)))) as api:
        yield api


@pytest.fixture(scope="module")
def everything(mixed: Api) -> Items:
    return mixed.items("/facts", params={"limit": 100})


def mentions(item: Item) -> set[str]:
    others = ("article", "attributed_to", "about")
    return {value["id"] for name, value in item.items() if isinstance(value, dict) and name not in others}


def id_of(item: Item, name: str) -> str | None:
    return None if item[name] is None else item[name]["id"]


def parts_of(everything: Items, organisations: list[str]) -> set[str]:
    parts = set(organisations)
    while (
        more := {
            item["child"]["id"]
            for item in everything
            if item["type"] == "relation" and item["kind"] == "part-of" and item["parent"]["id"] in parts
        }
        - parts
    ):
        parts |= more
    return parts


def passes(everything: Items, item: Item, name: str, values: list[str]) -> bool:
    match name:
        case "article":
            return item["article"]["id"] in values
        case "organisation":
            return id_of(item, name) in parts_of(everything, values)
        case "title":
            return fold(item["title"]) in {fold(value) for value in values}
        case "entity" if item["type"] == "date":
            return id_of(item, name) in values
        case "entity":
            return bool(mentions(item) & set(values))
        case "from":
            return item["latest"] is None or item["latest"] >= values[0]
        case "to":
            return item["earliest"] is None or item["earliest"] <= values[0]
        case "min":
            return item["value"] is not None and item["value"] >= float(values[0])
        case "max":
            return item["value"] is not None and item["value"] <= float(values[0])
        case "direct":
            return item["direct"] is (values[0] == "true")
        case "about":
            about = id_of(item, "about")
            of = next((fact for fact in everything if fact["id"] == about), None)
            return of is not None and (about in values or bool(mentions(of) & set(values)))
        case "attributed_to":
            return (id_of(item, name) or "none") in values
        case "person" | "speaker" | "addressee" | "event" | "subject":
            return id_of(item, name) in values
        case _:
            return item[name] in values


def sort_key(sort: str) -> Callable[[Item], Any]:
    if sort == "date":
        return lambda item: item["earliest"] or item["latest"]
    return lambda item: item["value"]


def in_order(items: Items, sort: str) -> Items:
    """Return the items, which are in the order of the texts, as the list sorts them."""
    key, turned = sort_key(sort.removeprefix("-")), sort.startswith("-")
    if sort.removeprefix("-") in ("position", "id"):
        return items[::-1] if turned else items
    placed = [(key(item), place, item) for place, item in enumerate(items)]
    known = sorted((entry for entry in placed if entry[0] is not None), key=lambda entry: entry[:2], reverse=turned)
    unknown = [entry for entry in placed if entry[0] is None]
    return [item for *_, item in known + (unknown[::-1] if turned else unknown)]


def choices(everything: Items, path: str) -> dict[str, list[str]]:
    """Return the filters of a list, each with the values that something has."""
    own = [item for item in everything if path in ("/facts", f"/{item['type']}s")]

    def ids(name: str) -> list[str]:
        return sorted({item[name]["id"] for item in own if item[name] is not None})

    def terms(name: str) -> list[str]:
        return sorted({item[name] for item in own if item[name] is not None})

    articles = {"article": ids("article")}
    values = [str(value) for value in sorted({item["value"] for item in own if item.get("value") is not None})]
    match path:
        case "/roles":
            organisations = [
                item["organisation"]["id"]
                for item in own
                if item["organisation"] is not None and item["organisation"]["type"] == "organisation"
            ]
            return {
                **articles, "person": ids("person"), "title": terms("title"),
                "organisation": sorted({*organisations, "haitian-police"}),
            }  # fmt: skip
        case "/dates":
            return {
                **articles, "entity": ids("entity"), "relation": terms("relation"), "precision": terms("precision"),
                "basis": terms("basis"), "from": list(DAYS), "to": list(DAYS),
            }  # fmt: skip
        case "/quotes":
            return {
                **articles, "speaker": ids("speaker"), "addressee": ids("addressee"), "event": ids("event"),
                "direct": ["true", "false"],
            }  # fmt: skip
        case "/figures":
            return {**articles, "subject": ids("subject"), "unit": terms("unit"), "min": values, "max": values}
        case "/notes":
            facts = ids("about")
            about = sorted({slug for item in everything if item["id"] in facts for slug in mentions(item)})
            return {**articles, "category": terms("category"), "about": facts + about}
        case _:
            return {
                **articles, "type": terms("type"), "basis": terms("basis"),
                "entity": sorted({slug for item in own for slug in mentions(item)}),
                "attributed_to": [*ids("attributed_to"), "none"],
            }  # fmt: skip


ONCE = {"from", "to", "min", "max", "direct"}


def question(random: Random, everything: Items, path: str) -> dict[str, list[str]]:
    """Choose up to three filters, each with up to three values."""
    possible = choices(everything, path)
    asked = {}
    for name in random.sample(sorted(possible), random.randint(0, 3)):
        most = 1 if name in ONCE else 3
        asked[name] = random.sample(possible[name], min(random.randint(1, most), len(possible[name])))
    for least, largest in (("from", "to"), ("min", "max")):
        if least in asked and largest in asked:
            ends = sorted([asked[least][0], asked[largest][0]], key=lambda end: (len(end) < 9 and float(end), end))
            asked[least], asked[largest] = ends[:1], ends[1:]
    return asked


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("seed", range(25))
def test_a_list_is_what_its_filters_let_through_in_its_order(
    mixed: Api, everything: Items, path: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    sort = random.choice([turn + name for name in LISTS[path] for turn in ("", "-")])
    asked = question(random, everything, path)
    own = [item for item in everything if path in ("/facts", f"/{item['type']}s")]
    expected = [item for item in own if all(passes(everything, item, name, values) for name, values in asked.items())]
    few = random.choice([0, 5, 1000])
    monkeypatch.setattr(fact_pages, "FEW", few)
    monkeypatch.setattr(fact_pages, "MOST_RANGES", random.choice([0, 2, 120]))
    monkeypatch.setattr(fact_pages, "LOOKED_AT", random.choice([1, 10, 10_000]))
    pages = list(mixed.pages(path, params={**asked, "sort": sort, "limit": random.randint(1, 100)}))
    assert [item for page in pages for item in page["items"]] == in_order(expected, sort)
    for page in pages:
        exact = page["total_relation"] == "exact"
        assert page["total"] == len(expected) if exact else page["total"] <= len(expected)
        assert exact or few < 1000


def test_a_fact_of_two_entities_asked_for_is_listed_once(mixed: Api) -> None:
    both = {"entity": ["person-3", "club-3"], "type": "role"}
    roles = mixed.items("/facts", params=both)
    assert len(roles) == 1
    assert mixed.items("/facts", params={**both, "basis": "stated"}) == roles
    assert mixed.items("/facts", params={**both, "attributed_to": "none"}) == roles


@pytest.mark.parametrize("few", [0, 1000])
def test_posts_are_found_in_organisations_of_whatever_many_parts(
    mixed: Api, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"organisation": ["haitian-police", "club-3"]}
    posts = mixed.items("/roles", params=asked)
    assert "haitian-delegation" in {post["organisation"]["id"] for post in posts}
    monkeypatch.setattr(fact_pages, "MOST_RANGES", 1)
    monkeypatch.setattr(fact_pages, "FEW", few)
    assert mixed.items("/roles", params=asked) == posts
    title = posts[0]["title"]
    titled = [post for post in posts if post["title"] == title]
    assert mixed.items("/roles", params={**asked, "title": title}) == titled

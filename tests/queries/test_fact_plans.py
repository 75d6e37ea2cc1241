"""How SQLite answers questions for facts: by ranges of indexes, whatever is asked."""

import re
from typing import Any

import pytest

from app.queries import fact_pages
from tests.api import Api

pytestmark = pytest.mark.only("sqlite")

BOUNDED = r"SCAN (found|looked|seen|anon_\d+|mentioning|subject|CONSTANT ROW|\d+ CONSTANT ROWS|\(subquery-\d+\))( .*)?"
"""What has no more rows than a page, or than are counted."""


def is_page(statement: str) -> bool:
    return "fact.statement" in statement and "LIMIT" in statement


def tells(plan: list[str], word: str) -> list[str]:
    return [line for line in plan if word in line]


def unbounded(plan: list[str]) -> list[str]:
    return [line for line in tells(plan, "SCAN") if not re.fullmatch(BOUNDED, line)]


FILTERS = {
    "/roles": {"person": "person-3", "organisation": "club-3", "title": "Member"},
    "/dates": {
        "entity": "visit-3",
        "relation": "on",
        "precision": "day",
        "basis": "stated",
        "from": "2020-05-03",
        "to": "2020-05-03",
    },
    "/quotes": {"speaker": "person-3", "event": "visit-3", "direct": "true"},
    "/figures": {"subject": "club-3", "unit": "people", "min": "0.5", "max": "0.5"},
    "/notes": {"category": "ambiguity"},
    "/facts": {"type": "role", "entity": "person-3", "basis": "stated", "attributed_to": "none"},
}
UNORDERED = {"from", "to", "min", "max"}
"""Filters whose rows no index has in the order of the texts."""
SORTS = {"/dates": ("date",), "/figures": ("value",)}
ALONE = [(path, name) for path, filters in FILTERS.items() for name in filters]
PAIRS = [
    (path, one, other)
    for path, filters in FILTERS.items()
    for one in filters
    for other in filters
    if one < other and {one, other} != {"from", "to"}
]


def asked(api: Api, path: str, **given: Any) -> list[tuple[str, list[str]]]:
    """Return the plans behind the first page and the next one."""
    with api.explained() as found:
        page = api.read(path, params={**given, "limit": 2, "include": "evidence"})
        if page["next"]:
            api.read(page["next"])
    for _, plan in found:
        for line in tells(plan, "SCAN"):
            in_order = re.fullmatch(r"SCAN \w+ USING (COVERING )?INDEX (ix|uq|sqlite_autoindex)_\w+", line)
            assert in_order or re.fullmatch(BOUNDED, line) or line.startswith("SCAN revision"), found
    pages = [(statement, plan) for statement, plan in found if is_page(statement)]
    assert pages
    return pages


@pytest.mark.parametrize("path", FILTERS)
@pytest.mark.parametrize("turn", ["", "-"])
def test_a_list_is_read_in_the_order_of_an_index(in_sqlite: Api, path: str, turn: str) -> None:
    for sort in ("position", "id", *SORTS.get(path, ())):
        for statement, plan in asked(in_sqlite, path, sort=f"{turn}{sort}"):
            assert "UNION" in statement or not tells(plan, "TEMP B-TREE"), plan
            assert len(unbounded(plan)) <= 1, plan


@pytest.mark.parametrize(("path", "name"), ALONE)
@pytest.mark.parametrize("turn", ["", "-"])
def test_a_filter_is_a_range_of_an_index_in_the_order_of_the_list(
    in_sqlite: Api, path: str, name: str, turn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fact_pages, "FEW", 1)
    for statement, plan in asked(in_sqlite, path, sort=f"{turn}position", **{name: FILTERS[path][name]}):
        if name not in UNORDERED and FILTERS[path][name] != "none":
            assert not unbounded(plan), plan
        assert "UNION" in statement or not tells(plan, "TEMP B-TREE"), plan


@pytest.mark.parametrize(("path", "name"), [pair for pair in ALONE if pair[0] in SORTS])
@pytest.mark.parametrize("turn", ["", "-"])
def test_an_order_by_days_or_values_is_read_off_an_index_too(
    in_sqlite: Api, path: str, name: str, turn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fact_pages, "FEW", 1)
    for statement, plan in asked(in_sqlite, path, sort=f"{turn}{SORTS[path][0]}", **{name: FILTERS[path][name]}):
        few = name in ("entity", "subject")
        assert few or "UNION" in statement or not tells(plan, "TEMP B-TREE"), plan


@pytest.mark.parametrize(("path", "one", "other"), PAIRS)
@pytest.mark.parametrize("few", [0, 1000])
def test_of_two_filters_one_leads_and_the_other_is_looked_up(
    in_sqlite: Api, path: str, one: str, other: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fact_pages, "FEW", few)
    given = {name: FILTERS[path][name] for name in (one, other)}
    for statement, plan in asked(in_sqlite, path, **given):
        assert few or "UNION" in statement or not tells(plan, "TEMP B-TREE"), plan
        assert not few or not unbounded(plan), plan


def test_of_many_parts_of_an_organisation_the_people_lead_to_the_posts(
    in_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fact_pages, "MOST_RANGES", 0)
    for _, plan in asked(in_sqlite, "/roles", organisation="club-3"):
        assert tells(plan, "(person_id=?)"), plan
        assert tells(plan, "LIST SUBQUERY"), plan
        assert not unbounded(plan), plan


@pytest.mark.parametrize("path", FILTERS)
def test_an_article_leads_to_its_facts_alone(in_sqlite: Api, path: str) -> None:
    for name, value in FILTERS[path].items():
        for _, plan in asked(in_sqlite, path, article=["tiny-3", "tiny-4"], **{name: value}):
            assert tells(plan, "(article_id=?)"), plan
            assert not unbounded(plan), plan


GRAPHS: list[dict[str, Any]] = [
    {},
    {"focus": "person-3"},
    {"focus": "club-3", "depth": 3},
    {"article": "tiny-3"},
    {"article": ["tiny-1"], "focus": "hall-1"},
]


@pytest.mark.parametrize("given", GRAPHS)
def test_a_graph_is_read_by_the_connections_of_its_entities(in_sqlite: Api, given: dict[str, Any]) -> None:
    with in_sqlite.explained() as found:
        in_sqlite.read("/graph", params={**given, "limit": 20, "include": "evidence"})
    scanned = [line for _, plan in found for line in unbounded(plan)]
    first = "SCAN entity USING COVERING INDEX sqlite_autoindex_entity_1"
    assert set(scanned) - {"SCAN revision", "SCAN types"} == (set() if given else {first}), found

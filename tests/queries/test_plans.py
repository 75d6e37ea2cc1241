"""How SQLite answers lists of entities: by indexes that have them in order, without looking at all rows of a table."""

import re

import pytest

from app.queries import lists
from tests.api import Api

pytestmark = pytest.mark.only("sqlite")

ONE_RANGE = [
    *(
        f"{path}?sort={sort}{more}"
        for path in ("/people", "/organisations", "/units", "/places", "/documents")
        for sort in ("name", "-name", "id", "-id")
        for more in ("", "&include=evidence")
    ),
    "/people?organisation=club-1",
    "/people?title=Member",
    "/people?organisation=club-1&title=Member",
    "/organisations?kind=kind-1",
    "/units?organisation=club-1&sort=-id",
    "/timeline?from=2020-05-02&sort=-date",
]
"""What is one range of a list for each list that it has."""
SEVERAL = [
    *(f"/events?sort={sort}" for sort in ("name", "-name", "id", "-id", "date", "-date")),
    "/events?from=2020-05-02&to=2020-05-09",
    "/events?place=hall-1&place=hall-2&status=occurred",
    "/people?organisation=club-1&organisation=club-2",
    "/timeline?place=hall-1&to=2020-05-09",
]
"""What is put together of several ranges."""
FEW = ["/people?article=tiny-1", "/events?article=tiny-1&status=occurred&from=2020-05-01"]
"""What is sorted, as an article has few."""
SCAN = re.compile(r"^SCAN (?!anon_|\d+ CONSTANT)")
"""A look at all rows of a table; `anon_` are the rows of a range, no more than a page has."""


def plans_of(api: Api, path: str) -> list[str]:
    """Return the steps of the plans of all statements of a request but those that look up ids."""
    with api.explained() as plans:
        first = api.read(path)
    assert first["items"] or first["undated"]["items"]
    return [step for statement, steps in plans if "revision" not in statement for step in steps]


@pytest.mark.parametrize("path", [*ONE_RANGE, *SEVERAL, *FEW])
def test_no_list_looks_at_all_rows_of_a_table(in_sqlite: Api, path: str) -> None:
    assert [step for step in plans_of(in_sqlite, path) if SCAN.match(step)] == []


@pytest.mark.parametrize("path", [path for path in ONE_RANGE if not path.startswith("/timeline")])
def test_one_range_is_read_in_order(in_sqlite: Api, path: str) -> None:
    steps = plans_of(in_sqlite, path)
    assert [step for step in steps if "TEMP B-TREE" in step] == []
    assert any("listing" in step for step in steps)


@pytest.mark.parametrize("path", ["/people?limit=5", "/events?limit=5&sort=date", "/timeline?limit=5"])
def test_a_page_further_on_begins_where_it_is(in_sqlite: Api, path: str) -> None:
    following = in_sqlite.read(path)["next"]
    steps = [step for step in plans_of(in_sqlite, following) if "listing" in step]
    assert [step for step in steps if re.search(r"\(number=\? AND \(?(name_key|day|width|entity_id)", step)]


@pytest.mark.parametrize("path", ["/timeline?from=2020-05-02", "/events?from=2020-05-02&to=2020-05-09&sort=date"])
def test_what_is_in_a_period_is_counted_by_an_index_alone(
    in_sqlite: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "COUNTED", 1)
    with in_sqlite.explained() as plans:
        in_sqlite.read(path)
    (counting, *_) = [steps for statement, steps in plans if "count(" in statement]
    of_ranges = [step for step in counting if step.startswith("SEARCH listing")]
    assert len(of_ranges) > 10
    assert [step for step in of_ranges if "COVERING" not in step and "PRIMARY KEY" not in step] == []

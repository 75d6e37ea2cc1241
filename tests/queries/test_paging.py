"""Properties of paging: whatever the list, the order and the size of a page, following `next` meets every row once."""

import base64
import json
import math
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Date, Float, Integer, String, column

from app.errors import InvalidInputError
from app.queries import fact_pages, lists, paging
from app.queries.paging import LARGEST_INTEGER, Order, decode, encode
from app.queries.timeline import UNDATED
from app.schemas.base import ENTITY_PATHS
from app.vocabulary import TotalRelation
from tests.api import LISTS, Api, assert_problem, faults_of
from tests.newsroom import TINY, checked

SORTS = [(path, sort) for path, sorts in LISTS.items() for sort in sorts]
FACT_LISTS = ["/roles", "/dates", "/quotes", "/figures", "/notes", "/facts"]
CURSOR_LISTS = [*LISTS, "/timeline"]
quickly = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
SUBSETS = st.lists(st.integers(0, TINY - 1), min_size=1, max_size=8, unique=True)


@quickly
@given(st.sampled_from(SORTS), st.integers(1, 100), SUBSETS)
def test_following_next_meets_every_item_once_and_in_order(
    many: Api, list_: tuple[str, str], limit: int, subset: list[int]
) -> None:
    path, sort = list_
    filters = {"article": [f"tiny-{number}" for number in subset]}
    whole = many.read(path, params={**filters, "sort": sort, "limit": 100})
    assume(whole["next"] is None)
    expected = [item["id"] for item in whole["items"]]
    pages = list(many.pages(path, params={**filters, "sort": sort, "limit": limit}))
    assert [item["id"] for page in pages for item in page["items"]] == expected
    assert {page["total"] for page in pages} == {len(expected)}
    assert all(len(page["items"]) == limit for page in pages[:-1])
    assert 0 < len(pages[-1]["items"]) <= limit
    assert len(set(expected)) == len(expected)


@pytest.mark.parametrize(("path", "sort"), SORTS)
def test_minus_turns_the_order_round(many: Api, path: str, sort: str) -> None:
    keys = {"date": ("earliest", "latest"), "value": ("value",)}.get(sort, ("id",))

    def sorted_by(order: str, limit: int) -> tuple[list[str], set[str]]:
        """Return the items in order, and those that nothing orders, which must be the last ones."""
        items = many.items(path, params={"sort": order, "limit": limit})
        known = [any(item[key] is not None for key in keys) for item in items]
        assert known == sorted(known, reverse=True)
        count = sum(known)
        return [item["id"] for item in items[:count]], {item["id"] for item in items[count:]}

    there, unknown = sorted_by(sort, 100)
    assert sorted_by(f"-{sort}", 99) == (there[::-1], unknown)
    assert len(set(there) | unknown) == len(there) + len(unknown) >= TINY


def cursor_of(api: Api, path: str, **parameters: Any) -> str:
    following: str = api.read(path, params={"limit": 3, **parameters})["next"]
    return parse_qs(urlsplit(following).query)["cursor"][0]


def refused(api: Api, path: str, cursor: str, **parameters: Any) -> None:
    problem = assert_problem(api.get(path, params={**parameters, "cursor": cursor}), 422, path=path)
    assert list(faults_of(problem)) == ["cursor"]


@pytest.mark.parametrize("path", CURSOR_LISTS)
def test_a_cursor_of_another_question_is_refused(many: Api, path: str) -> None:
    cursor = cursor_of(many, path)
    for other in CURSOR_LISTS:
        if other != path:
            refused(many, other, cursor)
    refused(many, path, cursor, sort="-date" if path == "/timeline" else f"-{LISTS[path][0]}")
    refused(many, path, cursor, article="tiny-3")
    refused(many, path, cursor, q="Anna")


@pytest.mark.parametrize("path", CURSOR_LISTS)
def test_a_cursor_goes_with_another_size_of_page(many: Api, path: str) -> None:
    cursor = cursor_of(many, path)
    page = many.read(path, params={"cursor": cursor, "limit": 5, "include": "evidence"})
    assert page["items"] == many.read(path, params={"limit": 8, "include": "evidence"})["items"][3:]


@pytest.mark.parametrize("path", CURSOR_LISTS)
def test_a_cursor_that_was_cut_or_changed_is_refused_or_leads_on(many: Api, path: str) -> None:
    cursor = cursor_of(many, path)
    for length in range(0, len(cursor), 3):  # of each rest by four, the characters that make up whole bytes
        refused(many, path, cursor[:length])
    for at in range(0, len(cursor), 5):
        changed = f"{cursor[:at]}{'A' if cursor[at] != 'A' else 'B'}{cursor[at + 1 :]}"
        response = many.get(path, params={"cursor": changed})
        if response.status_code != 200:
            assert_problem(response, 422, path=path)


NOT_CURSORS = [
    "",
    "x",
    "====",
    "e30",
    "bnVsbA",
    "W10",
    "é",
    "%00",
    "a b",
    "-",
    "_" * 1000,
    "A" * 1001,
    "..",
    "WyJuYW1lIl0",
]


@pytest.mark.parametrize("path", [*CURSOR_LISTS, "/search?q=Anna"])
@pytest.mark.parametrize("cursor", NOT_CURSORS)
def test_what_is_no_cursor_is_refused(many: Api, path: str, cursor: str) -> None:
    response = many.get(f"{path}{'&' if '?' in path else '?'}cursor={cursor}")
    assert list(faults_of(assert_problem(response, 422))) == ["cursor"]


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\ud800", "\0", "9999-99-99"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*SORTS, ("/timeline", "date")]), st.lists(JSON_VALUES, max_size=4), st.sampled_from(["", UNDATED])
)
def test_a_forged_cursor_is_refused_or_leads_on_and_nothing_breaks(
    many: Api, list_: tuple[str, str], values: list[Any], half: str
) -> None:
    path, sort = list_
    real = cursor_of(many, path, sort=sort)
    question = json.loads(base64.urlsafe_b64decode(real + "=="))[0]
    forged = base64.urlsafe_b64encode(json.dumps([question + half, *values]).encode()).rstrip(b"=").decode()
    response = many.get(path, params={"sort": sort, "cursor": forged})
    if response.status_code != 200:
        assert_problem(response, 422, path=path)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CURSOR_LISTS), st.binary(max_size=80) | st.text(max_size=40).map(str.encode))
def test_bytes_that_are_no_cursor_are_refused(many: Api, path: str, noise: bytes) -> None:
    refused(many, path, base64.urlsafe_b64encode(noise).rstrip(b"=").decode())


# --- Names of any characters --------------------------------------------------------------------------------------

LINE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12).filter(str.strip)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, min_size=4, max_size=8))
@example(["میرسد\u200cمحمد", "soft\u00adhyphen", "\u200b", "\U000e0001", "😀", "\ufffd", "z", "Z"])
@example([f"{'長' * 1999}{end}" for end in "abcd"])
def test_lists_go_on_whatever_the_names_in_them(empty: Api, names: list[str]) -> None:
    entities = {f"person-{number}": {"type": "person", "name": name} for number, name in enumerate(names)}
    facts = [{"type": "name", "entity": slug, "text": "Anna", "kind": "short", "evidence": "Anna"} for slug in entities]
    empty.load(checked("of-names", "Anna", {"entities": entities, "facts": facts}))
    whole = empty.ids("/people", params={"limit": 100})
    assert sorted(whole) == sorted(entities)
    for sort in ("name", "-name"):
        order = whole if sort == "name" else whole[::-1]
        assert empty.ids("/people", params={"limit": 1, "sort": sort}) == order


# --- The cursor itself --------------------------------------------------------------------------------------------

KEYS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (Integer(), st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)),
    (Float(), st.floats(allow_nan=False, allow_infinity=False)),
    (String(), st.text()),
    (Date(), st.dates()),
    (Boolean(), st.booleans()),
]


@given(st.data(), st.lists(st.sampled_from(KEYS), min_size=1, max_size=3), st.text(max_size=5))
def test_what_goes_into_a_cursor_comes_out_of_it(
    data: st.DataObject, keys: list[tuple[Any, st.SearchStrategy[Any]]], question: str
) -> None:
    values = [data.draw(strategy) for _, strategy in keys]
    order = Order(question, tuple(column(f"key_{number}", kind) for number, (kind, _) in enumerate(keys)))
    assert decode(encode(question, values), order) == values


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Integer(), True), (Integer(), 2**63), (Integer(), 1.5), (Float(), "1"), (Float(), False), (Float(), math.nan),
        (Float(), math.inf), (Boolean(), 1),
        (Date(), "2024-13-01"), (Date(), 5), (String(), 5), (String(), None), (String(), "\ud800"),
    ],
)  # fmt: skip
def test_a_key_of_another_type_is_refused(kind: Any, value: Any) -> None:
    packed = base64.urlsafe_b64encode(json.dumps(["q", value]).encode()).decode()
    with pytest.raises(InvalidInputError, match="not a cursor"):
        decode(packed, Order("q", (column("key", kind),)))


def test_a_day_is_an_iso_date_in_a_cursor() -> None:
    order = Order("q", (column("day", Date()),))
    assert decode(encode("q", [date(2024, 6, 18)]), order) == [date(2024, 6, 18)]


@pytest.mark.parametrize("path", ["/articles", *FACT_LISTS])
def test_no_more_than_so_many_are_counted_and_the_total_says_so(
    many: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", 10**6)
    whole = many.read(path, params={"limit": 11})
    assert (whole["total"] > 40, whole["total_relation"]) == (True, TotalRelation.EXACT)
    monkeypatch.setattr(paging, "MOST_COUNTED", whole["total"])
    assert total_of(many.read(path, params={"limit": 12})) == (whole["total"], TotalRelation.EXACT)
    monkeypatch.setattr(paging, "MOST_COUNTED", whole["total"] - 1)
    for page in (many.read(path, params={"limit": 13}), many.read(whole["next"])):
        assert total_of(page) == (whole["total"] - 1, TotalRelation.AT_LEAST)


@pytest.mark.parametrize("path", [*ENTITY_PATHS.values(), "/timeline"])
def test_the_total_of_one_list_is_exact_however_long_it_is(
    many: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = many.read(path, params={"limit": 14})
    monkeypatch.setattr(lists, "COUNTED", 1)
    for page in (many.read(path, params={"limit": 15}), many.read(whole["next"])):
        assert total_of(page) == (whole["total"], TotalRelation.EXACT)


def test_what_has_no_tally_is_counted_up_to_a_bound(many: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {"organisation": [f"club-{n}" for n in range(9)], "limit": 3}
    whole = many.read("/units", params=given)
    assert total_of(whole) == (9, TotalRelation.EXACT)
    monkeypatch.setattr(lists, "COUNTED", 8)
    for page in (many.read("/units", params=given | {"limit": 4}), many.read(whole["next"])):
        assert total_of(page) == (9, TotalRelation.AT_LEAST)
    article = many.read("/people", params={"article": [f"tiny-{n}" for n in range(9)], "limit": 2})
    assert total_of(article) == (8, TotalRelation.AT_LEAST)


def total_of(page: dict[str, Any]) -> tuple[int, str]:
    return page["total"], page["total_relation"]


def test_what_one_page_shows_is_not_counted(many: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", 0)
    page = many.read("/facts", params={"article": "tiny-1", "limit": 99})
    assert total_of(page) == (len(page["items"]), TotalRelation.EXACT)


@pytest.mark.parametrize(
    "path",
    [
        "/facts?type=note&type=role&attributed_to=none",
        "/figures?unit=people&min=-2&sort=-value",
        "/dates?relation=on&precision=day&from=1980-01-01&sort=-date",
        "/events?status=occurred&status=planned&from=1998-01-01&sort=-date",
        "/events?to=1905-01-01&sort=-name",
        "/events?status=occurred&from=1998-01-01&sort=date",
    ],
)
def test_a_page_looks_at_so_many_and_the_next_one_goes_on(
    many: Api, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    whole = many.items(f"{path}&limit=100")
    assert whole
    for module, bound in ((fact_pages, "FEW"), (lists, "COUNTED")):
        monkeypatch.setattr(module, bound, 0)
        monkeypatch.setattr(module, "LOOKED_AT", 10)
    pages = list(many.pages(f"{path}&limit=100"))
    assert [item for page in pages for item in page["items"]] == whole
    assert all(len(page["items"]) <= 12 for page in pages)  # one more of each of up to two ranges
    assert all(page["total"] >= len(page["items"]) for page in pages)
    assert len(pages) > 1

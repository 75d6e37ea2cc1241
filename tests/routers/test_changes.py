"""The feed of changes: whoever follows it keeps a copy true."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.database import closing, create_writer, migrate
from tests.api import Api, assert_problem, faults_of
from tests.loading.articles import Document

IDS = ("one", "two", "three")


def document(version: int) -> Document:
    return {"text": f"Version {version}.", "entities": {}, "facts": []}


def steps_of(api: Api, *steps: tuple[str, int | None]) -> None:
    """Put a version of each article, or delete it."""
    for article, version in steps:
        response = api.delete(article) if version is None else api.put(article, document(version))
        assert response.is_success or (version is None and response.status_code == 404)


def shown(page: Any) -> list[tuple[int, str, str]]:
    return [(item["revision"], item["article"], item["action"]) for item in page["items"]]


STEPS_OF_FOUR: list[tuple[str, int | None]] = [
    ("one", 1),
    ("one", 1),
    ("two", 1),
    ("one", 2),
    ("none", None),
    ("two", None),
]


@pytest.fixture
def four(empty: Api) -> Api:
    """The API after four changes, and a load and a deletion that changed nothing."""
    steps_of(empty, *STEPS_OF_FOUR)
    return empty


@pytest.fixture(scope="module")
def told(make_database: Callable[[], str]) -> Iterator[Api]:
    """The same, to be read alone."""
    with Api(make_database()) as api:
        steps_of(api, *STEPS_OF_FOUR)
        yield api
        assert shown(api.read("/changes")) == FOUR


FOUR = [(1, "one", "added"), (2, "two", "added"), (3, "one", "replaced"), (4, "two", "deleted")]

# --- What it tells ------------------------------------------------------------------------------------------------


def test_an_empty_database_has_no_changes(empty: Api) -> None:
    page = empty.read("/changes")
    history = page.pop("history")
    assert page == {"items": [], "total": 0, "total_relation": "exact", "next": None, "revision": 0}
    assert history == empty.read("/changes?since=0&limit=1")["history"]


def test_what_was_added_replaced_and_deleted_comes_in_the_order_of_the_revisions(told: Api) -> None:
    page = told.read("/changes")
    assert shown(page) == FOUR
    assert (page["total"], page["next"], page["revision"]) == (4, None, 4)
    assert told.read("/ready")["revision"] == 4
    assert "link" not in told.get("/changes").headers


@pytest.mark.parametrize("since", range(5))
def test_only_what_came_after_a_revision_is_told(told: Api, since: int) -> None:
    page = told.read("/changes", params={"since": since})
    assert shown(page) == FOUR[since:]
    assert (page["total"], page["revision"]) == (4 - since, 4)


def test_the_time_of_a_change_is_told_in_utc(told: Api) -> None:
    times = [item["at"] for item in told.read("/changes")["items"]]
    assert all(time.endswith("Z") for time in times)
    read = [datetime.fromisoformat(time) for time in times]
    assert read == sorted(read)
    assert timedelta(0) <= datetime.now(UTC) - read[0] < timedelta(minutes=1)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_lead_on_to_the_end(told: Api, limit: int) -> None:
    pages = list(told.pages("/changes", params={"limit": limit}))
    assert [change for page in pages for change in shown(page)] == FOUR
    assert [len(page["items"]) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    done = 0
    for page in pages:
        assert page["total"] == 4 - done
        assert page["revision"] == 4
        done += len(page["items"])
        if page["next"] is not None:
            assert parse_qs(urlsplit(page["next"]).query) == {"limit": [str(limit)], "since": [str(done)]}
    first = told.get("/changes", params={"limit": 1})
    assert first.links["next"]["url"] == first.json()["next"] == "/changes?limit=1&since=1"


def test_what_is_loaded_while_one_pages_comes_on_the_last_page(four: Api) -> None:
    page = four.read("/changes?limit=3")
    steps_of(four, ("one", 3))
    rest = four.read(page["next"])
    assert shown(page) + shown(rest) == [*FOUR, (5, "one", "replaced")]
    assert rest["revision"] == 5


@pytest.mark.parametrize("since", [5, 6, 2**63 - 1])
def test_a_revision_that_has_not_been_is_refused_with_the_one_that_is(told: Api, since: int) -> None:
    problem = assert_problem(told.get("/changes", params={"since": since}), 422)
    assert faults_of(problem)["since"]["suggestion"] == "4"
    assert "has only come to revision 4" in problem["detail"]
    assert "start again with since=0" in problem["detail"]


@pytest.mark.parametrize(
    "query",
    ["since=-1", "since=x", "since=1.5", "since=", f"since={2**63}", "limit=0", "limit=1001", "since=1&since=2",
     "cursor=1", "until=3"],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(told: Api, query: str) -> None:
    problem = assert_problem(told.get(f"/changes?{query}"), 422)
    assert problem["errors"][0]["name"] == query.partition("=")[0]


def test_the_feed_has_a_tag_that_changes_with_each_change(four: Api) -> None:
    tag = four.get("/changes").headers["etag"]
    assert four.get("/changes", headers={"If-None-Match": tag}).status_code == 304
    steps_of(four, ("one", 2))
    assert four.get("/changes", headers={"If-None-Match": tag}).status_code == 304
    steps_of(four, ("one", 3))
    assert four.get("/changes", headers={"If-None-Match": tag}).status_code == 200


def test_revisions_belong_to_one_database_and_its_history_says_which(four: Api, tmp_path: Path) -> None:
    history = four.read("/changes")["history"]
    steps_of(four, ("one", 3))
    assert four.read("/changes?since=5")["history"] == history
    with closing(create_writer(f"sqlite:///{tmp_path / 'another.db'}")) as engine:
        migrate(engine)
    with Api(tmp_path / "another.db") as another:
        assert another.read("/changes")["history"] != history


def test_what_a_folder_does_is_told_as_what_http_does(empty: Api, koome_article: Any) -> None:
    empty.load(koome_article)
    assert shown(empty.read("/changes")) == [(1, koome_article.id, "added")]


# --- Following it -------------------------------------------------------------------------------------------------


class Follower:
    """A copy of all articles, kept true as the documentation of the feed has it."""

    def __init__(self, get: Callable[[str], httpx.Response], limit: int) -> None:
        self.get = get
        self.limit = limit
        self.since = 0
        self.articles: dict[str, Document] = {}

    def follow(self) -> None:
        following: str | None = f"/changes?since={self.since}&limit={self.limit}"
        while following is not None:
            page = self.get(following).json()
            for item in page["items"]:
                self.take(item)
            following = page["next"]

    def take(self, item: Any) -> None:
        answer = self.get(f"/articles/{item['article']}/document")
        if item["action"] == "deleted" or answer.status_code == 404:  # by now: a later change will say so
            self.articles.pop(item["article"], None)
        else:
            self.articles[item["article"]] = answer.json()
        self.since = item["revision"]


STEPS = st.lists(st.none() | st.tuples(st.sampled_from(IDS), st.none() | st.integers(1, 3)), max_size=12)
"""Puts and deletions; where there is none, the follower reads."""


def test_who_follows_the_feed_has_what_is_there(empty: Api) -> None:
    @settings(max_examples=20)
    @given(STEPS, st.integers(1, 5))
    def hold(steps: list[tuple[str, int | None] | None], limit: int) -> None:
        follower = Follower(empty.get, limit)
        follower.follow()
        for step in steps:
            if step is not None:
                steps_of(empty, step)
            else:
                follower.follow()
        follower.follow()
        there = empty.ids("/articles", params={"limit": 100})
        assert follower.articles == {article: empty.read(f"/articles/{article}/document") for article in there}
        assert follower.since == empty.read("/changes?since=0&limit=1")["revision"]

    hold()


def test_who_follows_while_others_write_ends_with_what_is_there(empty: Api) -> None:
    """Between a change and the reading of its article there may be further ones."""
    pending = iter([("one", 2), ("two", None), ("three", 1), ("two", 2), ("one", None), ("three", 2), ("one", 3)])

    def get(path: str) -> httpx.Response:
        answer = empty.get(path)
        steps_of(empty, *[step for step in [next(pending, None)] if step is not None])
        return answer

    steps_of(empty, ("one", 1), ("two", 1))
    follower = Follower(get, 2)
    for _ in range(4):
        follower.follow()
    assert next(pending, None) is None
    assert sorted(follower.articles) == empty.ids("/articles") == ["one", "three", "two"]
    assert follower.articles == {article: empty.read(f"/articles/{article}/document") for article in IDS}

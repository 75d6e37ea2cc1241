"""Full text in bounded work: how much is looked at does not depend on how many documents have a word."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import insert, select
from sqlmodel import col

from app.database import closing, create_reader, create_writer
from app.database.questions import Compiled
from app.queries import matching
from app.queries.matching import candidates, found_by_text, is_common
from app.queries.paging import encode, question_of
from app.schemas.parameters import SearchFilters
from app.tables import SEARCHED, SIDE_BY_SIDE, Entity, SearchDocument, table_of
from tests.api import Api
from tests.databases import Databases

MANY = 60
FEW = 10


@pytest.fixture(scope="module")
def common(databases: Databases) -> Iterator[Api]:
    """The API on people of whom every one but the last has the word `common` beside the name, and one place."""
    url = databases.create()
    people = [
        {"id": f"p-{number:02}", "type": "person", "name": f"Person {number}", "name_key": f"person {number}"}
        for number in range(MANY)
    ]
    documents = [
        {"subject_id": person["id"], "type": "person", "title": person["name"], "body": "x " * (number % 7) + "common"}
        for number, person in enumerate(people)
    ]
    documents[-1]["title"], documents[-1]["body"] = "The common person", "with one-off words"
    documents.append({"subject_id": "hall", "type": "place", "title": "Common hall", "body": ""})
    with closing(create_writer(url)) as writer, writer.begin() as connection:
        hall = {"id": "hall", "type": "place", "name": "Common hall", "name_key": "common hall"}
        connection.execute(insert(Entity), [*people, hall])
        connection.execute(insert(SearchDocument), documents)
    with Api(url) as api:
        yield api
    databases.drop(url)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST", FEW)
    monkeypatch.setattr("app.queries.search.MOST", FEW)


@pytest.mark.parametrize("more", ["", "&type=person&type=place", "&article=a", "&article=a&article=b", "&cursor"])
def test_a_search_that_is_like_one_before_it_compiles_no_statement(
    common: Api, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    monkeypatch.setattr("app.queries.search.refuse_unknown", lambda *_: None)
    if more == "&cursor":
        more = common.read("/search?q=common&limit=2")["next"].partition("limit=2")[2]
        assert more
    common.read(f"/search?q=common&limit=2{more}")
    made = Mock(side_effect=AssertionError)
    monkeypatch.setattr(Compiled, "__init__", made)
    common.read(f"/search?q=common&limit=2{more.replace('article=a', 'article=c')}")
    made.assert_not_called()


def test_so_many_are_ranked_titles_first_and_the_total_says_that_there_are_more(common: Api) -> None:
    page = common.read("/search?q=common&limit=100")
    ids = [item["id"] for item in page["items"]]
    assert (len(ids), page["total"], page["total_relation"]) == (FEW, FEW, "at-least")
    assert ids[:2] == ["hall", f"p-{MANY - 1}"]  # however late they come: their titles have it, the shorter first
    assert sorted(ids[2:]) == [f"p-{number:02}" for number in range(FEW - 2)]
    assert ids[2:4] == ["p-00", "p-07"]


def test_all_that_are_ranked_are_there_page_by_page(common: Api) -> None:
    whole = common.ids("/search?q=common&limit=100")
    pages = list(common.pages("/search?q=common&limit=3"))
    assert [item["id"] for page in pages for item in page["items"]] == whole
    assert {(page["total"], page["total_relation"]) for page in pages} == {(FEW, "at-least")}


def test_of_many_the_first_of_their_type_are_chosen_in_whatever_order_they_come(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.create()
    documents = [
        {"id": 20_000 * number, "subject_id": f"{kind}-{number:02}", "type": kind, "title": kind, "body": "common"}
        for number in range(1, FEW + 1)
        for kind in [SEARCHED[-number % 4]]
    ]
    with closing(create_writer(url)) as writer, writer.begin() as connection:
        connection.execute(insert(SearchDocument), documents)
    with closing(create_reader(url)) as reader, reader.connect() as connection:
        monkeypatch.setattr(matching, "MOST", 2)
        chosen = [row.place for row in connection.execute(candidates("common"))]
        assert chosen == sorted(connection.execute(select(col(SearchDocument.place))).scalars())[:3]
    databases.drop(url)


def test_a_page_behind_the_last_one_is_empty_and_still_says_how_many_there_are(common: Api) -> None:
    order = question_of(SearchFilters(q="common"))
    page = common.read("/search", params={"q": "common", "cursor": encode(order, [1, 2**40, 2**62])})
    assert (page["items"], page["total"], page["total_relation"], page["next"]) == ([], FEW, "at-least", None)


def test_as_many_as_are_ranked_are_all(common: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for most, relation in ((MANY, "at-least"), (MANY + 1, "exact"), (MANY + 2, "exact")):
        monkeypatch.setattr(matching, "MOST", most)
        monkeypatch.setattr("app.queries.search.MOST", most)
        page = common.read("/search?q=common")
        assert (page["total"], page["total_relation"]) == (min(most, MANY + 1), relation)


def test_what_many_of_another_type_have_is_found_in_the_one_of_this_type(common: Api) -> None:
    page = common.read("/search?q=common&type=place")
    assert [item["id"] for item in page["items"]] == ["hall"]
    assert (page["total"], page["total_relation"]) == (1, "exact")
    page = common.read("/search?q=common&type=place&type=person&limit=100")
    assert [item["id"] for item in page["items"]][:2] == ["hall", f"p-{MANY - 1}"]
    assert len(page["items"]) == FEW


def test_a_phrase_in_a_title_counts_as_one(common: Api) -> None:
    assert common.ids("/search?q=common-person") == [f"p-{MANY - 1}"]
    assert common.ids("/search?q=person-common") == []
    assert common.ids("/search?q=one-off") == [f"p-{MANY - 1}"]
    assert common.ids("/search?q=off-one") == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/people?q=zoe", "person"),
        ("/units?q=zoe", "unit"),
        ("/articles?q=hall", "article"),
        ("/roles?q=member", "role"),
    ],
)
def test_a_list_is_narrowed_to_so_many_and_its_total_says_so(many: Api, path: str, kind: str) -> None:
    page = many.read(f"{path}&limit=100")
    assert (len(page["items"]), page["total"], page["total_relation"]) == (FEW, FEW, "at-least")
    assert {item["total_relation"] for item in many.pages(f"{path}&limit=3")} == {"at-least"}
    words = path.partition("=")[2]
    subject = col(SearchDocument.subject_id)
    with closing(create_reader(many.url)) as reader, reader.connect() as connection:
        assert is_common(connection, words, [kind])
        assert not is_common(connection, "nobody", [kind])
        assert len(connection.execute(select(subject).where(found_by_text(subject, [kind], words))).all()) == FEW


def test_a_list_of_all_that_match_is_exact(many: Api) -> None:
    for path in ("/people?q=zoe&article=tiny-3", "/timeline?q=nobody", "/facts?q=1911"):
        page = many.read(path)
        halves = [page["dated"], page["undated"]] if "dated" in page else [page]
        relation = "at-least" if "zoe" in path else "exact"
        assert {half["total_relation"] for half in halves} == {relation}


def test_a_document_stands_with_those_of_its_type(databases: Databases) -> None:
    url = databases.create()
    documents = [{"subject_id": "a", "type": kind, "title": "Ünï", "body": "code"} for kind in reversed(SEARCHED)]
    with closing(create_writer(url)) as writer, writer.connect() as connection:
        connection.execute(insert(SearchDocument), documents)
        for row in connection.execute(select(table_of(SearchDocument))):
            assert row.place == SEARCHED.index(row.type) * SIDE_BY_SIDE + row.id
            assert row.size == 7
    databases.drop(url)


@pytest.mark.only("sqlite")
@pytest.mark.parametrize("types", [[], ["place"], ["person", "note"]])
def test_nothing_but_the_index_is_read_to_choose_what_is_ranked(common: Api, types: list[str]) -> None:
    with common.asked() as statements:
        common.read("/search", params={"q": "common", "type": types})
    (chosen,) = (statement for statement, _ in statements if "search_index" in statement)
    parameters: Any = ["common"] * chosen.count("?")
    with closing(create_reader(common.url)) as reader, reader.connect() as connection:
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {chosen}", tuple(parameters))]
    scans = [line for line in plan if "VIRTUAL TABLE" in line]
    assert len(scans) == 2 * max(1, len(types))
    assert all("M" in line.rpartition(":")[2] for line in scans), plan  # by what matches
    if types:
        assert all("<" in line.rpartition(":")[2] and ">" in line.rpartition(":")[2] for line in scans), plan
    assert not any(line.startswith("SCAN search_document") for line in plan), plan
    assert any("USING INDEX ix_search_document_place_size" in line for line in plan), plan

"""Full text in bounded work: how much is looked at does not depend on how many documents have a word."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import Mock
from urllib.parse import quote

import pytest
from sqlalchemy import insert, select
from sqlmodel import col

from app.database import closing, create_reader, create_writer
from app.database.questions import Compiled
from app.queries import matching
from app.queries.matching import candidates, found_by_text, may_leave_out
from app.queries.paging import encode, question_of
from app.queries.search import search
from app.schemas.parameters import SearchFilters
from app.tables import SEARCHED, SIDE_BY_SIDE, Entity, SearchDocument, table_of
from app.text.words import says
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
        chosen = [row.place for row in connection.execute(candidates("common").places)]
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
        assert may_leave_out(connection, words, [kind])
        assert not may_leave_out(connection, "nobody", [kind])
        assert len(connection.execute(select(subject).where(found_by_text(subject, [kind], words))).all()) == FEW


def test_a_list_of_all_that_match_is_exact(many: Api) -> None:
    for path in ("/people?q=zoe", "/timeline?q=nobody", "/facts?q=1911"):
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
    parameters: Any = ['["common"]'] * chosen.count("?")
    with closing(create_reader(common.url)) as reader, reader.connect() as connection:
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {chosen}", tuple(parameters))]
    scans = [line for line in plan if line.startswith("SCAN search_index VIRTUAL TABLE")]
    assert len(scans) == 3 * max(1, len(types))  # whether the words are common, their titles, and whole documents
    assert all("M" in line.rpartition(":")[2] for line in scans), plan  # by what matches
    if types:
        assert all("<" in line.rpartition(":")[2] and ">" in line.rpartition(":")[2] for line in scans), plan
    assert not any(line.startswith("SCAN search_document") for line in plan), plan
    assert any("USING INDEX ix_search_document_place_size" in line for line in plan), plan


SAMPLED, OTHER = 2**14 + 1, 2**15 + 1
"""Ids in the second block, which is in a sample of every second one, and in the third."""


@pytest.fixture
def half(databases: Databases) -> Iterator[str]:
    """Documents that all say `red and blue`, every second one in no sample; the first four have it in their titles.

    Another one has an id by which there are as many documents as half of them are a sample of.
    """
    url = databases.create()
    documents = [
        {"id": number + (OTHER if number % 2 else SAMPLED), "subject_id": f"p-{number}", "type": "person"}
        | {"title": "Red and blue" if number < 4 else "", "body": "Red and blue"}
        for number in range(8)
    ]
    documents.append({"id": 2**18, "subject_id": "last", "type": "note", "title": "", "body": ""})
    with closing(create_writer(url)) as writer, writer.begin() as connection:
        connection.execute(insert(SearchDocument), documents)
    yield url
    databases.drop(url)


def searched(url: str, words: str, types: Sequence[str] = ()) -> tuple[list[str], str]:
    """Return what is found, the best match first, and whether that is all; a list holds the same to be found."""
    filters = SearchFilters.model_validate({"q": words, "type": types})
    subject = col(SearchDocument.subject_id)
    with closing(create_reader(url)) as reader, reader.connect() as connection:
        page = search(connection, filters)
        ids = [json.loads(item)["id"] for item in page.items]
        listed = connection.execute(select(subject).where(found_by_text(subject, types, words))).scalars()
        assert sorted(listed) == sorted(ids)
        assert may_leave_out(connection, words, types) == (page.total.relation == "at-least")
        assert page.total.number == len(ids)
    return [subject_id.removeprefix("p-") for subject_id in ids], page.total.relation


@pytest.mark.parametrize("types", [[], ["person"], ["place", "person"]])
def test_words_that_are_all_common_are_looked_for_in_a_sample(
    half: str, monkeypatch: pytest.MonkeyPatch, types: list[str]
) -> None:
    everywhere = ["4", "6", "5", "7"]
    for common in (2**15, 8):
        monkeypatch.setattr(matching, "COMMON", common)
        assert searched(half, "red blue", types) == (["0", "2", "1", "3", *everywhere], "exact")
    monkeypatch.setattr(matching, "COMMON", 7)
    assert searched(half, "red blue", types) == (["0", "2", "4", "6"], "at-least")
    assert searched(half, "red green", types) == ([], "exact")  # One of them is not common.
    assert searched(half, "red", types)[1] == "exact"


def test_common_words_that_do_not_meet_in_a_sample_may_meet_elsewhere(
    half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "COMMON", 3)
    monkeypatch.setattr(matching, "COMMON_ALONE", 3)
    with closing(create_writer(half)) as writer, writer.begin() as connection:
        connection.execute(
            table_of(SearchDocument).delete().where(table_of(SearchDocument).c.id.between(SAMPLED, SAMPLED + 8))
        )
    for types in ([], ["person"], ["person", "place"]):
        assert searched(half, "red blue", types) == ([], "at-least")
        assert searched(half, "red", types) == (["5", "7", "1", "3"], "exact")
    assert searched(half, "red blue", ["place"]) == ([], "exact")


def test_titles_that_have_a_common_word_come_first_if_they_are_in_the_sample(
    half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert searched(half, "red") == (["0", "2", "1", "3", "4", "6", "5", "7"], "exact")
    monkeypatch.setattr(matching, "COMMON_ALONE", 7)
    assert searched(half, "red") == (["0", "2", "4", "6", "5", "7", "1", "3"], "exact")


@pytest.mark.parametrize("types", [[], ["person"], ["place", "person"]])
def test_so_many_documents_are_read_to_see_whether_words_follow_each_other(
    half: str, monkeypatch: pytest.MonkeyPatch, types: list[str]
) -> None:
    every = ["0", "2", "1", "3", "4", "6", "5", "7"]
    kinds = max(1, len(types))
    for bound, enough in (("READ", 8 * kinds), ("LENGTH", (4 * 24 + 4 * 12) * kinds)):
        with monkeypatch.context() as patched:
            patched.setattr(matching, bound, enough)
            assert searched(half, "red-and", types) == (every, "exact")
            assert searched(half, "and-red", types) == ([], "exact")
            patched.setattr(matching, bound, enough - 1)
            assert searched(half, "red-and", types) == (every[:7], "at-least")
            assert searched(half, "and-red", types) == ([], "at-least")


@pytest.mark.only("sqlite")
def test_texts_are_read_for_words_that_follow_each_other_alone(half: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Mock(side_effect=says)
    monkeypatch.setattr("app.database.sqlite.says", read)
    searched(half, "red blue")
    read.assert_not_called()
    monkeypatch.setattr(matching, "READ", 3)
    searched(half, "and-red")
    assert read.call_count == 2 * 2 * 3  # of the search and the list, each of titles and of whole texts


@pytest.mark.only("sqlite")
def test_what_an_article_says_is_read_rather_than_looked_up(many: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for bound, value in {"COMMON_ALONE": 0, "READ": 0, "MOST": 1000}.items():
        monkeypatch.setattr(matching, bound, value)
    monkeypatch.setattr("app.queries.search.MOST", 1000)
    with many.asked() as statements:
        page = many.read("/search?q=zoe&article=tiny-3&limit=100")
    assert page["items"]
    assert page["total_relation"] == "exact"
    assert not any("MATCH" in statement for statement, _ in statements)


@pytest.mark.parametrize("path", ["/search?q=member", "/roles?q=member", "/facts?q=member", "/people?q=zoe"])
def test_what_an_article_says_is_found_however_many_others_say_it(
    many: Api, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def limited_to(most: int) -> None:
        for module in ("matching", "search"):
            monkeypatch.setattr(f"app.queries.{module}.MOST", most)

    limited_to(1000)
    shown = json.dumps(many.read(f"{path}&include=evidence&limit=100")["items"][-1])
    last = shown.partition('"article": "')[2].partition('"')[0]
    in_it = many.read(f"{path}&article={last}")
    assert in_it["items"]
    limited_to(1)
    found = many.read(f"{path}&article={last}")
    assert found["items"] == in_it["items"][:1]
    assert found["total_relation"] == ("exact" if len(in_it["items"]) == 1 else "at-least")


@pytest.mark.parametrize("more", ["", "&type=person", "&article={}"])
def test_what_has_no_words_is_found_nowhere(many: Api, more: str) -> None:
    article = many.ids("/articles?limit=1")[0]
    page = many.read("/search?q=" + quote("— / …") + more.format(article))
    assert (page["items"], page["total"], page["total_relation"]) == ([], 0, "exact")


def test_a_type_that_is_asked_for_twice_is_one(common: Api) -> None:
    page = common.read("/search?q=common&type=place&type=person&limit=100")
    again = common.read("/search?q=common&type=person&type=place" + 20 * "&type=person" + "&limit=100")
    assert again == page

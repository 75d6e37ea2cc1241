"""Articles over HTTP: who may write, what is stored, and what is told of what is not."""

import asyncio
import json
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from app.database import closing, create_writer
from app.database.postgres import WRITING
from app.database.sqlite import PRAGMAS
from app.loading import loader
from app.loading.checking import check_folder
from app.loading.source import CheckError
from app.routers import desk as desk_module
from app.tables import Article
from app.tokens import hash_of
from tests.api import KOOME, TOKEN, Api, Server, assert_problem, bearing, body_of, faults_of
from tests.folders import SEED, write_folder
from tests.loading.articles import TEXT, Document, articles, fact_of, small_document
from tests.loading.test_checking import changed
from tests.loading.test_documents import VALUES, notes, submitted
from tests.newsroom import REPORT, REPORT_DOCUMENT, REPORT_TEXT

READS = [
    "/articles", "/articles/one", "/articles/one/text", "/articles/one/coverage", "/articles/one/document",
    "/people?include=evidence", "/facts?include=evidence", "/search?q=ada", "/timeline", "/graph", "/changes", "/ready",
]  # fmt: skip
"""What readers may see of the small article, called `one`."""


def document(**more: Any) -> Document:
    return submitted(small_document(), **more)


def other() -> Document:
    """The small article with one fact that says something else."""
    found = document()
    fact_of(found, "role")["title"] = "Chair"
    return found


@pytest.fixture
def one(empty: Api) -> Api:
    """The API on one article."""
    assert empty.put("one", document()).status_code == 201
    return empty


def seen(api: Api) -> list[tuple[int, bytes, str | None]]:
    """What readers see, byte for byte."""
    answers = [api.get(path) for path in READS]
    return [(answer.status_code, answer.content, answer.headers.get("etag")) for answer in answers]


@pytest.fixture(scope="module")
def filled(make_database: Any) -> Iterator[Api]:
    """The API on one article, of which readers see the same after all tests as before them, byte for byte."""
    with Api(make_database()) as api:
        assert api.put("one", document()).status_code == 201
        before = seen(api)
        yield api
        assert seen(api) == before


@pytest.fixture
def still(filled: Api) -> Iterator[Api]:
    """The API on one article, whose database has seen no load during the test."""
    before = filled.get("/changes").headers["etag"]
    yield filled
    assert filled.get("/changes").headers["etag"] == before


def revision(api: Api) -> int:
    found: int = api.read("/ready")["revision"]
    return found


# --- Who may write ------------------------------------------------------------------------------------------------

NO_TOKEN = 'Bearer realm="dateline"'
WRONG_TOKEN = 'Bearer realm="dateline", error="invalid_token"'
DETAILS = {
    NO_TOKEN: "writing takes a token: send it as `Authorization: Bearer TOKEN`",
    WRONG_TOKEN: "nobody here has this token",
}
WRITES = [("PUT", "/articles/one"), ("DELETE", "/articles/one"), ("DELETE", "/articles/none"), ("PUT", "/articles/two")]


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (None, NO_TOKEN),
        ("", NO_TOKEN),
        ("Bearer", NO_TOKEN),
        ("Bearer ", NO_TOKEN),
        (TOKEN, NO_TOKEN),
        (f"Basic {TOKEN}", NO_TOKEN),
        (f"Token {TOKEN}", NO_TOKEN),
        (f"Bearer: {TOKEN}", NO_TOKEN),
        (f"Bearer {TOKEN[:-1]}", WRONG_TOKEN),
        (f"Bearer {TOKEN}x", WRONG_TOKEN),
        (f"Bearer {TOKEN.upper()}", WRONG_TOKEN),
        (f"Bearer {TOKEN} {TOKEN}", WRONG_TOKEN),
        (f"Bearer {TOKEN}, Bearer {TOKEN}", WRONG_TOKEN),
        (f"Bearer {hash_of(TOKEN)}", WRONG_TOKEN),
        ("Bearer desk", WRONG_TOKEN),
        (f"Bearer {'a' * 50_000}", WRONG_TOKEN),
        ("Bearer é\xff\x80", WRONG_TOKEN),
    ],
)
def test_who_does_not_say_who_they_are_writes_nothing(still: Api, header: str | None, challenge: str) -> None:
    given = {"Content-Type": "application/json"} | ({} if header is None else {"Authorization": header})
    encoded = {name: value.encode("latin-1") for name, value in given.items()}
    for method, path in WRITES:
        response = still.request(method, path, content=body_of(other()), headers=encoded)
        problem = assert_problem(response, 401)
        assert response.headers["www-authenticate"] == challenge
        assert problem["detail"] == DETAILS[challenge]
        assert TOKEN[:-1] not in response.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_in_any_case(empty: Api, scheme: str) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"{scheme} {TOKEN}"}
    assert empty.request("PUT", "/articles/one", content=body_of(document()), headers=headers).status_code == 201


def test_where_nobody_may_write_it_is_said_how_to_turn_it_on(make_database: Any) -> None:
    with Api(make_database(), tokens={}) as api:
        for method, path in WRITES:
            for headers in ({}, bearing(), bearing("")):
                response = api.request(method, path, headers=headers)
                problem = assert_problem(response, 403)
                assert "dateline token" in problem["detail"]
                assert "DATELINE_TOKENS" in problem["detail"]
                assert "www-authenticate" not in response.headers
        assert api.check(document()).status_code == 200
        assert revision(api) == 0


def test_each_of_several_writers_may_write_until_their_hash_is_taken_out(make_database: Any) -> None:
    file = make_database()
    with Api(file, tokens={"desk": hash_of("a"), "night": hash_of("b")}) as api:
        for token, article in (("a", "one"), ("b", "two")):
            headers = {"Content-Type": "application/json", **bearing(token)}
            put = api.request("PUT", f"/articles/{article}", content=body_of(document()), headers=headers)
            assert put.status_code == 201
        assert api.request("DELETE", "/articles/one", headers=bearing("b")).status_code == 204
    with Api(file, tokens={"night": hash_of("b")}) as api:
        assert api.request("DELETE", "/articles/two", headers=bearing("a")).status_code == 401
        assert api.request("DELETE", "/articles/two", headers=bearing("b")).status_code == 204


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("nobody's", 401), (TOKEN, 415)])
def test_the_body_is_not_looked_at_before_it_is_known_who_sends_it(still: Api, token: str | None, status: int) -> None:
    read: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(b"{")
        yield b"{"

    headers = {"Content-Type": "text/plain", **({} if token is None else bearing(token))}
    assert_problem(still.request("PUT", "/articles/one", content=body(), headers=headers), status)
    assert read == []


def test_who_may_not_write_learns_nothing_of_what_else_is_wrong(still: Api) -> None:
    for method, path in (*WRITES, ("PUT", "/articles/No_Slug"), ("DELETE", "/articles/one?force=true")):
        response = still.request(method, path, content=b"{", headers={"If-Match": '"other"', "Content-Type": "x/y"})
        assert_problem(response, 401)


# --- What comes in ------------------------------------------------------------------------------------------------


def sent(api: Api, method: str, path: str, content: bytes, **headers: str) -> httpx.Response:
    return api.request(method, path, content=content, headers=bearing(**headers))


@pytest.mark.parametrize(("method", "path"), [("PUT", "/articles/one"), ("POST", "/check")])
def test_what_is_not_json_is_refused_with_what_would_be(still: Api, method: str, path: str) -> None:
    for media_type in ("text/plain", "application/x-yaml", "application/json-seq", "application/problem+json",
                       "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "é"):  # fmt: skip
        headers = {"Content-Type": media_type.encode("latin-1"), **bearing()}
        response = still.request(method, path, content=body_of(document()), headers=headers)
        problem = assert_problem(response, 415)
        assert response.headers["accept"] == "application/json"
        assert problem["detail"] == f"the body must be application/json, not {media_type.partition(';')[0]!a}"
    response = sent(still, method, path, body_of(document()))
    problem = assert_problem(response, 415)
    assert problem["detail"] == "the body must be application/json, not of a type that no Content-Type tells"
    for coding in ("gzip", "br", "identity, gzip", "\x01"):
        response = sent(
            still, method, path, body_of(document()), content_type="application/json", content_encoding=coding
        )
        assert_problem(response, 415)
        assert response.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", " application/json ;"],
)
def test_json_is_json_whatever_its_parameters(empty: Api, media_type: str) -> None:
    headers = {"content_type": media_type, "content_encoding": "identity"}
    assert sent(empty, "POST", "/check", body_of(document()), **headers).status_code == 200
    assert sent(empty, "PUT", "/articles/one", body_of(document()), **headers).status_code == 201


@pytest.mark.parametrize("path", ["/articles/No_Slug", "/articles/a--b", f"/articles/{'a' * 101}", "/articles/%C3%A9"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_can_be_no_id_is_refused(still: Api, method: str, path: str) -> None:
    response = sent(still, method, path, body_of(document()), content_type="application/json")
    problem = assert_problem(response, 422, path=httpx.URL(path).path)
    (fault,) = problem["errors"]
    assert (fault["location"], fault["name"]) == ("path", "id")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/articles/one"), ("DELETE", "/articles/one"), ("POST", "/check")]
)
def test_a_parameter_that_there_is_not_is_refused(still: Api, method: str, path: str) -> None:
    response = sent(still, method, f"{path}?dry_run=true", body_of(other()), content_type="application/json")
    problem = assert_problem(response, 422)
    assert problem["detail"] == "there is no parameter `dry_run` here: this path takes none"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/articles/one", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("PATCH", "/articles/one", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("POST", "/articles", "GET, HEAD, OPTIONS"),
        ("PUT", "/articles", "GET, HEAD, OPTIONS"),
        ("PUT", "/articles/one/text", "GET, HEAD, OPTIONS"),
        ("PUT", "/articles/one/document", "GET, HEAD, OPTIONS"),
        ("DELETE", "/people/ada", "GET, HEAD, OPTIONS"),
        ("POST", "/changes", "GET, HEAD, OPTIONS"),
        ("GET", "/check", "POST, OPTIONS"),
        ("HEAD", "/check", "POST, OPTIONS"),
        ("PUT", "/check", "POST, OPTIONS"),
    ],
)
def test_a_method_that_a_path_has_not_is_told_with_those_that_it_has(
    still: Api, method: str, path: str, allowed: str
) -> None:
    response = sent(still, method, path, body_of(document()), content_type="application/json")
    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    if method != "HEAD":
        assert allowed in assert_problem(response, 405)["detail"]
    assert still.request("OPTIONS", path).headers["allow"] == allowed


# --- Created, replaced, left alone --------------------------------------------------------------------------------


def assert_is_what_readers_get(api: Api, response: httpx.Response, article_id: str = "one") -> None:
    read = api.get(f"/articles/{article_id}")
    assert response.content == read.content
    assert response.headers["etag"] == read.headers["etag"]
    assert response.headers["content-type"] == read.headers["content-type"] == "application/json"
    assert response.headers["content-location"] == f"/articles/{article_id}"


def test_an_article_is_created_left_alone_and_replaced(empty: Api) -> None:
    created = empty.put("one", document())
    assert (created.status_code, created.headers["location"], revision(empty)) == (201, "/articles/one", 1)
    assert_is_what_readers_get(empty, created)
    assert created.json()["facts"] == len(small_document()["facts"])

    again = empty.put("one", document())
    assert (again.status_code, again.content, again.headers["etag"]) == (200, created.content, created.headers["etag"])
    assert "location" not in again.headers
    assert revision(empty) == 1

    replaced = empty.put("one", submitted({"entities": {}, "facts": []}))
    assert (replaced.status_code, replaced.json()["facts"], revision(empty)) == (200, 0, 2)
    assert "location" not in replaced.headers
    assert_is_what_readers_get(empty, replaced)
    assert empty.read("/people")["total"] == 0

    empty.delete("one")
    assert empty.put("one", document()).status_code == 201


def test_the_document_may_name_the_article_that_the_path_names_and_no_other(one: Api) -> None:
    assert one.put("one", document(id="one")).status_code == 200
    problem = assert_problem(one.put("two", document(id="one")), 422)
    assert problem["errors"] == [
        {"location": "body", "name": "id", "detail": "`one` here, but the path names `two`", "suggestion": "two"}
    ]
    assert problem["detail"] == "id: `one` here, but the path names `two`"
    assert revision(one) == 1


def test_a_new_article_is_at_once_in_every_answer(empty: Api) -> None:
    empty.put("one", document())
    assert empty.text("one") == TEXT
    assert empty.ids("/people") == ["ada"]
    assert "rally" in [hit["id"] for hit in empty.items("/search", params={"q": "rally"})]
    assert [change["article"] for change in empty.read("/changes")["items"]] == ["one"]


@pytest.mark.parametrize(
    ("article_id", "text", "facts"), [("one", TEXT, small_document()), (REPORT, REPORT_TEXT, REPORT_DOCUMENT)]
)
def test_what_is_read_as_a_document_may_be_written_back(
    empty: Api, article_id: str, text: str, facts: Document
) -> None:
    written = empty.put(article_id, submitted(facts, text))
    answer = empty.get(f"/articles/{article_id}/document")
    assert answer.headers["etag"] == written.headers["etag"]
    again = empty.put(article_id, answer.content, if_match=answer.headers["etag"])
    assert (again.status_code, again.headers["etag"]) == (200, answer.headers["etag"])
    assert revision(empty) == 1
    assert empty.put("copy", json.loads(answer.content) | {"id": "copy"}).status_code == 201
    copied = empty.get("/articles/copy/document").json()
    assert copied | {"id": article_id} == answer.json()


def test_the_seed_article_may_be_written_back_and_edited(make_database: Any, koome_article: Any) -> None:
    with Api(make_database(koome_article)) as api:
        answer = api.get(f"/articles/{KOOME}/document")
        assert api.put(KOOME, answer.content).status_code == 200
        assert revision(api) == 1
        edited = answer.json()
        assert (SEED / "article.txt").read_text("utf-8") == edited["text"]
        edited["facts"] = [fact for fact in edited["facts"] if fact["type"] != "note"]
        assert api.put(KOOME, edited, if_match=answer.headers["etag"]).status_code == 200
        assert api.read("/notes")["total"] == 0
        assert api.get(f"/articles/{KOOME}/document").json() == edited


def test_any_article_that_is_written_can_be_read_and_written_back(empty: Api) -> None:
    @settings(max_examples=15)
    @given(articles())
    def hold(article: tuple[str, Document]) -> None:
        written = empty.put("one", submitted(article[1], article[0]))
        assert written.status_code in (200, 201), written.text
        answer = empty.get("/articles/one/document")
        before = revision(empty)
        assert empty.put("one", answer.content).status_code == 200
        assert revision(empty) == before
        assert empty.text("one") == article[0]
        empty.delete("one")
        assert all(empty.read(path)["total"] == 0 for path in ("/articles", "/facts", "/people", "/events"))

    hold()


def test_a_document_of_an_article_that_is_not_there_is_told_with_the_nearest(still: Api) -> None:
    problem = assert_problem(still.get("/articles/on/document"), 404)
    assert problem["errors"][0]["suggestion"] == "one"


# --- Faults -------------------------------------------------------------------------------------------------------

FAULTY: list[Document] = [
    {},
    changed("role", person="weavers"),
    changed("role", person="adda", organisation="hull", title=None),
    changed("role", evidence=[]),
    changed("role", evidnece="x"),
    changed("role", evidence={"exact": "its Red Squad", "sufix": "x"}),
    changed("role", evidence=["its Red Sqaud", {"exact": "Ada"}, {"exact": "rally", "nth": 9}, "Ada Lovelace"]),
    changed("role", evidence={"exact": "Ada", "prefix": "of "}),
    changed("role", statement="Two\nlines."),
    changed("role", basis="inferred"),
    changed("role", basis="guessed"),
    changed("role", id="dateline"),
    changed("participation", role="venue"),
    changed("relation", child="weavers"),
    changed("sequence", earlier="vote"),
    changed("name", text="Ada L.", kind="nick"),
    changed("note", about="datelin"),
    changed("note", evidence=None),
    changed("date", latest="2024-06-20", precision="month"),
    changed("date", edtf="2024-06-31"),
    {**small_document(), "article": {"year": 2024, "dateline": "LONDON, Jul 19", "byline": "Ada"}},
    {**small_document(), "entities": {}},
    {**small_document(), "entities": {**small_document()["entities"], "Ben": {"type": "man", "nam": "Ben"}}},
    {**small_document(), "facts": [{"type": "rumour"}, *small_document()["facts"], small_document()["facts"][2]]},
    {"article": None, "entities": [], "facts": {}},
]


@pytest.mark.parametrize("facts", FAULTY)
def test_the_faults_of_a_document_are_those_of_its_folder_and_nothing_is_stored(
    still: Api, tmp_path: Path, facts: Document
) -> None:
    with pytest.raises(CheckError) as told:
        check_folder(write_folder(tmp_path / "one", TEXT, facts))
    for response in (
        still.put("one", submitted(facts)),
        still.put("two", submitted(facts)),
        still.check(submitted(facts)),
    ):
        problem = assert_problem(response, 422)
        assert sorted((fault["name"], fault["detail"]) for fault in problem["errors"]) == sorted(
            (each.path, each.message) for each in told.value.diagnostics
        )
        assert {fault["location"] for fault in problem["errors"]} == {"body"}
        suggested = {(fault["name"], fault["suggestion"]) for fault in problem["errors"]}
        assert suggested == {(each.path, each.suggestion) for each in told.value.diagnostics}


def test_the_detail_is_the_one_fault_or_how_many_there_are(still: Api) -> None:
    problem = assert_problem(still.put("one", submitted(changed("role", title=None))), 422)
    assert problem["detail"] == "facts[2].title: `title` is missing"
    problem = assert_problem(still.put("one", submitted(changed("role", title=None, person="adda"))), 422)
    assert problem["detail"] == "2 faults in the document"
    assert faults_of(problem)["facts[2].person"]["suggestion"] == "ada"
    problem = assert_problem(still.put("one", b"{"), 422)
    assert problem["detail"].startswith("not JSON: ")
    assert problem["errors"][0]["name"] == ""


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"NaN", b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"text": "\\ud800"}', b"[" * 100_000,
        b'{"text": ' + b"1" * 5000 + b"}", b'{"text": "x", "entities": {}, "facts": 5}',
        b'{"text": "x", "entities": {}, "facts": [], "\xd9\xa3": 1, "x": 2}', b"id: one\ntext: x\n",
    ],
    ids=lambda content: repr(content[:20]),
)  # fmt: skip
def test_a_body_of_anything_is_refused_and_nothing_is_stored(still: Api, content: bytes) -> None:
    for response in (still.put("one", content), still.check(content)):
        assert assert_problem(response, 422)["errors"][0]["location"] == "body"


def test_any_value_at_all_is_right_or_refused(empty: Api) -> None:
    keys = ("id", "text", "article", "entities", "facts")

    @settings(max_examples=60)
    @given(st.dictionaries(st.sampled_from(keys), VALUES) | VALUES)
    def hold(value: Any) -> None:
        for response in (empty.put("one", value), empty.check(value)):
            assert response.status_code in (200, 201, 422)
            if response.status_code == 422:
                assert assert_problem(response, 422)["errors"]

    hold()


def test_articles_that_call_an_entity_otherwise_are_a_conflict_and_nothing_is_stored(one: Api) -> None:
    different = document()
    different["entities"]["hull"] |= {"name": "Kingston", "kind": "port"}
    different["entities"]["ada"]["name"] = "Ada King"
    before = seen(one)
    for response in (one.put("two", different), one.check(different), one.check({**different, "id": "two"})):
        problem = assert_problem(response, 409)
        agree = "articles that share an entity agree on it"
        assert problem["errors"] == [
            {"location": "body", "name": f"entities.{slug}.{field}",
             "detail": f"{here} here, but {there} in /articles/one: {agree}", "suggestion": there}
            for slug, field, here, there in (
                ("ada", "name", "Ada King", "Ada Lovelace"), ("hull", "kind", "port", "city"),
                ("hull", "name", "Kingston", "Hull"),
            )
        ]  # fmt: skip
        assert problem["detail"] == "3 faults in the document"
    assert seen(one) == before
    assert one.put("one", different).status_code == 200  # whose own it is


def test_what_takes_too_long_to_check_is_refused_and_nothing_is_stored(make_database: Any) -> None:
    with Api(make_database(), check_timeout=1e-6) as api:
        for response in (api.put("one", document()), api.check(document())):
            problem = assert_problem(response, 413)
            assert problem["title"] == "Content Too Large"
            assert problem["detail"].startswith("checking this document takes longer than it may here")
        assert revision(api) == 0


def test_nesting_is_limited_by_its_setting(make_database: Any) -> None:
    nested: Any = "x"
    for _ in range(20):
        nested = [nested]
    for deepest, message in ((32, "unknown key `more`"), (8, "nested more than 8 deep")):
        with Api(make_database(), max_depth=deepest) as api:
            for response in (api.put("one", document(more=nested)), api.check(document(more=nested))):
                assert assert_problem(response, 422)["errors"][0]["detail"] == message


@pytest.mark.parametrize(
    "content",
    [
        {"text": "the minister " * 2000, "entities": {}, "facts": notes(*[[f"the ministr {n}"] for n in range(2000)])},
        {"text": "the " * 100_000, "entities": {}, "facts": notes(*[["the"]] * 500)},
        {"text": "x", "entities": {f"e-{n}": {"type": "place", "name": "x"} for n in range(10_001)}, "facts": []},
        {"text": "x", "entities": {}, "facts": [{}] * 100_000},
        b'{"text": "x", "entities": {}, "facts": [], ' + b",".join(b'"k%d": 0' % n for n in range(50_000)) + b"}",
    ],
    ids=["words that are nowhere", "words that are everywhere", "entities", "empty facts", "keys"],
)  # fmt: skip
def test_a_document_made_to_be_expensive_is_refused(still: Api, content: Any) -> None:
    response = still.check(content)
    assert_problem(response, 422)
    assert len(response.json()["errors"]) <= 1000


# --- Check --------------------------------------------------------------------------------------------------------


def test_a_check_tells_what_a_document_holds_and_stores_nothing(still: Api) -> None:
    counts = {"facts": len(small_document()["facts"]), "entities": 7}
    for checked, article in ((other(), None), ({**other(), "id": "new"}, "new"), ({**other(), "id": "one"}, "one")):
        response = still.check(checked)
        assert response.status_code == 200
        assert response.json() == {"article": article, **counts}
        assert "etag" not in response.headers


def test_a_check_takes_no_token_and_does_not_mind_one(still: Api) -> None:
    for headers in ({}, bearing(), bearing("nobody's"), {"Authorization": "Basic x"}):
        given = {"Content-Type": "application/json", **headers}
        assert still.request("POST", "/check", content=body_of(document()), headers=given).status_code == 200


def test_a_check_does_not_hold_an_article_against_its_own_older_version(one: Api) -> None:
    renamed = document()
    renamed["entities"]["hull"]["name"] = "Kingston"
    assert one.check({**renamed, "id": "one"}).status_code == 200
    assert_problem(one.check(renamed), 409)
    assert_problem(one.check({**renamed, "id": "two"}), 409)
    assert one.put("two", document()).status_code == 201
    assert_problem(one.check({**renamed, "id": "one"}), 409)


def test_an_article_without_an_id_is_not_taken_for_one_of_some_name(one: Api) -> None:
    renamed = document()
    renamed["entities"]["hull"]["name"] = "Kingston"
    one.delete("one")
    assert one.put("nameless", document()).status_code == 201
    assert_problem(one.check(renamed), 409)
    assert one.check({**document(), "id": "nameless"}).json()["article"] == "nameless"


# --- Delete -------------------------------------------------------------------------------------------------------


def test_an_article_is_deleted_with_what_it_alone_mentions(one: Api) -> None:
    shared = {
        "text": "Hull.",
        "entities": {"hull": small_document()["entities"]["hull"]},
        "facts": [{"type": "name", "entity": "hull", "text": "Hull", "kind": "full", "evidence": "Hull"}],
    }
    one.put("two", shared)
    response = one.delete("one")
    assert (response.status_code, response.content) == (204, b"")
    assert "etag" not in response.headers
    assert one.ids("/articles") == ["two"]
    assert (one.ids("/places"), one.ids("/people"), one.ids("/events")) == (["hull"], [], [])
    assert one.items("/search", params={"q": "rally"}) == []
    for path in READS[1:5]:
        assert_problem(one.get(path), 404, path=path)
    one.delete("two")
    assert one.read("/facts")["total"] == one.read("/places")["total"] == 0


def test_what_is_not_there_is_told_with_the_nearest(one: Api) -> None:
    problem = assert_problem(one.delete("onne"), 404)
    assert problem["detail"] == "there is no article ‘onne’; did you mean ‘one’?"
    assert faults_of(problem)["id"]["suggestion"] == "one"
    assert assert_problem(one.delete("ada"), 404)["detail"].endswith("it is of type person, at /people/ada")
    assert revision(one) == 1
    one.delete("one")
    assert_problem(one.delete("one"), 404)
    assert revision(one) == 2


# --- From other origins -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/articles/one"), ("DELETE", "/articles/one"), ("POST", "/check")]
)
def test_pages_of_other_origins_may_not_write(still: Api, method: str, path: str) -> None:
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": method}
    assert_problem(still.request("OPTIONS", path, headers=asked), 400, path="")


# --- Beside readers -----------------------------------------------------------------------------------------------


class Gate:
    """Holds whoever comes to it, and lets tests know that somebody has come."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def pass_through(self) -> None:
        self.reached.set()
        assert self.opened.wait(30)


def beside(api: Api, gate: Gate, slow: dict[str, Any], reads: list[str]) -> tuple[httpx.Response, list[httpx.Response]]:
    """Send a request that comes to the gate, read meanwhile, open the gate; return both answers."""

    async def ask() -> tuple[httpx.Response, list[httpx.Response]]:
        waiting = asyncio.create_task(api.client.request(**slow))
        try:
            await asyncio.to_thread(gate.reached.wait, 30)
            answers = [await api.client.get(path) for path in reads]
            assert not waiting.done()
        finally:
            gate.opened.set()
        return await waiting, answers

    return api.runner.run(ask())


def put_of(content: Document, path: str = "/articles/one") -> dict[str, Any]:
    headers = {"Content-Type": "application/json", **bearing()}
    return {"method": "PUT", "url": path, "content": body_of(content), "headers": headers}


def held_at(gate: Gate, function: Callable[..., Any]) -> Callable[..., Any]:
    def hold(*arguments: Any) -> Any:
        gate.pass_through()
        return function(*arguments)

    return hold


@pytest.mark.parametrize("where", ["check_document", "load_article"])
def test_readers_go_on_while_a_check_or_a_write_takes_long(
    one: Api, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    gate = Gate()
    before = seen(one)
    monkeypatch.setattr(desk_module, where, held_at(gate, getattr(desk_module, where)))
    written, answers = beside(one, gate, put_of(other()), READS)
    assert [(answer.status_code, answer.content, answer.headers.get("etag")) for answer in answers] == before
    assert written.status_code == 200
    assert one.read("/roles")["items"][0]["title"] == "Chair"


def test_a_check_does_not_wait_for_a_write(one: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    monkeypatch.setattr(desk_module, "load_article", held_at(gate, loader.load_article))

    async def ask() -> tuple[httpx.Response, httpx.Response]:
        waiting = asyncio.create_task(one.client.request(**put_of(other())))
        try:
            await asyncio.to_thread(gate.reached.wait, 30)
            checked = await one.client.post("/check", json=document())
        finally:
            gate.opened.set()
        return checked, await waiting

    checked, written = one.runner.run(ask())
    assert (checked.status_code, written.status_code) == (200, 200)


def test_a_write_waits_for_one_of_another_process_and_readers_do_not(one: Api) -> None:
    gate = Gate()
    before = seen(one)

    def write() -> None:
        with closing(create_writer(one.url)) as other_process, other_process.connect() as connection:
            connection.execute(update(Article).values(text="half a load"))
            gate.reached.set()
            gate.opened.wait(30)

    with ThreadPoolExecutor(1) as pool:
        gone = pool.submit(write)
        gate.reached.wait(30)
        written, answers = beside(one, gate, put_of(other()), READS)
        gone.result()
    assert [(answer.status_code, answer.content, answer.headers.get("etag")) for answer in answers] == before
    assert written.status_code == 200


def test_a_write_that_another_process_keeps_waiting_is_told_to_come_again(
    make_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRAGMAS, "busy_timeout", 10)
    monkeypatch.setitem(WRITING, "lock_timeout", "10ms")
    with Api(make_database()) as api:
        api.put("one", document())
        before = seen(api)
        with closing(create_writer(api.url)) as other_process, other_process.begin():
            for response in (api.put("one", other()), api.put("two", document()), api.delete("one")):
                problem = assert_problem(response, 503)
                assert "busy" in problem["detail"]
                assert response.headers["retry-after"] == "1"
            assert api.check(other()).status_code == 200
            assert seen(api) == before
        assert api.put("one", other()).status_code == 200


def test_a_body_that_is_too_large_is_refused(make_database: Any) -> None:
    with Api(make_database(), max_body=10_000) as api:
        large = body_of(document()).ljust(10_001)
        for response in (api.put("one", large), api.check(large)):
            assert_problem(response, 413)
        assert api.put("one", large[:-1]).status_code == 201


def test_a_write_that_fails_halfway_stores_nothing_and_the_next_one_goes_through(
    one: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> Any:
        loader.load_article(*arguments)
        raise RuntimeError("in the middle of it")

    before = seen(one)
    with monkeypatch.context() as patched:
        patched.setattr(desk_module, "load_article", fail)
        assert_problem(one.put("one", other()), 500)
    assert seen(one) == before
    assert one.put("one", other()).status_code == 200


# --- Without a database -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["missing", "empty", "older", "no database"])
def test_on_a_database_that_is_not_ready_nothing_is_written_and_no_file_is_made(tmp_path: Path, state: str) -> None:
    file = tmp_path / "dateline.db"
    if state in ("empty", "older"):
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
            if state == "older":
                connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.close()
    elif state == "no database":
        file.write_text("a letter to the editor " * 100)
    before = file.read_bytes() if file.exists() else None
    with Api(file) as api:
        for response in (api.put("one", document()), api.delete("one"), api.check(document())):
            problem = assert_problem(response, 503)
            assert "dateline migrate" in problem["detail"]
        assert_problem(api.put("one", b"{"), 422)
    assert (file.read_bytes() if file.exists() else None) == before
    assert [path.name for path in tmp_path.iterdir()] == ([] if state == "missing" else ["dateline.db"])


def test_a_database_that_comes_back_is_written_to(tmp_path: Path, empty_database: Path) -> None:
    file = tmp_path / "dateline.db"
    with Api(file) as api:
        assert_problem(api.put("one", document()), 503)
        shutil.copy(empty_database, file)
        assert api.put("one", document()).status_code == 201


# --- On a real server ---------------------------------------------------------------------------------------------


@pytest.fixture
def desk(server: Server) -> Iterator[Server]:
    """The server of all tests; what is written to it is taken out again."""
    yield server
    for change in server.client.get("/changes?since=1").json()["items"]:
        server.client.delete(f"/articles/{change['article']}", headers=bearing())
    assert [item["id"] for item in server.client.get("/articles").json()["items"]] == [KOOME]


def put_to(server: Server, article_id: str, content: Any, **headers: str) -> httpx.Response:
    """Write over a connection of its own."""
    given = {"Content-Type": "application/json", **bearing(**headers)}
    return httpx.put(
        f"{server.url}/articles/{article_id}", content=body_of(content), headers=given, trust_env=False, timeout=60
    )


def version(number: int) -> Document:
    found = document()
    fact_of(found, "role")["title"] = f"President {number}"
    return found


WRITERS = 8


def race(write: Callable[[int], httpx.Response]) -> tuple[int, httpx.Response]:
    """Let all write at once; hold that one has won, and return which, with its answer."""
    ready = threading.Barrier(WRITERS)

    def start(number: int) -> httpx.Response:
        ready.wait(30)
        return write(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(start, range(WRITERS)))
    for answer in answers:
        if not answer.is_success:
            assert_problem(answer, 412)
    ((number, won),) = ((number, answer) for number, answer in enumerate(answers) if answer.is_success)
    return number, won


def replace(server: Server, tag: str, contest: int, number: int) -> httpx.Response:
    """Write what nobody else writes: to leave an article as it is uses no tag up."""
    return put_to(server, "one", version(contest * WRITERS + number), if_match=tag)


def test_of_writers_who_have_seen_the_same_one_wins(desk: Server) -> None:
    tag = put_to(desk, "one", document()).headers["etag"]
    for contest in range(3):
        number, won = race(partial(replace, desk, tag, contest))
        roles = desk.client.get("/roles", params={"article": "one"}).json()["items"]
        assert roles[0]["title"] == f"President {contest * WRITERS + number}"
        tag = won.headers["etag"]
        assert desk.client.get("/articles/one").headers["etag"] == tag


def test_of_writers_who_create_one_wins(desk: Server) -> None:
    _, won = race(lambda number: put_to(desk, "two", version(number), if_none_match="*"))
    assert won.status_code == 201


def test_of_writers_at_several_desks_on_one_database_one_wins(one: Api) -> None:
    """What each process does by itself must hold among processes too."""
    tag = one.get("/articles/one").headers["etag"]
    ready = threading.Barrier(WRITERS)

    opening = threading.Lock()

    def write(number: int) -> httpx.Response:
        with ExitStack() as stack:
            with (
                opening
            ):  # The framework makes its routes when it is first asked for one, and not for several threads at once.
                api = stack.enter_context(Api(one.url))
                assert_problem(api.put("one", version(number), if_match='"another"'), 412)
            ready.wait(30)  # until the last of them has opened
            return api.put("one", version(number), if_match=tag)

    number, _ = race(write)
    assert one.read("/roles")["items"][0]["title"] == f"President {number}"
    assert revision(one) == 2


def test_a_large_body_of_somebody_unknown_is_refused_before_it_is_sent(desk: Server) -> None:
    head = (
        b"PUT /articles/three HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(desk.address, timeout=60) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
    answer = desk.client.put("/articles/three", content=b" " * 3_000_000, headers={"Content-Type": "application/json"})
    assert_problem(answer, 401)
    assert desk.client.get("/health").status_code == 200


@pytest.mark.parametrize("path", [b"PUT /articles/three", b"POST /check"])
def test_who_hangs_up_in_the_middle_of_a_body_leaves_no_trace(desk: Server, path: bytes) -> None:
    content = body_of(document())
    head = (
        path + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer " + TOKEN.encode() + b"\r\nContent-Length: " + str(len(content)).encode() + b"\r\n\r\n"
    )
    for _ in range(4):
        with socket.create_connection(desk.address, timeout=60) as connection:
            connection.sendall(head + content[: len(content) // 2])
            time.sleep(0.1)
    assert put_to(desk, "four", document()).status_code in (200, 201)
    assert "Traceback" not in desk.output()
    assert desk.client.get("/articles/three").status_code == 404

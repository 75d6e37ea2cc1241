"""Conditional requests on articles: nobody overwrites what they have not seen."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.datastructures import Headers

from app.encoding import CODINGS, tagged
from app.errors import PreconditionError
from app.routers import asking
from app.routers.preconditions import Preconditions
from tests.api import Api, assert_problem
from tests.loading.articles import TEXT, Document, fact_of, small_document

PATHS = ("/articles/one", "/articles/one/text", "/articles/one/coverage", "/articles/one/document")
TAG, OTHER = '"0123456789abcdef"', '"fedcba9876543210"'


def document(title: str = "President") -> Document:
    facts = small_document()
    fact_of(facts, "role")["title"] = title
    return {"text": TEXT, **facts}


def tag_of(api: Api, path: str = "/articles/one") -> str:
    return api.get(path).headers["etag"]


def revision(api: Api) -> int:
    found: int = api.read("/ready")["revision"]
    return found


def title_in(api: Api) -> str | None:
    """The title that readers see; None without the article."""
    roles = api.read("/roles")["items"]
    return roles[0]["title"] if roles else None


@pytest.fixture(scope="module")
def shared(make_database: Callable[[], str]) -> Iterator[Api]:
    with Api(make_database()) as api:
        yield api


@pytest.fixture
def none(shared: Api) -> Api:
    """The API on no article, whatever there has been."""
    for article in shared.ids("/articles"):
        assert shared.delete(article).status_code == 204
    return shared


@pytest.fixture
def one(none: Api) -> Api:
    """The API on one article."""
    assert none.put("one", document()).status_code == 201
    return none


# --- What the headers say -----------------------------------------------------------------------------------------


def allows(current: str | None, *headers: tuple[str, str]) -> bool:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    try:
        Preconditions.of(Headers(raw=raw)).refuse_write(current)
    except PreconditionError as error:
        assert error.status == 412  # noqa: PT017 (what is raised is the answer)
        return False
    return True


@pytest.mark.parametrize(
    ("value", "there", "absent"),
    [
        (TAG, True, False),
        (f"{OTHER}, {TAG}", True, False),
        (f"{OTHER},{TAG} ,", True, False),
        ("*", True, False),
        (f"*, {OTHER}", True, False),
        (OTHER, False, False),
        (f"W/{TAG}", False, False),  # A weak tag is never the same in a strong comparison.
        (f"w/{TAG}", False, False),
        (TAG.strip('"'), False, False),
        (TAG.upper(), False, False),
        (f"'{TAG}'", False, False),
        ('"*"', False, False),
        ("", False, False),
        (" , ", False, False),
        ("\xff", False, False),
    ],
)
def test_if_match_lets_write_who_has_seen_what_is_there(value: str, there: bool, absent: bool) -> None:
    assert allows(TAG, ("if-match", value)) is there
    assert allows(None, ("if-match", value)) is absent


@pytest.mark.parametrize(
    ("value", "there"),
    [
        ("*", False), (TAG, False), (f"W/{TAG}", False), (f"{OTHER}, {TAG}", False), (f"{OTHER}, *", False),
        (OTHER, True), (TAG.strip('"'), True), ("", True), (f"W/{OTHER}", True),
    ],
)  # fmt: skip
def test_if_none_match_keeps_what_is_there(value: str, there: bool) -> None:
    assert allows(TAG, ("if-none-match", value)) is there
    assert allows(None, ("if-none-match", value))


def test_several_headers_are_one_list_and_both_kinds_must_hold() -> None:
    assert allows(TAG, ("if-match", OTHER), ("if-match", TAG))
    assert not allows(TAG, ("if-none-match", OTHER), ("if-none-match", TAG))
    assert not allows(TAG, ("if-match", TAG), ("if-none-match", TAG))
    assert not allows(None, ("if-match", "*"), ("if-none-match", "*"))
    assert allows(TAG, ("if-match", TAG), ("if-none-match", OTHER))
    assert allows(TAG)
    assert allows(None)


# --- Writes -------------------------------------------------------------------------------------------------------

Write = Callable[..., httpx.Response]


@pytest.fixture(params=["PUT", "DELETE"])
def write(request: pytest.FixtureRequest, one: Api) -> Write:
    """Replace or delete the one article."""

    def put(**headers: str) -> httpx.Response:
        return one.put("one", document("Chair"), **headers)

    def delete(**headers: str) -> httpx.Response:
        return one.delete("one", **headers)

    return put if request.param == "PUT" else delete


def assert_refused(api: Api, response: httpx.Response, names: str) -> None:
    problem = assert_problem(response, 412)
    assert problem["title"] == "Precondition Failed"
    assert names in problem["detail"]
    assert title_in(api) == "President"


@pytest.mark.parametrize("path", PATHS)
def test_the_tag_of_any_path_of_the_article_lets_one_write(one: Api, write: Write, path: str) -> None:
    response = write(if_match=tag_of(one, path))
    assert response.status_code in (200, 204)
    assert title_in(one) == ("Chair" if response.status_code == 200 else None)


@pytest.mark.parametrize("wanted", ["*", '"other", {}', "{}"])
def test_one_of_several_tags_or_any_is_enough(write: Write, one: Api, wanted: str) -> None:
    assert write(if_match=wanted.format(tag_of(one))).status_code in (200, 204)


@pytest.mark.parametrize("wanted", ['"other"', "W/{}", "", "{}x"])
def test_who_has_seen_something_else_is_told_the_tag_of_what_is_there(write: Write, one: Api, wanted: str) -> None:
    tag = tag_of(one)
    assert_refused(one, write(if_match=wanted.format(tag)), tag)


@pytest.mark.parametrize("wanted", ["*", "{}", "W/{}", '"other", {}'])
def test_who_wants_nothing_to_be_there_is_told_that_something_is(write: Write, one: Api, wanted: str) -> None:
    tag = tag_of(one)
    assert_refused(one, write(if_none_match=wanted.format(tag)), tag)


def test_a_tag_of_a_list_or_of_another_article_is_not_the_articles(write: Write, one: Api) -> None:
    assert one.put("two", document()).status_code == 201
    for path in ("/articles", "/articles/two", "/changes", "/people/ada"):
        assert write(if_match=tag_of(one, path)).status_code == 412
    assert [role["title"] for role in one.read("/roles")["items"]] == ["President", "President"]


def test_a_tag_is_used_up_by_the_write_and_the_next_one_is_in_its_answer(one: Api) -> None:
    tag = tag_of(one)
    first = one.put("one", document("Chair"), if_match=tag)
    assert first.status_code == 200
    assert_problem(one.put("one", document("Head"), if_match=tag), 412)
    assert_problem(one.delete("one", if_match=tag), 412)
    assert one.put("one", document("Head"), if_match=first.headers["etag"]).status_code == 200
    assert title_in(one) == "Head"


def test_a_tag_comes_back_with_what_it_was_of(one: Api) -> None:
    tag = tag_of(one)
    one.put("one", document("Chair"))
    one.put("one", document())
    assert one.put("one", document("Head"), if_match=tag).status_code == 200


def test_a_stale_tag_is_refused_even_if_nothing_would_change(one: Api) -> None:
    before = revision(one)
    assert_problem(one.put("one", document(), if_match='"other"'), 412)
    assert one.put("one", document(), if_match=tag_of(one)).status_code == 200
    assert revision(one) == before


def test_only_what_is_not_there_yet_is_created(none: Api) -> None:
    assert_problem(none.put("one", document(), if_match="*"), 412)
    problem = assert_problem(none.put("one", document(), if_match='"other"'), 412)
    assert problem["detail"] == "`If-Match` names another version than the current one: there is no such article"
    assert none.read("/articles")["total"] == 0
    before = revision(none)
    assert none.put("one", document(), if_none_match="*").status_code == 201
    assert_problem(none.put("one", document(), if_none_match="*"), 412)
    assert revision(none) == before + 1


def test_an_article_that_is_not_there_is_not_deleted_whatever_is_believed(none: Api) -> None:
    for headers in ({}, {"if_match": "*"}, {"if_match": '"other"'}, {"if_none_match": "*"}):
        assert_problem(none.delete("one", **headers), 404)


def test_what_is_wrong_with_the_document_goes_before_what_is_believed(one: Api) -> None:
    assert_problem(one.put("one", {"text": "x"}, if_match='"other"'), 422)


# --- Reads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_what_has_not_changed_is_not_sent_again(one: Api, path: str) -> None:
    first = one.get(path)
    tag = first.headers["etag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = one.get(path, headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for held in ('"other"', tag.strip('"'), ""):
        assert one.get(path, headers={"If-None-Match": held}).content == first.content
    one.put("two", document("Chair"))
    assert one.get(path, headers={"If-None-Match": tag}).status_code == 304
    one.put("one", document("Chair"))
    changed = one.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    one.delete("one")
    assert_problem(one.get(path, headers={"If-None-Match": changed.headers["etag"]}), 404)


READS = (*PATHS, "/articles", "/people", "/people/ada", "/search?q=ada", "/timeline", "/graph", "/changes")


@pytest.mark.parametrize("path", READS)
def test_who_wants_one_version_is_given_no_other(one: Api, path: str) -> None:
    first = one.get(path)
    tag = first.headers["etag"]
    tags = (tag, f'"other", {tag}', "*", *(tagged(tag, coding) for coding in CODINGS))
    for wanted in tags:
        assert one.get(path, headers={"If-Match": wanted}).content == first.content
    for wanted in ('"other"', f"W/{tag}", tag.strip('"'), "", " , "):
        problem = assert_problem(one.get(path, headers={"If-Match": wanted}), 412)
        assert problem["detail"] == f"`If-Match` names another version than the current one: its ETag is {tag}"
    one.put("one", document("Chair"))
    changed = one.get(path)
    assert_problem(one.get(path, headers={"If-Match": tag}), 412)
    assert one.get(path, headers={"If-Match": changed.headers["etag"]}).content == changed.content


def test_who_has_the_version_that_is_wanted_is_told_so_and_else_that_it_is_another(one: Api) -> None:
    for path in READS:
        tag = tag_of(one, path)
        for wanted, held, status in (
            (tag, tag, 304), (tag, "*", 304), (tag, '"other"', 200), ('"other"', tag, 412), ('"other"', "*", 412),
        ):  # fmt: skip
            assert one.get(path, headers={"If-Match": wanted, "If-None-Match": held}).status_code == status


@pytest.mark.parametrize("path", ["/articles/two", "/articles/two/text", "/people/eve", "/people?article=two"])
def test_where_there_is_nothing_no_version_of_it_is_wanted(one: Api, path: str) -> None:
    for wanted in ("*", '"other"', tag_of(one)):
        assert_problem(one.get(path, headers={"If-Match": wanted}), 404)


def test_the_tag_of_a_write_is_that_of_what_is_read(one: Api) -> None:
    written = one.put("one", document("Chair")).headers["etag"]
    for path in PATHS:
        assert one.get(path, headers={"If-Match": written}).status_code == 200
    one.put("one", document("Head"))
    for path in PATHS:
        assert_problem(one.get(path, headers={"If-Match": written}), 412)


def change_text(document: Document) -> None:
    document["text"] += "\nMore.\n"


def change_header(document: Document) -> None:
    del document["article"]["year"]


def change_entity(document: Document) -> None:
    document["entities"]["hull"]["name"] = "Kingston upon Hull"


def change_kind(document: Document) -> None:
    document["entities"]["hull"]["kind"] = "port"


def change_reasoning(document: Document) -> None:
    fact_of(document, "date")["reasoning"] = "So it reads."


def change_evidence(document: Document) -> None:
    fact_of(document, "role")["evidence"] = "president of the Weavers’ Union"


def change_id(document: Document) -> None:
    fact_of(document, "role")["id"] = "the-presidency"


def change_voice(document: Document) -> None:
    fact_of(document, "role")["attributed_to"] = "weavers"


def change_statement(document: Document) -> None:
    fact_of(document, "role")["statement"] = "Ada presides."


@pytest.mark.parametrize("change", [
    change_text, change_header, change_entity, change_kind, change_reasoning, change_evidence, change_id, change_voice,
    change_statement,
])  # fmt: skip
def test_whatever_changes_in_an_article_changes_its_tag(one: Api, change: Callable[[Document], None]) -> None:
    before = {path: one.get(path) for path in PATHS}
    changed = document()
    change(changed)
    assert one.put("one", changed).status_code == 200
    assert len({tag_of(one, path) for path in PATHS}) == 1
    for path, answer in before.items():
        assert tag_of(one, path) != answer.headers["etag"]
    assert one.get(PATHS[-1]).content != before[PATHS[-1]].content


def test_another_order_of_the_same_facts_is_the_same_article(one: Api) -> None:
    tag = tag_of(one)
    changed: Any = document()
    changed["facts"].reverse()
    changed["entities"] = dict(reversed(changed["entities"].items()))
    answer = one.put("one", changed)
    assert (answer.status_code, answer.headers["etag"]) == (200, tag)


def test_another_version_of_the_code_has_other_tags(one: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = tag_of(one)
    monkeypatch.setattr(asking, "__version__", "99.0")
    assert tag_of(one) != tag
    assert one.get("/articles/one", headers={"If-None-Match": tag}).status_code == 200
    assert_problem(one.put("one", document("Chair"), if_match=tag), 412)


def test_two_databases_with_the_same_article_give_it_the_same_tag(one: Api, make_database: Any) -> None:
    with Api(make_database()) as other:
        other.put("zero", document())
        other.put("one", document())
        assert tag_of(other) == tag_of(one)

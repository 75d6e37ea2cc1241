"""What holds for all endpoints at once: the envelope, the links, the evidence, the fields."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from app.loading.checking import CheckedArticle
from app.queries.paging import MOST_COUNTED
from app.routers import articles, changes, entities, facts, health, metrics, views
from app.text.quoting import Span as Place
from app.text.quoting import context, paragraph_at, paragraphs
from tests.api import KOOME, LISTS, Api, assert_problem, evidence_in, faults_of, objects_in, paths_in
from tests.newsroom import REPORT, report, tiny_articles

ROUTES = {
    route.path: route
    for part in (articles, entities, facts, views, changes, health, metrics)
    for route in part.router.routes
    if isinstance(route, APIRoute)
}
ITEMS = {f"{path}/{{id}}": path for path in LISTS}
VIEWS = ("/search?q=police", "/timeline", "/graph", f"/graph?focus=japhet-koome&depth=4&article={REPORT}")
EVIDENCE = "include=evidence"


def test_every_path_of_the_design_is_there_and_no_other() -> None:
    assert set(ROUTES) == {
        *LISTS,
        *ITEMS,
        "/articles/{id}/text",
        "/articles/{id}/coverage",
        "/articles/{id}/document",
        "/changes",
        "/search",
        "/timeline",
        "/graph",
        "/health",
        "/ready",
        "/metrics",
    }


def requests() -> Iterator[str]:
    """Yield a request for every path, with all of its items and their evidence."""
    for path in LISTS:
        yield f"{path}?limit=100&{EVIDENCE}"
    for path in VIEWS:
        yield f"{path}{'&' if '?' in path else '?'}limit=100&{EVIDENCE}"
    for article in (KOOME, REPORT):
        yield f"/articles/{article}/coverage"


@pytest.fixture(scope="module")
def answers(both: Api) -> dict[str, Any]:
    """The answers of every path, those of all pages and of all items."""
    found: dict[str, Any] = {}
    for request in requests():
        page = found[request] = both.read(request)
        while page.get("next"):
            request = page["next"]
            page = found[request] = both.read(request)
    for path in LISTS:
        for item in both.items(path, params={"limit": 100}):
            found[item["url"]] = both.read(item["url"])
    return found


def route_of(path: str) -> APIRoute:
    plain = path.split("?")[0]
    return next(route for route in ROUTES.values() if route.path_regex.match(plain))


def test_every_answer_has_every_field_of_its_model_and_no_other(answers: dict[str, Any]) -> None:
    # The models forbid other fields and give none a default.
    for path, answer in answers.items():
        TypeAdapter(route_of(path).response_model).validate_python(answer)
    assert {route_of(path).path for path in answers} >= {*LISTS, *ITEMS, "/search", "/timeline", "/graph"}


def test_all_evidence_is_in_the_text_where_it_says_it_is(both: Api, answers: dict[str, Any]) -> None:
    texts = {article: both.text(article) for article in (KOOME, REPORT)}
    found = 0
    for answer in answers.values():
        for words in evidence_in(answer):
            text = texts[words["article"]]
            start, end = words["start"], words["end"]
            assert 0 <= start < end <= len(text)
            assert text[start:end] == words["exact"]
            assert text[:start].endswith(words["prefix"])
            assert text[end:].startswith(words["suffix"])
            assert (words["prefix"], words["suffix"]) == context(text, Place(start, end))
            assert words["paragraph"] == paragraph_at(paragraphs(text), start)
            found += 1
    assert found > 1000


def test_every_statement_has_its_words_and_says_how_it_rests_on_them(answers: dict[str, Any]) -> None:
    found = 0
    for answer in answers.values():
        for place in objects_in(answer):
            if "basis" not in place:
                continue
            found += 1
            assert (place["basis"] == "inferred") == (place["reasoning"] is not None)
            assert place["reasoning"] is None or place["reasoning"].strip()
            assert place["evidence"] or place.get("category") == "not-stated"
    assert found > 1000


def test_lists_hold_no_evidence_unless_asked_for_it(both: Api, answers: dict[str, Any]) -> None:
    for request in requests():
        if EVIDENCE not in request:
            continue
        with_evidence = answers[request]
        without = both.read(request.removesuffix(f"&{EVIDENCE}"))
        emptied = [place for place in objects_in(without) if "evidence" in place]
        assert emptied or not list(evidence_in(with_evidence))
        assert all(place["evidence"] is None for place in emptied)
        filled = [place for place in objects_in(with_evidence) if "evidence" in place]
        assert len(filled) == len(emptied)
        assert all(place["evidence"] is not None for place in filled)


def test_every_path_in_every_answer_answers(both: Api, answers: dict[str, Any]) -> None:
    paths = {path for answer in answers.values() for path in paths_in(answer)}
    assert len(paths) > 250
    for path in paths - answers.keys():
        assert both.get(path).status_code == 200, path


def test_every_item_has_the_id_and_path_by_which_it_answers_the_same(both: Api, answers: dict[str, Any]) -> None:
    for path in LISTS:
        items = [
            item for page in both.pages(path, params={"limit": 100, "include": "evidence"}) for item in page["items"]
        ]
        assert items
        for item in items:
            assert item["url"].endswith(f"/{item['id']}")
            assert answers[item["url"]] == item
        if path != "/facts":
            assert all(item["url"] == f"{path}/{item['id']}" for item in items)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_its_items_their_number_and_the_way_on(many: Api, path: str) -> None:
    first = many.get(path, params={"limit": 7})
    page = first.json()
    assert list(page) == ["items", "total", "total_relation", "next"]
    assert len(page["items"]) == 7
    assert page["total"] >= 150
    assert page["next"].startswith(f"{path}?limit=7&cursor=")
    assert first.headers["link"] == f'<{page["next"]}>; rel="next"'
    whole = list(many.pages(path, params={"limit": 100}))
    assert [page["total"] for page in whole] == [page["total"]] * len(whole)
    assert page["total"] == min(sum(len(page["items"]) for page in whole), MOST_COUNTED)
    last = many.get(next_before_last(whole)).headers
    assert "link" not in last


def next_before_last(pages: list[Any]) -> str:
    following: str = pages[-2]["next"]
    return following


def test_the_default_page_has_twenty_items(many: Api) -> None:
    assert all(len(many.read(path)["items"]) == 20 for path in LISTS)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_without_items_is_empty(empty: Api, path: str) -> None:
    response = empty.get(path)
    assert response.json() == {"items": [], "total": 0, "total_relation": "exact", "next": None}
    assert "link" not in response.headers


# --- Parameters ---------------------------------------------------------------------------------------------------

EXAMPLES = {"/search": {"q": "police"}}
"""What a path cannot do without."""


def path_of(route: str, koome: Api) -> str:
    """Return a path of the route that answers."""
    if "{id}" not in route:
        return route
    listed = route.split("/{id}")[0]
    return route.replace("{id}", koome.ids(listed)[0])


def parameters_of(route: str) -> dict[str, Any]:
    """Return the parameters of a route by their names, and whether each may be repeated."""
    model: Any = ROUTES[route].dependant.query_params[0].field_info.annotation
    return {field.alias or name: field for name, field in model.model_fields.items()}


@pytest.mark.parametrize("route", ROUTES)
def test_an_unknown_parameter_is_refused_with_the_nearest_known(koome: Api, route: str) -> None:
    path, known = path_of(route, koome), parameters_of(route)
    problem = assert_problem(koome.get(path, params={**EXAMPLES.get(route, {}), "organization": "x"}), 422)
    fault = faults_of(problem)["organization"]
    assert fault["location"] == "query"
    if "organisation" in known:
        assert fault["suggestion"] == "organisation"
        assert "did you mean `organisation`?" in fault["detail"]
    else:
        assert fault["suggestion"] in {None, *known}
    for name in known:
        if len(name) >= 4:
            misspelt = name[:-1] + "zz"
            near = faults_of(assert_problem(koome.get(path, params={misspelt: "x"}), 422))[misspelt]
            assert near["suggestion"] == name


@pytest.mark.parametrize("route", ROUTES)
def test_a_parameter_that_takes_one_value_is_refused_when_given_two(koome: Api, route: str) -> None:
    path = path_of(route, koome)
    for name, field in parameters_of(route).items():
        if str(field.annotation).startswith("list"):
            continue
        value = {"limit": "5", "depth": "1", "at": "3", "direct": "true", "min": "1", "max": "2", "cursor": "e30"}.get(
            name
        )
        value = value or (field.examples or ["2024-06-01"])[0]
        given: dict[str, Any] = {**EXAMPLES.get(route, {}), name: [value, value]}
        if name == "at":
            given["article"] = KOOME
        problem = assert_problem(koome.get(path, params=given), 422)
        assert list(faults_of(problem)) == [name]
        assert "given 2 times, but takes one value" in problem["detail"]


def test_all_faults_of_a_request_are_named_at_once(koome: Api) -> None:
    problem = assert_problem(koome.get("/people?organization=x&limit=0&sort=age&organisation=UPPER"), 422)
    assert set(faults_of(problem)) == {"organization", "limit", "sort", "organisation"}
    assert len(problem["errors"]) == 4


IDS = [
    (route, name)
    for route in ROUTES
    for name, field in parameters_of(route).items()
    if "Names(" in repr(field.metadata)
]


@pytest.mark.parametrize(("route", "name"), IDS)
def test_an_unknown_id_in_a_filter_is_told_with_the_nearest_known(koome: Api, route: str, name: str) -> None:
    mark = next(mark for mark in parameters_of(route)[name].metadata if type(mark).__name__ == "Names")
    listed = {"article": "/articles", "person": "/people", "organisation": "/organisations", "unit": "/units"} | {
        "place": "/places", "document": "/documents", "event": "/events", None: "/people",
    }  # fmt: skip
    known = koome.ids(listed[mark.type], params={"limit": 100})[0]
    unknown = f"{known}x"
    problem = assert_problem(koome.get(route, params={**EXAMPLES.get(route, {}), name: unknown}), 404, path=route)
    assert faults_of(problem)[name]["suggestion"] == known
    assert f"‘{unknown}’" in problem["detail"]
    far = assert_problem(koome.get(route, params={**EXAMPLES.get(route, {}), name: "qqqqqqqqqq"}), 404, path=route)
    assert faults_of(far)[name]["suggestion"] is None


@pytest.mark.parametrize(("route", "name"), IDS)
def test_an_id_of_another_type_is_not_silently_no_match(koome: Api, route: str, name: str) -> None:
    mark = next(mark for mark in parameters_of(route)[name].metadata if type(mark).__name__ == "Names")
    other = "nairobi" if mark.type != "place" else "japhet-koome"
    response = koome.get(route, params={**EXAMPLES.get(route, {}), name: other})
    if mark.type is None:
        assert response.status_code == 200
    else:
        assert_problem(response, 404, path=route)


BAD_IDS = ["UPPER", "two words", "trailing-", "-leading", "dou--ble", "é", "a" * 202, "", "a\x00b", "a/b"]


@pytest.mark.parametrize(("route", "name"), IDS)
def test_what_cannot_be_an_id_is_refused(koome: Api, route: str, name: str) -> None:
    for bad in BAD_IDS:
        problem = assert_problem(koome.get(route, params={**EXAMPLES.get(route, {}), name: bad}), 422, path=route)
        assert list(faults_of(problem)) == [name]


@pytest.mark.parametrize("route", [route for route in ROUTES if "{id}" in route])
def test_an_item_that_is_not_there_is_told_with_the_nearest_known(koome: Api, route: str) -> None:
    known = koome.ids(route.split("/{id}")[0])[0]
    path = route.replace("{id}", f"{known}x")
    problem = assert_problem(koome.get(path), 404)
    if "." not in known:
        assert faults_of(problem)["id"]["suggestion"] == known
    assert "there is no " in problem["detail"]


@pytest.mark.parametrize("route", [route for route in ROUTES if "{id}" in route])
@pytest.mark.parametrize("id_", ["%00", "a%00b", "%2E%2E", "%F0%9F%98%80", "'%20OR%201=1--", "a" * 1000, "%FF%FE", "%"])
def test_what_can_be_no_id_in_a_path_is_a_clear_problem(koome: Api, route: str, id_: str) -> None:
    response = koome.get(route.replace("{id}", id_))
    assert response.status_code in (404, 422)
    assert_problem(response, response.status_code)


@pytest.mark.parametrize("route", [route for route in ROUTES if "limit" in parameters_of(route)])
def test_a_limit_is_a_number_within_its_bounds(koome: Api, route: str) -> None:
    given = EXAMPLES.get(route, {})
    most = {"/graph": 500, "/changes": 1000}.get(route, 100)
    for good in (1, most):
        assert koome.get(route, params={**given, "limit": good}).status_code == 200
    for bad in ("0", str(most + 1), "abc", "-1", "1.5", "", "1e2", "99999999999999999999999", "1 000"):
        problem = assert_problem(koome.get(route, params={**given, "limit": bad}), 422)
        assert list(faults_of(problem)) == ["limit"]


NOT_DAYS = ["2024-6-1", "1718668800", "2024-06-31", "yesterday", "2024-06-18T00:00:00", "20240618", "", "0000-01-01"]


@pytest.mark.parametrize("route", [route for route in ROUTES if "from" in parameters_of(route)])
def test_a_period_is_of_iso_days_and_begins_before_it_ends(koome: Api, route: str) -> None:
    for bad in NOT_DAYS:
        for name in ("from", "to"):
            problem = assert_problem(koome.get(route, params={name: bad}), 422)
            assert list(faults_of(problem)) == [name]
    problem = assert_problem(koome.get(f"{route}?from=2024-06-19&to=2024-06-18"), 422)
    assert "2024-06-19" in problem["detail"]
    assert "is after" in problem["detail"]
    assert list(faults_of(problem)) == ["from"]
    assert koome.get(f"{route}?from=2024-06-18&to=2024-06-18").status_code == 200


@pytest.mark.parametrize("route", [route for route in ROUTES if "q" in parameters_of(route)])
@pytest.mark.parametrize("q", ["", " ", "\x00", "Koome\x00", "\n", '"', "*", "-", '""', "^", "()", "a" * 201])
def test_text_without_a_word_in_it_is_refused(koome: Api, route: str, q: str) -> None:
    problem = assert_problem(koome.get(route, params={"q": q}), 422)
    assert list(faults_of(problem)) == ["q"]


OPERATORS = [
    '"Koome', "Koo*", "NEAR(Koome Gabow)", "-Koome", "Koome OR Gabow", "title:Koome", "NOT Koome", "^Koome", "{Koome}",
    "Koome AND", "'; DROP TABLE fact; --", "Koome -", "“Koome”", "💥", "í\xa0\x80", "(" * 90 + "x",
]  # fmt: skip


@pytest.mark.parametrize("route", [route for route in ROUTES if "q" in parameters_of(route)])
@pytest.mark.parametrize("q", OPERATORS)
def test_operators_of_full_text_are_words_like_any_other(koome: Api, route: str, q: str) -> None:
    assert koome.get(route, params={"q": q}).status_code == 200


@pytest.mark.parametrize("route", [route for route in ROUTES if "sort" in parameters_of(route)])
def test_an_order_that_the_list_does_not_have_is_refused(koome: Api, route: str) -> None:
    problem = assert_problem(koome.get(route, params={**EXAMPLES.get(route, {}), "sort": "-nam"}), 422)
    assert list(faults_of(problem)) == ["sort"]
    assert "‘-nam’" in problem["detail"]


@pytest.mark.parametrize("route", [route for route in ROUTES if "include" in parameters_of(route)])
def test_nothing_but_evidence_can_be_included(koome: Api, route: str) -> None:
    given = EXAMPLES.get(route, {})
    assert_problem(koome.get(route, params={**given, "include": "everything"}), 422)
    twice = koome.get(route, params={**given, "include": ["evidence", "evidence"]})
    once = koome.read(route, params={**given, "include": "evidence"})
    what = "edges" if route == "/graph" else "items"
    assert twice.json()[what] == once[what]


@pytest.mark.parametrize("route", [route for route in ROUTES if "article" in parameters_of(route)])
def test_every_list_can_be_narrowed_to_articles(both: Api, route: str) -> None:
    given = {**EXAMPLES.get(route, {}), "limit": 100}
    whole, real, other, either = (
        both.read(route, params={**given, "article": articles}) for articles in ([], KOOME, REPORT, [KOOME, REPORT])
    )
    if route == "/graph":
        assert {node["id"] for node in real["nodes"]} >= {"william-ruto", "japhet-koome"}
        assert {node["id"] for node in other["nodes"]} & {"william-ruto", "japhet-koome"} == {"japhet-koome"}
        return
    assert whole["total"] == either["total"]
    assert real["total"] + other["total"] >= whole["total"]
    assert real["total"] > 0
    if route in ("/units", "/documents"):
        assert other["total"] == 0
        return
    for item in other["items"]:
        if route == "/articles":
            assert item["id"] == REPORT
        elif "articles" in item:
            assert REPORT in [article["id"] for article in item["articles"]]
        elif "article" in item:
            assert item["article"]["id"] == REPORT


# --- Statements of SQL a request ----------------------------------------------------------------------------------

MOST_STATEMENTS = {
    "/articles": 3, "/people": 15, "/organisations": 15, "/units": 15, "/places": 14, "/documents": 14, "/events": 19,
    "/roles": 5, "/dates": 5, "/quotes": 5, "/figures": 5, "/notes": 6, "/facts": 7, "/search": 6, "/timeline": 37,
    "/graph": 6,
}  # fmt: skip


@pytest.mark.parametrize("route", MOST_STATEMENTS)
def test_a_list_takes_a_bounded_number_of_statements_whatever_its_limit(many: Api, route: str) -> None:
    taken = []
    for limit in (10, 100):
        given = {"q": "Anna"} if route == "/search" else {}
        with many.counted() as statements:
            answer = many.read(route, params={**given, "limit": limit, "include": "evidence"})
        assert len(answer.get("items", answer.get("nodes"))) == limit
        taken.append(len(statements))
    # What one page shows all of is not counted.
    assert taken[1] <= taken[0] <= MOST_STATEMENTS[route], statements


def test_one_item_takes_no_more_statements_than_a_list(koome: Api) -> None:
    for route in LISTS:
        for path in [item["url"] for item in koome.items(route, params={"limit": 100})]:
            with koome.counted() as statements:
                koome.read(path)
            assert len(statements) <= MOST_STATEMENTS[route], statements


@pytest.mark.parametrize(
    ("asked", "most"),
    [
        ("/roles?person=japhet-koome", 5),
        ("/roles?person=japhet-koome&title=Inspector+General+of+Police", 6),
        ("/facts?entity=kenya&type=relation", 4),
        ("/facts?entity=kenya&basis=stated&attributed_to=none", 5),
        (f"/facts?article={KOOME}&entity=kenya&type=relation", 4),
        ("/quotes?speaker=japhet-koome&direct=true&sort=-position", 6),
        ("/graph?focus=japhet-koome&article=" + KOOME, 8),
    ],
)
def test_filters_of_facts_add_one_look_at_which_leads(koome: Api, asked: str, most: int) -> None:
    with koome.counted() as statements:
        answer = koome.read(asked)
    assert answer.get("items") or answer.get("nodes")
    assert len(statements) <= most, statements


def test_filters_add_at_most_one_statement_a_table(koome: Api) -> None:
    plain = "/events?include=evidence&person=japhet-koome"
    full = f"{plain}&organisation=haitian-police&place=kenya&article={KOOME}&q=koome&from=2024-01-01&status=occurred"
    taken = []
    for path in (plain, full):
        with koome.counted() as statements:
            assert koome.read(path)["items"]
        taken.append(len(statements))
    assert taken[1] <= taken[0] + 1 <= MOST_STATEMENTS["/events"] + 2


# --- ETags --------------------------------------------------------------------------------------------------------

TAGGED = [route for route in ROUTES if route not in ("/health", "/ready", "/metrics")]


@pytest.mark.parametrize("route", TAGGED)
def test_an_answer_has_a_strong_tag_that_saves_the_next_one(koome: Api, route: str) -> None:
    path = path_of(route, koome)
    given = EXAMPLES.get(route, {})
    first, again = koome.get(path, params=given), koome.get(path, params=given)
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[^"]+"', tag)
    assert again.headers["etag"] == tag
    kept_in = "article" if route.startswith("/articles/") else "revision"
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        with koome.counted() as statements:
            response = koome.get(path, params=given, headers={"If-None-Match": held})
        assert response.status_code == 304
        assert response.content == b""
        assert response.headers["etag"] == tag
        assert "content-type" not in response.headers
        if held != "*":
            assert len(statements) == 1
            assert f"FROM {kept_in}" in statements[0]
    assert koome.get(path, params=given, headers={"If-None-Match": '"other"'}).content == first.content


def test_different_questions_have_different_tags(koome: Api) -> None:
    paths = ["/people", "/people?limit=1", "/people?limit=2", "/people/noor-gabow", "/units", f"/articles/{KOOME}"]
    assert len({koome.get(path).headers["etag"] for path in paths}) == len(paths)


def test_a_load_changes_the_tag(empty: Api, koome_article: CheckedArticle) -> None:
    before = empty.get("/people").headers["etag"]
    empty.load(koome_article)
    after = empty.get("/people", headers={"If-None-Match": before})
    assert after.status_code == 200
    assert after.headers["etag"] != before
    assert after.json()["total"] == 5
    empty.load(koome_article)
    assert empty.get("/people").headers["etag"] == after.headers["etag"]


def test_the_tag_of_an_article_is_that_of_all_its_paths_and_stands_while_others_are_loaded(
    empty: Api, koome_article: CheckedArticle
) -> None:
    empty.load(koome_article)
    paths = [f"/articles/{KOOME}{part}" for part in ("", "/text", "/coverage", "/document")]
    before = {empty.get(path).headers["etag"] for path in paths}
    assert len(before) == 1
    empty.load(report())
    assert {empty.get(path).headers["etag"] for path in paths} == before


def test_what_is_not_there_has_no_tag_to_be_the_same(koome: Api) -> None:
    assert_problem(koome.get("/people/nobody", headers={"If-None-Match": "*"}), 404)
    assert "etag" not in koome.get("/people/nobody").headers


# --- Paging while articles are loaded -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", LISTS)
def test_a_load_meanwhile_neither_repeats_nor_skips_what_was_there(empty: Api, path: str) -> None:
    empty.load(*tiny_articles(range(0, 24, 2)))
    newcomers = tiny_articles(range(1, 1000, 2))
    for order in (f"{sign}{sort}" for sort in LISTS[path] for sign in ("", "-")):
        before = empty.ids(path, params={"sort": order, "limit": 100})
        met = []
        pages = empty.pages(path, params={"sort": order, "limit": 40 if path == "/facts" else 4})
        for number, page in enumerate(pages):
            met += [item["id"] for item in page["items"]]
            if number < 3:
                empty.load(next(newcomers))
        assert number >= 2
        assert len(met) == len(set(met))
        assert [id_ for id_ in met if id_ in set(before)] == before

"""Reads that are answered directly: as the framework answers them, and kept only where that is right."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider

from app.loading.checking import CheckedArticle
from app.reads import Directly, Reads
from tests.api import KOOME, LISTS, Api
from tests.newsroom import report, tiny_article

OWN = {"x-request-id", "date"}
PLAIN = [
    *LISTS,
    *(f"{path}?limit=2&include=evidence&sort=-{sorts[0]}" for path, sorts in LISTS.items()),
    "/people/japhet-koome",
    "/facts?type=date&type=role&basis=inferred&limit=3",
    "/events?from=2024-06-01&to=2024-06-30&organisation=national-police-service",
    "/figures?min=1&max=2000.5",
    f"/facts?article={KOOME}&at=30",
    f"/articles/{KOOME}",
    f"/articles/{KOOME}/text",
    f"/articles/{KOOME}/coverage",
    f"/articles/{KOOME}/document",
    "/changes?since=1",
    "/search?q=Prophète",
    "/search?q=police&type=person&limit=1",
    "/timeline?limit=1",
    "/graph?focus=noor-gabow&depth=2",
]
ODD = [
    "/people?limit=0",
    "/people?limit=2&limit=3",
    "/people?q=",
    "/people?Limit=2",
    "/people?organisation=&organisation=a",
    "/people?organisation=nobody",
    "/people?cursor=abc",
    "/people?limit=%32",
    "/people?lim%69t=2",
    "/people?q=a%00b",
    "/people?q=%ff",
    "/people?",
    "/people?&&limit=2&",
    "/people?limit=2;sort=id",
    "/people?from=2024-06-01",
    "/figures?min=nan",
    "/quotes?direct=yes",
    "/events?from=2024-07-01&to=2024-06-01",
    "/people/",
    "/people//",
    "/people/nobody",
    "/people/nairobi",
    "/people/a%2Fb",
    "/people/japhet-koome/text",
    "/people/japhet-koome?limit=2",
    f"/articles/{KOOME}/text/",
    "/search",
    "/nothing",
    "/",
    "/health",
    "/openapi.json",
]


@pytest.fixture(scope="module")
def by_the_framework(make_database: Callable[..., str], koome_article: CheckedArticle) -> Iterator[tuple[Api, Api]]:
    """The API as it is, and one whose requests are traced, so that the framework answers them all."""
    file = make_database(koome_article, report())
    provider = TracerProvider(shutdown_on_exit=False)
    with Api(file) as api, Api(file, {"tracer_provider": provider}) as traced:
        yield api, traced
    provider.shutdown()


def shown(response: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    headers = {name: value for name, value in response.headers.items() if name not in OWN}
    return response.status_code, headers, response.content


@pytest.mark.parametrize("path", [*PLAIN, *ODD])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_is_what_the_framework_would_answer(
    by_the_framework: tuple[Api, Api], method: str, path: str
) -> None:
    api, traced = by_the_framework
    for coding in ("identity", "gzip", "zstd"):
        direct = api.request(method, path, headers={"Accept-Encoding": coding})
        assert shown(direct) == shown(traced.request(method, path, headers={"Accept-Encoding": coding}))
        if path in PLAIN:
            assert direct.status_code == 200
            tag = direct.headers["etag"]
            given = {"Accept-Encoding": coding, "If-None-Match": tag}
            again = api.request(method, path, headers=given)
            assert again.status_code == 304
            assert shown(again) == shown(traced.request(method, path, headers=given))


NAMES = st.sampled_from(["limit", "sort", "q", "article", "organisation", "title", "include", "cursor", "min", "%71"])
VALUES = st.sampled_from(["1", "2", "name", "-id", "police", KOOME, "japhet-koome", "evidence", "", "%20", "a b", "é"])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4), st.sampled_from(sorted(LISTS)))
def test_whatever_is_asked_of_a_list(
    by_the_framework: tuple[Api, Api], pairs: list[tuple[str, str]], path: str
) -> None:
    api, traced = by_the_framework
    asked = f"{path}?{'&'.join(f'{name}={value}' for name, value in pairs)}"
    assert shown(api.get(asked)) == shown(traced.get(asked))


def reads_of(api: Api) -> Reads:
    """Return what the middleware asks, which the first request has put together."""
    api.get("/health")
    app: Any = api.app.middleware_stack
    while not isinstance(app, Directly):
        app = app.app
    return app.reads


def test_every_path_that_asks_the_database_is_read_directly(koome: Api) -> None:
    found = set(reads_of(koome).reads)
    assert {*LISTS, *(f"{path}/{{id}}" for path in LISTS), "/search", "/timeline", "/graph", "/changes"} < found
    assert {f"/articles/{{id}}/{part}" for part in ("text", "coverage", "document")} < found
    assert len(found) == 2 * len(LISTS) + 7


@pytest.mark.parametrize("path", ["/people", f"/articles/{KOOME}/text", "/timeline"])
def test_a_large_answer_is_compressed_for_who_takes_it_and_has_a_tag_of_its_own(koome: Api, path: str) -> None:
    tags, sizes = {}, {}
    for coding in ("identity", "gzip", "zstd"):
        response = koome.get(path, headers={"Accept-Encoding": coding})
        assert response.headers.get("content-encoding", "identity") == coding
        assert response.headers["vary"] == "Accept-Encoding"
        tags[coding], sizes[coding] = response.headers["etag"], int(response.headers["content-length"])
        assert response.text == koome.get(path, headers={"Accept-Encoding": "identity"}).text
    assert len(set(tags.values())) == 3
    assert max(sizes["gzip"], sizes["zstd"]) < sizes["identity"]
    for coding, tag in tags.items():
        for accepted in tags:
            given = {"Accept-Encoding": accepted, "If-None-Match": f"W/{tag}"}
            # Plain bytes are good for everybody, compressed ones only for who would be given the same.
            assert koome.get(path, headers=given).status_code == (304 if coding in ("identity", accepted) else 200)


def test_a_small_answer_is_sent_as_it_is(koome: Api) -> None:
    response = koome.get("/people?q=nobody", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept-Encoding"


def test_a_tag_of_a_compressed_answer_is_good_for_writing(empty: Api) -> None:
    empty.load(tiny_article(1))
    document = empty.read("/articles/tiny-1/document")
    tag = empty.get("/articles/tiny-1/document", headers={"Accept-Encoding": "gzip"}).headers["etag"]
    assert tag.endswith('-gzip"')
    document["article"]["headline"] = None
    assert empty.put("tiny-1", document, if_match=tag).status_code == 200
    document["article"]["year"] = None
    assert empty.put("tiny-1", {**document, "text": document["text"] + "\n"}, if_match=tag).status_code == 200
    assert empty.put("tiny-1", document, if_match=tag).status_code == 412


@pytest.mark.only("sqlite")
def test_only_answers_of_200_and_304_are_kept_and_each_by_the_question_letter_for_letter(koome: Api) -> None:
    kept = reads_of(koome).kept
    asked = ["/units?limit=7&sort=id", "/units?sort=id&limit=7", "/units?limit=7&sort=nonsense", "/units/nobody?"]
    for path in asked:
        koome.get(path)
    koome.get("/units?limit=8", headers={"If-None-Match": "*"})
    found = {url.decode() for url, _ in (*kept.new, *kept.proven)}
    assert found & {*asked, "/units?limit=8", "/units/nobody"} == {*asked[:2], "/units?limit=8"}

"""HEAD wherever GET is, OPTIONS, and reads from pages of any origin."""

import asyncio

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from app.middleware import Head, Unexpected
from app.queries import entities
from tests.api import KOOME, Api, assert_problem

ORIGIN = {"Origin": "https://example.org"}
GOOD = [
    "/people", "/people/noor-gabow", f"/articles/{KOOME}/text", f"/articles/{KOOME}/coverage", "/search?q=koome",
    "/timeline?limit=2", "/graph", "/health", "/ready", "/docs", "/", "/openapi.json", "/docs/assets/swagger-ui.css",
    "/people?limit=2",
]  # fmt: skip
BAD = ["/nothing", "/people/nobody", "/people?limit=0", "/people?organization=x", "/people?organisation=nobody"]
ALLOWED = "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", [*GOOD, *BAD])
def test_head_answers_as_get_without_the_body(koome: Api, path: str) -> None:
    get, head = (koome.request(method, path, headers={"X-Request-ID": "the-same"}) for method in ("GET", "HEAD"))
    assert head.status_code == get.status_code
    assert head.headers == get.headers
    assert head.content == b""
    assert int(head.headers["content-length"]) == len(get.content)


def test_head_itself_takes_the_body_away() -> None:
    # Servers do so too, and the client of these tests; a proxy of ASGI may not.
    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"some", "more_body": True})
        await send({"type": "http.response.body", "body": b"more", "more_body": False})

    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nobody reads the body of a HEAD request")

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Head(answer)({"type": "http", "method": "HEAD"}, receive, send))
    assert sent[0]["headers"] == [(b"content-length", b"4")]
    assert [message["body"] for message in sent[1:]] == [b"", b""]
    assert sent[-1]["more_body"] is False


def test_a_client_that_goes_away_is_nothing_unexpected(caplog: pytest.LogCaptureFixture) -> None:
    async def read(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ClientDisconnect

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        raise AssertionError("nobody is there")

    asyncio.run(Unexpected(read)({"type": "http", "method": "PUT", "path": "/people"}, receive, send))
    assert caplog.text == ""


def test_head_asks_with_a_tag_too(koome: Api) -> None:
    tag = koome.get("/people").headers["etag"]
    assert koome.request("HEAD", "/people", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("path", [path for path in GOOD if "?" not in path])
def test_options_says_what_is_allowed(koome: Api, path: str) -> None:
    response = koome.request("OPTIONS", path)
    assert response.status_code == 204
    assert response.headers["allow"] == ALLOWED
    assert response.content == b""
    assert "content-length" not in response.headers
    assert "content-type" not in response.headers


def test_options_of_nothing_is_not_found(koome: Api) -> None:
    assert_problem(koome.request("OPTIONS", "/nothing"), 404)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", [*GOOD, *BAD])
def test_pages_of_any_origin_may_read_answers_and_errors(koome: Api, method: str, path: str) -> None:
    response = koome.request(method, path, headers=ORIGIN)
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers
    exposed = response.headers["access-control-expose-headers"].split(", ")
    assert {"ETag", "Link", "X-Request-ID"} <= set(exposed)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", [*GOOD, *BAD])
def test_every_answer_has_the_security_headers(koome: Api, method: str, path: str) -> None:
    headers = koome.request(method, path, headers=ORIGIN).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    (policy,) = headers.get_list("content-security-policy")
    if headers.get("content-type", "").startswith("text/html"):
        assert policy.startswith("default-src 'none'; script-src 'self' 'sha256-")
    else:
        assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_what_answers_without_a_body_or_by_itself_has_the_security_headers_too(
    koome: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = koome.get("/people").headers["etag"]
    preflight = {**ORIGIN, "Access-Control-Request-Method": "GET"}
    monkeypatch.setattr(entities, "refuse_unknown", None)
    for response, status in (
        (koome.get("/people", headers={"If-None-Match": tag}), 304),
        (koome.get("/people"), 500),
        (koome.request("OPTIONS", "/people", headers=preflight), 200),
        (koome.request("OPTIONS", "/people", headers={**preflight, "Access-Control-Request-Method": "PUT"}), 400),
        (koome.request("POST", "/people", content=b"x" * 5_000_000), 413),
    ):
        assert response.status_code == status
        assert response.headers["x-content-type-options"] == "nosniff"


def test_a_conditional_read_and_an_unexpected_error_can_be_read_from_any_origin_too(
    koome: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = koome.get("/people").headers["etag"]
    same = koome.get("/people", headers={**ORIGIN, "If-None-Match": tag})
    assert (same.status_code, same.headers["access-control-allow-origin"]) == (304, "*")
    monkeypatch.setattr(entities, "refuse_unknown", None)
    for method in ("GET", "HEAD"):
        broken = koome.request(method, "/people", headers=ORIGIN)
        assert (broken.status_code, broken.headers["access-control-allow-origin"]) == (500, "*")
        assert broken.headers["content-type"] == "application/problem+json"
        assert (broken.content == b"") == (method == "HEAD")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_preflight_allows_reads_with_any_header(koome: Api, method: str) -> None:
    wanted = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "if-none-match,x-own"}
    response = koome.request("OPTIONS", "/people", headers={**ORIGIN, **wanted})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert method in response.headers["access-control-allow-methods"].split(", ")
    assert "x-own" in response.headers["access-control-allow-headers"]
    assert response.headers["access-control-max-age"] == "86400"


@pytest.mark.parametrize("method", ["POST", "DELETE", "get", ""])
def test_a_preflight_for_anything_else_is_refused(koome: Api, method: str) -> None:
    headers = {**ORIGIN, "Access-Control-Request-Method": method}
    problem = assert_problem(koome.request("OPTIONS", "/people", headers=headers), 400, path="")
    assert ALLOWED in problem["detail"]

import hashlib
import re
from base64 import b64encode

import pytest

from app.routers.docs import policy_of
from tests.api import Api, assert_problem


def test_the_root_leads_to_the_docs(koome: Api) -> None:
    response = koome.get("/")
    assert response.status_code == 307
    assert response.headers["location"] == "/docs"


def test_the_docs_need_nothing_from_another_server(koome: Api) -> None:
    page = koome.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"""(src|href)=["'](https?:)?//""", page.text)
    files = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)
    assert len(files) == 3
    for file in files:
        assert len(koome.get(file).content) > 500
    assert "'/openapi.json'" in page.text or '"/openapi.json"' in page.text
    assert koome.read("/openapi.json")["openapi"].startswith("3.1")


def test_the_page_may_run_its_own_scripts_and_no_other(koome: Api) -> None:
    page = koome.get("/docs")
    header = page.headers["content-security-policy"]
    policy = dict(directive.split(" ", 1) for directive in header.split("; "))
    (script,) = re.findall(r"<script>(.+?)</script>", page.text, re.DOTALL)
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'self' 'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    # Everything inline that a page can have: none of it but that script would be let through.
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page.text) == []
    assert len(re.findall("<script", page.text)) == 2


def test_the_policy_goes_with_the_page() -> None:
    before, after = policy_of(b"<script>one()</script>"), policy_of(b"<script>two()</script>")
    assert before != after
    assert policy_of(b"<p>No script.</p>").count("sha256") == 0


@pytest.mark.parametrize("path", ["/docs/assets/nothing.js", "/docs/assets/%2e%2e/%2e%2e/main.js", "/docs/assets/"])
def test_a_file_that_is_not_there_is_a_problem(koome: Api, path: str) -> None:
    assert_problem(koome.get(path), 404)

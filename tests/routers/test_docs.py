import re

import pytest

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


@pytest.mark.parametrize("path", ["/docs/assets/nothing.js", "/docs/assets/%2e%2e/%2e%2e/main.js", "/docs/assets/"])
def test_a_file_that_is_not_there_is_a_problem(koome: Api, path: str) -> None:
    assert_problem(koome.get(path), 404)

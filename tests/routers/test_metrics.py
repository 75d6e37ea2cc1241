import sqlite3
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse
from sqlalchemy.exc import OperationalError

from app.loading.checking import CheckedArticle
from app.routers import metrics
from tests.api import Api, assert_problem, faults_of

HELD = ("ready", "revision", "articles", "entities", "facts")


def held(api: Api) -> dict[str, float]:
    """Return what the database holds by the metrics."""
    samples = {sample.name: sample.value for family in parse(api.get("/metrics").text) for sample in family.samples}
    return {name: samples[f"dateline_{name}"] for name in HELD if f"dateline_{name}" in samples}


def test_what_the_database_holds_is_as_the_lists_have_it(empty: Api, koome_article: CheckedArticle) -> None:
    assert held(empty) == dict.fromkeys(HELD, 0) | {"ready": 1}
    empty.load(koome_article)
    paths = ("/people", "/organisations", "/units", "/places", "/documents", "/events")
    assert held(empty) == {
        "ready": 1,
        "revision": 1,
        "articles": 1,
        "entities": sum(empty.read(path)["total"] for path in paths),
        "facts": empty.read("/facts")["total"],
    }


def test_what_has_not_changed_is_not_counted_again(empty: Api, koome_article: CheckedArticle) -> None:
    empty.get("/metrics")
    with empty.asked() as statements:
        empty.get("/metrics")
    assert not any("count(" in statement for statement, _ in statements)
    empty.load(koome_article)
    with empty.asked() as statements:
        empty.get("/metrics")
    assert sum("count(" in statement for statement, _ in statements) == 3


def test_a_database_that_is_not_there_leaves_the_other_numbers(tmp_path: Path) -> None:
    with Api(tmp_path / "missing.db") as api:
        assert held(api) == {"ready": 0}
        assert "dateline_requests_total{" in api.get("/metrics").text


def test_a_database_that_is_busy_leaves_the_other_numbers(koome: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY

    def fail(_connection: object) -> str:
        raise OperationalError("SELECT", None, busy)

    monkeypatch.setattr(metrics, "current_token", fail)
    assert held(koome) == {"ready": 0}


def test_the_numbers_take_no_parameters_and_come_as_text(koome: Api) -> None:
    assert_problem(koome.get("/metrics?name[]=x"), 422)
    problem = assert_problem(koome.get("/metrics?format=json"), 422)
    assert list(faults_of(problem)) == ["format"]
    response = koome.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert response.text.endswith("# EOF\n")
    assert koome.get("/metrics").headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    head = koome.request("HEAD", "/metrics")
    assert (head.status_code, head.content) == (200, b"")

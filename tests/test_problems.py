"""Errors, all of them, are problem documents of RFC 9457."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from app.database.sqlite import PRAGMAS
from app.queries import entities
from tests.api import Api, assert_problem, faults_of


@pytest.mark.parametrize("path", ["/nothing", "/people/a/b", "/people/", "/PEOPLE", "/people%2F", "/%00"])
def test_a_path_that_is_not_there(koome: Api, path: str) -> None:
    problem = assert_problem(koome.get(path), 404)
    assert problem["title"] == "Not Found"
    assert "/docs" in problem["detail"] or "there is no" in problem["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "BREW"])
@pytest.mark.parametrize(
    "path", ["/people", "/people/noor-gabow", "/docs", "/openapi.json", "/docs/assets/favicon.png"]
)
def test_a_method_that_is_not_allowed(koome: Api, method: str, path: str) -> None:
    response = koome.request(method, path, content=b"{}")
    problem = assert_problem(response, 405)
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert method in problem["detail"]


def test_an_unexpected_error_tells_nothing_of_our_insides(
    koome: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("secret of app/queries at SELECT * FROM fact")

    monkeypatch.setattr(entities, "refuse_unknown", fail)
    problem = assert_problem(koome.get("/people"), 500)
    assert problem["detail"] == "something went wrong here; it has been logged"
    assert "secret" not in str(problem)
    assert "secret of app/queries" in caplog.text
    assert_problem(koome.get("/people", headers={"Origin": "https://example.org"}), 500)
    monkeypatch.undo()
    assert koome.get("/people").status_code == 200


def test_a_value_that_is_not_among_the_terms_is_told_with_the_nearest(koome: Api) -> None:
    for path, name, value, near in (
        ("/events", "status", "plannd", "planned"),
        ("/facts", "type", "rol", "role"),
        ("/notes", "category", "type", "typo"),
        ("/dates", "precision", "days", "day"),
        ("/people", "sort", "nam", "name"),
        ("/people", "include", "evidnce", "evidence"),
    ):
        problem = assert_problem(koome.get(path, params={name: value}), 422)
        assert faults_of(problem)[name]["suggestion"] == near
        assert f"‘{value}’" in problem["detail"]


@pytest.mark.parametrize("value", ["a\x00b", "\x1b[31mred", "a\r\nSet-Cookie: x=1", "\u202eabc", "x" * 500])
def test_what_a_terminal_would_obey_is_not_given_back_as_it_came(koome: Api, value: str) -> None:
    response = koome.get("/people", params={"sort": value})
    problem = assert_problem(response, 422)
    assert problem["detail"].isprintable()
    assert len(problem["detail"]) < 300
    response = koome.get("/people", params={value: "1"})
    assert assert_problem(response, 422)["detail"].isprintable()


def test_a_value_of_an_unprintable_kind_is_found_out_before_the_database(koome: Api) -> None:
    with koome.counted() as statements:
        assert_problem(koome.get("/people?q=%00"), 422)
        assert_problem(koome.get("/people?organization=x"), 422)
        assert_problem(koome.get("/people?limit=0"), 422)
    assert statements == []


# --- Failures of the database -------------------------------------------------------------------------------------


def test_a_question_that_takes_the_database_too_long(
    empty_database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def ask(connection: Connection, *_rest: object) -> None:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        connection.exec_driver_sql(endless)

    monkeypatch.setattr(entities, "refuse_unknown", ask)
    with Api(empty_database, statement_timeout=0.05) as api:
        response = api.get("/people")
        problem = assert_problem(response, 503)
        assert "took longer than it may" in problem["detail"]
        assert response.headers["retry-after"] == "10"
        assert "took longer than it may; ask a narrower one, or again later: interrupted" in caplog.text
        assert "Traceback" not in caplog.text
        monkeypatch.undo()
        assert api.get("/people").status_code == 200


def test_a_database_that_cannot_be_read(empty_database: Path, tmp_path: Path) -> None:
    file = tmp_path / "corrupt.db"
    content = empty_database.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with Api(file) as api:
        for path in ("/people", "/ready"):
            response = api.get(path)
            assert "cannot be read" in assert_problem(response, 503)["detail"]
            assert "retry-after" not in response.headers
        assert api.get("/health").status_code == 200


def test_a_database_that_is_locked(make_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRAGMAS, "busy_timeout", 0)
    file = make_file()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with Api(file) as api:
        for path in ("/people", "/ready"):
            response = api.get(path)
            assert_problem(response, 503)
            assert response.headers["retry-after"] == "1"
    other.close()

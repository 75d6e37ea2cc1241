from pathlib import Path

from app import __version__
from tests.api import Api, assert_problem


def test_health_asks_nothing_of_the_database(koome: Api) -> None:
    with koome.asked() as statements:
        assert koome.read("/health") == {"status": "ok", "version": __version__}
    assert statements == []


def test_ready_says_how_many_loads_the_database_has_seen(koome: Api, empty: Api) -> None:
    assert koome.read("/ready") == {"status": "ready", "revision": 1, "writable": True}
    assert empty.read("/ready") == {"status": "ready", "revision": 0, "writable": True}


def test_a_database_that_is_not_there_is_not_ready_but_the_process_lives(tmp_path: Path) -> None:
    with Api(tmp_path / "missing.db") as api:
        problem = assert_problem(api.get("/ready"), 503)
        assert "dateline migrate" in problem["detail"]
        assert api.get("/health").status_code == 200


def test_a_database_without_its_schema_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with Api(tmp_path / "empty.db") as api:
        assert_problem(api.get("/ready"), 503)

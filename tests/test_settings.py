import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.errors import SettingsError
from app.settings import ROOT, Settings, load_settings


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DATELINE_"):
            monkeypatch.delenv(name)


def test_the_defaults_serve_this_machine_from_this_folder() -> None:
    assert load_settings() == Settings(
        database_url="sqlite:///dateline.db",
        seed_data=ROOT / "seed_data",
        host="127.0.0.1",
        port=8000,
        workers=1,
        log_level="info",
        max_body=4_194_304,
        max_url=16_384,
        max_headers=65_536,
        max_connections=1000,
        max_in_flight=64,
        request_timeout=30,
        statement_timeout=5,
        rate_limit=0,
    )


def test_each_setting_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, tuple[str, object]] = {
        "DATABASE_URL": ("sqlite:////data/x.db", "sqlite:////data/x.db"),
        "SEED_DATA": ("/data/seed", Path("/data/seed")),
        "HOST": ("::", "::"),
        "PORT": ("0", 0),
        "WORKERS": ("4", 4),
        "LOG_LEVEL": ("debug", "debug"),
        "MAX_BODY": ("1", 1),
        "MAX_URL": ("65535", 65_535),
        "MAX_HEADERS": ("1024", 1024),
        "MAX_CONNECTIONS": ("1", 1),
        "MAX_IN_FLIGHT": ("1", 1),
        "REQUEST_TIMEOUT": ("0.5", 0.5),
        "STATEMENT_TIMEOUT": ("0.25", 0.25),
        "RATE_LIMIT": ("60", 60),
    }
    assert {name.lower() for name in given} == set(Settings.model_fields)
    for name, (value, _) in given.items():
        monkeypatch.setenv(f"DATELINE_{name}", value)
    settings = load_settings()
    assert {name: getattr(settings, name.lower()) for name in given} == {
        name: value for name, (_, value) in given.items()
    }


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_PORT", "1234")
    assert load_settings(port=8080).port == 8080


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().__setattr__("port", 1)


WRONG = [
    ("PORT", "abc", "valid integer"),
    ("PORT", "65536", "less than or equal to 65535"),
    ("PORT", "-1", "greater than or equal to 0"),
    ("PORT", "", "valid integer"),
    ("WORKERS", "0", "greater than or equal to 1"),
    ("WORKERS", "two", "valid integer"),
    ("HOST", "", "at least 1 character"),
    ("MAX_BODY", "4 MB", "valid integer"),
    ("MAX_BODY", "0", "greater than or equal to 1"),
    ("MAX_URL", "65536", "less than 65536"),
    ("MAX_URL", "255", "greater than or equal to 256"),
    ("MAX_HEADERS", "0", "greater than or equal to 1024"),
    ("MAX_CONNECTIONS", "0", "greater than or equal to 1"),
    ("MAX_IN_FLIGHT", "0", "greater than or equal to 1"),
    ("REQUEST_TIMEOUT", "0", "greater than 0"),
    ("REQUEST_TIMEOUT", "inf", "finite number"),
    ("STATEMENT_TIMEOUT", "-1", "greater than 0"),
    ("STATEMENT_TIMEOUT", "nan", "finite number"),
    ("RATE_LIMIT", "-1", "greater than or equal to 0"),
    ("LOG_LEVEL", "loud", "'critical', 'error', 'warning', 'info' or 'debug'"),
    ("DATABASE_URL", "dateline.db", "sqlite:///dateline.db"),
    ("DATABASE_URL", "", "sqlite:///dateline.db"),
    ("DATABASE_URL", "sqlite://", "must name a SQLite file"),
    ("DATABASE_URL", "sqlite:///:memory:", "must name a SQLite file"),
    ("DATABASE_URL", "sqlite+aiosqlite:///x.db", "must name a SQLite file"),
    ("DATABASE_URL", "postgresql://somewhere/dateline", "must name a SQLite file"),
]


@pytest.mark.parametrize(("name", "value", "why"), WRONG)
def test_a_wrong_setting_is_named_with_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setenv(f"DATELINE_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(f"DATELINE_{name}={value}: ")
    assert why in message
    assert "Value error" not in message


def test_all_wrong_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_PORT", "abc")
    monkeypatch.setenv("DATELINE_WORKERS", "0")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert [line.split("=")[0] for line in str(caught.value).split("\n")] == ["DATELINE_PORT", "DATELINE_WORKERS"]

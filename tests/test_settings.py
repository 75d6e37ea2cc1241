import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.errors import SettingsError
from app.settings import ROOT, Settings, load_settings, without_secrets


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


GIVEN: dict[str, tuple[str, Any]] = {
    "DATABASE_URL": ("postgresql://primary/dateline", "postgresql://primary/dateline"),
    "READ_URL": ("postgresql://replica/dateline", "postgresql://replica/dateline"),
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
    "MAX_KEPT": ("0", 0),
    "RATE_LIMIT": ("60", 60),
    "TOKENS": (f"desk:{'0' * 64}, night-desk:{'a' * 64}", {"desk": "0" * 64, "night-desk": "a" * 64}),
    "MAX_DEPTH": ("12", 12),
    "MAX_DOCUMENTS": ("5", 5),
    "CHECK_TIMEOUT": ("0.5", 0.5),
}


def test_each_setting_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {name.lower() for name in GIVEN} == set(Settings.model_fields)
    for name, (value, _) in GIVEN.items():
        monkeypatch.setenv(f"DATELINE_{name}", value)
    assert load_settings() == Settings(**{name.lower(): read for name, (_, read) in GIVEN.items()})


@pytest.mark.parametrize(
    "wrong", ["secret", "desk:secret", f"desk:{'0' * 63}", f"Desk:{'0' * 64}", f"a:{'0' * 64},a:{'1' * 64}"]
)
def test_what_stands_where_hashes_belong_is_not_shown(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("DATELINE_TOKENS", wrong)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith("DATELINE_TOKENS=...: ")
    assert wrong not in str(caught.value)


def test_nobody_writes_unless_there_are_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().tokens == {}
    monkeypatch.setenv("DATELINE_TOKENS", "")
    assert load_settings().tokens == {}


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
    ("DATABASE_URL", "postgresql://somewhere", "or a PostgreSQL database"),
    ("DATABASE_URL", "postgresql+asyncpg://somewhere/dateline", "or a PostgreSQL database"),
    ("DATABASE_URL", "mysql://somewhere/dateline", "or a PostgreSQL database"),
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


SECRET = [
    ("mysql://desk:hidden@db/dateline", "mysql://desk:***@db/dateline"),
    ("postgresql+asyncpg://desk:hid%40den@db:5432/dateline", "postgresql+asyncpg://desk:***@db:5432/dateline"),
    ("postgres//desk:hidden@hid:den/hidden@db", "postgres//desk:***@db"),
    ("desk:hidden@db", "desk:***@db"),
    ("postgresql:desk:hidden@db/dateline", "postgresql:***@db/dateline"),
    ("mysql://:hidden@db/dateline", "mysql://:***@db/dateline"),
    ("mysql://desk:hid\nden@db/dateline", "mysql://desk:***@db/dateline"),
    ("mysql://db/dateline?user=desk&password=hidden&x=1", "mysql://db/dateline?user=desk&password=***&x=1"),
    ("mysql://db/dateline?sslPassword=hidden", "mysql://db/dateline?sslPassword=***"),
]
PLAIN = ["sqlite:///dateline.db", "sqlite:////data/a:b@c.db", "postgresql://desk@db:5432/dateline", "65536", "a@b", ""]


@pytest.mark.parametrize(("url", "shown"), SECRET)
def test_a_refused_database_url_is_shown_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, shown: str
) -> None:
    monkeypatch.setenv("DATELINE_DATABASE_URL", url)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"DATELINE_DATABASE_URL={shown}: ")
    assert "hid" not in str(caught.value) + str(caught.value.__cause__)


def test_the_password_of_a_database_is_not_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_DATABASE_URL", "postgresql://desk:hidden@db/dateline")
    settings = load_settings()
    assert settings.database_url == "postgresql://desk:hidden@db/dateline"
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize("value", PLAIN)
def test_what_has_no_password_is_shown_as_it_is(value: str) -> None:
    assert without_secrets(value) == value


def test_settings_do_not_show_the_database_url() -> None:
    assert "dateline.db" not in repr(load_settings())

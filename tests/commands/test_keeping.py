import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import cli
from app.database import create_writer, migrate
from app.keeping import restore
from tests.folders import SEED
from tests.keeping.test_opening import garbage
from tests.keeping.test_verifying import corrupt
from tests.newsroom import REPORT


@pytest.fixture
def file(sound_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database of the settings."""
    file = Path(shutil.copy(sound_file, tmp_path / "dateline.db"))
    monkeypatch.setenv("DATELINE_DATABASE_URL", f"sqlite:///{file}")
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.cli, [str(argument) for argument in arguments])


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run the command line as a process does; return the message with which it must fail."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["dateline", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return str(ended.value.code)

    return run


COUNTS = "3 articles, 34 facts, 22 entities, 30 spans"


def test_verify_says_how_much_there_is_and_that_nothing_is_wrong(file: Path) -> None:
    done = run("verify")
    assert (done.exit_code, done.stdout) == (0, f"{file}: {COUNTS}, revision 3, nothing wrong\n")


def test_verify_names_each_violation_on_a_line(file: Path) -> None:
    corrupt(
        file, f"UPDATE fact SET reasoning = NULL WHERE id = '{REPORT}.meeting-date'", "UPDATE revision SET value = 9"
    )
    done = run("verify")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"fact {REPORT}.meeting-date: inferred, but has no reasoning",
        "revision: it stands at 9, but the last change at 3",
    ]


def test_a_line_of_verify_cannot_be_forged(file: Path) -> None:
    corrupt(file, "INSERT INTO entity (id, type, name, name_key) VALUES ('a\n\x1b[1mb', 'person', 'x', 'x')")
    assert "entity a\\x0a\\x1b[1mb: no fact mentions it" in run("verify").stderr.splitlines()


def test_backup_verify_and_restore_go_together(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    done = run("backup", saved)
    size = saved.stat().st_size
    assert (done.exit_code, done.stdout) == (0, f"{saved}: {COUNTS}, revision 3, {size} bytes, nothing wrong\n")
    assert run("verify", saved).stdout == f"{saved}: {COUNTS}, revision 3, nothing wrong\n"
    assert run("restore", saved).stdout == f"{file}: {COUNTS}, revision 3, as in the backup before\n"
    assert run("remove", REPORT).exit_code == 0
    run("remove", "tiny-0")
    done = run("restore", saved)
    assert (done.exit_code, done.stdout) == (0, f"2 articles added\n{file}: {COUNTS}, revision 7, restored\n")


def test_commands_that_fail_say_why_in_a_line(
    file: Path, tmp_path: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "saved.db"
    run("backup", saved)
    assert refused("backup", saved) == f"dateline: {saved}: is there already; name another file"
    assert refused("verify", tmp_path / "no.db") == f"dateline: {tmp_path / 'no.db'}: there is no such file"
    assert refused("restore", tmp_path / "no.db") == f"dateline: {tmp_path / 'no.db'}: there is no such file"
    monkeypatch.setattr(restore, "PATIENCE", 10)
    run("remove", REPORT)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        message = refused("restore", saved)
    assert message.startswith(f"dateline: DATELINE_DATABASE_URL=sqlite:///{file}: ")
    assert message.endswith("database is locked (another process is writing to it; try again)")


def test_a_damaged_database_is_refused_with_the_way_out(file: Path, refused: Callable[..., str]) -> None:
    garbage(file)
    way_out = (
        "move dateline.db away (with dateline.db-wal and dateline.db-shm, where they are), then bring back a backup"
    )
    for command in (["verify"], ["backup", "saved.db"], ["migrate"], ["serve"]):
        message = refused(*command)
        assert message.startswith(f"dateline: {file}: file is not a database: {way_out}")


def test_a_database_that_is_not_migrated_is_told(file: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    old = tmp_path / "old.db"
    writer = create_writer(f"sqlite:///{old}")
    migrate(writer, "0001")
    writer.dispose()
    assert (
        refused("verify", old)
        == f"dateline: {old}: this is not of this version; `dateline restore` brings it up to date"
    )
    shutil.copy(old, file)
    for command in (["verify"], ["backup", tmp_path / "saved.db"]):
        assert "run `dateline migrate`" in refused(*command)


def test_a_database_that_is_not_there_is_told(file: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    file.unlink()
    for command in (["verify"], ["backup", tmp_path / "saved.db"]):
        assert refused(*command) == f"dateline: {file}: there is no such file"
    assert not file.exists()


def test_the_way_out_leads_out(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    run("backup", saved)
    garbage(file)
    file.rename(tmp_path / "damaged.db")
    assert run("restore", saved).exit_code == 0
    assert run("load", SEED).exit_code == 0
    assert run("verify").exit_code == 0

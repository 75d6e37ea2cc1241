import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from app.database import Schema, create_writer, migrate
from app.database.sqlite import PRAGMAS
from app.errors import DamagedFileError, DatabaseFileError
from app.keeping import opening
from app.keeping.opening import examine, offering_way_out, place_of, refuse_unusable, url_of, with_hint

GARBAGE = b"This is a letter to the editor. " * 1000


def test_a_url_and_its_file_are_found_from_each_other() -> None:
    assert place_of("sqlite:////data/some.db") == Path("/data/some.db")
    assert place_of("sqlite:///some.db") == Path("some.db")
    odd = Path("/data/ünï & 100% #1?.db")
    assert url_of(odd).database == str(odd)


# --- What a file is -----------------------------------------------------------------------------------------------


def altered(file: Path, statement: str) -> Path:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)
    return file


def test_a_database_of_this_version_is_current(sound: Path) -> None:
    assert examine(sound) is Schema.CURRENT


def test_an_older_schema_is_told_from_none(tmp_path: Path) -> None:
    for revision, schema in (("0001", Schema.OLDER), ("base", Schema.EMPTY)):
        file = tmp_path / f"{revision}.db"
        writer = create_writer(url_of(file))
        migrate(writer, "0001")
        if revision == "base":
            migrate(writer, "base")
        writer.dispose()
        assert examine(file) is schema


def test_an_empty_file_is_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert examine(tmp_path / "empty.db") is Schema.EMPTY


def test_a_schema_of_a_newer_version_is_refused(sound: Path) -> None:
    altered(sound, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseFileError, match=r"sound\.db: this is of a newer version of Dateline"):
        examine(sound)


@pytest.mark.parametrize("version", [None, "0001", "5f2a"])
def test_the_database_of_another_program_is_refused_and_stays_as_it_is(tmp_path: Path, version: str | None) -> None:
    file = altered(tmp_path / "other.db", "CREATE TABLE letter (id INTEGER)")
    if version:
        altered(file, "CREATE TABLE alembic_version (version_num TEXT)")
        altered(file, f"INSERT INTO alembic_version VALUES ('{version}')")
    before = file.read_bytes()
    for use in (examine, lambda file: refuse_unusable(f"sqlite:///{file}")):
        with pytest.raises(DatabaseFileError, match=r"other\.db: this is another program's database"):
            use(file)
    assert file.read_bytes() == before


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseFileError, match="there is no such file"):
        examine(tmp_path / "missing.db")
    with pytest.raises(DatabaseFileError, match="this is a folder, not a file"):
        examine(tmp_path)


# --- What the server refuses --------------------------------------------------------------------------------------


def garbage(file: Path) -> None:
    file.write_bytes(GARBAGE)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def overwritten(file: Path) -> None:
    """Pages in the middle are lost; the schema, at the start, is not."""
    content = file.read_bytes()
    middle = len(content) // 2 // 4096 * 4096
    file.write_bytes(content[:middle] + GARBAGE[: 10 * 4096] + content[middle + 10 * 4096 :])


def zeroed(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + bytes(len(content) - 4096))


@pytest.mark.parametrize("damage", [garbage, truncated, overwritten, zeroed])
def test_a_damaged_database_is_refused_with_the_way_out(sound: Path, damage: object) -> None:
    assert callable(damage)
    damage(sound)
    before = sound.read_bytes()
    with pytest.raises(DamagedFileError) as caught:
        refuse_unusable(f"sqlite:///{sound}")
    message = str(caught.value)
    assert message.startswith(f"{sound}: ")
    assert message.endswith(
        ": move sound.db away (with sound.db-wal and sound.db-shm, where they are), "
        "then bring back a backup with `dateline restore FILE`"
    )
    assert len(message.splitlines()) == 1
    assert sound.read_bytes() == before


def test_a_large_database_is_not_read_whole_at_the_start(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = sound.read_bytes()
    sound.write_bytes(content[:-8192] + GARBAGE[:8192])
    with pytest.raises(DamagedFileError):
        refuse_unusable(f"sqlite:///{sound}")
    monkeypatch.setattr(opening, "QUICK", sound.stat().st_size - 1)
    refuse_unusable(f"sqlite:///{sound}")
    truncated(sound)  # which SQLite sees by itself
    with pytest.raises(DamagedFileError):
        refuse_unusable(f"sqlite:///{sound}")


def test_what_can_be_served_or_made_is_not_refused(sound: Path, tmp_path: Path) -> None:
    refuse_unusable(f"sqlite:///{sound}")
    refuse_unusable(f"sqlite:///{tmp_path / 'missing.db'}")
    (tmp_path / "empty.db").touch()
    refuse_unusable(f"sqlite:///{tmp_path / 'empty.db'}")
    assert not (tmp_path / "missing.db").exists()


def test_a_database_that_was_killed_while_it_was_written_to_is_not_refused(sound: Path, tmp_path: Path) -> None:
    """What the write-ahead log holds belongs to it."""
    writer = create_writer(f"sqlite:///{sound}")
    with writer.begin() as connection:
        connection.exec_driver_sql("UPDATE revision SET token = 'other'")
    for suffix in ("", "-wal"):
        shutil.copy(f"{sound}{suffix}", tmp_path / f"killed.db{suffix}")
    writer.dispose()
    refuse_unusable(f"sqlite:///{tmp_path / 'killed.db'}")


# --- Words for SQLite's errors ------------------------------------------------------------------------------------


def test_a_locked_database_and_a_full_disk_are_explained(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRAGMAS, "busy_timeout", 10)
    writers = [create_writer(f"sqlite:///{sound}") for _ in range(2)]
    with writers[0].begin(), pytest.raises(OperationalError) as caught, writers[1].begin():
        pass
    assert with_hint(caught.value.orig) == "database is locked (another process is writing to it; try again)"
    with writers[0].begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(OperationalError) as caught:
            connection.exec_driver_sql("CREATE TABLE wide AS SELECT zeroblob(1000000) AS bytes")
    assert with_hint(caught.value.orig).startswith("database or disk is full (make room")
    for writer in writers:
        writer.dispose()
    assert with_hint(ValueError("else")) == "else"


def test_the_way_out_is_offered_for_damage_alone(tmp_path: Path) -> None:
    with pytest.raises(DatabaseFileError, match=r"^not there$"), offering_way_out(tmp_path):
        raise DatabaseFileError("not there")

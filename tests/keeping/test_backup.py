import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.database import create_writer
from app.errors import DatabaseFileError
from app.keeping import backup, copying
from app.keeping.backup import back_up
from app.keeping.copying import private_copy
from app.keeping.verifying import verified
from app.loading.loader import delete_article
from tests.folders import contents_in
from tests.keeping.children import Children
from tests.keeping.test_verifying import corrupt
from tests.newsroom import REPORT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for backups."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def test_a_backup_is_one_file_with_everything_in_it(sound: Path, folder: Path) -> None:
    to = folder / "my.db"
    assert back_up(sound, to) == verified(sound, sound)
    assert [*folder.iterdir()] == [to]
    assert contents_in(to) == contents_in(sound)
    with closing(sqlite3.connect(to)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert [*folder.iterdir()] == [to]
    assert to.stat().st_mode == sound.stat().st_mode


def test_what_is_not_yet_checkpointed_is_in_the_backup_and_what_is_not_committed_is_not(
    sound: Path, folder: Path
) -> None:
    writer = create_writer(f"sqlite:///{sound}")
    with writer.begin() as connection:
        delete_article(connection, "tiny-0")
    with writer.begin() as connection:
        delete_article(connection, REPORT)
        summary = back_up(sound, folder / "my.db")
    writer.dispose()
    assert (summary.articles, summary.revision) == (2, 4)


@pytest.mark.parametrize("suffix", ["", "-wal", "-journal", "-shm"])
def test_a_file_that_is_there_is_left_alone(sound: Path, folder: Path, suffix: str) -> None:
    """SQLite would take another database's log beside the backup for the backup's own."""
    there = folder / f"my.db{suffix}"
    there.write_text("mine")
    with pytest.raises(DatabaseFileError, match=f"my.db{suffix}: is there already; name another file"):
        back_up(sound, folder / "my.db")
    assert there.read_text() == "mine"
    assert [*folder.iterdir()] == [there]


def test_a_link_that_leads_nowhere_is_left_alone_too(sound: Path, folder: Path) -> None:
    (folder / "my.db").symlink_to(folder / "missing")
    with pytest.raises(DatabaseFileError, match="is there already"):
        back_up(sound, folder / "my.db")


def test_a_folder_that_is_not_there_is_told(sound: Path, folder: Path) -> None:
    with pytest.raises(DatabaseFileError, match="missing: cannot be written to: No such file or directory"):
        back_up(sound, folder / "missing" / "my.db")


def test_there_is_no_backup_of_what_does_not_verify(sound: Path, folder: Path) -> None:
    corrupt(sound, f"UPDATE fact SET reasoning = NULL WHERE id = '{REPORT}.meeting-date'")
    with pytest.raises(DatabaseFileError) as caught:
        back_up(sound, folder / "my.db")
    assert str(caught.value) == (
        f"{sound}: does not verify:\nfact {REPORT}.meeting-date: inferred, but has no reasoning"
    )
    assert not [*folder.iterdir()]


def test_a_copy_that_lacks_rows_is_no_backup(sound: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([{"fact": 2}, {"fact": 1}])
    monkeypatch.setattr(copying, "counted", lambda _connection: next(counts))
    with pytest.raises(DatabaseFileError, match=r"has {'fact': 2} rows, but its copy {'fact': 1}"):
        back_up(sound, folder / "my.db")
    assert not [*folder.iterdir()]


def test_what_fails_at_the_last_moment_leaves_no_file(
    sound: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(backup, "_flush", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        back_up(sound, folder / "my.db")
    assert not [*folder.iterdir()]


def test_a_private_copy_goes_away(sound: Path, folder: Path) -> None:
    with private_copy(sound, folder) as copy:
        assert copy.parent == folder
        assert copy.name.endswith(".part")
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    assert not [*folder.iterdir()]


# --- In use, and out of room --------------------------------------------------------------------------------------


def wait_for_a_load(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT value FROM revision"
        before, deadline = connection.execute(query).fetchone(), time.monotonic() + 60
        while connection.execute(query).fetchone() == before:
            assert time.monotonic() < deadline
            time.sleep(0.001)


def test_backups_of_a_database_that_another_process_loads_into_are_consistent(
    sound: Path, folder: Path, children: Children
) -> None:
    loading = children.start("load", f"sqlite:///{sound}")
    try:
        revisions = []
        for number in range(2):
            wait_for_a_load(sound)
            revisions.append(back_up(sound, folder / f"{number}.db").revision)
    finally:
        assert loading.kill() == -9
    assert revisions[0] < revisions[1]
    verified(sound, sound)


def test_a_backup_that_is_killed_leaves_no_file_of_that_name(sound: Path, folder: Path, children: Children) -> None:
    to = folder / "my.db"
    for moment in (0.01, 0.05, 0.1, 0.2):
        child = children.start("backup", sound, to)
        time.sleep(moment)
        child.kill()
        if to.exists():
            verified(to, to)
            to.unlink()
        for leftover in folder.iterdir():
            assert leftover.name.startswith(".sound.db.")
            assert ".part" in leftover.name
            leftover.unlink()


def test_a_full_disk_is_told_and_leaves_nothing(sound: Path, folder: Path, children: Children) -> None:
    code, message = children.run("backup", sound, folder / "my.db", size=sound.stat().st_size // 2)
    assert code == 1
    assert message.startswith(f"{sound}: cannot be copied to {folder}: disk I/O error")
    assert not [*folder.iterdir()]


def test_a_folder_that_may_not_be_written_to_is_told(public_folder: Path, sound: Path, children: Children) -> None:
    source = Path(shutil.copy(sound, public_folder / "some.db"))
    code, message = children.run("backup", source, public_folder / "my.db", unprivileged=True)
    assert (code, message) == (1, f"{public_folder}: cannot be written to: Permission denied")

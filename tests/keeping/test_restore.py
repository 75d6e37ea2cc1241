import random
import shutil
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError
from sqlmodel import col

from app.database import alembic_config, create_reader, create_writer, current_token
from app.errors import DamagedFileError, DatabaseFileError, NotReadyError
from app.keeping import restore
from app.keeping.backup import back_up
from app.keeping.restore import restore_backup
from app.keeping.verifying import verified
from app.loading.checking import CheckedArticle
from app.loading.loader import delete_article, load_article
from app.tables import Article, Change, Revision
from app.vocabulary import ChangeAction
from tests.api import Api
from tests.folders import contents, contents_in, contents_of
from tests.keeping.children import Children
from tests.keeping.test_opening import garbage, overwritten, truncated
from tests.keeping.test_verifying import corrupt
from tests.newsroom import REPORT, checked, tiny_article

ADDED, REPLACED, DELETED = ChangeAction


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def load(file: Path, *articles: CheckedArticle) -> None:
    writer = create_writer(url(file))
    for article in articles:
        with writer.begin() as connection:
            load_article(connection, article)
    writer.dispose()


def remove(file: Path, *ids: str) -> None:
    writer = create_writer(url(file))
    for article_id in ids:
        with writer.begin() as connection:
            delete_article(connection, article_id)
    writer.dispose()


def other(number: int) -> CheckedArticle:
    """A tiny article by the same id that says something else."""
    return checked(f"tiny-{number}", "Hall is shut.", {"entities": {}, "facts": []})


State = tuple[object, int, str, str]


def state_of(file: Path) -> State:
    """Everything that answers depend on: all rows, and the revision's."""
    reader = create_reader(url(file))
    with reader.connect() as connection:
        revision = connection.execute(select(col(Revision.value), col(Revision.token), col(Revision.history))).one()
        state = (contents(connection), *revision)
    reader.dispose()
    return state


def changes_since(file: Path, revision: int) -> list[tuple[int, str, str]]:
    """What a client reads that follows the feed: (revision, article, action)."""
    later = select(col(Change.revision), col(Change.article_id), col(Change.action)).where(
        col(Change.revision) > revision
    )
    reader = create_reader(url(file))
    with reader.connect() as connection:
        rows = [(row.revision, row.article_id, row.action) for row in connection.execute(later)]
    reader.dispose()
    return rows


@pytest.fixture(scope="module")
def saved_file(sound_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("saved") / "saved.db"
    back_up(sound_file, file)
    return file


@pytest.fixture(scope="module")
def moved_on_file(sound_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = Path(shutil.copy(sound_file, tmp_path_factory.mktemp("moved-on")))
    remove(file, REPORT)
    load(file, other(0), tiny_article(7))
    return file


@pytest.fixture
def saved(saved_file: Path, tmp_path: Path) -> Path:
    """A backup of the sound database, in a folder of its own."""
    (tmp_path / "saved").mkdir()
    return Path(shutil.copy(saved_file, tmp_path / "saved"))


@pytest.fixture
def moved_on(moved_on_file: Path, tmp_path: Path) -> Path:
    """The sound database after much has happened since the backup."""
    return Path(shutil.copy(moved_on_file, tmp_path / "sound.db"))


# --- What becomes of the articles ---------------------------------------------------------------------------------


def test_restoring_brings_back_every_row_and_tells_those_who_follow_the_changes(moved_on: Path, saved: Path) -> None:
    _, revision, token, history = state_of(moved_on)
    assert restore_backup(url(moved_on), saved) == {ADDED: 1, REPLACED: 1, DELETED: 1}
    rows, now, new_token, same_history = state_of(moved_on)
    assert rows == contents_in(saved)
    assert changes_since(moved_on, revision) == [
        (revision + 1, REPORT, "added"),
        (revision + 2, "tiny-0", "replaced"),
        (revision + 3, "tiny-7", "deleted"),
    ]
    assert now == revision + 3
    assert new_token not in (token, state_of(saved)[2])
    assert same_history == history
    verified(moved_on, moved_on)


def test_restoring_what_is_there_changes_nothing(sound: Path, saved: Path) -> None:
    before, backup = state_of(sound), saved.read_bytes()
    assert restore_backup(url(sound), saved) == {}
    assert state_of(sound) == before
    assert saved.read_bytes() == backup
    # Nothing is left beside either.
    assert [*saved.parent.iterdir()] == [saved]
    assert not [*sound.parent.glob(".*")]


def test_where_there_is_no_database_one_is_made_with_a_history_of_its_own(saved: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    assert restore_backup(url(new), saved) == {ADDED: 3}
    assert contents_in(new) == contents_in(saved)
    assert state_of(new)[3] != state_of(saved)[3]
    assert [change[1:] for change in changes_since(new, 0)] == [
        (REPORT, "added"),
        ("tiny-0", "added"),
        ("tiny-1", "added"),
    ]
    verified(new, new)


def test_an_empty_file_is_a_database_that_is_not_there_yet(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "new.db").touch()
    assert restore_backup(url(tmp_path / "new.db"), saved) == {ADDED: 3}


def test_a_backup_without_articles_takes_all_away(moved_on: Path, empty_database: Path) -> None:
    assert restore_backup(url(moved_on), empty_database) == {DELETED: 3}
    assert contents_in(moved_on) == contents_in(empty_database)
    verified(moved_on, moved_on)


def test_an_older_backup_is_brought_up_to_date_in_a_copy(moved_on: Path, saved: Path) -> None:
    expected = contents_in(saved)
    writer = create_writer(url(saved))
    command.downgrade(alembic_config(writer), "0001")
    writer.dispose()
    before = saved.read_bytes()
    restore_backup(url(moved_on), saved)
    assert contents_in(moved_on) == expected
    assert saved.read_bytes() == before


# --- What is not restored from, and not restored to ---------------------------------------------------------------


@pytest.mark.parametrize("damage", [garbage, overwritten])
def test_a_damaged_backup_is_refused(sound: Path, saved: Path, damage: Callable[[Path], None]) -> None:
    before = state_of(sound)
    damage(saved)
    with pytest.raises(DatabaseFileError, match=r"saved\.db: ") as caught:
        restore_backup(url(sound), saved)
    assert "move" not in str(caught.value)  # that way out is the database's
    assert state_of(sound) == before
    assert not [*sound.parent.glob(".*")]


def test_a_backup_that_does_not_verify_is_refused(sound: Path, saved: Path) -> None:
    before = state_of(sound)
    corrupt(saved, f"UPDATE fact SET reasoning = NULL WHERE id = '{REPORT}.meeting-date'")
    with pytest.raises(DatabaseFileError) as caught:
        restore_backup(url(sound), saved)
    assert str(caught.value) == f"{saved}: does not verify:\nfact {REPORT}.meeting-date: inferred, but has no reasoning"
    assert state_of(sound) == before


def test_what_is_no_backup_of_ours_is_refused(sound: Path, saved: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with closing(sqlite3.connect(tmp_path / "other")) as connection:
        connection.execute("CREATE TABLE letter (id INTEGER)")
    corrupt(saved, "UPDATE alembic_version SET version_num = '9999'")
    for file, message in (
        (tmp_path / "missing", "missing: there is no such file"),
        (tmp_path, "this is a folder, not a file"),
        (tmp_path / "empty", "empty: there is nothing in it"),
        (tmp_path / "other", "other: this is another program's database"),
        (saved, "saved.db: this is of a newer version of Dateline, which can read it"),
    ):
        with pytest.raises(DatabaseFileError, match=message):
            restore_backup(url(sound), file)
    verified(sound, sound)


@pytest.mark.parametrize("damage", [truncated, overwritten])
def test_a_damaged_database_is_refused_with_the_way_out_which_works(
    moved_on: Path, saved: Path, damage: Callable[[Path], None]
) -> None:
    damage(moved_on)
    with pytest.raises(DamagedFileError, match=r"move sound.db away .* `dateline restore FILE`"):
        restore_backup(url(moved_on), saved)
    moved_on.rename(moved_on.with_name("damaged.db"))
    restore_backup(url(moved_on), saved)
    assert contents_in(moved_on) == contents_in(saved)


def test_a_database_whose_feed_of_changes_is_broken_is_refused_with_the_way_out(moved_on: Path, saved: Path) -> None:
    corrupt(moved_on, "UPDATE revision SET value = 2")
    with pytest.raises(DamagedFileError, match=r"it stands at 2, but the last change at 6: move sound.db away"):
        restore_backup(url(moved_on), saved)


def test_another_programs_database_is_not_restored_to(saved: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE letter (id INTEGER)")
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(DatabaseFileError, match=r"other\.db: this is another program's database"):
        restore_backup(url(tmp_path / "other.db"), saved)
    assert (tmp_path / "other.db").read_bytes() == before


def test_a_database_of_an_older_schema_is_to_be_migrated_first(moved_on: Path, saved: Path) -> None:
    writer = create_writer(url(moved_on))
    command.downgrade(alembic_config(writer), "0001")
    writer.dispose()
    with pytest.raises(NotReadyError, match="run `dateline migrate`"):
        restore_backup(url(moved_on), saved)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE span SET prefix = 'x' WHERE exact = 'Jun 20'",
        "INSERT INTO search_index (rowid, title, body) VALUES (1, 'eve', 'eve')",
        "DELETE FROM search_index_data WHERE id > 10",
    ],
)
def test_rows_that_do_not_verify_are_replaced_though_no_digest_tells_them(
    sound: Path, saved: Path, statement: str
) -> None:
    corrupt(sound, statement)
    _, revision, token, _ = state_of(sound)
    assert restore_backup(url(sound), saved) == {REPLACED: 3}
    rows, now, new_token, _ = state_of(sound)
    assert rows == contents_in(saved)
    assert (now, new_token != token) == (revision + 3, True)
    verified(sound, sound)


def test_an_outcome_that_does_not_verify_is_not_committed(
    moved_on: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state_of(moved_on)
    replace = restore._replace

    def forgetful(connection: Connection) -> None:
        replace(connection)
        connection.exec_driver_sql("DELETE FROM evidence WHERE span_id = 1")
        connection.exec_driver_sql("UPDATE entity SET kind = 'x' WHERE id = 'kenya'")

    monkeypatch.setattr(restore, "_replace", forgetful)
    with pytest.raises(DatabaseFileError) as caught:
        restore_backup(url(moved_on), saved)
    first, *lines = str(caught.value).splitlines()
    assert first == "nothing is restored, as the outcome would not verify:"
    assert [line.split(":")[0] for line in lines] == ["entity", "evidence"]
    assert state_of(moved_on) == before


# --- In use, killed, and out of room ------------------------------------------------------------------------------


def test_readers_see_the_old_state_or_the_restored_one(moved_on: Path, saved: Path) -> None:
    """One with a snapshot keeps it to the end; those that come and go see one state or the other."""
    before, restored = contents_in(moved_on), contents_in(saved)
    reader = create_reader(url(moved_on))
    seen: list[tuple[str, object]] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            with reader.connect() as connection:
                first = current_token(connection)
                seen.append((first, contents(connection)))
                assert current_token(connection) == first

    looking = threading.Thread(target=look)
    with reader.connect() as snapshot:
        assert contents(snapshot) == before
        looking.start()
        restore_backup(url(moved_on), saved)
        done.set()
        looking.join()
        assert contents(snapshot) == before
    assert contents_of(reader) == restored
    reader.dispose()
    assert len({token for token, _ in seen}) <= 2
    assert all(rows in (before, restored) for _, rows in seen)
    assert len(seen) > 1


def test_a_server_answers_from_the_restored_articles_without_a_new_start(moved_on: Path, saved: Path) -> None:
    with Api(moved_on) as api:
        before = api.get("/articles")
        assert before.json()["total"] == 3
        restore_backup(url(moved_on), saved)
        after = api.get("/articles", headers={"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200
        assert [article["id"] for article in after.json()["items"]] == [REPORT, "tiny-0", "tiny-1"]
        assert api.ids("/search?q=Prophete&type=person") == ["marie-prophete-elysee"]


def test_restoring_while_another_process_loads_is_one_load_among_others(
    moved_on: Path, saved: Path, children: Children
) -> None:
    loading = children.start("load", url(moved_on))
    try:
        for _ in range(2):
            restore_backup(url(moved_on), saved)
    finally:
        assert loading.kill() == -9
    verified(moved_on, moved_on)
    remove(moved_on, *(row for row in _articles(moved_on) if row.startswith("tiny-1") and row != "tiny-1"))
    assert contents_in(moved_on) == contents_in(saved)


def _articles(file: Path) -> list[str]:
    reader = create_reader(url(file))
    with reader.connect() as connection:
        ids = list(connection.execute(select(col(Article.id))).scalars())
    reader.dispose()
    return ids


def test_a_restoration_that_is_killed_has_happened_or_not(moved_on: Path, saved: Path, children: Children) -> None:
    template = moved_on.read_bytes()
    before, restored = contents_in(moved_on), contents_in(saved)
    outcomes: Counter[bool] = Counter()
    for moment in (0.05, 0.2, 0.3, 0.4):
        for leftover in moved_on.parent.glob(f"{moved_on.name}*"):
            leftover.unlink()
        moved_on.write_bytes(template)
        child = children.start("restore", url(moved_on), saved)
        time.sleep(moment * random.uniform(0.5, 1.5))
        child.kill()
        rows = contents_in(moved_on)
        assert rows in (before, restored)
        outcomes[rows == restored] += 1
        verified(moved_on, moved_on)
    assert outcomes[False]
    restore_backup(url(moved_on), saved)
    assert contents_in(moved_on) == restored


def test_a_full_disk_is_told_and_nothing_is_restored(moved_on: Path, saved: Path, children: Children) -> None:
    before = state_of(moved_on)
    code, message = children.run("restore", url(moved_on), saved, size=saved.stat().st_size // 2)
    assert code == 1
    assert message.startswith(f"{saved}: cannot be copied to {saved.parent.parent}: disk I/O error")
    assert state_of(moved_on) == before
    assert not [*moved_on.parent.glob(".*")]


def test_a_disk_that_fills_up_while_rows_are_replaced_leaves_those_that_were_there(
    moved_on: Path, saved: Path, children: Children
) -> None:
    """There is room for the private copy, but not for the transaction: the write-ahead log is long already."""
    reader = create_reader(url(moved_on))
    with reader.connect() as snapshot:
        contents(snapshot)  # which keeps the log from starting anew
        while moved_on.with_name(f"{moved_on.name}-wal").stat().st_size < saved.stat().st_size:
            load(moved_on, other(1), tiny_article(1))
        before = state_of(moved_on)
        code, message = children.run("restore", url(moved_on), saved, size=saved.stat().st_size)
    reader.dispose()
    assert (code, message.split(" (")[0]) == (1, "disk I/O error")
    assert state_of(moved_on) == before
    verified(moved_on, moved_on)


def test_a_load_on_a_full_disk_is_told_and_nothing_is_loaded(sound: Path, children: Children) -> None:
    before = state_of(sound)
    code, message = children.run("load-one", url(sound), size=16 * 1024)
    assert (code, message.split(" (")[0]) == (1, "disk I/O error")
    assert state_of(sound) == before
    verified(sound, sound)


def test_a_locked_database_is_told_after_a_while(moved_on: Path, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "PATIENCE", 50)
    before = state_of(moved_on)
    writer = create_writer(url(moved_on))
    with writer.begin(), pytest.raises(OperationalError, match="database is locked"):
        restore_backup(url(moved_on), saved)
    writer.dispose()
    assert state_of(moved_on) == before


def test_a_database_that_may_not_be_written_to_is_told(
    moved_on: Path, saved: Path, public_folder: Path, children: Children
) -> None:
    public_folder.chmod(0o777)
    live, backup = (Path(shutil.copy(file, public_folder)) for file in (moved_on, saved))
    live.chmod(0o444)
    before = state_of(live)
    code, message = children.run("restore", url(live), backup, unprivileged=True)
    assert (code, message) == (1, "attempt to write a readonly database")
    public_folder.chmod(0o755)
    code, message = children.run("restore", url(live), backup, unprivileged=True)
    assert (code, message) == (1, f"{public_folder}: cannot be written to: Permission denied")
    assert state_of(live) == before

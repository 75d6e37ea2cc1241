"""The command line, run in this process but where the process itself matters."""

import gc
import json
import os
import pty
import re
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import Engine, inspect
from typer.testing import CliRunner, Result

from app import __version__, cli, server
from app.database import create_writer
from app.loading.checking import NO_ID
from app.settings import ROOT, Settings, load_settings
from tests.api import KOOME, Api, bearing, dateline
from tests.folders import SEED, contents_in, write_folder
from tests.newsroom import REPORT, REPORT_DOCUMENT, REPORT_TEXT

COMMANDS = ["serve", "migrate", "check", "load", "export", "verify", "backup", "restore", "token", "schema", "openapi"]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database file of the settings; it is not there yet."""
    file = tmp_path / "dateline.db"
    monkeypatch.setenv("DATELINE_DATABASE_URL", f"sqlite:///{file}")
    return file


@pytest.fixture
def migrated(file: Path, empty_database: Path) -> Path:
    shutil.copy(empty_database, file)
    return file


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, arguments)


Main = Callable[..., str]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Main:
    """Run the command line as a process does; return the message with which it must fail."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["dateline", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        message = str(ended.value.code)  # Python prints it, and makes the exit status 1.
        assert message.startswith("dateline: ")
        return message

    return run


@pytest.fixture
def report_folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "articles" / REPORT, REPORT_TEXT, REPORT_DOCUMENT)


@pytest.fixture
def broken_folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "broken", "Some text.", {"entities": {}, "facts": [{"type": "rumour"}]})


def test_the_version() -> None:
    done = run("--version")
    assert (done.exit_code, done.stdout) == (0, f"{__version__}\n")


def test_help_names_every_command_and_each_command_explains_itself() -> None:
    page = run("--help")
    assert page.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in page.stdout
        own = run(command, "--help")
        assert own.exit_code == 0
        assert f"Usage: dateline {command}" in own.stdout.replace("Usage: root", "Usage: dateline")
        assert len(own.stdout.split("\n")) > 5
    commands = {command.callback.__name__ for command in cli.cli.registered_commands if command.callback}
    assert commands >= set(COMMANDS)


def test_without_a_command_the_help_is_shown() -> None:
    assert "Usage: " in run().output


def test_an_unknown_command_or_option_is_told() -> None:
    for arguments in (["sevre"], ["serve", "--prot", "1"], ["serve", "--port", "abc"], ["check"], ["export"]):
        done = run(*arguments)
        assert done.exit_code == 2
        assert "Traceback" not in done.output
        assert "Error" in done.output


# --- check and load -----------------------------------------------------------------------------------------------


def test_check_says_what_is_there_without_touching_a_database(file: Path, report_folder: Path) -> None:
    done = run("check", str(SEED), str(report_folder))
    assert done.exit_code == 0
    first, second = done.stdout.splitlines()
    assert re.fullmatch(rf"{SEED}: \d+ facts, \d+ entities, nothing wrong", first)
    assert second == f"{report_folder}: {len(REPORT_DOCUMENT['facts'])} facts, 10 entities, nothing wrong"
    assert not file.exists()


def test_check_tells_all_that_is_wrong_in_all_folders(report_folder: Path, broken_folder: Path, tmp_path: Path) -> None:
    done = run("check", str(broken_folder), str(report_folder), str(tmp_path / "missing"))
    assert done.exit_code == 1
    assert f"{broken_folder / 'facts.yaml'}:" in done.stderr
    assert "`type` must be one of" in done.stderr
    assert f"{tmp_path / 'missing'}" in done.stderr
    assert f"{report_folder}: " in done.stdout


def test_load_creates_then_leaves_alone_then_replaces(migrated: Path, report_folder: Path) -> None:
    count = len(REPORT_DOCUMENT["facts"])
    assert run("load", str(report_folder)).stdout == f"{REPORT}: created, {count} facts\n"
    assert run("load", str(report_folder)).stdout == f"{REPORT}: unchanged, {count} facts\n"
    changed = {**REPORT_DOCUMENT, "facts": REPORT_DOCUMENT["facts"][:-1]}
    write_folder(report_folder, REPORT_TEXT, changed)
    assert run("load", str(report_folder)).stdout == f"{REPORT}: replaced, {count - 1} facts\n"


def test_load_goes_on_after_a_broken_folder_and_fails_in_the_end(
    migrated: Path, broken_folder: Path, report_folder: Path
) -> None:
    done = run("load", str(broken_folder), str(report_folder))
    assert done.exit_code == 1
    assert "`type` must be one of" in done.stderr
    assert done.stdout.startswith(f"{REPORT}: created")


def test_load_says_that_the_database_has_to_be_migrated(file: Path, refused: Main) -> None:
    message = refused("load", str(SEED))
    assert "run `dateline migrate`" in message


# --- load, of streams ---------------------------------------------------------------------------------------------


def ndjson(file: Path, *documents: Any) -> Path:
    """Write the documents, one a line; text is written as it stands."""
    lines = (each if isinstance(each, str) else json.dumps(each) for each in documents)
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file


def bare(article_id: str, text: str = "x") -> dict[str, Any]:
    return {"id": article_id, "text": text, "entities": {}, "facts": []}


def articles_in(file: Path) -> list[str]:
    with Api(file) as api:
        return api.ids("/articles")


def test_a_stream_is_loaded_and_counted(migrated: Path, tmp_path: Path) -> None:
    report = {"id": REPORT, "text": REPORT_TEXT, **REPORT_DOCUMENT}
    file = ndjson(tmp_path / "a.ndjson", report, "", bare("one"), bare("one"), bare("one", "y"))
    done = run("load", str(file))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"{file}: 2 created, 1 replaced, 1 unchanged, 0 refused\n"
    assert articles_in(migrated) == ["one", REPORT]


def test_a_stream_of_nothing_is_no_fault(migrated: Path, tmp_path: Path) -> None:
    done = run("load", str(ndjson(tmp_path / "a.ndjson")))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.endswith(": 0 created, 0 replaced, 0 unchanged, 0 refused\n")


def test_a_stream_ends_at_the_first_document_that_is_refused(migrated: Path, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "a.ndjson", bare("one"), {"id": "two", "txt": "x"}, bare("three"))
    done = run("load", str(file))
    assert done.exit_code == 1
    assert done.stdout == f"{file}: 1 created, 0 replaced, 0 unchanged, 1 refused\n"
    assert done.stderr.splitlines() == [
        f"{file}:2:1: text: `text` is missing",
        f"{file}: stopped at the first that was refused; --keep-going goes on",
    ]
    assert articles_in(migrated) == ["one"]


def test_a_load_that_keeps_going_tells_each_refusal_and_fails_in_the_end(migrated: Path, tmp_path: Path) -> None:
    long = {"id": "six", "text": "x", "entities": {}, "facts": [], "[red]:smile:" + "x" * 200: 1}
    file = ndjson(tmp_path / "a.ndjson", bare("one"), "{", bare("No Slug"), bare("four"), "[]", long)
    other = ndjson(tmp_path / "b.ndjson", bare("five"))
    done = run("load", "--keep-going", str(file), str(other))
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"{file}: 2 created, 0 replaced, 0 unchanged, 4 refused",
        f"{other}: 1 created, 0 replaced, 0 unchanged, 0 refused",
    ]
    assert done.stderr.splitlines() == [
        f"{file}:2:1: not JSON: Expecting property name enclosed in double quotes in line 2, column 2",
        f"{file}:3:1: id: ‘No Slug’ is {NO_ID}",
        f"{file}:5:1: here stands an object with `text`, `entities` and `facts`",
        f"{file}:6:1: [red]:smile:{'x' * 200}: unknown key `[red]:smile:{'x' * 200}`",
    ]
    assert articles_in(migrated) == ["five", "four", "one"]


def test_folders_come_before_streams_and_a_fault_in_one_keeps_the_others_out_unless_told(
    migrated: Path, report_folder: Path, broken_folder: Path, tmp_path: Path
) -> None:
    file = ndjson(tmp_path / "a.ndjson", bare("one"))
    done = run("load", str(file), str(broken_folder), str(report_folder))
    assert done.exit_code == 1
    assert done.stdout.startswith(f"{REPORT}: created")
    assert done.stderr.splitlines()[-1] == (
        f"{file}: not loaded, as something before it was refused; --keep-going goes on"
    )
    assert articles_in(migrated) == [REPORT]
    done = run("load", "--keep-going", str(file), str(broken_folder), str(report_folder))
    assert done.exit_code == 1
    assert done.stdout.splitlines()[1] == f"{file}: 1 created, 0 replaced, 0 unchanged, 0 refused"
    assert articles_in(migrated) == ["one", REPORT]


def test_a_refusal_in_one_stream_keeps_the_next_out_unless_told(migrated: Path, tmp_path: Path) -> None:
    first, second = ndjson(tmp_path / "a.ndjson", "{"), ndjson(tmp_path / "b.ndjson", bare("one"))
    assert run("load", str(first), str(second)).exit_code == 1
    assert articles_in(migrated) == []
    assert run("load", "--keep-going", str(first), str(second)).exit_code == 1
    assert articles_in(migrated) == ["one"]


def test_documents_beyond_those_that_may_be_are_told(
    migrated: Path, tmp_path: Path, refused: Main, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATELINE_MAX_DOCUMENTS", "2")
    file = ndjson(tmp_path / "a.ndjson", *map(bare, ("one", "two", "three")))
    message = refused("load", "--keep-going", str(file))
    assert message == (
        f"dateline: {file}:3: more than 2 documents, DATELINE_MAX_DOCUMENTS: what comes before is loaded"
    )
    assert capsys.readouterr().out == f"{file}: 2 created, 0 replaced, 0 unchanged, 0 refused\n"
    assert articles_in(migrated) == ["one", "two"]


def test_documents_nest_as_deep_as_the_setting_has_it(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATELINE_MAX_DEPTH", "8")
    file = ndjson(tmp_path / "a.ndjson", '{"id": ' + "[" * 8 + "]" * 8 + "}")
    assert "nested more than 8 deep" in run("load", str(file)).stderr


def test_a_stream_may_come_through_a_pipe_with_a_name(migrated: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = "".join(f"{json.dumps(bare(article))}\r\n" for article in ("one", "two")).rstrip()
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(pipe.write_text, content)
        done = run("load", str(pipe))
        written.result(timeout=30)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"{pipe}: 2 created, 0 replaced, 0 unchanged, 0 refused\n"


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_a_stream_may_come_from_standard_input(
    migrated: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = ndjson(tmp_path / "a.ndjson", bare("one"), bare("one"), "[]")
    if kind == "file":
        content = file.open()
    else:
        end, start = os.pipe()
        os.write(start, file.read_bytes())
        os.close(start)
        content = os.fdopen(end)
    monkeypatch.setattr(sys, "argv", ["dateline", "load", "-"])
    with content:
        monkeypatch.setattr(sys, "stdin", content)
        with pytest.raises(SystemExit) as ended:
            cli.main()
    assert ended.value.code == 1
    told = capsys.readouterr()
    assert told.out == "-: 1 created, 0 replaced, 1 unchanged, 1 refused\n"
    assert told.err.startswith("-:3:1: here stands an object")


def test_on_a_terminal_a_bar_shows_how_far_it_has_come_and_refusals_have_lines_of_their_own(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ndjson(tmp_path / "[red]a.ndjson", *(bare(f"a-{number}") for number in range(20)), "[]", bare("last"))
    screen, terminal = pty.openpty()
    with os.fdopen(terminal, "w", encoding="utf-8") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(typer.Exit):
            cli.load([file], keep_going=True)
    shown = b""
    with suppress(OSError):  # as reading ends where nobody holds the terminal any more
        while part := os.read(screen, 100_000):
            shown += part
    os.close(screen)
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()))
    assert f"{file}:21:1: here stands an object with `text`, `entities` and `facts`" in lines
    assert any(line.startswith(f"{file} ━") and " 100% " in line for line in lines)


def test_a_stream_that_is_not_there_or_may_not_be_read_is_told(
    migrated: Path, tmp_path: Path, refused: Main, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run("load", str(tmp_path / "missing.ndjson"))
    assert done.exit_code == 1
    assert f"{tmp_path / 'missing.ndjson'}:1:1: there is no such" in done.stderr
    file = ndjson(tmp_path / "a.ndjson", bare("one"))

    def fail(self: Path, *_arguments: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", fail)
    assert refused("load", str(file)) == f"dateline: [Errno 13] Permission denied: '{file}'"


def test_a_stream_is_not_loaded_into_a_database_that_is_not_there(file: Path, tmp_path: Path, refused: Main) -> None:
    assert "run `dateline migrate`" in refused("load", str(ndjson(tmp_path / "a.ndjson", bare("one"))))
    assert not file.exists()


# --- token --------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_with_the_setting_by_which_it_is_known(
    migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run("token", "night-desk")
    assert done.exit_code == 0
    secret = re.fullmatch(r"For the writer, shown this once: (dateline_[\w-]{43})\n", done.stderr)
    known = re.fullmatch(r"DATELINE_TOKENS=(night-desk:[0-9a-f]{64})\n", done.stdout)  # fit for a file of settings
    assert secret
    assert known
    (token,), (setting,) = secret.groups(), known.groups()
    assert token not in setting
    monkeypatch.setenv("DATELINE_TOKENS", setting)
    with Api(migrated, tokens=load_settings().tokens) as api:
        headers = {"Content-Type": "application/json", **bearing(token)}
        assert api.request("PUT", "/articles/one", json=bare("one"), headers=headers).status_code == 201


def test_each_token_is_another_and_its_writer_has_a_name(file: Path) -> None:
    first, second = run("token").stdout, run("token").stdout
    assert first != second
    assert first.startswith("DATELINE_TOKENS=writer:")
    assert not file.exists()


@pytest.mark.parametrize("name", ["The Desk", "a:b", "a,b", "", "é", "a" * 101])
def test_a_name_that_the_setting_could_not_hold_is_refused(refused: Main, name: str) -> None:
    assert refused("token", name).startswith("dateline: the name is not a slug of at most 100 characters")


# --- export -------------------------------------------------------------------------------------------------------


def test_what_is_exported_loads_to_the_same_rows_elsewhere(
    migrated: Path, report_folder: Path, tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("load", str(SEED), str(report_folder))
    for article in (KOOME, REPORT):
        done = run("export", article, "--to", str(tmp_path / "out"))
        assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'out' / article}\n")
    elsewhere = Path(shutil.copy(empty_database, tmp_path / "elsewhere.db"))
    monkeypatch.setenv("DATELINE_DATABASE_URL", f"sqlite:///{elsewhere}")
    assert run("check", str(tmp_path / "out" / KOOME)).exit_code == 0
    assert run("load", str(tmp_path / "out" / KOOME), str(tmp_path / "out" / REPORT)).exit_code == 0
    assert contents_in(elsewhere) == contents_in(migrated)
    assert (tmp_path / "out" / KOOME / "article.txt").read_bytes() == (SEED / "article.txt").read_bytes()


def test_export_of_an_article_that_is_not_there_is_told(migrated: Path, refused: Main) -> None:
    message = refused("export", "no-such-article")
    assert message == "dateline: there is no article ‘no-such-article’"


# --- migrate ------------------------------------------------------------------------------------------------------


def tables(file: Path) -> set[str]:
    engine: Engine = create_writer(f"sqlite:///{file}")
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_migrate_goes_up_and_down(file: Path) -> None:
    done = run("migrate")
    assert (done.exit_code, done.stdout) == (0, "the schema is at head\n")
    assert {"article", "fact", "entity", "span", "evidence"} <= tables(file)
    assert run("migrate").exit_code == 0
    assert run("load", str(SEED)).exit_code == 0
    assert run("migrate", "base").exit_code == 0
    assert tables(file) == {"alembic_version"}
    assert run("migrate").exit_code == 0
    assert run("load", str(SEED)).stdout.startswith(f"{KOOME}: created")


def test_a_revision_that_is_not_there_is_told(file: Path, refused: Main) -> None:
    message = refused("migrate", "9999")
    assert message.startswith("dateline: the schema cannot be brought to `9999`")


# --- schema and openapi -------------------------------------------------------------------------------------------


def test_the_schema_is_json_schema_of_the_format() -> None:
    schema = json.loads(run("schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) == {"article", "entities", "facts"}
    assert schema["additionalProperties"] is False


def test_the_openapi_document_is_that_of_the_server(file: Path) -> None:
    document = json.loads(run("openapi").stdout)
    assert document["openapi"].startswith("3.1")
    assert "/people" in document["paths"]
    assert not file.exists()


# --- What goes wrong with the database ----------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["migrate"], ["load", str(SEED)], ["export", KOOME], ["serve", "--port", "0"]])
def test_a_database_in_a_folder_that_is_not_there_is_told(
    tmp_path: Path, refused: Main, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("DATELINE_DATABASE_URL", f"sqlite:///{tmp_path / 'missing' / 'd.db'}")
    message = refused(*command)
    assert message.startswith("dateline: ")
    assert "database" in message


@pytest.mark.parametrize("command", [["migrate"], ["load", str(SEED)], ["export", KOOME], ["serve", "--port", "0"]])
def test_a_file_that_is_no_database_is_told(file: Path, refused: Main, command: list[str]) -> None:
    file.write_text("This is a letter to the editor. " * 100)
    message = refused(*command)
    assert message.startswith("dateline: ")
    assert "database" in message
    assert file.read_text().startswith("This is a letter")


# --- serve, as far as it is not a server --------------------------------------------------------------------------


@pytest.fixture
def seed(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of article folders that `serve` loads; it is empty."""
    seed = tmp_path / "seed"
    seed.mkdir()
    monkeypatch.setenv("DATELINE_SEED_DATA", str(seed))
    return seed


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Settings]]:
    """The settings with which the server would have run."""
    served: list[Settings] = []

    def run(settings: Settings, listener: socket.socket) -> None:
        served.append(settings)
        listener.close()

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(server, "run", run)
    yield served
    gc.enable()  # as a server does once it listens


def test_serve_migrates_loads_what_is_missing_or_changed_and_says_where_the_docs_are(
    file: Path, seed: Path, served: list[Settings]
) -> None:
    shutil.copytree(SEED, seed / KOOME)
    write_folder(seed / REPORT, REPORT_TEXT, REPORT_DOCUMENT)
    (seed / "notes-of-the-desk").mkdir()
    first = run("serve", "--port", "0", "--workers", "3", "--host", "127.0.0.1")
    assert first.exit_code == 0
    *loaded, address = first.stdout.splitlines()
    assert [line.split(",")[0] for line in loaded] == [f"{KOOME}: created", f"{REPORT}: created"]
    assert re.fullmatch(r"Dateline: http://127\.0\.0\.1:[1-9]\d*/docs", address)
    write_folder(seed / REPORT, REPORT_TEXT, {**REPORT_DOCUMENT, "facts": REPORT_DOCUMENT["facts"][:-1]})
    again = run("serve", "--port", "0").stdout.splitlines()
    assert [line.split(",")[0] for line in again[:-1]] == [f"{KOOME}: unchanged", f"{REPORT}: replaced"]
    assert [settings.workers for settings in served] == [3, 1]


def test_an_empty_seed_folder_serves_no_articles(file: Path, seed: Path, served: list[Settings]) -> None:
    assert run("serve", "--port", "0").stdout.startswith("Dateline: http://127.0.0.1:")
    with Api(file) as api:
        assert api.read("/articles") == {"items": [], "total": 0, "total_relation": "exact", "next": None}


def test_broken_articles_keep_the_server_from_starting(
    file: Path, seed: Path, refused: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(seed / REPORT, REPORT_TEXT, REPORT_DOCUMENT)
    write_folder(seed / "another", "Some text.", {"entities": {}, "facts": [{"type": "rumour"}]})
    shutil.copytree(SEED, seed / KOOME)
    facts = seed / KOOME / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace("exact: IG Koome, prefix: urged", "exact: IG Kome"), "utf-8")
    message = refused("serve", "--port", "0")
    assert message.startswith(f"dateline: not serving, as DATELINE_SEED_DATA={seed} has faults:\n")
    assert f"{facts}:" in message
    assert "‘IG Kome’ are not in the text" in message
    assert f"{seed / 'another' / 'facts.yaml'}:" in message
    assert "^" in message
    with Api(file) as api:
        assert api.read("/articles")["total"] == 0


def test_folders_that_agree_may_rename_together_what_they_share(migrated: Path, tmp_path: Path) -> None:
    text, document = (
        "Ada spoke in Hull.",
        {
            "entities": {"hull": {"type": "place", "name": "Hull", "kind": "city"}},
            "facts": [{"type": "name", "entity": "hull", "text": "Hull", "kind": "full", "evidence": "Hull"}],
        },
    )
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        write_folder(folder, text, document)
    assert run("load", *map(str, folders)).exit_code == 0
    write_folder(folders[0], text, json.loads(json.dumps(document).replace("city", "port")))
    alone = run("load", str(folders[0]))
    assert alone.exit_code == 1
    assert "city in two/facts.yaml" in alone.output
    apart = run("check", *map(str, folders))
    assert apart.exit_code == 1
    assert apart.output.count("articles that share an entity agree on it") == 2
    assert f"city in {folders[1] / 'facts.yaml'}:" in apart.output
    write_folder(folders[1], text, json.loads(json.dumps(document).replace("city", "port")))
    together = run("load", *map(str, folders))
    assert (together.exit_code, together.output.count("replaced")) == (0, 2)
    with Api(migrated) as api:
        assert api.read("/places/hull")["kind"] == "port"


def test_an_article_is_removed_with_what_it_alone_mentions(migrated: Path, refused: Main) -> None:
    assert run("load", str(SEED)).exit_code == 0
    assert run("remove", KOOME).output == f"{KOOME}: removed\n"
    with Api(migrated) as api:
        assert [api.read(path)["total"] for path in ("/articles", "/people", "/facts")] == [0, 0, 0]
    assert refused("remove", KOOME) == f"dateline: there is no article ‘{KOOME}’"


def test_a_seed_folder_that_is_not_there_is_told(file: Path, seed: Path, refused: Main) -> None:
    seed.rmdir()
    assert refused("serve") == f"dateline: DATELINE_SEED_DATA={seed}: there is no such folder"
    assert not file.exists()


def test_a_port_in_use_is_told(file: Path, seed: Path, refused: Main) -> None:
    with server.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        message = refused("serve", "--port", str(port))
    assert f"DATELINE_PORT={port}" in message
    assert "in use" in message


@pytest.mark.parametrize("host", ["nowhere.invalid", "1.2.3.4", "a..b"])
def test_a_host_that_is_not_this_machine_is_told(file: Path, seed: Path, refused: Main, host: str) -> None:
    assert f"DATELINE_HOST={host}" in refused("serve", "--host", host, "--port", "0")


def test_a_wrong_setting_ends_the_process_with_a_message_alone() -> None:
    done = dateline("serve", DATELINE_PORT="abc", DATELINE_WORKERS="0")
    assert done.returncode == 1
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("dateline: DATELINE_PORT=abc: ")
    assert second.startswith("DATELINE_WORKERS=0: ")


def test_the_installed_command_is_this_one() -> None:
    assert 'dateline = "app.cli:main"' in (ROOT / "pyproject.toml").read_text()

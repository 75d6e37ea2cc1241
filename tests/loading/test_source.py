from pathlib import Path

import pytest

from app.loading import source
from app.loading.source import CheckError, Diagnostic, Source, read_source, read_text, readable


def read(tmp_path: Path, content: str | bytes) -> Source:
    file = tmp_path / "facts.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_source(file)


def refusal(tmp_path: Path, content: str | bytes) -> str:
    """The one diagnostic, without the name of the file."""
    with pytest.raises(CheckError) as caught:
        read(tmp_path, content)
    assert len(caught.value.diagnostics) == 1
    return str(caught.value).removeprefix(f"{tmp_path}/")


def problems(tmp_path: Path, content: str) -> list[str]:
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in read(tmp_path, content).problems]


# --- Data ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scalar", ["on", "yes", "true", "2023", "2024-06-18", "1e3", "0x1F", "1_000", "12:30:45", ".5", "<<", "=", "é😀"]
)
def test_a_scalar_is_what_the_writer_typed(tmp_path: Path, scalar: str) -> None:
    for form in (scalar, f"'{scalar}'", f'"{scalar}"'):
        assert read(tmp_path, f"key: {form}\nother: [{form}]").data == {"key": scalar, "other": [scalar]}
    assert read(tmp_path, f"{scalar}: value").data == {scalar: "value"}


@pytest.mark.parametrize("nothing", ["", "null", "~", "Null"])
def test_nothing_and_null_are_none(tmp_path: Path, nothing: str) -> None:
    assert read(tmp_path, f"key: {nothing}").data == {"key": None}
    assert read(tmp_path, nothing).data is None


def test_a_quoted_null_is_a_string(tmp_path: Path) -> None:
    assert read(tmp_path, "key: 'null'").data == {"key": "null"}


def test_a_directive_for_an_older_yaml_changes_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "%YAML 1.1\n---\nrelation: on\n").data == {"relation": "on"}


def test_everything_has_its_line_and_column(tmp_path: Path) -> None:
    content = "# a comment\nentities:\n  ada: {type: person}\nfacts:\n  - evidence:\n      - one\n      - exact: two\n"
    assert read(tmp_path, content).places == {
        (): (2, 1),
        ("entities",): (2, 1),
        ("entities", "ada"): (3, 3),
        ("entities", "ada", "type"): (3, 9),
        ("entities", "ada", "type", 0): (3, 15),
        ("facts",): (4, 1),
        ("facts", 0): (5, 5),
        ("facts", 0, "evidence"): (5, 5),
        ("facts", 0, "evidence", 0): (6, 9),
        ("facts", 0, "evidence", 1): (7, 9),
        ("facts", 0, "evidence", 1, "exact"): (7, 9),
        ("facts", 0, "evidence", 1, "exact", 0): (7, 16),
    }


def test_columns_count_code_points(tmp_path: Path) -> None:
    assert read(tmp_path, "{é😀: 1, b: 2}").places[("b",)] == (1, 9)


# --- What is not part of the format -------------------------------------------------------------------------------


def test_a_key_that_is_there_twice_is_reported_at_the_second_place(tmp_path: Path) -> None:
    assert problems(tmp_path, "facts: 1\nentities:\n  a: 1\n  a: 2\nfacts: 2\n") == [
        "facts.yaml:4:3: entities.a: the key `a` is here a second time; the first is in line 3",
        "facts.yaml:5:1: facts: the key `facts` is here a second time; the first is in line 1",
    ]


def test_aliases_and_tags_are_reported(tmp_path: Path) -> None:
    assert problems(tmp_path, "a: &x one\nb: *x\nc: !shout two\n") == [
        "facts.yaml:2:1: b: YAML aliases (`*name`) are not part of the format",
        "facts.yaml:3:1: c: YAML tags (!shout) are not part of the format",
    ]


def test_an_alias_to_what_holds_it_is_reported_rather_than_followed(tmp_path: Path) -> None:
    assert problems(tmp_path, "a: &x\n  - *x\n") == [
        "facts.yaml:1:1: a[0]: YAML aliases (`*name`) are not part of the format"
    ]


def test_an_anchor_that_is_there_twice_is_no_matter(tmp_path: Path) -> None:
    assert read(tmp_path, "a: &x one\nb: &x two\n").data == {"a": "one", "b": "two"}


# --- What cannot be read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [1\nb: 2\n", "facts.yaml:2:2: not YAML: expected ',' or ']', but got ':'"),
        ("a: b: c\n", "facts.yaml:1:5: not YAML: mapping values are not allowed here"),
        ("a: *x\n", "facts.yaml:1:4: not YAML: found undefined alias 'x'"),
        ("a: 1\n---\nb: 2\n", "facts.yaml:2:1: not YAML: but found another document"),
        ("a: 1\nb: \x07\n", "facts.yaml:2:4: not YAML: special characters are not allowed"),
        ("%YAML 2.0\n---\na: 1\n", "facts.yaml:1:1: not YAML: found incompatible YAML document"),
        (b"a: 1\nb: \xff\n", "facts.yaml:2:4: byte 8 (0xff) is not UTF-8: save the file as UTF-8"),
        ('"\\UFFFFFFFF": 1', "facts.yaml:1:1: not YAML: an escape that names no character"),
        ("[" * 1000 + "]" * 1000, "facts.yaml:1:1: not YAML: nested too deeply"),
        ("- " * 5000, "facts.yaml:1:1: not YAML: nested too deeply"),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_place(tmp_path: Path, content: str | bytes, message: str) -> None:
    assert refusal(tmp_path, content).startswith(message)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckError) as caught:
        read_text(tmp_path / "none.txt")
    assert str(caught.value) == f"{tmp_path}/none.txt:1:1: cannot read the file: No such file or directory"


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="cannot read the file: Is a directory"):
        read_text(tmp_path)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LARGEST", 2 * 1024 * 1024)
    file = tmp_path / "article.txt"
    file.write_bytes(b"\xff" * (2 * 1024 * 1024 + 1))
    with pytest.raises(CheckError, match="the file is larger than 2 MiB"):
        read_text(file)
    file.write_bytes(b"x" * (2 * 1024 * 1024))
    assert len(read_text(file)) == 2 * 1024 * 1024


@pytest.mark.parametrize(
    ("content", "place"), [(b"\xffabc", "1:1"), (b"ab\ncd\xe9f", "2:3"), (b"a\n\n\xf0\x9f\x98", "3:1")]
)
def test_a_byte_that_is_not_utf8_is_named_with_its_place(tmp_path: Path, content: bytes, place: str) -> None:
    file = tmp_path / "article.txt"
    file.write_bytes(content)
    with pytest.raises(CheckError) as caught:
        read_text(file)
    assert str(caught.value).startswith(f"{file}:{place}: byte ")


def test_line_ends_are_read_untouched(tmp_path: Path) -> None:
    file = tmp_path / "article.txt"
    file.write_bytes(b"a\r\nb\rc\n\n")
    assert read_text(file) == "a\r\nb\rc\n\n"


# --- Diagnostics --------------------------------------------------------------------------------------------------


def test_diagnostics_stand_in_the_order_of_the_lines(tmp_path: Path) -> None:
    later = Diagnostic(tmp_path, 10, 1, "", "a")
    sooner = Diagnostic(tmp_path, 9, 9, "", "b")
    same_line = Diagnostic(tmp_path, 9, 1, "", "c")
    error = CheckError([later, sooner, same_line])
    assert error.diagnostics == [same_line, sooner, later]
    assert str(error).split("\n") == [str(diagnostic) for diagnostic in error.diagnostics]


def test_a_diagnostic_stands_at_the_nearest_parent_that_the_file_has() -> None:
    source = Source(Path("facts.yaml"), places={(): (1, 1), ("facts",): (4, 1), ("facts", 0): (5, 5)})
    assert str(source.diagnostic(("facts", 0, "evidence", 2), "wrong")) == (
        "facts.yaml:5:5: facts[0].evidence[2]: wrong"
    )
    assert str(source.diagnostic(("entities", "ada"), "wrong")) == "facts.yaml:1:1: entities.ada: wrong"
    assert str(source.diagnostic((), "wrong")) == "facts.yaml:1:1: wrong"


def test_a_diagnostic_is_one_printable_line_whatever_the_file_says() -> None:
    diagnostic = Diagnostic(Path("facts.yaml"), 1, 1, readable(("a\nb", "\x1b[31m", "\ud800")), "unknown key `\u2028`")
    assert str(diagnostic) == "facts.yaml:1:1: a\\x0ab.\\x1b[31m.\\xd800: unknown key `\\x2028`"


def test_paths_read_as_people_write_them() -> None:
    assert readable(("facts", 3, "evidence", 0)) == "facts[3].evidence[0]"
    assert readable(("entities", "ada", "name")) == "entities.ada.name"
    assert readable(()) == ""

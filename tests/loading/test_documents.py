"""One JSON document an article: strict where YAML guesses, and otherwise told the same faults as the folder."""

import json
import math
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.errors import TooLongError
from app.loading import documents, hints
from app.loading.checking import MOST_ENTITIES, MOST_FAULTS, CheckedArticle, check_folder
from app.loading.documents import MOST_VALUES, Submission, check_document
from app.loading.exporting import export_article, submitted_form
from app.loading.loader import Outcome, load_article
from app.loading.rows import rows_of
from app.loading.source import MOST_LISTED, CheckError
from tests.folders import write_folder
from tests.loading.articles import TEXT, Document, articles, fact_of, small_document
from tests.loading.test_checking import YAML_PIECES, broken_documents, changed

BODY = Path("body")
SHAPE = "here stands an object with `text`, `entities` and `facts`"


def submitted(document: Document, text: Any = TEXT, **more: Any) -> Document:
    return {"text": text, **document, **more}


def check(document: Any, deadline: float = math.inf, **given: Any) -> CheckedArticle:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return check_document(Submission(content, BODY, **({"needs_id": False} | given)), deadline)


def refused(document: Any, **given: Any) -> list[tuple[str, str]]:
    """Every fault of a document: its place, and what it is."""
    with pytest.raises(CheckError) as caught:
        check(document, **given)
    assert [(error.name, error.detail) for error in caught.value.errors] == [
        (each.path, each.message) for each in caught.value.diagnostics[:MOST_LISTED]
    ]
    assert {error.location for error in caught.value.errors} == {"body"}
    str(caught.value).encode()
    return [(each.path, each.message) for each in caught.value.diagnostics]


# --- What is right ------------------------------------------------------------------------------------------------


def test_a_document_is_the_same_article_as_its_folder(tmp_path: Path) -> None:
    folder = check_folder(write_folder(tmp_path / "an-article", TEXT, small_document()))
    document = check(submitted(small_document(), id="an-article"))
    assert rows_of(document) == rows_of(folder)
    assert document.source.other("one") == "/articles/one"


def test_every_kind_of_value_comes_out_of_json_as_it_is_meant() -> None:
    document = small_document()
    fact_of(document, "date").update(earliest="2024-06-19", latest="2024-06-19", precision="day")
    fact_of(document, "figure").update(value=-2.5e3, id=None, reasoning=None)
    entries: list[Any] = [fact.entry for fact in check(submitted(document)).facts]
    assert [entry.value for entry in entries if entry.type == "figure"] == [-2500.0]
    assert [entry.direct for entry in entries if entry.type == "quote"] == [True]
    assert str(next(entry.earliest for entry in entries if entry.type == "date")) == "2024-06-19"


def test_it_may_be_written_in_any_way_that_json_may() -> None:
    document = submitted(small_document())
    plain = rows_of(check(document))
    for content in (
        json.dumps(document, indent=4, ensure_ascii=False).encode(),
        b"\n\t " + json.dumps(document, separators=(",", ":")).encode() + b"\r\n",
        json.dumps(dict(reversed(document.items()))).encode(),
    ):
        assert rows_of(check(content)) == plain


# --- The id -------------------------------------------------------------------------------------------------------

NO_ID = "not a slug of at most 100 characters: lower-case letters, digits and single hyphens"


@pytest.mark.parametrize("given", ["rome", None, ...])
def test_the_path_names_the_article_and_the_document_may(given: Any) -> None:
    document = submitted(small_document())
    if given is not ...:
        document["id"] = given
    assert check(document, article_id="rome").id == "rome"


def test_a_document_that_nobody_names_says_its_id() -> None:
    document = submitted(small_document())
    assert refused(document, needs_id=True) == [("id", "`id` is missing")]
    assert refused({**document, "id": None}, needs_id=True) == [("id", "`id` is missing")]
    assert check({**document, "id": "rome"}, needs_id=True).id == "rome"
    assert check(document).id == documents.NAMELESS == ""


def test_the_id_in_the_document_is_the_one_of_the_path() -> None:
    with pytest.raises(CheckError) as caught:
        check(submitted(small_document(), id="milan"), article_id="rome")
    (error,) = caught.value.errors
    assert (error.name, error.detail) == ("id", "`milan` here, but the path names `rome`")
    assert error.suggestion == "rome"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("My Article", "My Article"), ("a--b", "a--b"), ("-a", "-a"), ("a" * 101, f"{'a' * 40} ... {'a' * 40}"),
        ("", ""), ("é", "é"), ("a\n", "a\\x0a"), ("../etc", "../etc"), (7, "7"), (True, "True"), ({}, "{}"), ([], "[]"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("wanted", [None, "rome"])
def test_an_id_that_is_none_is_told_with_all_else(given: Any, shown: str, wanted: str | None) -> None:
    document = submitted(changed("role", title=None), id=given)
    assert refused(document, article_id=wanted) == [
        ("facts[2].title", "`title` is missing"),
        ("id", f"‘{shown}’ is {NO_ID}"),
    ]


# --- The text -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "`text` is missing"),
        (5, "here stands the text, as a string"),
        (["Ada"], "here stands the text, as a string"),
        (True, "here stands the text, as a string"),
        ("", "in line 1, column 1: the text is empty"),
        (" \n\t", "in line 1, column 1: the text is empty"),
        ("Ada\r\nled", "in line 1, column 4: a carriage return: save the text with line feeds alone (LF, not CRLF)"),
        ("Ada\nle\0d", "in line 2, column 3: a NUL character: it is not text"),
        ("\ufeffAda", "in line 1, column 1: a byte order mark: save the text as UTF-8 without one"),
    ],
)
def test_a_text_that_is_none_is_all_that_is_told_as_of_a_folder(text: Any, message: str) -> None:
    assert refused(submitted(changed("role", title=None), text)) == [("text", message)]
    assert refused(submitted({}, text)) == [("text", message)]


def test_a_document_without_a_text_says_so() -> None:
    assert refused(small_document()) == [("text", "`text` is missing")]
    assert refused({}) == [("text", "`text` is missing")]


def test_a_text_is_taken_letter_for_letter() -> None:
    text = "\n Ada \u00e9 e\u0301 😀\u2028\x85\x0b \n\n"
    for content in (submitted({"entities": {}, "facts": []}, text), {"text": text, "entities": {}, "facts": []}):
        assert check(json.dumps(content).encode()).text == text
        assert check(json.dumps(content, ensure_ascii=False).encode()).text == text


# --- What JSON is -------------------------------------------------------------------------------------------------


def around(value: str) -> bytes:
    """A document that is right but for a value among the header's."""
    return b'{"text": "x", "article": ' + value.encode() + b', "entities": {}, "facts": []}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", f"nothing is here: {SHAPE}"),
        (b" \r\n\t", f"nothing is here: {SHAPE}"),
        (b"null", SHAPE), (b"[]", SHAPE), (b"5", SHAPE), (b'"text"', SHAPE), (b"true", SHAPE),
        (b"{", "not JSON: Expecting property name enclosed in double quotes in line 1, column 2"),
        (b'{"text":\n  "x",}',
         "not JSON: Expecting property name enclosed in double quotes in line 2, column 7"),
        (b"{} {}", "not JSON: Extra data in line 1, column 4"),
        (b"text: x\n", "not JSON: Expecting value in line 1, column 1"),
        (b"{'text': 'x'}", "not JSON: Expecting property name enclosed in double quotes in line 1, column 2"),
        (around('"a\nb"'), "not JSON: Invalid control character at in line 1, column 28"),
        (around("// none"), "not JSON: Expecting value in line 1, column 26"),
        (around("NaN"), "not JSON: NaN is no number"),
        (around("Infinity"), "not JSON: Infinity is no number"),
        (around("-Infinity"), "not JSON: -Infinity is no number"),
        (around("01"), "not JSON: Expecting ',' delimiter in line 1, column 27"),
        (around("1" * 5000), "a number of thousands of digits"),
        (around("-" + "1" * 5000), "a number of thousands of digits"),
        (around('"\\ud83d"'), "a half of a character ('\\ud83d'), which is no text"),
        (around('{"\\udc00": 1}'), "a half of a character ('\\udc00'), which is no text"),
        (b'{"text": "\\ud800"}', "a half of a character ('\\ud800'), which is no text"),
        (b"\xff\xfe{\x00}\x00", "byte 0 (0xff) is not UTF-8"),
        (around('"') + b'\xe9"}', "byte 56 (0xe9) is not UTF-8"),
        (b'{"text": "\xed\xa0\x80"}', "byte 10 (0xed) is not UTF-8"),
        (b"\xef\xbb\xbf{}", "a byte order mark: UTF-8 needs none, and JSON has none"),
        (b"\x00", "not JSON: Expecting value in line 1, column 1"),
    ],
)  # fmt: skip
def test_what_is_no_json_document_is_one_fault_of_the_whole(content: bytes, message: str) -> None:
    assert refused(content) == [("", message)]


def test_surrogates_that_make_a_pair_are_a_character() -> None:
    assert check(b'{"text": "\\ud83d\\ude00", "entities": {}, "facts": []}').text == "😀"


def test_the_line_of_a_syntax_error_is_that_of_the_stream() -> None:
    assert refused(b"{", line=7) == [
        ("", "not JSON: Expecting property name enclosed in double quotes in line 7, column 2")
    ]


def test_keys_that_stand_twice_are_told_where_they_stand_beside_other_faults() -> None:
    content = (
        b'{"text": "x", "id": "a", "entities": {"a": {"type": "place", "name": "x", "type": "place"}}, "facts": ['
        b'{"type": "name", "entity": "a", "text": "x", "kind": "full", "evidence": ["x", {"exact": "x", "exact": "y"}]}'
        b'], "id": "a", "id": "a", "facts": [{"type": "name", "entity": "a", "text": "x", "kind": "ful", '
        b'"evidence": [{"exact": "x", "nth": 1, "nth": 1}]}]}'
    )
    assert refused(content) == [
        ("entities.a.type", "the key `type` is here a second time"),
        ("facts", "the key `facts` is here a second time"),
        ("facts[0].evidence[0].nth", "the key `nth` is here a second time"),
        ("facts[0].kind", "‘ful’ is not one of full, short, acronym, descriptive; did you mean `full`?"),
        ("id", "the key `id` is here a second time"),
    ]


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("count", [900, 100_000, 3_000_000])
def test_what_nests_without_end_is_refused(opening: bytes, count: int) -> None:
    assert refused(opening * count)[0][1] in (
        "nested more than 32 deep", f"not JSON: Expecting value in line 1, column {len(opening * count) + 1}"
    )  # fmt: skip


@pytest.mark.parametrize("deepest", [8, 32, 200])
def test_what_nests_as_deep_as_may_be_is_looked_at_and_one_level_more_is_not(deepest: int) -> None:
    for opening, closing in (("[", "]"), ('{"a": ', "}")):
        inside = opening * (deepest - 1) + "1" + closing * (deepest - 1)
        content = '{"text": "x", "entities": {}, "facts": [], "more": ' + inside + "}"
        assert refused(content.encode(), deepest=deepest) == [("more", "unknown key `more`")]
        deeper = content.replace("1", f"{opening}1{closing}")
        assert refused(deeper.encode(), deepest=deepest) == [("", f"nested more than {deepest} deep")]


def test_a_document_as_large_as_may_be_is_read_and_a_larger_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LARGEST", 1024**2)
    right = json.dumps(submitted(small_document())).encode()
    assert check(right.ljust(1024**2) + b"\n").text == TEXT
    assert refused(right.ljust(1024**2) + b" \n") == [("", "the document is larger than 1 MiB")]


# --- Strict where YAML guesses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (changed("figure", value="200"), ("facts[8].value", "Input should be a valid number")),
        (changed("figure", value=True), ("facts[8].value", "Input should be a valid number")),
        (changed("figure", value=[200]), ("facts[8].value", "Input should be a valid number")),
        (changed("quote", direct="true"), ("facts[10].direct", "Input should be a valid boolean")),
        (changed("quote", direct=1), ("facts[10].direct", "Input should be a valid boolean")),
        (changed("quote", direct=0), ("facts[10].direct", "Input should be a valid boolean")),
        (changed("role", title=7), ("facts[2].title", "Input should be a valid string")),
        (changed("role", person=7), ("facts[2].person", "Input should be a valid string")),
        (changed("role", title=["President"]), ("facts[2].title", "Input should be a valid string")),
        (changed("occurrence", statement=False), ("facts[6].statement", "Input should be a valid string")),
        (changed("occurrence", status=1), ("facts[6].status", "‘1’ is not one of occurred, ongoing, planned")),
        (changed("date", latest=20240619), ("facts[0].latest", "Input should be a valid date")),
        (changed("date", edtf=2024), ("facts[0].edtf", "Input should be a valid string")),
        (changed("name", evidence={"exact": "Ada", "nth": "2"}),
         ("facts[1].evidence[0].nth", "Input should be a valid integer")),
        (changed("name", evidence={"exact": "Ada", "nth": True}),
         ("facts[1].evidence[0].nth", "Input should be a valid integer")),
        (changed("name", evidence=[{"exact": "Ada", "nth": 2.0}]),
         ("facts[1].evidence[0].nth", "Input should be a valid integer")),
        (changed("name", evidence=[{"exact": "Ada", "prefix": 5}]),
         ("facts[1].evidence[0].prefix", "Input should be a valid string")),
        ({**small_document(), "article": {"year": "2023"}}, ("article.year", "Input should be a valid integer")),
        ({**small_document(), "article": {"year": 2023.0}}, ("article.year", "Input should be a valid integer")),
        ({**small_document(), "article": {"year": True}}, ("article.year", "Input should be a valid integer")),
    ],
)  # fmt: skip
def test_no_value_passes_for_one_of_another_type(document: Document, fault: tuple[str, str]) -> None:
    assert refused(submitted(document)) == [fault]


@pytest.mark.parametrize("value", ["1e400", "-1e400", "1" + "0" * 400, "-" + "9" * 4000])
def test_a_number_beyond_all_others_is_no_figure(value: str) -> None:
    content = json.dumps(submitted(changed("figure", value=12345.5))).replace("12345.5", value)
    assert refused(content.encode()) == [("facts[8].value", "Input should be a finite number")]


@pytest.mark.parametrize("facts", [None, 5, 0, True, "facts", {"type": "role"}, 1e400])
def test_facts_that_are_no_list_are_one_fault(facts: Any) -> None:
    document = submitted({"entities": {}, "facts": facts})
    assert refused(json.dumps(document).replace("Infinity", "1e400").encode()) == [("facts", "here stands a list")]


@pytest.mark.parametrize("fact", [None, 5, True, "role", ["role"], []])
def test_a_fact_that_is_no_object_is_one_fault(fact: Any) -> None:
    assert refused(submitted({"entities": {}, "facts": [fact]})) == [
        ("facts[0]", "here stand keys with their values (`key: value`)")
    ]


@pytest.mark.parametrize("entities", [None, 5, True, "ada", ["ada"]])
def test_entities_that_are_no_object_are_told_beside_the_facts_that_name_them(entities: Any) -> None:
    faults = refused(submitted({**small_document(), "entities": entities}))
    assert ("entities", "here stand keys with their values (`key: value`)") in faults
    assert ("facts[1].entity", "`ada` is not among the entities") in faults


@pytest.mark.parametrize(
    ("wrong", "meant"), [("txt", "text"), ("entites", "entities"), ("fact", "facts"), ("ids", "id")]
)
def test_a_key_that_is_unknown_is_told_with_the_nearest_of_the_whole_document(wrong: str, meant: str) -> None:
    assert refused(submitted(small_document(), **{wrong: "x"})) == [
        (wrong, f"unknown key `{wrong}`; did you mean `{meant}`?")
    ]


def test_keys_of_any_script_are_told_in_an_order() -> None:
    """The digits of other scripts are digits to Python, but count for no number in a path."""
    faults = refused(submitted(small_document(), **{"٣": 1, "x": 2, "²": 3, "10": 4, "9": 5, "x10": 6, "x9": 7}))
    assert [path for path, _ in faults] == ["9", "10", "x", "x9", "x10", "²", "٣"]


# --- The same faults as of the folder -----------------------------------------------------------------------------

TYPED = {"value", "direct", "nth", "year", "earliest", "latest"}
"""Fields that are not strings in JSON, and are in YAML."""


def untyped(value: Any) -> bool:
    """Tell whether no field that JSON has a type for holds something else."""
    if isinstance(value, dict):
        return all(
            untyped(part) and not (key in TYPED and isinstance(part, str | list | dict)) for key, part in value.items()
        )
    return all(map(untyped, value)) if isinstance(value, list) else True


def comparable(document: Any) -> bool:
    """Tell whether the document means the same as JSON and as YAML; no file can hold half a character."""
    return untyped(document) and not re.search("[\ud800-\udfff]", json.dumps(document, ensure_ascii=False))


def faults_of_folder(document: Any) -> list[tuple[str, str]] | None:
    with TemporaryDirectory() as directory:
        try:
            check_folder(write_folder(Path(directory) / "an-article", TEXT, document))
        except CheckError as error:
            return sorted((each.path, each.message) for each in error.diagnostics)
    return None


def faults_of_document(document: Any) -> list[tuple[str, str]] | None:
    try:
        check(submitted(document), article_id="an-article")
    except CheckError as error:
        return sorted((each.path, each.message) for each in error.diagnostics)
    return None


@settings(max_examples=60)
@given(broken_documents().filter(comparable))
def test_a_document_has_the_faults_of_its_folder(document: Document) -> None:
    assert faults_of_document(document) == faults_of_folder(document)


# --- What is expensive --------------------------------------------------------------------------------------------


def notes(*evidence: Any, **more: Any) -> list[Document]:
    """One note a piece of evidence."""
    return [
        {"type": "note", "category": "typo", "statement": f"Note {number}.", "evidence": each, **more}
        for number, each in enumerate(evidence)
    ]


def in_time(content: Any) -> list[tuple[str, str]]:
    """The faults, told before half a minute is over."""
    return refused(content, deadline=monotonic() + 30)


def test_keys_that_stand_twice_among_many_are_found_in_one_go() -> None:
    keys = ",".join(f'"k{number}": 0' for number in range(100_000))
    content = f'{{"text": "x", "entities": {{}}, "facts": [], {keys}, "k99999": 1}}'.encode()
    assert in_time(content) == [
        ("", "100000 faults against the format, too many to tell one by one"),
        ("k99999", "the key `k99999` is here a second time"),
    ]


@pytest.mark.parametrize(
    ("count", "message"),
    [(MOST_VALUES, "unknown key `more`"), (MOST_VALUES + 1, f"more than {MOST_VALUES} values")],
)
def test_a_document_of_more_values_than_may_be_is_not_looked_at(count: int, message: str) -> None:
    others = 5  # the document, its text, its entities, its facts, and the list itself
    content = b'{"text": "x", "entities": {}, "facts": [], "more": [' + b",".join([b"0"] * (count - others)) + b"]}"
    assert [fault for _, fault in in_time(content)] == [message]


def test_as_many_faults_against_the_format_as_may_be_are_told_one_by_one() -> None:
    facts: list[Any] = [{}] * MOST_FAULTS
    assert len(in_time({"text": "x", "entities": {}, "facts": facts})) == MOST_FAULTS
    assert in_time({"text": "x", "entities": {}, "facts": [*facts, {}]}) == [
        ("", f"{MOST_FAULTS + 1} faults against the format, too many to tell one by one")
    ]


def test_the_first_faults_are_listed_and_the_others_counted() -> None:
    with pytest.raises(CheckError) as caught:
        check({"text": "x", "entities": {}, "facts": [{}] * (MOST_LISTED + 1)})
    assert caught.value.detail == "1001 faults in the document; `errors` has the first 1000"
    assert [error.name for error in caught.value.errors] == [f"facts[{number}]" for number in range(MOST_LISTED)]
    with pytest.raises(CheckError) as caught:
        check({"text": "x", "entities": {}, "facts": [{}] * MOST_LISTED})
    assert caught.value.detail == "1000 faults in the document"


def test_more_entities_than_may_be_are_one_fault() -> None:
    entities = {f"place-{number}": {"type": "place", "name": "Rome"} for number in range(MOST_ENTITIES + 1)}
    assert in_time({"text": "Rome", "entities": entities, "facts": []}) == [
        ("entities", f"{MOST_ENTITIES + 1} entities, but an article may have {MOST_ENTITIES} at most")
    ]
    del entities["place-0"]
    assert len(in_time({"text": "Rome", "entities": entities, "facts": []})) == MOST_ENTITIES


def test_a_long_key_is_not_told_again_with_every_fault_below_it() -> None:
    entity = {f"k{number}": 0 for number in range(5000)}
    assert in_time({"text": "x", "entities": {"a" * 500_000: entity}, "facts": []}) == [
        ("entities", "a key of 500000 characters, but a slug has 100 at most")
    ]


def test_entities_that_are_unknown_among_thousands_are_told_and_the_first_get_a_hint() -> None:
    entities = {f"{'place-of-many-names' * 4}-{number}": {"type": "place", "name": "Rome"} for number in range(2000)}
    facts = [
        {"type": "name", "id": f"name-{number}", "entity": f"{'place-of-more-names' * 4}-{number}", "text": "Rome",
         "kind": "full", "evidence": "Rome"}
        for number in range(2000)
    ]  # fmt: skip
    unknown = [message for path, message in in_time({"text": "Rome", "entities": entities, "facts": facts})
               if path.startswith("facts")]  # fmt: skip
    assert len(unknown) == 2000
    assert sum("did you mean" in message for message in unknown) == hints.MOST_HINTS


def test_words_that_stand_everywhere_are_no_quotation() -> None:
    words = [["the"], [{"exact": "the", "nth": 99_999}], [{"exact": "the", "prefix": "the " * 1000}]]
    document = {"text": "the " * 100_000, "entities": {}, "facts": notes(*words * 100)}
    assert set(in_time(document)) == {
        (f"facts[{number}].evidence[0]", "the words ‘the’ stand more than 1000 times: quote more of the text")
        for number in range(300)
    }


@pytest.mark.parametrize(
    ("words", "count", "helped"),
    [
        ("the ministr", 500, hints.MOST_HINTS),  # too many
        ("the ministr and " * 100, 20, 2),  # so long that each costs a third of what all may
        ("the ministr and " * 1000, 1, 0),  # too long
    ],
)
def test_words_that_are_nowhere_get_hints_while_these_cost_little(words: str, count: int, helped: int) -> None:
    text = "the minister and " * 500
    unfound = [[f"{words}{number}"] for number in range(count)]
    faults = in_time({"text": text, "entities": {}, "facts": notes(*unfound)})
    assert len(faults) == count
    found = sum("the nearest are" in message for _, message in faults)
    assert found == helped


def test_a_text_in_which_looking_for_words_takes_long_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(hints, "nearest_words", lambda text, words: asked.append(words))
    document = {"text": "a minister " * 80_000, "entities": {}, "facts": notes(*[["the ministers"]] * 40)}
    assert len(in_time(document)) == 40
    assert 0 < len(asked) < 40
    document = {"text": "a minister " * 80_000, "entities": {}, "facts": notes("a ministr " * 50)}
    asked.clear()
    assert len(in_time(document)) == 1
    assert asked == []


def test_a_long_set_of_dates_is_no_date() -> None:
    document = submitted(changed("date", edtf=f"[{'2024-06-18,' * 170}2024]"))
    shown = "[2024-06-18,2024-06-18,2024-06-18,2024-0 ... 06-18,2024-06-18,2024-06-18,2024-06-18,2024]"
    ((path, message),) = in_time(document)
    assert path == "facts[0].edtf"
    assert message == f"‘{shown[:40]} ... {shown[-40:]}’ has more than 200 characters"


@pytest.mark.parametrize(
    "document",
    [
        submitted(small_document()),
        submitted(changed("role", title=None)),
        submitted({"entities": {}, "facts": 5}),
        submitted({"entities": {"ada": {"type": "person", "name": "Ada"}}, "facts": []}),
        submitted({"entities": {}, "facts": notes("nowhere")}),
        submitted({"entities": {}, "facts": notes([], about="nothing", category="not-stated")}),
    ],
)
def test_no_check_goes_on_when_its_time_is_over(document: Document) -> None:
    with pytest.raises(TooLongError, match="checking this document takes longer than it may here") as caught:
        check(document, deadline=monotonic() - 1)
    assert caught.value.status == 413


# --- Anything at all ----------------------------------------------------------------------------------------------

JSON_PIECES = YAML_PIECES | st.sampled_from(
    [
        '"text":',
        '"entities":',
        '"facts":',
        '"id":',
        '"type":',
        '"role"',
        "null",
        "true",
        "1e999",
        "-0",
        "\\u0000",
        "\\ud800",
        "\ud800",
    ]
)


def check_bytes(content: bytes) -> None:
    try:
        check(content)
    except CheckError as error:
        assert error.diagnostics  # noqa: PT017 (that nothing else is raised is what is tested)
        json.dumps([each.detail for each in error.errors], ensure_ascii=False).encode()
        str(error).encode()


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_any_bytes_are_right_or_refused(content: bytes) -> None:
    check_bytes(content)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), JSON_PIECES), min_size=1, max_size=3), st.booleans())
def test_a_good_document_with_slips_of_the_pen_is_right_or_refused(
    slips: list[tuple[float, int, str]], escaped: bool
) -> None:
    content = json.dumps(submitted(small_document()), ensure_ascii=escaped)
    for where, deleted, inserted in slips:
        at = int(where * len(content))
        content = content[:at] + inserted + content[at + deleted :]
    check_bytes(content.encode("utf-8", "surrogatepass"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150)
@given(st.data())
def test_a_good_document_with_any_value_in_one_place_is_right_or_refused(data: st.DataObject) -> None:
    document: Any = submitted(small_document(), id="rome")
    target, value = document, data.draw(VALUES)
    while True:
        step = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        if not isinstance(target[step], dict | list) or not target[step] or data.draw(st.integers(0, 3)) == 0:
            target[step] = value
            break
        target = target[step]
    check_bytes(json.dumps(document).encode())


# --- There and back -----------------------------------------------------------------------------------------------


def document_of(engine: Engine, article_id: str) -> Document:
    with engine.connect() as connection:
        return submitted_form(connection, article_id)


def put(engine: Engine, document: Document, article_id: str | None = None) -> Outcome:
    article = check(document, article_id=article_id or document["id"])
    with engine.begin() as connection:
        return load_article(connection, article)


def test_what_is_read_as_a_document_is_what_was_written(writer: Engine) -> None:
    @settings(max_examples=20)
    @given(articles())
    def hold(article: tuple[str, Document]) -> None:
        text, facts = article
        written = submitted(facts, text, id="an-article")
        put(writer, written)
        document = json.loads(json.dumps(document_of(writer, "an-article"), allow_nan=False))
        assert put(writer, document) is Outcome.UNCHANGED
        with TemporaryDirectory() as directory, writer.connect() as connection:
            folder = check_folder(export_article(connection, "an-article", Path(directory)))
        # In the canonical order, which is that of the export.
        assert rows_of(check(document, article_id="an-article")) == rows_of(folder)
        assert rows_of(folder).article == rows_of(check(written)).article

    hold()


@pytest.mark.parametrize("value", [-0.0, 0, -1, 5e-324, 1.7976931348623157e308, 2**53 + 1, -(2**63), 0.1])
def test_a_figure_of_any_value_is_the_same_when_it_comes_back(writer: Engine, value: float) -> None:
    put(writer, submitted(changed("figure", value=value), id="one"))
    document = document_of(writer, "one")
    assert fact_of(document, "figure")["value"] == float(value)
    assert put(writer, document) is Outcome.UNCHANGED


def test_a_document_put_under_another_name_is_another_article_of_the_same_facts(writer: Engine) -> None:
    put(writer, submitted(small_document(), id="one"))
    document = document_of(writer, "one")
    assert document["id"] == "one"
    assert list(document) == ["id", "text", "article", "entities", "facts"]
    del document["id"]
    assert put(writer, document, "two") is Outcome.CREATED
    assert document_of(writer, "two") == {"id": "two", **document}

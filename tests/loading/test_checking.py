from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.loading.checking import CheckedArticle, check_folder, local_id
from app.loading.source import CheckError, readable
from app.text.quoting import Span, shown
from app.vocabulary import Basis, FactType
from tests.folders import SEED, FolderFactory, write_folder
from tests.loading.articles import TEXT, Document, articles, checked, fact_of, small_document, small_yaml


def complaints(folder: Path) -> list[str]:
    """Every diagnostic, without the folder's name."""
    with pytest.raises(CheckError) as caught:
        check_folder(folder)
    return [str(diagnostic).removeprefix(f"{folder}/") for diagnostic in caught.value.diagnostics]


def messages(document: Document, text: str = TEXT) -> list[str]:
    """Every diagnostic's path and message."""
    with pytest.raises(CheckError) as caught:
        checked("an-article", text, document)
    return [f"{diagnostic.path}: {diagnostic.message}" for diagnostic in caught.value.diagnostics]


# --- What is right ------------------------------------------------------------------------------------------------


def test_an_article_with_nothing_wrong_comes_back_with_its_facts(folder: FolderFactory) -> None:
    article = check_folder(folder(TEXT, small_document()))
    assert article.id == "an-article"
    assert article.text == TEXT
    assert article.header.year == 2023
    assert list(article.entities) == ["ada", "weavers", "red-squad", "hull", "law-12", "rally", "vote"]
    assert {fact.entry.type for fact in article.facts} == set(FactType)


def test_evidence_is_found_where_it_stands() -> None:
    article = checked("an-article", TEXT, small_document())
    places = {fact.entry.type: [TEXT[span.start : span.end] for span in fact.spans] for fact in article.facts}
    assert places[FactType.ROLE] == ["Ada Lovelace, president of the Weavers’ Union"]
    name = next(fact for fact in article.facts if fact.entry.type is FactType.NAME)
    assert name.spans == (Span(TEXT.index("Ada told"), TEXT.index("Ada told") + 3),)


def test_evidence_comes_in_the_order_of_the_text_and_once() -> None:
    document = small_document()
    document["facts"][0]["evidence"] = ["Law 12 of 2023", "LONDON, Jun 19", {"exact": "Law 12 of 2023", "nth": 1}]
    spans = checked("an-article", TEXT, document).facts[0].spans
    assert [TEXT[span.start : span.end] for span in spans] == ["LONDON, Jun 19", "Law 12 of 2023"]


def test_a_date_gets_its_bounds_from_its_edtf() -> None:
    facts = checked("an-article", TEXT, small_document()).facts
    bounds = [fact.bounds for fact in facts if fact.bounds]
    assert [str(bound.earliest) for bound in bounds] == ["2024-06-19", "2024-06-18"]


@pytest.mark.parametrize("absent", ["article", "facts", "entities"])
def test_an_article_without_facts_is_an_article(absent: str, folder: FolderFactory) -> None:
    document: Document = {"article": {}, "entities": {}, "facts": []}
    del document[absent]
    path = folder(TEXT, document)
    if absent == "article":
        assert check_folder(path).facts == ()
    else:
        assert complaints(path) == [f"facts.yaml:1:1: {absent}: `{absent}` is missing"]


@settings(max_examples=30, deadline=None)
@given(articles())
def test_every_fact_has_its_words(article: tuple[str, Document]) -> None:
    text, document = article
    result = checked("an-article", text, document)
    for fact, written in zip(result.facts, document["facts"], strict=True):
        quotation = written["evidence"][0]
        assert [text[span.start : span.end] for span in fact.spans] == [quotation["exact"]]
        assert (fact.entry.basis is Basis.INFERRED) == bool(fact.entry.reasoning)


# --- All errors at once -------------------------------------------------------------------------------------------


def test_all_errors_of_a_file_are_reported_at_once_with_line_and_column(folder: FolderFactory) -> None:
    path = folder(TEXT, """\
article:
  dateline: LONDON, Jul 19
  year: 2023
entities:
  ada: {type: person, name: Ada Lovelace}
  weavers: {type: organisation, name: Weavers, knid: union}
  Hull: {type: place, name: Hull}
  rally: {type: meeting, name: Rally}
facts:
  - type: name
    entity: adda
    text: Ada
    kind: short
    evidence: Ada
  - type: participation
    event: ada
    entity: ada
    role: led
    evidence: led a rally on Hull
  - type: rumour
    evidence: Ada
  - type: role
    person: ada
    title: President
    basis: inferred
    evidence: the Weavers’ Union
  - type: description
    entity: ada
    kind: characterisation
    text: president
    evidence:
      - the Weavers’ Union
      - exact: Ada
        nth: 3
  - type: date
    expression: on Tuesday
    relation: "on"
    edtf: 2024-06-31
    evidence: a rally in Hull
""")  # fmt: skip
    assert complaints(path) == [
        "facts.yaml:2:3: article.dateline: the words ‘LONDON, Jul 19’ are not in the text; "
        "the nearest are ‘LONDON, Jun 19’ at 0-14",
        "facts.yaml:6:3: entities.weavers: no fact is about this entity: add one or take the entity out",
        "facts.yaml:6:48: entities.weavers.knid: unknown key `knid`; did you mean `kind`?",
        "facts.yaml:7:3: entities.Hull: no fact is about this entity: add one or take the entity out",
        "facts.yaml:7:3: entities.Hull: ‘Hull’ is not a slug: lower-case letters, digits and single hyphens",
        "facts.yaml:8:3: entities.rally: no fact is about this entity: add one or take the entity out",
        "facts.yaml:8:11: entities.rally.type: ‘meeting’ is not one of person, organisation, unit, place, document, "
        "event",
        "facts.yaml:11:5: facts[0].entity: `adda` is not among the entities; did you mean `ada`?",
        "facts.yaml:14:15: facts[0].evidence[0]: the words ‘Ada’ stand 2 times, at 17-20, 193-196: "
        "add a `prefix`, a `suffix` or `nth`",
        "facts.yaml:16:5: facts[1].event: `ada` is of type person, not event",
        "facts.yaml:19:15: facts[1].evidence[0]: the words ‘led a rally on Hull’ are not in the text; "
        "the nearest are ‘led a rally in Hull’ at 64-83",
        "facts.yaml:20:5: facts[2]: `type` must be one of name, role, relation, sequence, description, occurrence, "
        "participation, date, quote, figure, note",
        "facts.yaml:22:5: facts[3]: an inferred fact needs a `reasoning`: why does it follow from the evidence?",
        "facts.yaml:33:9: facts[4].evidence[1]: nth is 3, but the words ‘Ada’ stand only at 17-20, 193-196",
        "facts.yaml:36:5: facts[5].expression: the words ‘on Tuesday’ are not in this fact's evidence, "
        "letter for letter",
        "facts.yaml:38:5: facts[5].edtf: ‘2024-06-31’ is not Extended Date/Time Format (ISO 8601-2); "
        "write for instance 2024-06-18, 2024?-06-19, 2024-06 or [..2024-05-31]",
    ]


def test_errors_of_both_files_are_reported_at_once(folder: FolderFactory) -> None:
    path = folder(b"one\r\n\0two\n", "facts: 1\nfacts: 2\n")
    assert complaints(path) == [
        "article.txt:1:4: a carriage return: save the text with line feeds alone (LF, not CRLF)",
        "article.txt:2:1: a NUL character: it is not text",
        "facts.yaml:2:1: facts: the key `facts` is here a second time; the first is in line 1",
    ]
    path = folder(b"one\xff", "a: [")
    assert [line.split(" ")[0] for line in complaints(path)] == ["article.txt:1:4:", "facts.yaml:1:5:"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "article.txt:1:1: the text is empty"),
        (" \n\t\n", "article.txt:1:1: the text is empty"),
        ("a" * 1_000_001, "article.txt:1:1: the text has 1000001 characters; an article may have 1000000"),
        ("\ufeffAda", "article.txt:1:1: a byte order mark: save the text as UTF-8 without one"),
        ("Ada\n\nHull\r\n", "article.txt:3:5: a carriage return: save the text with line feeds alone (LF, not CRLF)"),
    ],
)
def test_a_text_in_which_offsets_could_be_doubted_is_refused(folder: FolderFactory, text: str, message: str) -> None:
    assert complaints(folder(text, {"entities": {}, "facts": []})) == [message]


def test_a_folder_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(CheckError) as caught:
        check_folder(tmp_path / "none")
    assert str(caught.value) == f"{tmp_path}/none:1:1: there is no such file or folder"


def test_an_empty_folder_lacks_both_files(tmp_path: Path) -> None:
    assert complaints(tmp_path) == [
        "article.txt:1:1: cannot read the file: No such file or directory",
        "facts.yaml:1:1: cannot read the file: No such file or directory",
    ]


@pytest.mark.parametrize("content", ["", "- a\n", "just words", "null"])
def test_a_facts_file_that_is_no_mapping_says_what_it_lacks(folder: FolderFactory, content: str) -> None:
    assert complaints(folder(TEXT, content)) == ["facts.yaml:1:1: here stand no `entities` and `facts`"]


@pytest.mark.parametrize("name", ["My Article", "article_1", "Übung", "a--b", "a" * 101])
def test_a_folder_whose_name_is_no_slug_is_refused(folder: FolderFactory, name: str) -> None:
    assert complaints(folder(TEXT, small_document(), name=name)) == [
        f"facts.yaml:1:1: the folder's name {shown(name)} is the article's id, but not a slug of at most 100 "
        "characters: lower-case letters, digits and single hyphens"
    ]


# --- One mistake at a time ----------------------------------------------------------------------------------------


def changed(fact_type: str, **changes: Any) -> Document:
    """The small document with a change to the first fact of the type; None takes a field out."""
    document = small_document()
    fact = fact_of(document, fact_type)
    fact |= changes
    for field in [field for field, value in changes.items() if value is None]:
        del fact[field]
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (changed("role", person="weavers"), "facts[2].person: `weavers` is of type organisation, not person"),
        (
            changed("role", organisation="hull"),
            "facts[2].organisation: `hull` is of type place, not organisation or unit",
        ),
        (changed("quote", event="hull"), "facts[10].event: `hull` is of type place, not event"),
        (
            changed("figure", attributed_to="rally"),
            "facts[8].attributed_to: `rally` is of type event, not person or organisation or unit or place",
        ),
        (
            changed("participation", role="venue"),
            "facts[4].entity: `ada` is of type person, not place",
        ),
        (changed("role", person=None), "facts[2].person: `person` is missing"),
        (changed("role", evidence=None), "facts[2].evidence: `evidence` is missing"),
        (
            changed("role", evidence=[]),
            "facts[2].evidence: at least one is needed",
        ),
        (changed("role", evidnece="x"), "facts[2].evidnece: unknown key `evidnece`; did you mean `evidence`?"),
        (
            changed("role", evidence={"exact": "its Red Squad", "sufix": "x"}),
            "facts[2].evidence[0].sufix: unknown key `sufix`; did you mean `suffix`?",
        ),
        (changed("role", evidence={"prefix": "x"}), "facts[2].evidence[0].exact: `exact` is missing"),
        (
            changed("role", evidence=[{"exact": "Ada", "nth": 0}]),
            "facts[2].evidence[0].nth: Input should be greater than or equal to 1",
        ),
        (
            changed("role", statement="Two\nlines."),
            "facts[2].statement: here stands one line, without line breaks and control characters",
        ),
        (
            changed("role", basis="stated", reasoning="So it reads."),
            "facts[2]: a stated fact has no `reasoning`; say `basis: inferred` if it was concluded",
        ),
        (changed("role", basis="guessed"), "facts[2].basis: ‘guessed’ is not one of stated, inferred"),
        (changed("relation", child="weavers"), "facts[3]: `child` and `parent` are the same entity"),
        (changed("sequence", earlier="vote"), "facts[11]: `earlier` and `later` are the same event"),
        (
            changed("name", text="Ada L."),
            "facts[1].text: the words ‘Ada L.’ are not in this fact's evidence, letter for letter",
        ),
        (changed("note", evidence=None), "facts[13]: only a `not-stated` note may do without evidence"),
        (
            changed("note", about="datelin"),
            "facts[13].about: no fact has the id `datelin`; did you mean `dateline`?",
        ),
        (
            changed("note", about="zzz"),
            "facts[13].about: no fact has the id `zzz`; give the fact an `id` to speak about it",
        ),
        (
            changed("date", latest="2024-06-20"),
            "facts[0].latest: 2024-06-20 disagrees with `edtf: 2024?-06-19`, which gives 2024-06-19",
        ),
        (
            changed("date", edtf="[..2024-06-19]", earliest="2024-06-19"),
            "facts[0].earliest: 2024-06-19 disagrees with `edtf: [..2024-06-19]`, which gives no bound",
        ),
        (
            changed("date", precision="month"),
            "facts[0].precision: month disagrees with `edtf: 2024?-06-19`, which gives day",
        ),
        (
            {**small_document(), "article": {"year": 2024}},
            "article.year: the text does not state the year 2024",
        ),
        (
            {**small_document(), "article": {"year": 10**30}},
            "article.year: Input should be less than or equal to 9999",
        ),
        ({**small_document(), "article": None}, "article: here stand keys with their values (`key: value`)"),
        ({**small_document(), "[key]": "x"}, "[key]: unknown key `[key]`"),
    ],
)
def test_a_mistake_is_answered_with_one_message(document: Document, message: str) -> None:
    assert messages(document) == [message]


def test_an_entity_without_a_fact_is_refused() -> None:
    document = small_document()
    document["entities"]["ben"] = {"type": "person", "name": "Ben"}
    assert messages(document) == ["entities.ben: no fact is about this entity: add one or take the entity out"]


def test_being_the_source_of_a_fact_does_not_make_an_entity_one_that_the_article_is_about() -> None:
    document = changed("figure", attributed_to="ben")
    document["entities"]["ben"] = {"type": "person", "name": "Ben"}
    assert messages(document) == ["entities.ben: no fact is about this entity: add one or take the entity out"]


def test_a_broken_fact_does_not_make_its_entity_look_unused() -> None:
    document = changed("name", kind="nick")
    document["entities"]["law-12"]["kind"] = "x"
    document["facts"] = [fact for fact in document["facts"] if fact.get("child") != "law-12"]
    document["facts"][1]["entity"] = "law-12"
    assert messages(document) == ["facts[1].kind: ‘nick’ is not one of full, short, acronym, descriptive"]


SHAPES: list[Any] = [None, "words", ["words"], {"some": "words"}]
PLACES: list[tuple[str | int, ...]] = [
    ("article",), ("entities",), ("facts",), ("entities", "ada"), ("facts", 0), ("facts", 0, "id"),
    ("facts", 0, "type"), ("facts", 0, "evidence", 0), ("facts", 0, "evidence"), ("facts", 14, "about"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "wrong"), [
    (place, wrong) for place in PLACES for wrong in SHAPES
    if not (wrong is None and place[-1] in ("id", "about")) and not (wrong == "words" and place[-1] == "id")
])  # fmt: skip
def test_what_has_the_wrong_shape_is_reported_at_its_place(place: tuple[Any, ...], wrong: Any) -> None:
    document = small_document()
    target: Any = document
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = wrong
    # A wrong type leaves it open what may stand there; words that are not there are the whole evidence's fault.
    reported = place[:2] if place[-1] in ("type", 0) else place
    assert any(message.startswith(readable(reported)) for message in messages(document))


# --- Identity -----------------------------------------------------------------------------------------------------


def local_ids(article: CheckedArticle) -> list[str]:
    return [local_id(fact.entry) for fact in article.facts]


def test_a_fact_without_an_id_gets_one_of_its_type_and_its_columns() -> None:
    ids = local_ids(checked("an-article", TEXT, small_document()))
    assert ids[:3] == ["dateline", "name-4b00a6223d", "role-e1b1c12f88"]


def test_the_same_fact_has_the_same_local_id_in_every_article() -> None:
    one, two = (checked(article_id, TEXT, small_document()) for article_id in ("one", "two"))
    assert local_ids(one) == local_ids(two)
    assert [fact.id for fact in one.facts] == [f"one.{local}" for local in local_ids(one)]


@pytest.mark.parametrize(
    ("fact_type", "changes"),
    [
        ("role", {"statement": "Ada presides."}),
        ("role", {"basis": "inferred", "reasoning": "So it reads."}),
        ("role", {"evidence": "president of the Weavers’ Union"}),
        ("role", {"basis": "stated"}),
    ],
)
def test_mending_a_fact_keeps_its_id(fact_type: str, changes: Document) -> None:
    before = local_ids(checked("an-article", TEXT, small_document()))
    assert local_ids(checked("an-article", TEXT, changed(fact_type, **changes))) == before


@pytest.mark.parametrize(
    ("fact_type", "changes"),
    [
        ("role", {"title": "Chair"}),
        ("role", {"organisation": None}),
        ("role", {"attributed_to": "ada"}),
        ("name", {"kind": "full"}),
        ("note", {"statement": "“The” stands twice."}),
        ("figure", {"value": 201}),
    ],
)
def test_saying_something_else_makes_another_fact(fact_type: str, changes: Document) -> None:
    before = local_ids(checked("an-article", TEXT, small_document()))
    after = local_ids(checked("an-article", TEXT, changed(fact_type, **changes)))
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_bounds_that_repeat_the_edtf_make_no_other_fact() -> None:
    document = changed("date", id=None)
    del document["facts"][-1]["about"]
    before = local_ids(checked("an-article", TEXT, document))
    fact_of(document, "date").update(earliest="2024-06-19", latest="2024-06-19", precision="day")
    assert local_ids(checked("an-article", TEXT, document)) == before


def test_the_same_fact_twice_is_refused() -> None:
    document = small_document()
    document["facts"].append({**fact_of(document, "role"), "evidence": "its Red Squad"})
    assert messages(document) == ["facts[15]: says the same as facts[2]: put the evidence of both under one"]


def test_the_same_id_twice_is_refused() -> None:
    document = changed("role", id="dateline")
    assert messages(document) == ["facts[2].id: the id `dateline` is taken by facts[0]"]


def test_a_note_may_be_about_a_fact_that_is_itself_wrong_without_a_second_message() -> None:
    document = changed("date", edtf=None)
    assert messages(document) == ["facts[0].edtf: `edtf` is missing"]


# --- Anything at all ----------------------------------------------------------------------------------------------


def check_bytes(text: bytes, facts: bytes) -> None:
    """Check files of any content: either they are right or `CheckError` says, printably, what is wrong."""
    with TemporaryDirectory() as directory:
        folder = write_folder(Path(directory) / "an-article", text, facts)
        try:
            check_folder(folder)
        except CheckError as error:
            assert error.diagnostics  # noqa: PT017 (that nothing else is raised is what is tested)
            str(error).encode()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_are_right_or_refused(text: bytes, facts: bytes) -> None:
    check_bytes(text, facts)


YAML_PIECES = st.sampled_from([
    "- ", ": ", "\n", "  ", "? ", "|\n", ">\n", "&a ", "*a ", "!x ", "!!int ", "{", "}", "[", "]", ", ", "'", '"', "#",
    "%YAML 1.1\n", "%TAG ! x:\n", "---\n", "...\n", "\t", "\r", "\u0085", "\ufeff", '"\\ud800"', '"\\UFFFFFFFF"',
    "null", "<<: ", "entities: ", "facts: ", "article: ", "type: ", "name", "id: ", "evidence: ", "exact: ", "nth: ",
    "[key]: ", "year: ", "ada: ", "date", "edtf: ", "note", "about: ",
])  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(YAML_PIECES | st.text(max_size=3), max_size=20).map("".join))
def test_anything_made_of_yaml_is_right_or_refused(facts: str) -> None:
    check_bytes(TEXT.encode(), facts.encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), YAML_PIECES), min_size=1, max_size=3))
def test_a_good_file_with_slips_of_the_pen_is_right_or_refused(slips: list[tuple[float, int, str]]) -> None:
    facts = small_yaml()
    for where, deleted, inserted in slips:
        at = int(where * len(facts))
        facts = facts[:at] + inserted + facts[at + deleted :]
    check_bytes(TEXT.encode(), facts.encode("utf-8", "surrogatepass"))


ANYTHING = st.recursive(
    st.none() | st.text(st.characters(), max_size=5) | YAML_PIECES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | YAML_PIECES, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def broken_documents(draw: st.DrawFn) -> Document:
    """The small document with anything at all in one place of it."""
    document = small_document()
    target: Any = document
    while True:
        step = draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        if not isinstance(target[step], dict | list) or not target[step] or draw(st.integers(0, 3)) == 0:
            target[step] = draw(ANYTHING)
            return document
        target = target[step]


@settings(max_examples=200, deadline=None)
@given(broken_documents())
def test_a_document_with_anything_in_one_place_is_right_or_refused(document: Document) -> None:
    try:
        checked("an-article", TEXT, document)
    except CheckError as error:
        assert error.diagnostics  # noqa: PT017 (that nothing else is raised is what is tested)
        str(error).encode()


def test_any_text_with_the_seeds_facts_is_right_or_refused(tmp_path: Path) -> None:
    facts = (SEED / "facts.yaml").read_bytes()
    text = (SEED / "article.txt").read_bytes()
    for cut in (0, 1, 500, 1999, len(text)):
        check_bytes(text[:cut], facts)

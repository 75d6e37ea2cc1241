import pytest

from app.loading.checking import FACT
from app.loading.statements import statement_of
from app.vocabulary import ParticipationRole, RelationKind
from tests.loading.articles import Document

NAMES = {
    "ada": "Ada Lovelace",
    "weavers": "the Weavers’ Union",
    "squad": "Red Squad",
    "rally": "rally in Hull",
    "vote": "vote",
}


def statement(**entry: object) -> str:
    return statement_of(FACT.validate_python({"evidence": "x", **entry}), NAMES)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"type": "name", "entity": "ada", "text": "Ada", "kind": "short"}, "Ada Lovelace is called “Ada”."),
        ({"type": "role", "person": "ada", "title": "President"}, "Ada Lovelace is described as President."),
        (
            {"type": "role", "person": "ada", "title": "President", "organisation": "weavers"},
            "Ada Lovelace is described as President, the Weavers’ Union.",
        ),
        (
            {"type": "relation", "kind": "part-of", "child": "squad", "parent": "weavers"},
            "Red Squad is part of the Weavers’ Union.",
        ),
        ({"type": "sequence", "earlier": "rally", "later": "vote"}, "Rally in Hull comes before vote."),
        (
            {"type": "description", "entity": "rally", "kind": "characterisation", "text": "peaceful"},
            "Rally in Hull is described as “peaceful”.",
        ),
        (
            {"type": "description", "entity": "rally", "kind": "condition", "text": "wet"},
            "Rally in Hull is described as “wet”.",
        ),
        (
            {"type": "description", "entity": "rally", "kind": "purpose", "text": "to be heard"},
            "The purpose of rally in Hull is given as “to be heard”.",
        ),
        (
            {"type": "occurrence", "event": "rally", "status": "occurred"},
            "Rally in Hull is told of as having occurred.",
        ),
        ({"type": "occurrence", "event": "rally", "status": "ongoing"}, "Rally in Hull is told of as under way."),
        ({"type": "occurrence", "event": "vote", "status": "planned"}, "Vote is told of as planned."),
        (
            {"type": "participation", "event": "rally", "entity": "weavers", "role": "led"},
            "The Weavers’ Union has the lead in rally in Hull.",
        ),
        (
            {"type": "quote", "speaker": "ada", "text": "We will vote", "direct": True},
            "Ada Lovelace said: “We will vote”.",
        ),
        (
            {"type": "quote", "speaker": "ada", "addressee": "squad", "text": "they would vote", "direct": False},
            "Ada Lovelace is reported as saying to Red Squad: they would vote.",
        ),
        ({"type": "figure", "expression": "many"}, "“many”."),
        (
            {"type": "figure", "subject": "squad", "expression": "two thousand", "value": 2000, "unit": "people"},
            "Red Squad: “two thousand”, that is 2,000 people.",
        ),
        (
            {"type": "figure", "subject": "squad", "expression": "half", "value": 0.5, "qualifier": "about"},
            "Red Squad: “half”, that is 0.5 (about).",
        ),
        ({"type": "note", "category": "typo", "statement": "A slip."}, "A slip."),
    ],
)
def test_a_fact_reads_as_a_sentence(entry: Document, sentence: str) -> None:
    assert statement(**entry) == sentence


@pytest.mark.parametrize(
    ("entity", "edtf", "sentence"),
    [
        ("rally", "2024-06-18", "The words “Tuesday” date rally in Hull to 18 June 2024."),
        ("rally", "2024?-06-18", "The words “Tuesday” date rally in Hull to 18 June 2024, in the preferred reading."),
        ("rally", "2024-06", "The words “Tuesday” date rally in Hull between 1 June 2024 and 30 June 2024."),
        ("rally", "[..2024-06-18]", "The words “Tuesday” date rally in Hull on or before 18 June 2024."),
        ("rally", "[2024-06-18..]", "The words “Tuesday” date rally in Hull on or after 18 June 2024."),
        (None, "0987-06-18", "The words “Tuesday” date the article to 18 June 987."),
    ],
)
def test_a_date_reads_as_a_sentence(entity: str | None, edtf: str, sentence: str) -> None:
    assert statement(type="date", entity=entity, expression="Tuesday", relation="on", edtf=edtf) == sentence


@pytest.mark.parametrize("kind", RelationKind)
def test_every_relation_names_the_child_before_the_parent(kind: RelationKind) -> None:
    sentence = statement(type="relation", kind=kind, child="ada", parent="weavers")
    assert sentence.startswith("Ada Lovelace ")
    assert sentence.endswith(" the Weavers’ Union.")


@pytest.mark.parametrize("role", ParticipationRole)
def test_every_participation_names_the_participant_before_the_event(role: ParticipationRole) -> None:
    sentence = statement(type="participation", role=role, entity="ada", event="vote")
    assert sentence.startswith("Ada Lovelace ")
    assert sentence.endswith(" vote.")


def test_the_files_own_sentence_goes_before_the_one_that_is_made() -> None:
    entry = {"type": "role", "person": "ada", "title": "President"}
    assert statement(**entry, statement="ada presides.") == "ada presides."

import hashlib
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.loading.rows import ORDER, Row, rows_of, sort_keys_of
from app.tables import APART, FACT_TABLES, UNDATED, UNVALUED, table_of
from app.vocabulary import FactType
from tests.loading.articles import TEXT, Document, articles, checked, fact_of, small_document

ROWS = rows_of(checked("an-article", TEXT, small_document()))


def own(fact_type: FactType) -> Row:
    """The first row of the fact's table, without its key and its place."""
    placed = {"fact_id", "article_id", "position"}
    return {column: value for column, value in ROWS.fact_tables[fact_type][0].items() if column not in placed}


def fact(fact_type: FactType) -> Row:
    return next(row for row in ROWS.facts if row["type"] == fact_type)


def digest(document: Document, text: str = TEXT) -> str:
    value: str = rows_of(checked("an-article", text, document)).article["digest"]
    return value


def test_the_article_has_the_hash_of_its_bytes_and_what_its_text_gives() -> None:
    article = {column: value for column, value in ROWS.article.items() if column != "digest"}
    assert article == {
        "id": "an-article",
        "text": TEXT,
        "sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
        "dateline": "LONDON, Jun 19",
        "headline": None,
        "byline": None,
        "publisher": None,
        "source_url": None,
        "year": 2023,
        "length": len(TEXT),
        "paragraphs": 3,
        "words": 52,
        "facts": len(ROWS.facts),
    }


def test_the_articles_own_address_is_its_source_url() -> None:
    text = "Ada wrote https://example.org/ada herself."
    document: Document = {"article": {"url": "https://example.org/ada"}, "entities": {}, "facts": []}
    assert rows_of(checked("an-article", text, document)).article["source_url"] == "https://example.org/ada"


def test_entities_are_rows_with_a_name_to_sort_by() -> None:
    assert ROWS.entities[0] == {
        "id": "ada", "type": "person", "name": "Ada Lovelace", "name_key": "ada lovelace", "kind": None,
    }  # fmt: skip
    assert [row["id"] for row in ROWS.entities] == sorted(row["id"] for row in ROWS.entities)


@pytest.mark.parametrize(
    ("fact_type", "row"),
    [
        (FactType.NAME, {"entity_id": "ada", "text": "Ada", "kind": "short"}),
        (
            FactType.ROLE,
            {"person_id": "ada", "organisation_id": "weavers", "title": "President", "title_key": "president"},
        ),
        (FactType.RELATION, {"child_id": "red-squad", "parent_id": "weavers", "kind": "part-of"}),
        (FactType.SEQUENCE, {"earlier_id": "rally", "later_id": "vote"}),
        (FactType.DESCRIPTION, {"entity_id": "rally", "kind": "characterisation", "text": "peaceful"}),
        (FactType.OCCURRENCE, {"event_id": "rally", "status": "occurred"}),
        (FactType.PARTICIPATION, {"event_id": "rally", "entity_id": "ada", "role": "led"}),
        (
            FactType.DATE,
            {
                "entity_id": None, "expression": "Jun 19", "relation": "on", "edtf": "2024?-06-19",
                "earliest": date(2024, 6, 19), "latest": date(2024, 6, 19), "precision": "day",
                "day_key": date(2024, 6, 19),
            },
        ),
        (
            FactType.QUOTE,
            {
                "speaker_id": "ada", "addressee_id": "hull", "event_id": "rally", "text": "We will vote,",
                "direct": True,
            },
        ),
        (
            FactType.FIGURE,
            {
                "subject_id": "red-squad", "expression": "some 200 strong", "value": 200.0, "unit": "people",
                "qualifier": "some", "value_key": 200.0,
            },
        ),
        (FactType.NOTE, {"category": "typo", "suggestion": "the law", "about_fact_id": None}),
    ],
)  # fmt: skip
def test_a_fact_is_a_row_of_its_own_table(fact_type: FactType, row: Row) -> None:
    assert own(fact_type) == row
    assert {type(value) for value in own(fact_type).values()} <= {str, float, bool, date, type(None)}


@pytest.mark.parametrize("fact_type", FactType)
def test_a_row_has_exactly_the_columns_of_its_table(fact_type: FactType) -> None:
    columns = {column.name for column in table_of(FACT_TABLES[fact_type]).columns}
    assert all(row.keys() == columns for row in ROWS.fact_tables[fact_type])


def test_a_note_points_at_the_fact_of_its_own_article() -> None:
    assert ROWS.fact_tables["note"][1]["about_fact_id"] == "an-article.dateline"


def test_a_fact_carries_what_all_facts_have() -> None:
    assert fact(FactType.FIGURE) | {"id": "", "statement": ""} == {
        "id": "",
        "article_id": "an-article",
        "type": "figure",
        "statement": "",
        "basis": "stated",
        "reasoning": None,
        "attributed_to_id": "weavers",
        "position": TEXT.index("some 200 strong") * APART,
        "notes": 0,
    }
    assert fact(FactType.DATE)["basis"] == "inferred"
    assert fact(FactType.DATE)["reasoning"] == "The law is of 2023, and the text does not give the year."


def test_a_fact_stands_where_its_first_evidence_starts_and_without_evidence_at_the_end() -> None:
    assert fact(FactType.DATE)["position"] == 0
    assert ROWS.facts[-1]["position"] == len(TEXT) * APART


def test_facts_that_start_at_the_same_word_follow_each_other_by_their_ids() -> None:
    document = small_document()
    for kind in ("sequence", "occurrence", "participation"):
        fact_of(document, kind)["evidence"] = "some 200 strong"
    start = TEXT.index("some 200 strong") * APART
    facts = sorted(rows_of(checked("an-article", TEXT, document)).facts, key=lambda row: row["id"])
    positions = [row["position"] for row in facts if start <= row["position"] < start + APART]
    assert positions == list(range(start, start + 4))


def test_rows_that_lists_are_made_of_carry_the_place_of_their_fact() -> None:
    facts = {row["id"]: row for row in ROWS.facts}
    listed = [row for rows in ROWS.fact_tables.values() for row in rows if "position" in row]
    for row in [*listed, *ROWS.mentions, *ROWS.note_subjects]:
        assert {name: facts[row["fact_id"]][name] for name in ORDER} == {name: row[name] for name in ORDER}
    assert all(row["type"] == facts[row["fact_id"]]["type"] for row in ROWS.mentions)


def test_a_note_is_listed_under_the_entities_of_its_fact() -> None:
    document = small_document()
    fact_of(document, "figure")["id"] = "strength"
    fact_of(document, "note")["about"] = "strength"
    rows = rows_of(checked("an-article", TEXT, document))
    about = {row["entity_id"] for row in rows.mentions if row["fact_id"] == "an-article.strength"}
    assert about
    assert {row["entity_id"] for row in rows.note_subjects} >= about
    assert [row["notes"] for row in rows.facts if row["id"] == "an-article.strength"] == [1]


def test_what_nobody_knows_is_sorted_as_the_last() -> None:
    open_date = {"earliest": None, "latest": None, "value": None}
    assert sort_keys_of(FactType.DATE, open_date) == {"day_key": UNDATED}
    assert sort_keys_of(FactType.DATE, {**open_date, "latest": date(2024, 6, 1)}) == {"day_key": date(2024, 6, 1)}
    assert sort_keys_of(FactType.FIGURE, open_date) == {"value_key": UNVALUED}
    assert sort_keys_of(FactType.ROLE, open_date) == {}


def test_words_that_support_several_facts_are_one_span() -> None:
    places = [(row["start"], row["end"]) for row in ROWS.spans]
    assert places == sorted(set(places))
    document = small_document()
    fact_of(document, "sequence")["evidence"] = "some 200 strong"
    rows = rows_of(checked("an-article", TEXT, document))
    start = TEXT.index("some 200 strong")
    assert [row["start"] for row in rows.spans].count(start) == 1
    assert len([place for _, place in rows.evidence if place.start == start]) == 2


def test_a_span_knows_its_words_their_surroundings_and_its_paragraph() -> None:
    span = next(row for row in ROWS.spans if row["exact"] == "its Red Squad")
    start = TEXT.index("its Red Squad")
    assert span == {
        "article_id": "an-article",
        "start": start,
        "end": start + len("its Red Squad"),
        "exact": "its Red Squad",
        "prefix": "Tuesday.\n\nThe union said ",
        "suffix": ", some 200 strong, kept",
        "paragraph": 2,
    }


def test_a_fact_mentions_the_entities_of_its_columns_once_and_not_its_source() -> None:
    quote, figure = fact(FactType.QUOTE)["id"], fact(FactType.FIGURE)["id"]
    assert [row["entity_id"] for row in ROWS.mentions if row["fact_id"] == quote] == ["ada", "hull", "rally"]
    assert [row["entity_id"] for row in ROWS.mentions if row["fact_id"] == figure] == ["red-squad"]


def test_full_text_has_the_article_and_every_fact() -> None:
    documents = {row["subject_id"]: row for row in ROWS.search_documents}
    assert documents.keys() == {"an-article"} | {row["id"] for row in ROWS.facts}
    role = fact(FactType.ROLE)
    assert documents[role["id"]] == {
        "subject_id": role["id"],
        "type": "role",
        "title": role["statement"],
        "body": "Ada Lovelace, president of the Weavers’ Union",
    }
    assert documents["an-article"]["body"] == TEXT


@pytest.mark.parametrize(
    ("text", "headline", "title"),
    [("\n Ada\nHull", None, "Ada"), ("Ada\nHull", "Hull", "Hull"), ("x" * 300, None, "x" * 200)],
)
def test_an_article_is_titled_by_its_headline_or_its_first_line(text: str, headline: str | None, title: str) -> None:
    document: Document = {"article": {"headline": headline}, "entities": {}, "facts": []}
    assert rows_of(checked("an-article", text, document)).search_documents[-1]["title"] == title


# --- The digest ---------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(articles(), st.randoms(use_true_random=False))
def test_the_order_of_the_file_does_not_change_the_digest(article: tuple[str, Document], shuffled: Any) -> None:
    text, document = article
    before = digest(document, text)
    shuffled.shuffle(document["facts"])
    document["entities"] = dict(sorted(document["entities"].items(), reverse=True))
    assert digest(document, text) == before


CHANGES: list[tuple[str, Document]] = [
    ("name", {"kind": "full"}),
    ("role", {"basis": "inferred", "reasoning": "So it reads."}),
    ("role", {"statement": "Ada presides."}),
    ("role", {"evidence": "president of the Weavers’ Union"}),
    ("role", {"attributed_to": "ada"}),
    ("role", {"id": "presidency"}),
    ("figure", {"value": 201}),
    ("note", {"suggestion": "a law"}),
    ("date", {"edtf": "2023?-06-19"}),
    ("quote", {"direct": False}),
]


@pytest.mark.parametrize(("fact_type", "changes"), CHANGES)
def test_any_change_of_a_fact_changes_the_digest(fact_type: str, changes: Document) -> None:
    document = small_document()
    fact_of(document, fact_type).update(changes)
    assert digest(document) != digest(small_document())


def test_a_change_of_the_text_the_header_or_an_entity_changes_the_digest() -> None:
    before = digest(small_document())
    assert digest(small_document(), TEXT + "\n") != before
    assert digest({**small_document(), "article": {"year": 2023}}) != before
    document = small_document()
    document["entities"]["ada"]["kind"] = "poet"
    assert digest(document) != before


def test_a_quotation_that_moves_from_one_fact_to_another_changes_the_digest() -> None:
    one, other = small_document(), small_document()
    for document, longer, shorter in ((one, "figure", "sequence"), (other, "sequence", "figure")):
        fact_of(document, longer)["evidence"] = ["some 200 strong", "Law 12 of 2023"]
        fact_of(document, shorter)["evidence"] = "some 200 strong"
    assert digest(one) != digest(other)

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from app.database import create_writer, current_revision
from app.errors import NotFoundError
from app.loading.checking import CheckedArticle
from app.loading.loader import Outcome, delete_article, load_article
from app.loading.source import CheckError
from app.queries import matching
from app.tables import Article, Change, Entity, Fact, Mention, SearchDocument, table_of
from tests.folders import FolderFactory, assert_sound, contents, contents_of, load
from tests.loading.articles import TEXT, Document, articles, checked, fact_of, small_document


def put(writer: Engine, article_id: str, document: Document, text: str = TEXT) -> Outcome:
    with writer.begin() as connection:
        return load_article(connection, checked(article_id, text, document))


def revision(writer: Engine) -> int:
    with writer.connect() as connection:
        return current_revision(connection)


def feed(writer: Engine) -> list[tuple[int, str, str]]:
    """Every change: (revision, article, action)."""
    statement = select(col(Change.revision), col(Change.article_id), col(Change.action)).order_by(col(Change.revision))
    with writer.connect() as connection:
        return [(row.revision, row.article_id, row.action) for row in connection.execute(statement)]


def entity(writer: Engine, slug: str) -> Any:
    with writer.connect() as connection:
        return connection.execute(select(table_of(Entity)).where(col(Entity.id) == slug)).one_or_none()


def fact_ids(writer: Engine) -> set[str]:
    with writer.connect() as connection:
        return set(connection.execute(select(col(Fact.id))).scalars())


def found(writer: Engine, words: str) -> set[tuple[str, str]]:
    """What full text finds: (type, id)."""
    with writer.connect() as connection:
        documents = select(col(SearchDocument.type), col(SearchDocument.subject_id)).where(matching.found(words))
        return {(row.type, row.subject_id) for row in connection.execute(documents)}


# --- Outcomes -----------------------------------------------------------------------------------------------------


def test_a_folder_is_created_then_unchanged_then_replaced(writer: Engine, folder: FolderFactory) -> None:
    document = small_document()
    path = folder(TEXT, document)
    assert load(writer, path) is Outcome.CREATED
    assert load(writer, path) is Outcome.UNCHANGED
    fact_of(document, "occurrence")["status"] = "ongoing"
    assert load(writer, folder(TEXT, document)) is Outcome.REPLACED


def test_loading_twice_changes_nothing_and_does_not_raise_the_revision(writer: Engine) -> None:
    put(writer, "one", small_document())
    before = contents_of(writer)
    assert revision(writer) == 1
    put(writer, "one", small_document())
    assert contents_of(writer) == before
    assert revision(writer) == 1


def test_what_each_load_did_is_in_the_feed_of_changes(writer: Engine) -> None:
    put(writer, "one", small_document())
    put(writer, "one", small_document())
    put(writer, "two", small_document())
    document = small_document()
    fact_of(document, "note")["suggestion"] = "a law"
    put(writer, "one", document)
    with writer.begin() as connection:
        delete_article(connection, "two")
    put(writer, "two", document)
    assert feed(writer) == [
        (1, "one", "added"), (2, "two", "added"), (3, "one", "replaced"), (4, "two", "deleted"), (5, "two", "added"),
    ]  # fmt: skip
    assert revision(writer) == 5


def test_the_order_of_facts_in_the_file_makes_no_difference(writer: Engine) -> None:
    put(writer, "one", small_document())
    document = small_document()
    document["facts"].reverse()
    document["entities"] = dict(reversed(document["entities"].items()))
    assert put(writer, "one", document) is Outcome.UNCHANGED


def test_the_same_facts_of_another_text_are_a_change(writer: Engine) -> None:
    put(writer, "one", small_document())
    assert put(writer, "one", small_document(), TEXT + "\nMore.\n") is Outcome.REPLACED


def test_deleting_an_article_that_is_not_there_is_an_error(writer: Engine) -> None:
    with writer.begin() as connection, pytest.raises(NotFoundError, match="there is no article ‘none’"):
        delete_article(connection, "none")
    assert revision(writer) == 0


# --- Addresses of facts -------------------------------------------------------------------------------------------


def test_a_fact_keeps_its_id_when_its_reasoning_statement_or_evidence_is_mended(writer: Engine) -> None:
    put(writer, "one", small_document())
    before = fact_ids(writer)
    document = small_document()
    fact_of(document, "occurrence")["statement"] = "A rally took place."
    rally = next(fact for fact in document["facts"] if fact.get("edtf") == "2024?-06-18")
    rally |= {"reasoning": "The last Tuesday up to the dateline.", "evidence": "on Tuesday"}
    role = fact_of(document, "role")
    role |= {"basis": "inferred", "reasoning": "So it reads.", "statement": "Ada presides over the union."}
    assert put(writer, "one", document) is Outcome.REPLACED
    assert fact_ids(writer) == before


def test_a_fact_that_says_something_else_gets_another_id(writer: Engine) -> None:
    put(writer, "one", small_document())
    before = fact_ids(writer)
    document = small_document()
    fact_of(document, "role")["title"] = "Chair"
    put(writer, "one", document)
    after = fact_ids(writer)
    assert len(before - after) == len(after - before) == 1
    assert all(fact_id.startswith("one.role-") for fact_id in before ^ after)


def test_a_named_fact_keeps_its_id_whatever_it_says(writer: Engine) -> None:
    put(writer, "one", small_document())
    document = small_document()
    fact_of(document, "date")["edtf"] = "2023?-06-19"
    put(writer, "one", document)
    assert "one.dateline" in fact_ids(writer)


# --- Shared entities ----------------------------------------------------------------------------------------------


def test_articles_that_name_the_same_entity_share_it(writer: Engine) -> None:
    put(writer, "one", small_document())
    before = contents_of(writer)["entity"]
    put(writer, "two", small_document())
    assert contents_of(writer)["entity"] == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Kingston"}, "two/facts.yaml:1:1: entities.hull.name: Kingston here, but Hull in one/facts.yaml"),
        ({"kind": "town"}, "two/facts.yaml:1:1: entities.hull.kind: town here, but city in one/facts.yaml"),
        ({"kind": None}, "two/facts.yaml:1:1: entities.hull.kind: nothing here, but city in one/facts.yaml"),
    ],
)
def test_articles_that_disagree_on_an_entity_are_refused_by_both_their_files(
    writer: Engine, change: Document, message: str
) -> None:
    put(writer, "one", small_document())
    before = contents_of(writer)
    document = small_document()
    document["entities"]["hull"] |= change
    with pytest.raises(CheckError) as caught:
        put(writer, "two", document)
    assert str(caught.value) == f"{message}: articles that share an entity agree on it"
    assert contents_of(writer) == before
    assert revision(writer) == 1


def test_articles_that_disagree_on_a_type_are_refused_at_the_place_in_the_file(
    writer: Engine, folder: FolderFactory
) -> None:
    load(writer, folder("Law 12.", {
        "entities": {"law": {"type": "document", "name": "Law 12"}},
        "facts": [{"type": "name", "entity": "law", "text": "Law 12", "kind": "full", "evidence": "Law 12"}],
    }, name="one"))  # fmt: skip
    before = contents_of(writer)
    second = folder("Law 12.", """\
entities:
  law:
    type: event
    name: The law
facts:
  - {type: name, entity: law, text: Law 12, kind: full, evidence: Law 12}
""", name="two")  # fmt: skip
    with pytest.raises(CheckError) as caught:
        load(writer, second)
    agree = "articles that share an entity agree on it"
    assert [str(diagnostic) for diagnostic in caught.value.diagnostics] == [
        f"{second}/facts.yaml:3:5: entities.law.type: event here, but document in one/facts.yaml: {agree}",
        f"{second}/facts.yaml:4:5: entities.law.name: The law here, but Law 12 in one/facts.yaml: {agree}",
    ]
    assert contents_of(writer) == before


def test_the_only_article_of_an_entity_may_call_it_otherwise(writer: Engine) -> None:
    put(writer, "one", small_document())
    document = small_document()
    document["entities"]["hull"] |= {"name": "Kingston upon Hull", "kind": None}
    put(writer, "one", document)
    row = entity(writer, "hull")
    assert (row.name, row.name_key, row.kind) == ("Kingston upon Hull", "kingston upon hull", None)
    assert ("place", "hull") in found(writer, "kingston")


def test_entities_live_as_long_as_a_fact_supports_them(writer: Engine) -> None:
    put(writer, "one", small_document())
    document = small_document()
    put(writer, "two", document)
    document["facts"] = [fact for fact in document["facts"] if fact["type"] != "quote"]
    document["facts"] = [fact for fact in document["facts"] if "hull" not in fact.values()]
    del document["entities"]["hull"]
    put(writer, "two", document)
    assert entity(writer, "hull") is not None
    put(writer, "one", document)
    assert entity(writer, "hull") is None
    assert ("place", "hull") not in found(writer, "hull")


def test_deleting_the_last_article_leaves_nothing(writer: Engine) -> None:
    put(writer, "one", small_document())
    put(writer, "two", small_document())
    with writer.begin() as connection:
        delete_article(connection, "one")
        assert connection.execute(select(col(Article.id))).scalars().all() == ["two"]
        assert_sound(connection)
        delete_article(connection, "two")
        assert_sound(connection)
    assert not any(contents_of(writer).values())


def test_an_article_may_be_called_as_an_entity(writer: Engine) -> None:
    put(writer, "hull", small_document())
    assert {("place", "hull"), ("article", "hull")} <= found(writer, "hull")
    document = small_document()
    document["entities"]["hull"]["name"] = "Kingston"
    put(writer, "hull", document)
    assert ("article", "hull") in found(writer, "hull")
    assert found(writer, "kingston") >= {("place", "hull")}


def test_deleting_an_article_keeps_an_entity_of_the_same_name_in_full_text(writer: Engine) -> None:
    put(writer, "one", small_document())
    put(writer, "hull", {"entities": {}, "facts": []}, "x")
    with writer.begin() as connection:
        delete_article(connection, "hull")
    assert ("place", "hull") in found(writer, "hull")
    assert ("article", "hull") not in found(writer, "x")


# --- Bounds of events ---------------------------------------------------------------------------------------------


def dated(*expressions: str, entity_type: str = "event") -> Document:
    return {
        "entities": {"rally": {"type": entity_type, "name": "Rally"}},
        "facts": [
            {"type": "date", "entity": "rally", "expression": "x", "relation": "on", "edtf": edtf, "evidence": "x"}
            for edtf in expressions
        ]
        + [{"type": "name", "entity": "rally", "text": "x", "kind": "short", "evidence": "x"}],
    }


@pytest.mark.parametrize(
    ("expressions", "earliest", "latest"),
    [
        ([], None, None),
        (["2024-06-18"], "2024-06-18", "2024-06-18"),
        (["2024-06", "2024-06-18/2024-07-02"], "2024-06-18", "2024-06-30"),
        (["2024-06", "[..2024-06-10]"], "2024-06-01", "2024-06-10"),
        (["[..2024-06-10]", "[2024-06-05..]"], "2024-06-05", "2024-06-10"),
        (["[..2024-06-10]"], None, "2024-06-10"),
        (["2024-06-18", "2024-06-25"], "2024-06-18", "2024-06-25"),
        (["2024-06-18", "[2024-06-25..]"], "2024-06-18", None),
        (["[..2024-06-10]", "[2024-06-25..]"], None, None),
        (["[..2024-06-10]", "2024-06-18"], None, "2024-06-18"),
    ],
)
def test_dates_narrow_an_event_and_where_they_disagree_span_all(
    writer: Engine, expressions: list[str], earliest: str | None, latest: str | None
) -> None:
    put(writer, "one", dated(*expressions), "x")
    row = entity(writer, "rally")
    assert (row.earliest and row.earliest.isoformat(), row.latest and row.latest.isoformat()) == (earliest, latest)


def test_the_bounds_of_an_event_follow_the_articles_that_date_it(writer: Engine) -> None:
    put(writer, "one", dated("2024-06"), "x")
    put(writer, "two", dated("2024-06-18"), "x")
    assert str(entity(writer, "rally").earliest) == "2024-06-18"
    put(writer, "two", dated(), "x")
    assert str(entity(writer, "rally").earliest) == "2024-06-01"
    with writer.begin() as connection:
        delete_article(connection, "one")
    assert entity(writer, "rally").earliest is None


def test_an_event_may_become_a_document_and_loses_its_bounds(writer: Engine) -> None:
    put(writer, "one", dated("2024-06-18"), "x")
    put(writer, "one", dated("2024-06-18", entity_type="document"), "x")
    row = entity(writer, "rally")
    assert (row.type, row.earliest, row.latest) == ("document", None, None)


# --- Full text ----------------------------------------------------------------------------------------------------


def test_full_text_finds_entities_by_every_name_that_articles_give_them(writer: Engine) -> None:
    put(writer, "one", dated(), "x")
    other = dated()
    other["facts"][-1]["text"] = other["facts"][-1]["evidence"] = "Gathering"
    put(writer, "two", other, "Gathering")
    assert ("event", "rally") in found(writer, "gathering")
    with writer.begin() as connection:
        delete_article(connection, "two")
    assert found(writer, "gathering") == set()
    assert ("event", "rally") in found(writer, "rally")


def test_full_text_finds_facts_by_their_statement_and_their_evidence(writer: Engine) -> None:
    put(writer, "one", small_document())
    by_statement = {fact_id for kind, fact_id in found(writer, "rallied") if kind == "occurrence"}
    by_evidence = {fact_id for kind, fact_id in found(writer, "tuesday") if kind == "occurrence"}
    assert by_statement == by_evidence != set()
    assert ("article", "one") in found(writer, "orders")


# --- All or nothing -----------------------------------------------------------------------------------------------


def test_a_load_that_fails_halfway_leaves_the_database_untouched(writer: Engine) -> None:
    put(writer, "one", small_document())
    before = contents_of(writer)
    article = checked("two", TEXT, small_document())
    twice = CheckedArticle(
        article.id, article.source, article.text, article.header, article.entities, article.facts + article.facts[-1:]
    )
    with pytest.raises(IntegrityError, match=r"(?i)unique constraint"), writer.begin() as connection:
        load_article(connection, twice)
    assert contents_of(writer) == before
    assert revision(writer) == 1


STEPS = st.tuples(st.sampled_from(["one", "two", "hull"]), st.none() | articles())


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_loads_and_deletions_leave_what_loading_the_survivors_afresh_gives(
    empty_database: Path, steps: list[tuple[str, tuple[str, Document] | None]], shuffled: Any
) -> None:
    with TemporaryDirectory() as directory:
        lived, fresh = (
            create_writer(f"sqlite:///{shutil.copy(empty_database, Path(directory) / name)}")
            for name in ("lived.db", "fresh.db")
        )
        survivors: dict[str, CheckedArticle] = {}
        for article_id, step in steps:
            with lived.connect() as connection:
                before = contents(connection)
            try:
                with lived.begin() as connection:
                    if step is None:
                        delete_article(connection, article_id)
                        del survivors[article_id]
                    else:
                        article = checked(article_id, *step)
                        load_article(connection, article)
                        survivors[article_id] = article
                    assert_sound(connection)
            except NotFoundError:
                assert article_id not in survivors
            except CheckError as refusal:
                message = str(refusal)
                assert any(f"{other}/facts.yaml" in message for other in survivors.keys() - {article_id})
                assert contents_of(lived) == before
        order = sorted(survivors.values(), key=lambda article: article.id)
        shuffled.shuffle(order)
        for article in order:
            with fresh.begin() as connection:
                load_article(connection, article)
        assert contents_of(lived) == contents_of(fresh)
        # Whoever followed the feed knows which articles there are.
        followed = {article_id: action for _, article_id, action in feed(lived)}
        assert {article_id for article_id, action in followed.items() if action != "deleted"} == survivors.keys()
        assert [number for number, _, _ in feed(lived)] == list(range(1, revision(lived) + 1))
        for engine in (lived, fresh):
            engine.dispose()


@settings(max_examples=25, deadline=None)
@given(articles())
def test_an_entity_is_there_if_and_only_if_a_fact_mentions_it(
    empty_database: Path, article: tuple[str, Document]
) -> None:
    with TemporaryDirectory() as directory:
        engine = create_writer(f"sqlite:///{shutil.copy(empty_database, Path(directory) / 'some.db')}")
        put(engine, "one", article[1], article[0])
        with engine.connect() as connection:
            entities = set(connection.execute(select(col(Entity.id))).scalars())
            mentioned = set(connection.execute(select(col(Mention.entity_id))).scalars())
            indexed = connection.execute(
                select(col(SearchDocument.subject_id)).where(col(SearchDocument.subject_id).in_(entities))
            )
            assert entities == mentioned == set(indexed.scalars())
        engine.dispose()

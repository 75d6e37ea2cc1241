import inspect
import re

import pytest
from sqlalchemy import Engine
from sqlalchemy import inspect as inspect_engine

from app import vocabulary
from app.loading.format import ENTRIES, FactEntry, Refers, marked
from app.tables import FACT_TABLES, table_of
from app.vocabulary import (
    Basis,
    ChangeAction,
    DateRelation,
    DescriptionKind,
    EntityType,
    FactType,
    NameKind,
    NoteCategory,
    ParticipationRole,
    Precision,
    RelationKind,
    Status,
    Term,
    TotalRelation,
    Tree,
)

CONTROLLED: list[tuple[str, str, type[Term]]] = [
    ("entity", "type", EntityType),
    ("fact", "type", FactType),
    ("fact", "basis", Basis),
    ("name", "kind", NameKind),
    ("relation", "kind", RelationKind),
    ("description", "kind", DescriptionKind),
    ("occurrence", "status", Status),
    ("participation", "role", ParticipationRole),
    ("date", "relation", DateRelation),
    ("date", "precision", Precision),
    ("note", "category", NoteCategory),
    ("change", "action", ChangeAction),
    ("lineage", "tree", Tree),
]


@pytest.mark.only("sqlite")  # PostgreSQL writes constraints down in words of its own.
@pytest.mark.parametrize(("table", "column", "terms"), CONTROLLED)
def test_the_migrated_schema_lists_exactly_the_terms(
    writer: Engine, table: str, column: str, terms: type[Term]
) -> None:
    checks = {check["name"]: check["sqltext"] for check in inspect_engine(writer).get_check_constraints(table)}
    sql = checks[f"ck_{table}_{column}"]
    assert re.fullmatch(rf"{column} IN \(.*\)", sql)
    assert re.findall(r"'([^']*)'", sql) == terms.values()


def test_every_vocabulary_of_what_is_stored_is_held_by_a_constraint() -> None:
    known = {member for _, member in inspect.getmembers(vocabulary, inspect.isclass) if issubclass(member, Term)}
    assert {terms for _, _, terms in CONTROLLED} == known - {Term, TotalRelation}


def test_every_type_of_fact_has_a_table_and_an_entry_in_the_format() -> None:
    assert list(FACT_TABLES) == list(FactType)
    assert set(ENTRIES) == set(FactType)
    assert {table_of(table).name for table in FACT_TABLES.values()} == set(FactType.values())


@pytest.mark.parametrize("fact_type", FactType)
def test_a_fact_table_has_a_column_for_each_field_of_the_entry(fact_type: FactType) -> None:
    entry = ENTRIES[fact_type]
    references = marked(entry, Refers)
    fields = {
        "about_fact_id" if field == "about" else f"{field}_id" if field in references else field
        for field in entry.model_fields
        if field not in FactEntry.model_fields and field != "type"
    }
    columns = {column.name for column in table_of(FACT_TABLES[fact_type]).columns}
    assert columns - {"fact_id", "article_id", "position", "title_key", "day_key", "value_key"} == fields


@pytest.mark.parametrize("fact_type", FactType)
def test_a_fact_tables_primary_key_is_a_fact(writer: Engine, fact_type: FactType) -> None:
    schema = inspect_engine(writer)
    assert schema.get_pk_constraint(fact_type)["constrained_columns"] == ["fact_id"]
    keys = {tuple(key["constrained_columns"]): key for key in schema.get_foreign_keys(fact_type)}
    assert keys[("fact_id",)]["referred_table"] == "fact"
    assert keys[("fact_id",)]["options"] == {"ondelete": "CASCADE"}


@pytest.mark.parametrize("fact_type", FactType)
def test_every_reference_to_an_entity_is_a_foreign_key_with_an_index(writer: Engine, fact_type: FactType) -> None:
    """Without the index, deleting an orphan would read the whole table to see that nothing refers to it."""
    schema = inspect_engine(writer)
    first_columns = {index["column_names"][0] for index in schema.get_indexes(fact_type)}
    to_entities = {
        key["constrained_columns"][0] for key in schema.get_foreign_keys(fact_type) if key["referred_table"] == "entity"
    }
    assert to_entities == {f"{field}_id" for field in marked(ENTRIES[fact_type], Refers) if field != "attributed_to"}
    assert to_entities <= first_columns

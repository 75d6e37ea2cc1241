from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from app.deriving.selecting import ROWS_AT_ONCE, halving, insert_rows
from app.tables import Lineage, Tally, table_of


@given(st.lists(st.integers(), max_size=100), st.sampled_from([1, 2, 8, 32]))
def test_halving_gives_all_in_their_order_in_few_lengths(rows: list[int], most: int) -> None:
    parts = list(halving(rows, most))
    assert [row for part in parts for row in part] == rows
    assert all(len(part) <= most and len(part).bit_count() == 1 for part in parts)
    assert [len(part) for part in parts] == sorted(map(len, parts), reverse=True)


def test_as_many_rows_are_inserted_as_there_are(writer: Engine) -> None:
    rows = [{"entities": number + 1, "number": number} for number in range(2 * ROWS_AT_ONCE + 5)]
    with writer.begin() as connection:
        insert_rows(connection, Tally, [])
        insert_rows(connection, Tally, rows)
        stored = connection.execute(select(table_of(Tally)).order_by(table_of(Tally).c.number)).mappings().all()
    assert list(stored) == rows


def test_rows_may_have_their_columns_in_any_order(writer: Engine) -> None:
    row = {"entity_id": "a", "tree": "places", "ancestor_id": "b", "facts": 1}
    other = {"facts": 2, "ancestor_id": "d", "tree": "places", "entity_id": "c"}
    with writer.begin() as connection:
        insert_rows(connection, Lineage, [row, other])
        stored = connection.execute(select(table_of(Lineage)).order_by(table_of(Lineage).c.entity_id)).mappings().all()
    assert list(stored) == [row, other]

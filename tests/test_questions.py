from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, bindparam, insert, select
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlmodel import col

from app.database import Question, current_token, explained
from app.errors import NotReadyError
from app.tables import Change, Entity, Revision, table_of

ENTITY = table_of(Entity)
EVENT = {"type": "event", "kind": None, "latest": None}


@pytest.fixture
def events(writer: Engine) -> Engine:
    rows: list[dict[str, Any]] = [
        {**EVENT, "id": "march", "name": "Märch 😀", "name_key": "march", "earliest": date(2024, 6, 19)},
        {**EVENT, "id": "rally", "name": "Rally", "name_key": "rally", "earliest": None},
    ]
    moment = datetime(2024, 6, 19, 12, 30, tzinfo=UTC)
    with writer.begin() as connection:
        connection.execute(insert(ENTITY), rows)
        connection.execute(
            insert(table_of(Change)), {"revision": 1, "article_id": "a", "action": "added", "at": moment}
        )
    return writer


@pytest.mark.parametrize("question", [select(ENTITY), select(table_of(Change)), select(table_of(Revision))])
def test_rows_hold_what_sqlalchemy_finds(events: Engine, question: Any) -> None:
    with events.connect() as connection:
        expected = [tuple(row) for row in connection.execute(question)]
        assert expected
        assert list(Question(question).all(connection)) == expected


def test_parameters_get_their_values_each_time(events: Engine) -> None:
    since = Question(
        select(ENTITY.c.id).where(ENTITY.c.earliest >= bindparam("day"), ENTITY.c.type == "event").limit(bindparam("n"))
    )
    with events.connect() as connection:
        assert since.all(connection, {"day": date(2024, 6, 19), "n": 5}) == [("march",)]
        assert since.all(connection, {"day": date(2024, 6, 20), "n": 5}) == []
        assert since.all(connection, {"n": 0, "day": date(2024, 6, 19)}) == []
        assert since.scalar(connection, {"day": date(2020, 1, 1), "n": 1}) == "march"
        assert since.scalar(connection, {"day": date(2030, 1, 1), "n": 1}) is None


@pytest.mark.parametrize("days", [[], [19], [20, 19], [1, 2, 19], [*range(1, 29)]])
def test_lists_of_any_length_are_values_too(events: Engine, days: list[int]) -> None:
    on = Question(
        select(ENTITY.c.id).where(
            ENTITY.c.earliest.in_(bindparam("days", expanding=True)),
            ENTITY.c.type.in_(bindparam("types", expanding=True)),
            ENTITY.c.name_key == bindparam("key"),
            ENTITY.c.id.not_in(["rally", "walk"]),
        )
    )
    values = {"key": "march", "types": ["event"], "days": [date(2024, 6, day) for day in days]}
    with events.connect() as connection:
        assert on.all(connection, values) == ([("march",)] if 19 in days else [])
        assert on.all(connection, {**values, "types": ("place", "unit", "person")}) == []
        assert on.all(connection, values) == ([("march",)] if 19 in days else [])


def test_a_parameter_without_a_value_is_refused(events: Engine) -> None:
    named = Question(select(ENTITY.c.id).where(ENTITY.c.name == bindparam("name")))
    with events.connect() as connection, pytest.raises(InvalidRequestError, match="name"):
        named.all(connection)


def test_questions_share_a_snapshot(events: Engine) -> None:
    ids = Question(select(ENTITY.c.id).order_by(ENTITY.c.id))
    with events.connect() as connection:
        before = ids.all(connection)
        assert connection.in_transaction()
        connection.execute(insert(ENTITY), {**EVENT, "id": "a", "name": "A", "name_key": "a", "earliest": None})
        assert ids.all(connection) == [("a",), *before]
        connection.rollback()
        assert ids.all(connection) == before


def test_errors_of_the_driver_are_those_of_sqlalchemy(events: Engine) -> None:
    with events.begin() as connection:
        table_of(Revision).drop(connection)
    with events.connect() as connection:
        with pytest.raises(DBAPIError, match="revision"):
            current_token(connection)
        connection.rollback()
        with pytest.raises((DBAPIError, NotReadyError)), explained():
            current_token(connection)
    with events.connect() as connection:
        connection.execute(select(col(Entity.id)))

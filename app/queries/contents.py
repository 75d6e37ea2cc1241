"""How much the database holds."""

from typing import Final

from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from app.tables import Article, Entity, Fact

COUNTED: Final[dict[str, type[SQLModel]]] = {"articles": Article, "entities": Entity, "facts": Fact}


def count_contents(connection: Connection) -> dict[str, int]:
    """Return the number of articles, entities and facts."""
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in COUNTED.items()
    }

"""The feed of changes: what loads did to which articles."""

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlmodel import col

from app.errors import InputError, InvalidInputError
from app.queries.paging import Slice, count
from app.schemas.parameters import ChangeParameters
from app.schemas.views import ChangeItem
from app.tables import Change, Revision, table_of


@dataclass(frozen=True)
class Feed:
    """A part of the feed, whose cursor is the revision of its last change; and where the database stands."""

    part: Slice[ChangeItem]
    revision: int
    history: str


def list_changes(connection: Connection, parameters: ChangeParameters) -> Feed:
    """Return the changes after a revision, the oldest first.

    Raises:
        InvalidInputError: the database has not come to that revision.
    """
    now = connection.execute(select(table_of(Revision))).one()
    if parameters.since > now.value:
        detail = (
            f"`since` is {parameters.since}, but this database has only come to revision {now.value}; "
            "if its `history` is another than before, start again with since=0"
        )
        raise InvalidInputError([InputError("query", "since", detail, str(now.value))])
    changes = select(table_of(Change)).where(col(Change.revision) > parameters.since)
    rows = connection.execute(changes.order_by(col(Change.revision)).limit(parameters.limit + 1)).all()
    items = [
        ChangeItem(revision=row.revision, action=row.action, article=row.article_id, at=row.at)
        for row in rows[: parameters.limit]
    ]
    more = len(rows) > parameters.limit
    part = Slice(items, count(connection, changes), str(items[-1].revision) if more else None)
    return Feed(part, now.value, now.history)

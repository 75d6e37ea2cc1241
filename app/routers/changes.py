"""The feed of changes, for clients that keep a copy."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.answers import Answer
from app.queries import changes as queries
from app.routers.asking import Ask
from app.schemas.parameters import ChangeParameters
from app.schemas.views import Changes

router = APIRouter(tags=["changes"])


@router.get("/changes", summary="List changes", response_model=Changes)
async def list_changes(parameters: Annotated[ChangeParameters, Query()], ask: Ask) -> Answer:
    """List which articles were added, replaced and deleted after a revision, in the order of the revisions.

    Keep the `revision` of the last change that you have followed, and ask again with it as `since`: an article that was
    added or replaced is read anew, one that was deleted is dropped. Start with `since=0`, and start again when
    `history` is another than before: then the revisions are those of another database.
    """
    feed = await ask.fetch(queries.list_changes, parameters)
    following = ask.following("since", feed.part.cursor) if feed.part.cursor else None
    return ask.answer(
        Changes(
            items=feed.part.items,
            total=feed.part.total.number,
            total_relation=feed.part.total.relation,
            next=following,
            revision=feed.revision,
            history=feed.history,
        )
    )

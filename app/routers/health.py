"""Whether the service lives, and whether it can answer."""

from typing import Final

from anyio import move_on_after
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from sqlalchemy import Engine

from app import __version__
from app.database import check_ready, current_revision, explained
from app.errors import DatelineError
from app.routers.asking import NoQuery, run
from app.schemas.views import Health, Readiness

PATIENCE: Final = 1
"""Seconds that the server which writes go to is given to show itself."""

router = APIRouter(tags=["service"])


@router.get("/health", summary="Is the process alive?")
async def get_health(_none: NoQuery) -> Health:
    """Say that the process is alive; it asks nothing of the database."""
    return Health(status="ok", version=__version__)


@router.get("/ready", summary="Can the service answer?")
async def get_readiness(_none: NoQuery, request: Request) -> Readiness:
    """Say that the database answers and its schema is the one this version needs; 503 when not.

    Where reads go to a replica, it is the replica that is asked; `writable` tells of the primary.
    """
    state = request.app.state
    revision = await run(state.reader, lambda: _revision(state.reader))
    writable = state.primary is state.reader or await _is_there(state.primary)
    return Readiness(status="ready", revision=revision, writable=writable)


def _revision(reader: Engine) -> int:
    check_ready(reader)
    with explained(), reader.connect() as connection:
        return current_revision(connection)


async def _is_there(primary: Engine) -> bool:
    with move_on_after(PATIENCE):
        try:
            await run_sync(check_ready, primary, abandon_on_cancel=True)
        except DatelineError:
            return False
        return True
    return False

"""Whether the service lives, and whether it can answer."""

from fastapi import APIRouter, Request
from sqlalchemy import Engine

from app import __version__
from app.database import check_ready, current_revision, explained
from app.routers.asking import NoQuery, run
from app.schemas.views import Health, Readiness

router = APIRouter(tags=["service"])


@router.get("/health", summary="Is the process alive?")
async def get_health(_none: NoQuery) -> Health:
    """Say that the process is alive; it asks nothing of the database."""
    return Health(status="ok", version=__version__)


@router.get("/ready", summary="Can the service answer?")
async def get_readiness(_none: NoQuery, request: Request) -> Readiness:
    """Say that the database answers and its schema is the one this version needs; 503 when not."""
    reader: Engine = request.app.state.reader
    return await run(reader, lambda: _readiness(reader))


def _readiness(reader: Engine) -> Readiness:
    check_ready(reader)
    with explained(), reader.connect() as connection:
        return Readiness(status="ready", revision=current_revision(connection))

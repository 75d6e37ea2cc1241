"""Whether the service lives, and whether it can answer."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from app import __version__
from app.database import check_ready, current_revision
from app.routers.asking import Ask
from app.schemas.parameters import NoParameters
from app.schemas.views import Health, Readiness

router = APIRouter(tags=["service"])
None_ = Annotated[NoParameters, Query()]


@router.get("/health", summary="Is the process alive?")
async def get_health(_none: None_) -> Health:
    """Say that the process is alive; it asks nothing of the database."""
    return Health(status="ok", version=__version__)


@router.get("/ready", summary="Can the service answer?")
async def get_readiness(_none: None_, request: Request, ask: Ask) -> Readiness:
    """Say that the database answers and its schema is the one this version needs; 503 when not."""
    check_ready(request.app.state.reader)
    return Readiness(status="ready", revision=ask(current_revision))

"""What monitoring reads: the numbers of the service, for Prometheus."""

from fastapi import APIRouter, Request
from sqlalchemy import Engine
from starlette.responses import PlainTextResponse, Response

from app.database import check_ready, current_revision, current_token, explained
from app.errors import DatelineError
from app.metrics import Metrics
from app.queries.contents import count_contents
from app.routers.asking import NoQuery, run

router = APIRouter(tags=["service"])


@router.get(
    "/metrics",
    summary="Get the numbers for monitoring",
    response_class=PlainTextResponse,
    response_description="The metrics.",
)
async def get_metrics(_none: NoQuery, request: Request) -> Response:
    """Get the metrics in Prometheus' text format, or in OpenMetrics' for clients that accept it.

    Requests by method, route and status, their durations, the processes, and what the database holds; of all workers.
    """
    metrics: Metrics = request.app.state.metrics
    reader: Engine = request.app.state.reader
    contents = await run(reader, lambda: _contents(reader, metrics))
    body, media_type = metrics.exposition(request.headers.get("accept", ""), contents)
    return Response(body, media_type=media_type)


def _contents(reader: Engine, metrics: Metrics) -> dict[str, int]:
    """Return what the database holds; counting waits for a load to change it. One that cannot be read is not ready."""
    try:
        check_ready(reader)
        with explained(), reader.connect() as connection:
            token, revision = current_token(connection), current_revision(connection)
            if metrics.counted[0] != token:
                metrics.counted = (token, count_contents(connection))
    except DatelineError:
        return {"ready": 0}
    return {"ready": 1, "revision": revision, **metrics.counted[1]}

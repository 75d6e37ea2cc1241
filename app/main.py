"""The application: middleware, routers, lifespan; nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from app import __version__, openapi, problems
from app.database import Lender, Watch, create_reader, runs_inline
from app.kept import KeptAnswers, OnceATurn
from app.limits import BodyLimit, InFlight, RateLimit
from app.metrics import Metrics
from app.middleware import Always, Head, Options, Preflights, Unexpected
from app.observing import Observed, is_probe
from app.reads import Directly, Reads
from app.routers import articles, changes, docs, entities, facts, health, metrics, views, writing
from app.settings import Settings, load_settings

ANSWERING: Final = (articles, entities, facts, views, changes)
"""The routers of what the database is asked for."""


def create_app(settings: Settings | None = None, telemetry: TelemetryConfig | None = None) -> FastAPI:
    """Return the application for the settings, by default those of the environment.

    `telemetry` goes to the framework, which by default sends none.

    Raises:
        SettingsError: a DATELINE_* variable holds something that it cannot.
    """
    settings = settings or load_settings()
    reader = primary = create_reader(settings.read_url or settings.database_url, settings.statement_timeout)
    if settings.read_url:
        primary = create_reader(settings.database_url, settings.statement_timeout)
    watch, lender = Watch(reader), Lender(reader)
    # Whether an answer still stands is asked before each one: of a file for next to nothing, over a network not.
    kept = KeptAnswers(settings.max_kept if runs_inline(reader) else 0, OnceATurn(watch.token))
    answers_at_once = runs_inline(reader) and not settings.rate_limit

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        app.state.reader, app.state.primary = reader, primary
        app.state.connect = lender.connect if runs_inline(reader) else reader.connect
        app.state.desk = None  # opened by the first who writes
        # For the server, which answers by itself what is no request, and plain reads that need not wait.
        yield {"metrics": app.state.metrics, "reads": reads if answers_at_once else None}
        watch.close()
        lender.close()
        if app.state.desk:
            app.state.desk.close()
        reader.dispose()
        primary.dispose()

    app = FastAPI(
        title="Dateline",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,  # `docs` answers there
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"exclude": is_probe, **(telemetry or {})},
    )
    app.state.settings, app.state.metrics = settings, Metrics()
    for part in (*ANSWERING, writing, health, metrics, docs):
        app.include_router(part.router)
    docs.mount_assets(app)
    problems.add_handlers(app)
    openapi.describe(app)
    app.add_middleware(Options)
    app.add_middleware(BodyLimit, most=settings.max_body, together=settings.max_body * settings.max_in_flight)
    app.add_middleware(Preflights)
    reads = Reads(app, [route for part in ANSWERING for route in part.router.routes], kept)
    app.add_middleware(Directly, reads=reads)
    app.add_middleware(Unexpected)
    app.add_middleware(InFlight, most=settings.max_in_flight)
    if settings.rate_limit:
        app.add_middleware(RateLimit, a_minute=settings.rate_limit)
    app.add_middleware(Head)
    app.add_middleware(Always)
    app.add_middleware(Observed, metrics=app.state.metrics)
    return app

"""The application: middleware, routers, lifespan; nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from app import __version__, openapi, problems
from app.database import create_reader
from app.limits import BodyLimit, InFlight, RateLimit
from app.metrics import Metrics
from app.middleware import Head, Options, PublicReads, SecurityHeaders, Unexpected
from app.observing import Observed, is_probe
from app.routers import articles, changes, docs, entities, facts, health, metrics, views, writing
from app.settings import Settings, load_settings


def create_app(settings: Settings | None = None, telemetry: TelemetryConfig | None = None) -> FastAPI:
    """Return the application for the settings, by default those of the environment.

    `telemetry` goes to the framework, which by default sends none.

    Raises:
        SettingsError: a DATELINE_* variable holds something that it cannot.
    """
    settings = settings or load_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        app.state.reader = create_reader(settings.database_url, settings.statement_timeout)
        app.state.desk = None  # opened by the first who writes
        yield {"metrics": app.state.metrics}  # for the server, which answers what is no request by itself
        if app.state.desk:
            app.state.desk.close()
        app.state.reader.dispose()

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
    for part in (articles, writing, entities, facts, views, changes, health, metrics, docs):
        app.include_router(part.router)
    docs.mount_assets(app)
    problems.add_handlers(app)
    openapi.describe(app)
    app.add_middleware(Unexpected)
    app.add_middleware(Options)
    app.add_middleware(BodyLimit, most=settings.max_body, together=settings.max_body * settings.max_in_flight)
    app.add_middleware(InFlight, most=settings.max_in_flight)
    if settings.rate_limit:
        app.add_middleware(RateLimit, a_minute=settings.rate_limit)
    app.add_middleware(PublicReads)
    app.add_middleware(Head)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Observed, metrics=app.state.metrics)
    return app

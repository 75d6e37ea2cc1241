"""OpenTelemetry by FastAPI's own switch: what is traced when it is on, and that nothing is when it is not."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry import _logs, metrics, trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, format_trace_id
from starlette.types import Message

from app.loading.checking import CheckedArticle
from app.main import create_app
from app.queries import entities
from app.settings import Settings
from tests.api import Api, logged

PARENT = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traced(
    make_database: Callable[..., str], koome_article: CheckedArticle, exporter: InMemorySpanExporter
) -> Iterator[Api]:
    """The API with a provider of its own, as the framework takes it."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with Api(make_database(koome_article), {"tracer_provider": provider}) as api:
        yield api
    provider.shutdown()


def requests_in(exporter: InMemorySpanExporter) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.kind is SpanKind.SERVER]


def test_a_request_is_traced_with_its_route(traced: Api, exporter: InMemorySpanExporter) -> None:
    for method, path in (("GET", "/people/japhet-koome"), ("HEAD", "/people"), ("GET", "/nothing")):
        traced.request(method, path)
    spans = requests_in(exporter)
    assert [span.name for span in spans] == ["GET /people/{id}", "HEAD /people", "GET"]
    found = [dict(span.attributes or {}) for span in spans]
    assert [attributes.get("http.route") for attributes in found] == ["/people/{id}", "/people", None]
    assert [attributes["http.response.status_code"] for attributes in found] == [200, 200, 404]


def test_questions_of_machines_are_not_traced(traced: Api, exporter: InMemorySpanExporter) -> None:
    for path in ("/health", "/ready", "/metrics"):
        assert traced.get(path).status_code == 200
    assert exporter.get_finished_spans() == ()


def test_the_line_of_a_request_names_its_trace(traced: Api, exporter: InMemorySpanExporter, tmp_path: Path) -> None:
    with logged(tmp_path / "log") as lines:
        traced.get("/people", headers={"traceparent": f"00-{PARENT}-b7ad6b7169203331-01"})
        traced.get("/people")
        traced.get("/health")
    traces = [format_trace_id(span.context.trace_id) for span in requests_in(exporter) if span.context]
    assert traces[0] == PARENT
    assert [line.get("trace_id") for line in lines] == [*traces, None]


def test_what_goes_wrong_is_in_the_trace(
    traced: Api, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(entities, "refuse_unknown", fail)
    assert traced.get("/people").status_code == 500
    (span,) = requests_in(exporter)
    assert not span.status.is_ok
    (event,) = span.events
    assert dict(event.attributes or {})["exception.message"] == "broken"


def test_nothing_is_traced_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FASTAPI_OTEL_AUTO_CONFIGURE", raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")  # where nobody listens
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'missing.db'}"))
    told: list[Message] = []

    async def live() -> None:
        asked = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> Message:
            return {"type": next(asked)}

        async def send(message: Message) -> None:
            told.append(message)

        await app({"type": "lifespan", "state": {}}, receive, send)

    asyncio.run(live())
    assert [message["type"] for message in told] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert type(trace.get_tracer_provider()).__name__ == "ProxyTracerProvider"
    assert type(metrics.get_meter_provider()).__name__ == "_ProxyMeterProvider"
    assert type(_logs.get_logger_provider()).__name__ == "ProxyLoggerProvider"

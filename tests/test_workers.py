"""Several workers are one service: their numbers add up, and each of them sends its traces to the collector."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from tests.api import Server, samples_in

REQUESTS = 20


@contextmanager
def collector() -> Iterator[tuple[str, list[ResourceSpans]]]:
    """Collect the traces that come to an address over OTLP/HTTP meanwhile."""
    received: list[ResourceSpans] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers["content-encoding"] == "gzip":
                body = gzip.decompress(body)
            if self.path == "/v1/traces":
                received.extend(ExportTraceServiceRequest.FromString(body).resource_spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


def test_several_workers_count_and_trace_as_one(tmp_path: Path) -> None:
    with collector() as (endpoint, received):
        given = {
            "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "TMPDIR": str(tmp_path),
        }
        with Server(tmp_path, "--workers", "2", **given) as server:
            for number in range(REQUESTS):
                server.says(
                    f"GET /people/japhet-koome?n={number} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
                )
            for _ in range(4):  # whichever worker answers
                raw = server.says(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").decode()
                metrics = raw.partition("\r\n\r\n")[2]
                counted = samples_in(metrics, "dateline_requests_total")
                assert counted["GET", "/people/{id}", "422"] == REQUESTS
                assert samples_in(metrics, "dateline_requests_in_flight") == {(): 1}
                assert samples_in(metrics, "dateline_ready") == {(): 1}
            assert list(tmp_path.glob("dateline-metrics-*"))
            assert server.stop() == 0
    assert list(tmp_path.glob("dateline-metrics-*")) == []
    lines = [line for line in server.logged() if line["logger"] == "dateline.request"]
    asked = [line for line in lines if line["route"] == "/people/{id}"]
    assert sorted(line["query"] for line in asked) == sorted(f"n={number}" for number in range(REQUESTS))
    traces = {span.trace_id.hex() for each in received for spans in each.scope_spans for span in spans.spans}
    assert traces == {line["trace_id"] for line in asked}
    finished = [line for line in server.logged() if line["message"].startswith("Finished server process")]
    assert len(finished) == 2

"""Every request is given an id, logged in one line, and counted."""

import re
from collections.abc import Awaitable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from json.encoder import encode_basestring_ascii as quote
from random import getrandbits
from time import perf_counter
from typing import Any, Final

from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import access_log
from app.access_log import FAILED
from app.logs import NOTES, request_id
from app.metrics import Metrics

HEADER: Final = b"x-request-id"
ACCEPTABLE: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")

ID: Final = "dateline.request_id"
"""Where the scope has the id."""
GONE: Final = "dateline.gone"
"""Set in the scope of a request whose client went away before the answer was complete."""
CLIENT_GONE: Final = 499
"""The status of such a request, as nginx logs it; nobody receives it."""
TELEMETRY: Final = "fastapi.telemetry"
"""What the framework sets in the scope of a request that it traces."""


class Observed:
    """Gives the request its id, in the answer and in whatever is logged meanwhile; logs and counts it at the end."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and tell of it whatever happens."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        own_id, agent = identify(dict(scope["headers"]))
        request_id.set(own_id)  # For good: the server logs in this context too, after the answer has failed.
        scope[ID] = own_id
        header = (HEADER, own_id.encode())
        status, size = 0, 0

        def send_noting(message: Message) -> Awaitable[None]:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), header]}
            else:
                size += len(message.get("body", b""))
            return send(message)

        self.metrics.begin()
        try:
            await self.app(scope, receive, send_noting)
        except BaseException:
            status = FAILED
            raise
        finally:
            self.metrics.end()
            if GONE in scope or not status:
                status = CLIENT_GONE
            report(self.metrics, scope, own_id, agent, status, size, perf_counter() - started)


def refused(metrics: Metrics, scope: MutableMapping[str, Any] | None, url: bytes, status: int) -> bytes:
    """Log and count what the server itself refuses, before it is a request or before it is a whole one.

    Args:
        metrics: the application's.
        scope: as far as it is known.
        url: as far as it has come.
        status: the answer's.

    Returns:
        The id, for the answer: that of the request, if the application has begun with it.
    """
    scope = {} if scope is None else scope
    own_id, agent = identify(dict(scope.get("headers", ())))
    own_id = str(scope.get(ID, own_id))
    path, _, query = url.partition(b"?")
    report(metrics, {**scope, "path": path.decode("latin-1"), "query_string": query}, own_id, agent, status, 0, 0.0)
    scope[GONE] = True  # The application's answer, if one is being made, reaches nobody.
    return own_id.encode()


@contextmanager
def about(own_id: str) -> Iterator[None]:
    """Let what is logged meanwhile name the request."""
    before = request_id.set(own_id)
    try:
        yield
    finally:
        request_id.reset(before)


def is_probe(scope: Scope) -> bool:
    """Return whether a machine asks how the service is; traces of that would bury the others."""
    return scope.get("path") in ("/health", "/ready", "/metrics")


def identify(headers: Mapping[bytes, bytes]) -> tuple[str, bytes | None]:
    """Return the request's id, the client's own where that is acceptable, and what the client says it is."""
    own_id, agent = headers.get(HEADER), headers.get(b"user-agent")
    if own_id is None or not ACCEPTABLE.fullmatch(own_id):
        return f"{getrandbits(128):032x}", agent  # nosec B311
    return own_id.decode(), agent


def _template(scope: Scope) -> str | None:
    """Return the route, such as /people/{id}, or None where there is none; the framework notes only its own."""
    route = scope.get("route")
    if route is not None:
        path: str = route.path
        return path
    if "app_root_path" in scope:  # a mounted application, which has its own way with the rest of the path
        return f"{scope['root_path'].removeprefix(scope['app_root_path'])}/{{path}}"
    return scope["path"] if "endpoint" in scope and not scope["path_params"] else None


def report(
    metrics: Metrics, scope: Scope, own_id: str, agent: bytes | None, status: int, size: int, seconds: float
) -> None:
    """Count the answer, and log it."""
    method, route, client = scope.get("method"), _template(scope), scope.get("client")
    metrics.count(method, route, status, seconds)
    answer = access_log.about_answer(method, route, status, scope["path"], scope["query_string"], size)
    access_log.write(status, answer, own_id, seconds, client and client[0], agent, _more(scope))


def _more(scope: Scope) -> str:
    """Return what handlers noted, and of which trace the request is a part, where traces are collected."""
    fields: dict[str, str] = {**scope.get(NOTES, {})}
    if TELEMETRY in scope:
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            fields["trace_id"] = trace.format_trace_id(span.trace_id)
    return "".join(f",{quote(name)}:{quote(value)}" for name, value in fields.items())

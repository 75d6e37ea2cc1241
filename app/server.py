"""uvicorn as Dateline runs it: errors of the protocol are problem documents too, and requests have bounds."""

import os
import signal
import socket
import sys
from http import HTTPStatus
from tempfile import TemporaryDirectory

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess, multiprocess

from app import logs, metrics, observing
from app.errors import SettingsError
from app.problems import MEDIA_TYPE, problem_response
from app.settings import Settings

LONGEST_URL = 16_384
"""Bytes. Well below the 65,536 at which httptools' 16-bit offsets wrap round and cut the query short."""
LONGEST_HEADERS = 65_536
"""Bytes of all header fields together."""
LINGER = 2.0
"""Seconds in which the rest of a refused request is read and thrown away: closing at once would reset the connection
before the client has read why."""

GRACE = 5
"""Seconds that requests in flight are given at the end: less than the ten after which `docker stop` kills."""

STARTING = 60
"""Seconds that a worker may take to import the code on a busy machine; uvicorn would take it for hung after 5."""


class RefusalError(Exception):
    """The request is over a bound."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 by httptools, with bounds on the size of URL and headers."""

    refusal: RefusalError | None = None
    header_bytes = 0
    url = b""

    def on_message_begin(self) -> None:
        """Start to count anew."""
        super().on_message_begin()
        self.header_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Collect the URL as long as it is within bounds."""
        super().on_url(url)
        if len(self.url) > LONGEST_URL:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG, f"the URL is longer than {LONGEST_URL} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect the header as long as all together are within bounds."""
        super().on_header(name, value)
        self.header_bytes += len(name) + len(value)
        if self.header_bytes > LONGEST_HEADERS:
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self._refuse(status, f"the headers are longer than {LONGEST_HEADERS} bytes")

    def _refuse(self, status: int, detail: str) -> None:
        """Stop the parser, which then reports the request as invalid."""
        self.refusal = RefusalError(status, detail)
        raise self.refusal

    def data_received(self, data: bytes) -> None:
        """Parse the data, or throw it away after a refusal."""
        if self.refusal is None:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note on the request that nobody waits for its answer any more."""
        super().connection_lost(exc)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.scope[observing.GONE] = True  # type: ignore[typeddict-unknown-key]

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, or is over a bound, with a problem document, and close."""
        refusal = self.refusal or RefusalError(HTTPStatus.BAD_REQUEST, msg)
        self.refusal = refusal
        body = bytes(problem_response("", refusal.status, str(refusal)).body)
        status = refusal.status
        own_id = observing.refused(self.app_state["metrics"], self.scope, self.url, status)  # type: ignore[arg-type]
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n"
            f"{observing.HEADER.decode()}: {own_id.decode()}\r\n\r\n"
        )
        if self.cycle is not None:
            self.cycle.disconnected = True  # Its answer, if it is still being made, would come after this one.
        self.transport.write(head.encode() + body)
        if not self.pipeline:
            self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.close)


class Worker(multiprocess.Process):
    """One of several processes."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and end of itself: a process that its signal ends takes along what is still to be logged."""
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, lambda *_: sys.exit())
        super().target(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at the address; port 0 takes a free one.

    Raises:
        SettingsError: nobody can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server(
            (host, port), family=family, dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6()
        )
    except (OSError, UnicodeError) as error:  # a name that is none is a UnicodeError
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"DATELINE_HOST={host} DATELINE_PORT={port}: cannot listen there: {reason}") from error


def address_of(listener: socket.socket) -> str:
    """Return the URL that reaches the socket from this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 (listening everywhere is not decided here)
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(settings: Settings, listener: socket.socket) -> None:
    """Serve until told to stop by SIGINT or SIGTERM; requests in flight are answered first."""
    config = uvicorn.Config(
        "app.main:create_app",
        factory=True,
        workers=settings.workers,
        log_level=settings.log_level,
        log_config=logs.config(settings.log_level),
        access_log=False,
        http=BoundedProtocol,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_worker_healthcheck=STARTING,
    )
    if settings.workers > 1:
        with TemporaryDirectory(prefix="dateline-metrics-") as folder:
            os.environ[metrics.FOLDER] = folder
            multiprocess.Process = Worker  # type: ignore[misc]  # the supervisor asks nobody which to run
            Multiprocess(config, sockets=[listener]).run()
    else:
        uvicorn.Server(config).run(sockets=[listener])

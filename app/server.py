"""uvicorn as Dateline runs it: errors of the protocol are problem documents too, and requests have bounds."""

import logging
from http import HTTPStatus

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.problems import MEDIA_TYPE, problem_response
from app.settings import Settings

LONGEST_URL = 16_384
"""Bytes. Well below the 65,536 at which httptools' 16-bit offsets wrap round and cut the query short."""
LONGEST_HEADERS = 65_536
"""Bytes of all header fields together."""
LINGER = 2.0
"""Seconds in which the rest of a refused request is read and thrown away: closing at once would reset the connection
before the client has read why."""


class Refusal(Exception):  # noqa: N818 (not an error of ours)
    """The request is over a bound."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 by httptools, with bounds on the size of URL and headers."""

    refusal: Refusal | None = None
    header_bytes = 0

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
        self.refusal = Refusal(status, detail)
        raise self.refusal

    def data_received(self, data: bytes) -> None:
        """Parse the data, or throw it away after a refusal."""
        if self.refusal is None:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, or is over a bound, with a problem document, and close."""
        refusal = self.refusal or Refusal(HTTPStatus.BAD_REQUEST, msg)
        self.refusal = refusal
        body = bytes(problem_response("", refusal.status, str(refusal)).body)
        head = (
            f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n"
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.loop.call_later(LINGER, self.transport.close)


def run(settings: Settings) -> None:
    """Serve until told to stop by SIGINT or SIGTERM; requests in flight are answered first."""
    logging.getLogger("dateline").setLevel(settings.log_level.upper())
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_level=settings.log_level,
        http=BoundedProtocol,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=10,
    )

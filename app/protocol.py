"""HTTP/1.1 as Dateline speaks it: what is over a bound or too slow is answered with a problem document and closed."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any

from uvicorn import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app import access_log, observing
from app.kept import Given, lines_of
from app.middleware import ALWAYS
from app.plain import PlainRequest
from app.problems import MEDIA_TYPE, problem_response
from app.settings import Settings

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

    from app.reads import Reads  # Whoever only watches over other processes does without the framework.

HEADER_COST = 32
"""Bytes that a header costs beside its own: what HTTP/2 reckons with (RFC 9113, section 6.5.2)."""
LINGER = 2.0
"""Seconds in which the rest of a refused request is read and thrown away: closing at once would reset the connection
before the client has read why."""
DRAIN = 1.0
"""Seconds at the end in which an open connection may still bring a request that was on its way."""
SLOWEST = 16_384
"""Bytes of an answer that a client must at least read in the time that a request may take."""


class RefusalError(Exception):
    """The request, or the connection, is over a bound."""

    def __init__(self, status: int, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.retry_after = retry_after

    def answer(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Return the whole answer: a problem document, with the given headers and what belongs to it."""
        body = bytes(problem_response("", self.status, str(self)).body)
        headers = [
            *headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            *ALWAYS,
        ]
        if self.retry_after is not None:
            headers.append((b"retry-after", b"%d" % self.retry_after))
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        return STATUS_LINE[self.status] + lines + b"\r\n" + body


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol by httptools with bounds: on sizes, on the time that clients take, and on connections."""

    def __init__(
        self,
        limits: Settings,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        self.url = b""
        self.refusal: RefusalError | None = None
        self.stopping = False
        """Whether answers that begin from now on are the last of the connection."""
        self.last: RequestResponseCycle | None = None
        """The request after whose answer a stop closes the connection."""
        self.running: RequestResponseCycle | None = None
        """The request that the application has in its hands; `cycle` is the newest, which may have to wait for it."""
        self.header_size = 0
        self.body_size = 0
        self.arriving = False
        """Whether a request has begun to arrive, and is not complete or refused."""
        self.begun = 0
        """Requests that have begun in this piece of data."""
        self.parsing = False
        """Whether the parser is in the middle of a request, even if nobody waits for the rest of it."""
        self.since = 0.0
        """When the client was last seen to get on: from then on it is given its time."""
        self.unread = 0
        """Bytes that the client had not read by then."""
        self.watch: asyncio.TimerHandle | None = None
        self.default_lines: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")
        self.may_ask = True
        """Whether the database may be asked before what else has arrived is looked at."""
        self.answered: PlainRequest | None = None
        """The last request in this piece of data that a kept answer was given to."""
        self.unwritten = b""
        """Answers that are to be written soon."""

    # --- The connection -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to watch the client; it is one too many if as many are there as may be."""
        super().connection_made(transport)
        self._note_progress()
        self._watch()
        if len(self.connections) > self.limits.max_connections:
            self.connections.discard(self)  # It takes the place of no other.
            self._turn_away(RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections; try again soon", 1))

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch no longer; note on the request that nobody waits for its answer any more."""
        self.unwritten = b""
        if self.watch is not None:
            self.watch.cancel()
        super().connection_lost(exc)
        if self.running is not None and not self.running.response_complete:
            self.running.disconnected = True
            self.running.message_event.set()
            self.running.scope[observing.GONE] = True  # type: ignore[typeddict-unknown-key]

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def shutdown(self) -> None:
        """Answer what has arrived and what is on its way, and close: the answers that begin from now on say so.

        uvicorn would close a connection without a request at once, and reset one that the client is just sending.
        """
        self.stopping = True
        self._make_last()
        self.loop.call_later(DRAIN, self._end_drain)

    def _make_last(self) -> None:
        """Let the answer to the newest request be the last one, if it can still say so."""
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False
            self.last = self.cycle

    def _end_drain(self) -> None:
        if not self.arriving:
            super().shutdown()

    # --- Sizes --------------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Start to count anew."""
        super().on_message_begin()
        self.header_size = self.body_size = 0
        self.begun += 1
        self.arriving = self.parsing = True
        self._note_progress()

    def on_url(self, url: bytes) -> None:
        """Collect the URL as long as it is within bounds."""
        super().on_url(url)
        if len(self.url) > self.limits.max_url:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG, f"the URL is longer than {self.limits.max_url} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect the header as long as all together are within bounds."""
        super().on_header(name, value)
        self.header_size += len(name) + len(value) + HEADER_COST
        if self.header_size > self.limits.max_headers:
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self._refuse(status, f"the headers are longer than {self.limits.max_headers} bytes")

    def on_headers_complete(self) -> None:
        """Let the application answer, if the body is going to be within bounds."""
        if any(int(value) > self.limits.max_body for name, value in self.headers if name == b"content-length"):
            self._refuse_body()
        plain = PlainRequest.parsed(self.parser, self.url, self.headers)
        if plain is not None and self._answer_at_once(plain):
            return
        super().on_headers_complete()
        if self.stopping:
            if self.last is not None and not self.last.response_started:
                self.last.keep_alive = True  # It is not the last after all.
            self._make_last()

    def on_body(self, body: bytes) -> None:
        """Collect the body as long as it is within bounds."""
        self.body_size += len(body)
        if self.body_size > self.limits.max_body:
            self._refuse_body()
        super().on_body(body)

    def _refuse_body(self) -> None:
        self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is longer than {self.limits.max_body} bytes")

    def _refuse(self, status: int, detail: str) -> None:
        """Stop the parser, which then reports the request as invalid."""
        self.refusal = RefusalError(status, detail)
        raise self.refusal

    def on_message_complete(self) -> None:
        """Give the request over; from here on, time is ours."""
        if self.cycle is not None:  # None if it has been answered at once.
            super().on_message_complete()
        self.arriving = self.parsing = False

    # --- Plain reads --------------------------------------------------------------------------------------------------

    def _answer_at_once(self, request: PlainRequest) -> bool:
        """Answer a plain read that nothing stands before, and say whether: the application would take longer.

        What has been answered before is given again; else the database is asked, where that takes no waiting. It is
        asked once in a piece of data: who sends many requests at once takes turns with others.
        """
        started = perf_counter()
        reads: Reads | None = self.app_state.get("reads")
        if reads is None or not self._is_free():
            return False
        own_id, agent = observing.identify(request.headers)
        kept = reads.find(request.url, request.headers)
        given = kept or self._ask(reads, request, own_id)
        if given is None:
            return False
        head = b"%b%bx-request-id: %b\r\n%b\r\n" % (
            STATUS_LINE[given.status], self._default_lines(), own_id.encode(), given.head
        )  # fmt: skip
        self._write(head + given.body, soon=kept is not None)
        self.answered = request if kept else None
        seconds = perf_counter() - started
        self.app_state["metrics"].count("GET", given.route, given.status, seconds)
        access_log.write(given.status, given.about, own_id, seconds, self._client_address(request.headers), agent)
        self.on_response_complete()
        return True

    def _answer_again(self, data: bytes) -> bool:
        """Answer data that is, letter for letter, a plain request that has been answered before; say whether it is."""
        reads: Reads | None = self.app_state.get("reads")
        known = None if reads is None or self.parsing else reads.known.find(data)
        return known is not None and self._answer_at_once(known)

    def _parse(self, data: bytes) -> None:
        """Hand the data over to the parser; remember it if it is one plain request, from beginning to end."""
        whole = not self.parsing
        self.begun, self.answered = 0, None
        super().data_received(data)
        if self.answered is not None and whole and self.begun == 1:
            self.app_state["reads"].known.remember(data, self.answered)

    def _ask(self, reads: "Reads", request: PlainRequest, own_id: str) -> Given | None:
        """Ask the database, if it has not been asked since this piece of data has arrived."""
        if not self.may_ask:
            return None
        self.may_ask = False
        with observing.about(own_id):
            return reads.answer_at_once(request.scope())

    def _write(self, answer: bytes, *, soon: bool) -> None:
        """Write an answer, now or when all that has arrived with it has been answered.

        To wake a client that sleeps takes longer than to find a kept answer. Where those of a turn of the loop are
        written one right after the other, fewer clients have fallen asleep in between.
        """
        if soon and not self.unwritten:
            self.loop.call_soon(self._write_out)
        self.unwritten += answer
        if not soon or len(self.unwritten) > HIGH_WATER_LIMIT:
            self._write_out()

    def _write_out(self) -> None:
        """Write what is to be written soon."""
        if self.unwritten and not self.transport.is_closing():
            self.transport.write(self.unwritten)
        self.unwritten = b""

    def _is_free(self) -> bool:
        """Tell whether the connection waits for nothing else: for no other answer, nor for its end."""
        return not (self.stopping or self.flow.write_paused) and (self.cycle is None or self.cycle.response_complete)

    def _default_lines(self) -> bytes:
        """Return the headers of all answers as lines; uvicorn makes a new list of them each second."""
        headers, lines = self.default_lines
        if headers is not self.server_state.default_headers:
            headers = self.server_state.default_headers
            lines = lines_of(headers)
            self.default_lines = headers, lines
        return lines

    def _client_address(self, headers: Mapping[bytes, bytes]) -> str | None:
        """Return the client's address, as a proxy that is believed says it."""
        own = self.client and self.client[0]
        said = headers.get(b"x-forwarded-for")
        if said is None or not isinstance(self.app, ProxyHeadersMiddleware) or own not in self.app.trusted_hosts:
            return own
        host, _ = self.app.trusted_hosts.get_trusted_client_address(said.decode("latin-1"))
        return host or own

    # --- Time ---------------------------------------------------------------------------------------------------------

    def _note_progress(self) -> None:
        self.since = self.loop.time()
        self.unread = self.transport.get_write_buffer_size()

    def on_response_complete(self) -> None:
        """Give the client time to read the answer, and for the next request."""
        super().on_response_complete()
        if self.cycle is not None and self.cycle.response_complete and self.cycle.more_body:
            self.arriving = False  # Nobody waits for the rest.
        if not self.arriving:
            self._note_progress()

    def pause_writing(self) -> None:
        """Give the client time to read."""
        super().pause_writing()
        self._note_progress()

    def resume_writing(self) -> None:
        """Give the client time to read on."""
        super().resume_writing()
        self._note_progress()

    def _watch(self) -> None:
        """Look whether the client is too slow, now or when it could be."""
        left = self.since + self.limits.request_timeout - self.loop.time()
        if left <= 0:
            self._judge()
            left = self.limits.request_timeout
        self.watch = self.loop.call_later(left, self._watch)

    def _judge(self) -> None:
        """Cut off a client that has not got on; leave alone one that waits for us.

        Where more is unread than was, an answer has come since: that is no fault of the client's.
        """
        unread = self.transport.get_write_buffer_size()
        if unread:
            if self.unread - SLOWEST < unread <= self.unread:
                self.transport.abort()
        elif self.flow.read_paused:
            pass
        elif self.arriving:
            detail = f"the request has not arrived within {self.limits.request_timeout:g} seconds"
            self._turn_away(RefusalError(HTTPStatus.REQUEST_TIMEOUT, detail))
        elif self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        self._note_progress()

    # --- Refusals -----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Answer, or throw the data away after a refusal."""
        self.may_ask = True
        if self.refusal is None and not self._answer_again(data):
            self._parse(data)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, and what is over a bound."""
        self._turn_away(self.refusal or RefusalError(HTTPStatus.BAD_REQUEST, msg))

    def _turn_away(self, refusal: RefusalError) -> None:
        """Answer with the refusal, if it is its turn, and close once the client has had time to read why."""
        self._write_out()
        self.refusal = refusal
        self.arriving = False
        own_id = observing.refused(self.app_state["metrics"], self.scope, self.url, refusal.status)  # type: ignore[arg-type]
        cycle, begun = self.cycle, False
        if cycle is not None and cycle.more_body:  # The refused request is in the application's hands already.
            cycle.disconnected = True
            cycle.message_event.set()
            begun = cycle.response_started
        elif cycle is not None and not cycle.response_complete:  # The one before it is; its answer is the last.
            cycle.keep_alive = False
            return
        if not self.pipeline:
            if not begun:
                headers = [*self.server_state.default_headers, (observing.HEADER, own_id)]
                self.transport.write(refusal.answer(headers))
            self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.close)

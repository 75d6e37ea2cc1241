"""What happens around every request: HEAD, OPTIONS, cross-origin reads, security headers, and what nobody expected."""

import logging
from http import HTTPStatus

from opentelemetry import trace
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import READS, problem_response

log = logging.getLogger("dateline")

EXPOSED = "ETag, Link, Retry-After, X-Request-ID"
"""Headers that pages of other origins may see, as they lead on."""
ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
]
"""Headers of every answer: pages of any origin may read it, and browsers may put it to no other use; a page of our own
brings a policy of its own."""


class Unexpected:
    """Answers an exception that nobody handled with a problem document.

    The framework would do so outside of all middleware, where the answer would lack the headers that let pages of other
    origins read it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Log what went wrong; the client learns nothing of our insides."""
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except ClientDisconnect:
            return  # Nobody is left to be answered; the request's line in the log says so.
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            log.exception("%s %s", scope["method"], scope["path"])
            trace.get_current_span().record_exception(error)
            detail = "something went wrong here; it has been logged"
            response = problem_response(scope["path"], HTTPStatus.INTERNAL_SERVER_ERROR, detail)
            await response(scope, receive, send)


class Always:
    """Gives every answer those of the headers of every answer that it does not have."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with the headers."""

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", [])
                own = {name for name, _ in headers}
                message["headers"] = [*headers, *(header for header in ALWAYS if header[0] not in own)]
            await send(message)

        await self.app(scope, receive, send_with)


class Head:
    """Answers HEAD as GET without the body, wherever GET is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as GET, and the answer back with an empty body."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        inner = {**scope, "method": "GET"}
        await self.app(inner, receive, send_head)
        scope.update(inner, method="HEAD")  # Those outside look for the route there.


class Options:
    """Answers OPTIONS with what a path allows: the router's 405 says that the path exists."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn the 405 of an OPTIONS request into its answer; a 404 stays one."""
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            await self.app(scope, receive, send)
            return
        allowed = False

        async def send_allowed(message: Message) -> None:
            nonlocal allowed
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.METHOD_NOT_ALLOWED:
                allowed = True
                headers = [header for header in message["headers"] if header[0] == b"allow"]
                message = {**message, "status": HTTPStatus.NO_CONTENT, "headers": headers}
            elif allowed:
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, send_allowed)


class Preflights(CORSMiddleware):
    """Tells browsers, before they send what pages of other origins ask for, that it may be reads alone."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            app,
            allow_origins=["*"],
            allow_methods=READS.split(", "),
            allow_headers=["*"],
            max_age=86400,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight; what every answer carries for pages of other origins is there already."""
        is_preflight = scope["type"] == "http" and scope["method"] == "OPTIONS"
        await (super().__call__ if is_preflight else self.app)(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a preflight; one that asks for a method other than reads is refused with a problem document."""
        response = super().preflight_response(request_headers)
        if response.status_code == HTTPStatus.OK:
            return response
        wanted = request_headers["access-control-request-method"]
        detail = f"{wanted!a} is not allowed from other origins; allowed are {READS}"
        return problem_response("", HTTPStatus.BAD_REQUEST, detail, headers={"Vary": "Origin"})

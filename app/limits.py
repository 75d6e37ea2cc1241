"""How much the application takes on: bodies, requests at once, and requests a minute of one client."""

import time
from collections.abc import Awaitable
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Final, TypeVar

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import problem_response

ALIVE: Final = "/health"
"""The path that answers however much there is to do."""
MOST_CLIENTS: Final = 10_000
"""Clients whose requests are counted at once; against more than that, counting clients is no help."""

T = TypeVar("T")


class BodyLimit:
    """Refuses a body that is too large: before it is read, where its length is given, else as soon as it has grown.

    Bodies are kept in memory until they are complete, and clients take their time; so all of them together have a
    limit too.
    """

    def __init__(self, app: ASGIApp, most: int, together: int) -> None:
        self.app = app
        self.most = most
        self.together = together
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is within the limits."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        detail = f"the body is longer than {self.most} bytes"
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > self.most:
            response = problem_response(scope["path"], HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
            await response(scope, receive, send)
            return
        received = 0

        async def receive_within() -> Message:
            nonlocal received
            message = await receive()
            size = len(message.get("body", b""))
            received += size
            self.held += size
            # Of what is raised while a body is read, the framework lets only this exception through.
            if received > self.most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
            if self.held > self.together:
                raise _too_much("bodies")
            return message

        try:
            await self.app(scope, receive_within, send)
        finally:
            self.held -= received


class InFlight:
    """Refuses requests while as many as may be are being answered.

    One that waits for its client, to send its body or to read the answer, is not among them: a few slow clients would
    keep out all others.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most
        self.answering = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what there is room for."""
        if scope["type"] != "http" or scope["path"] == ALIVE:
            await self.app(scope, receive, send)
            return
        if self.answering >= self.most:
            error = _too_much("requests")
            response = problem_response(
                scope["path"], error.status_code, error.detail, headers=dict(error.headers or {})
            )
            await response(scope, receive, send)
            return
        arriving = True

        async def receive_aside() -> Message:
            nonlocal arriving
            if not arriving:
                return await receive()
            message = await self._aside(receive())
            arriving = message.get("more_body", False)
            if self.answering > self.most:
                raise _too_much("requests")
            return message

        async def send_aside(message: Message) -> None:
            await self._aside(send(message))

        self.answering += 1
        try:
            await self.app(scope, receive_aside, send_aside)
        finally:
            self.answering -= 1

    async def _aside(self, waiting: Awaitable[T]) -> T:
        self.answering -= 1
        try:
            return await waiting
        finally:
            self.answering += 1


class RateLimit:
    """Refuses the requests of a client that has made as many as it may in this minute."""

    def __init__(self, app: ASGIApp, a_minute: int) -> None:
        # Here, as most installations count nobody's requests.
        from limits import RateLimitItemPerMinute
        from limits.aio.storage import MemoryStorage
        from limits.aio.strategies import FixedWindowRateLimiter

        self.app = app
        self.limit = RateLimitItemPerMinute(a_minute)
        self.storage = MemoryStorage()
        self.limiter = FixedWindowRateLimiter(self.storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, and pass it on if it is not one too many."""
        if scope["type"] != "http" or scope["path"] == ALIVE:
            await self.app(scope, receive, send)
            return
        client = network_of(scope)
        if len(self.storage.storage) > MOST_CLIENTS:
            await self.storage.reset()
        if await self.limiter.hit(self.limit, client):
            await self.app(scope, receive, send)
            return
        window = await self.limiter.get_window_stats(self.limit, client)
        wait = max(1, ceil(window.reset_time - time.time()))
        detail = f"a client may ask {self.limit.amount} times a minute; `Retry-After` says when to ask again"
        headers = {"Retry-After": str(wait)}
        response = problem_response(scope["path"], HTTPStatus.TOO_MANY_REQUESTS, detail, headers=headers)
        await response(scope, receive, send)


def network_of(scope: Scope) -> str:
    """Return what stands for the client of a request: an IPv4 address, or the /64 that IPv6 gives to one customer."""
    try:
        address = ip_address(scope["client"][0])
    except (TypeError, ValueError):  # a socket that is none of the internet, or what a proxy says
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:  # so IPv4 comes to a socket that listens for both
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), 64), strict=False))


def _too_much(what: str) -> HTTPException:
    detail = f"too many {what} at once; try again in a moment"
    return HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "1"})

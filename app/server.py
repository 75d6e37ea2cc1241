"""uvicorn as Dateline runs it: with our protocol, and a stop that drops nothing."""

import asyncio
import gc
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess, multiprocess

from app import logs, metrics
from app.errors import SettingsError
from app.protocol import BoundedProtocol
from app.settings import Settings

GRACE = 5
"""Seconds that requests in flight are given at the end: less than the ten after which `docker stop` kills."""

STARTING = 60
"""Seconds that a worker may take to import the code on a busy machine; uvicorn would take it for hung after 5."""


class Server(uvicorn.Server):
    """uvicorn's server, which takes the connections that wait to be accepted along when it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; from now on what is no longer used is collected, but not looked for among all that has been imported.

        It stays as long as the process does; to look through it takes a tenth of a second, in which nobody is answered.
        """
        await super().startup(sockets)
        gc.freeze()
        gc.enable()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept who has knocked already, let nobody else in, and answer them all.

        uvicorn would close the listener, and the kernel reset what waits at it.
        """
        waiting = [connection for listener in sockets or () for connection in _waiting_at(listener)]
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        for connection in waiting:
            await loop.connect_accepted_socket(self._protocol, connection)
        await super().shutdown(sockets)

    def _protocol(self) -> BoundedProtocol:
        make: Any = self.config.http_protocol_class
        protocol: BoundedProtocol = make(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        protocol.stopping = True
        return protocol


def _waiting_at(listener: socket.socket) -> Iterator[socket.socket]:
    """Yield the connections that nobody has accepted yet."""
    with suppress(OSError):  # There are none left, or there is no room for them.
        while True:
            yield listener.accept()[0]


class Worker(multiprocess.Process):
    """One of several processes, with our server in it."""

    @property
    def server(self) -> uvicorn.Server:
        """The process's server."""
        if self._server is None:
            self._server = Server(self.config)
        return self._server

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and end of itself: a process that its signal ends takes along what is still to be logged."""
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, lambda *_: sys.exit())
        gc.disable()  # until it listens: imports leave next to nothing to collect, and looking takes a fifth of them
        super().target(sockets)


class Workers(Multiprocess):
    """uvicorn's supervisor of several processes."""

    def terminate_all(self) -> None:
        """Let go of the listener first: a copy left here would let clients knock where nobody answers any more."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


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
    if ipaddress.ip_address(host).is_unspecified:
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_room_for(connections: int) -> None:
    """Let this process and its children open the files that so many connections need, as far as the system lets them.

    The usual 1,024 are less than the usual number of connections and the database's files.
    """
    if sys.platform == "win32":  # which has no such limit
        return
    import resource

    wanted = 2 * connections + 100  # There are those too that are being refused.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(settings: Settings, listener: socket.socket) -> None:
    """Serve until told to stop by SIGINT or SIGTERM; requests in flight are answered first."""
    make_room_for(settings.max_connections)
    protocol: Any = partial(BoundedProtocol, settings)
    config = uvicorn.Config(
        "app.main:create_app",
        factory=True,
        workers=settings.workers,
        log_level=settings.log_level,
        log_config=logs.config(settings.log_level),
        access_log=False,
        http=protocol,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_worker_healthcheck=STARTING,
    )
    if settings.workers > 1:
        with TemporaryDirectory(prefix="dateline-metrics-") as folder:
            os.environ[metrics.FOLDER] = folder
            gc.enable()  # This process imports no more, and lives as long as its workers.
            multiprocess.Process = Worker  # type: ignore[misc]  # the supervisor asks nobody which to run
            Workers(config, sockets=[listener]).run()
    else:
        Server(config).run(sockets=[listener])

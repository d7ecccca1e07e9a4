"""`printroom serve`: one process that answers until it is told to stop.

    Settings, host, port -> a server, until SIGTERM or SIGINT; then exit code 0
                            1 when the address cannot be had, with a sentence that says why

Told to stop, it first refuses new work (503, `/readyz` too) while requests in progress finish,
then closes the door. Told twice, it stops the work as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from printroom.api.admission import stopping
from printroom.api.app import App
from printroom.api.limits import HttpLimits
from printroom.api.service import Service, log
from printroom.core.settings import Settings
from printroom.workshop import Workshop

_BACKLOG = 1024
_HEAD = 64 * 1024
"""Bytes that the request line and headers may have."""
_CLOSING = 5
"""Seconds that connections get to close once no picture is in progress."""


def serve(
    settings: Settings, host: str = "127.0.0.1", port: int = 8000, limits: HttpLimits | None = None
) -> None:
    """Serve on `host`:`port` (0 = any free one) until SIGTERM or SIGINT.

    Prints the address once the models are loaded. Raises Unwritable when there is no place for
    scratch files, SystemExit(1) when the address cannot be had.
    """
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    listener = _listen(host, port)
    _warn_when_open(listener)
    with (
        listener,
        Workshop(settings, serving=True) as workshop,
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        runner.run(_serve(workshop, limits or HttpLimits.of(settings, workshop.held), listener))


async def _serve(workshop: Workshop, limits: HttpLimits, listener: socket.socket) -> None:
    service = Service(workshop, limits, asyncio.get_running_loop())
    try:
        server = _server(service)
        told = _listen_to_signals(service)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        service.warm(then=lambda: _announce(service, listener))
        await asyncio.wait(
            [serving, asyncio.create_task(told.wait())], return_when=asyncio.FIRST_COMPLETED
        )
        await service.drain()
        server.should_exit = True
        await serving
    finally:
        service.close()


def _server(service: Service) -> uvicorn.Server:
    config = uvicorn.Config(
        App(service),
        http=_Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_CLOSING,
    )
    return _Server(config)


class _Protocol(HttpToolsProtocol):
    """HTTP/1.1 whose requests know their connection, so that a dead one can be cut off.

    It also bounds what comes before the body; uvicorn with httptools would take any amount.
    """

    _head: int | None = None
    """Bytes of the request line and headers so far; None = not within them."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        self.scope["transport"] = self.transport  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > _HEAD and not self.transport.is_closing():
                self.send_400_response("The request line and headers are too long.")


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would close the door at once, and die of the signal."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen_to_signals(service: Service) -> asyncio.Event:
    """Set at the first SIGTERM or SIGINT; the second gives up the work in progress."""
    told = asyncio.Event()

    def on_signal() -> None:
        if told.is_set():
            service.abandon(stopping())
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        service.loop.add_signal_handler(number, on_signal)
    return told


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        print(
            f"cannot listen on {host}:{port} ({reason}): choose another --host or --port",
            file=sys.stderr,
        )
        raise SystemExit(1) from None


def _warn_when_open(listener: socket.socket) -> None:
    host = listener.getsockname()[0]
    if not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        print(
            f"warning: other machines can reach {host}, and whoever reaches it may use it",
            file=sys.stderr,
        )


def _announce(service: Service, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    if service.ready:
        shown = f"[{host}]" if ":" in host else host
        print(f"printroom serves on http://{shown}:{port} (Ctrl-C stops it)", flush=True)


def _loop_factory() -> Callable[[], Any] | None:
    try:
        import uvloop
    except ImportError:  # Windows has none
        return None
    return uvloop.new_event_loop

"""HTTP/1.1 for one process: uvicorn, with bounds of our own, drained before it closes.

Service -> Server: run_until told, from sockets that it listens on, or by what it is given to `take`
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from printroom.api.admission import stopping
from printroom.api.app import App
from printroom.api.service import Service
from printroom.api.signals import on_stop

_HEAD = 64 * 1024
"""Bytes that the request line and headers may have."""
_CLOSING = 5
"""Seconds that connections get to close once no picture is in progress."""


class Server(uvicorn.Server):
    """uvicorn for one service. Leaves signals to us: it would close the door at once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        config = uvicorn.Config(
            App(service),
            http=partial(_Protocol, service),  # type: ignore[arg-type]
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_CLOSING,
        )
        config.load()
        super().__init__(config)
        self.lifespan = config.lifespan_class(config)

    async def run_until(self, told: asyncio.Event, sockets: Sequence[socket.socket] = ()) -> None:
        """Serve what comes in through `sockets` and `take`; once told, drain and close."""
        serving = asyncio.create_task(self.serve(sockets=list(sockets)))
        telling = asyncio.create_task(told.wait())
        await asyncio.wait([serving, telling], return_when=asyncio.FIRST_COMPLETED)
        await self._service.drain()
        self.should_exit = True
        await serving
        telling.cancel()

    async def take(self, connection: socket.socket) -> None:
        """Serve an accepted connection, which is ours from now on."""
        service, state = self._service, self.lifespan.state

        def protocol() -> _Protocol:
            return _Protocol(service, self.config, self.server_state, state)

        try:
            await service.loop.connect_accepted_socket(protocol, connection)
        except OSError:  # the client is gone already
            connection.close()
            service.load.lost()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None of them."""
        yield


class _Protocol(HttpToolsProtocol):
    """HTTP/1.1 whose requests know their connection, so that a dead one can be cut off.

    It also bounds what comes before the body; uvicorn with httptools would take any amount, and
    wait for it for ever.
    """

    _head: int | None = None
    """Bytes of the request line and headers so far; None = not within them."""

    _heard = False
    """Whether a request came."""

    _timer: asyncio.TimerHandle | None = None
    """Ends a connection whose request line and headers do not come."""

    _told: Callable[[], None] | None = None
    """Called when the client hangs up."""

    def __init__(self, service: Service, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._load, self._idle = service.load, service.limits.idle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)
        if self._told is not None:
            self._told()
        if self._heard:
            self._load.closed += 1
        else:
            self._load.lost()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        self._await_head()
        self.scope["transport"] = self.transport  # type: ignore[typeddict-unknown-key]
        self.scope["connection"] = self  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        self._head = None
        self._head_is_here()
        if not self._heard:
            self._heard = True
            self._load.heard += 1
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > _HEAD and not self.transport.is_closing():
                self.send_400_response("The request line and headers are too long.")

    @contextlib.contextmanager
    def watch(self, lost: Callable[[], None]) -> Iterator[None]:
        """Inside the `with`, `lost` is called when the client hangs up, or at once if it has."""
        self._told = lost
        try:
            if self.transport.is_closing():
                lost()
            else:
                self.flow.resume_reading()  # a large body leaves it paused: nothing would be heard
            yield
        finally:
            self._told = None

    def _await_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self._idle, self._too_slow)

    def _head_is_here(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()


def listen_to_signals(service: Service) -> asyncio.Event:
    """Set at the first SIGTERM or SIGINT; the second gives up the work in progress."""
    told = asyncio.Event()

    def on_signal() -> None:
        if told.is_set():
            service.abandon(stopping())
        told.set()

    on_stop(service.loop, on_signal)
    return told


def loop_factory() -> Callable[[], Any] | None:
    """The event loop: uvloop where there is one, else asyncio's own."""
    try:
        import uvloop
    except ImportError:  # Windows has none
        return None
    return uvloop.new_event_loop

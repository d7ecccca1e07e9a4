"""A server of one process: it accepts its clients itself.

Settings, a listening socket -> a server, until SIGTERM or SIGINT       Unwritable, BadOption
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from printroom.api.limits import HttpLimits
from printroom.api.server import Server, listen_to_signals, loop_factory
from printroom.api.service import Service, log
from printroom.core.settings import Settings
from printroom.workshop import Workshop


def serve_alone(
    settings: Settings,
    limits: HttpLimits | None,
    listener: socket.socket,
    announce: Callable[[], None],
) -> None:
    """Serve until told to stop; `announce` is called when the models are loaded."""
    with (
        Workshop(settings, serving=True) as workshop,
        asyncio.Runner(loop_factory=loop_factory()) as runner,
    ):
        bounds = limits or HttpLimits.of(settings, workshop.held)
        runner.run(_serve(workshop, bounds, listener, announce))


async def _serve(
    workshop: Workshop, limits: HttpLimits, listener: socket.socket, announce: Callable[[], None]
) -> None:
    service = Service(workshop, limits, asyncio.get_running_loop())

    def loaded() -> None:
        if service.fault is not None:
            log.error("not ready: %s", service.fault)
        elif service.ready:
            announce()

    try:
        server, told = Server(service), listen_to_signals(service)
        service.warm(then=loaded)
        await server.run_until(told, [listener])
    finally:
        service.close()

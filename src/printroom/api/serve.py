"""`printroom serve`: answers until it is told to stop.

    Settings, host, port -> a server, until SIGTERM or SIGINT; then exit code 0
                            1 when the address cannot be had, with a sentence that says why,
                            or when no process of several can start

Told to stop, it first refuses new work (503, `/readyz` too) while requests in progress finish,
then closes the door. Told twice, it stops the work as well.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import sys
from typing import NoReturn

from printroom.api.fleet import CannotServe, Fleet
from printroom.api.limits import HttpLimits
from printroom.api.shares import shares
from printroom.core.settings import Settings

_BACKLOG = 1024
"""Connections that the system keeps for us until they are accepted."""


def serve(
    settings: Settings, host: str = "127.0.0.1", port: int = 8000, limits: HttpLimits | None = None
) -> None:
    """Serve on `host`:`port` (0 = any free one) until SIGTERM or SIGINT.

    Prints the address once the models are loaded. Raises BadOption for settings that do not go
    together, Unwritable when there is no place for scratch files, SystemExit(1) when the address
    cannot be had or no process can start.
    """
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("printroom.api").setLevel(logging.INFO)
    with _listen(host, port) as listener:
        _warn_when_open(listener)
        if settings.processes > 1:
            _serve_by_several(settings, limits, listener)
        else:
            from printroom.api.alone import serve_alone  # a parent has no use for what it brings

            serve_alone(settings, limits, listener, lambda: _announce(listener))


def _serve_by_several(
    settings: Settings, limits: HttpLimits | None, listener: socket.socket
) -> None:
    portions = shares(settings, limits)

    async def run() -> None:
        await Fleet(portions, listener, lambda: _announce(listener)).run()

    try:
        asyncio.run(run())
    except CannotServe as error:
        _give_up(f"cannot serve: {error}")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        _give_up(f"cannot listen on {host}:{port} ({reason}): choose another --host or --port")


def _give_up(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(1) from None


def _warn_when_open(listener: socket.socket) -> None:
    host = listener.getsockname()[0]
    if not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        print(
            f"warning: other machines can reach {host}, and whoever reaches it may use it",
            file=sys.stderr,
        )


def _announce(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"printroom serves on http://{shown}:{port} (Ctrl-C stops it)", flush=True)

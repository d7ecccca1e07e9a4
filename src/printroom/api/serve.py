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
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import NoReturn

from printroom.accounts.starting import OPEN, prepare
from printroom.api.fleet import CannotServe, Fleet
from printroom.api.limits import HttpLimits
from printroom.api.shares import shares
from printroom.core.errors import DatabaseError, Unwritable
from printroom.core.logs import configure
from printroom.core.settings import Settings

_BACKLOG = 1024
"""Connections that the system keeps for us until they are accepted."""


def serve(
    settings: Settings, host: str = "127.0.0.1", port: int = 8000, limits: HttpLimits | None = None
) -> None:
    """Serve on `host`:`port` (0 = any free one) until SIGTERM or SIGINT.

    Prints the address once the models are loaded. Raises BadOption for settings that do not go
    together, and where other machines could come in but nobody could sign in; Unwritable when there
    is no place for scratch files, SystemExit(1) when the address cannot be had or no process can
    start.
    """
    configure(settings.log_format)
    with _listen(host, port) as listener:
        settings = _known(settings, listener)
        with _worker(settings) as own:
            _serve(own, limits, listener)


@contextmanager
def _worker(settings: Settings) -> Iterator[Settings]:
    """What the server may take, with a worker beside it unless that is not wanted."""
    if not settings.http_worker:
        yield settings
        return
    from printroom.runs.beside import Beside, shared

    own = shared(settings)
    with Beside(own):
        yield own


def _serve(settings: Settings, limits: HttpLimits | None, listener: socket.socket) -> None:
    if settings.processes > 1:
        _serve_by_several(settings, limits, listener)
        return
    from printroom.api.alone import serve_alone  # a parent has no use for what it brings

    serve_alone(settings, limits, listener, lambda: _announce(listener, settings))


def _serve_by_several(
    settings: Settings, limits: HttpLimits | None, listener: socket.socket
) -> None:
    portions = shares(settings, limits)

    async def run() -> None:
        await Fleet(portions, listener, lambda: _announce(listener, settings)).run()

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


def _known(settings: Settings, listener: socket.socket) -> Settings:
    """The settings, once it is clear who is let in. Raises BadOption where nobody could be."""
    from printroom.accounts.book import Accounts
    from printroom.database.engine import Database
    from printroom.database.url import embedded

    host = listener.getsockname()[0]
    reached = not ipaddress.ip_address(host.partition("%")[0]).is_loopback
    address = settings.database_url or embedded(settings.data)
    try:
        with closing(Database.open(address)) as database:
            login = prepare(Accounts(database), settings, reached=reached)
    except (DatabaseError, Unwritable) as error:
        _give_up(f"cannot serve: {error}")
    return replace(settings, http_login=login, owner_password=None, owner_key=None)


def _announce(listener: socket.socket, settings: Settings) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"printroom serves on http://{shown}:{port} (Ctrl-C stops it)", flush=True)
    if not settings.http_login:
        print(OPEN, flush=True)

"""How much of the machine HTTP may take. Settings -> HttpLimits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from printroom.core.settings import Settings

MIB = 2**20


@dataclass(frozen=True)
class HttpLimits:
    """Bounds of one server: beyond each it refuses or goes to disk; it never grows."""

    body: int = 2**30
    """Largest request body, in bytes."""
    pixels: int = 5 * 10**8
    """Largest picture, in pixels."""
    running: int = 16
    """Requests worked on at once. More than the workers, since a request also decodes and encodes:
    with about four to a worker there are always tiles to compute."""
    waiting: int = 64
    """Requests whose picture has arrived and that wait for their turn."""
    buffer: int = 8 * MIB
    """Largest body kept in memory, in bytes; a larger one goes to a scratch file."""
    held: int = 256 * MIB
    """Bytes of bodies and results in memory over all requests. When they are spent, bodies go to
    scratch files whatever their size, and if results alone spend them, requests are refused."""
    idle: float = 30.0
    """Seconds that a client may send or take nothing while a body is under way."""
    grace: float = 60.0
    """Seconds that requests in progress get to finish when the server is told to stop."""
    log: bool = False
    """Whether each picture leaves one line of JSON on the log."""

    @classmethod
    def of(cls, settings: Settings, held: int) -> Self:
        """The limits that an installation's settings ask for; `held`: see the field."""
        return cls(
            held=held,
            body=settings.http_body,
            pixels=settings.http_pixels,
            running=settings.http_running,
            waiting=settings.http_waiting,
            log=settings.http_log,
        )

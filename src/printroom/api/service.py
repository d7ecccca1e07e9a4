"""What all requests of one server share, joined by hand."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from printroom.api.accounts.door import Door
from printroom.api.admission import Gate, stopping
from printroom.api.hands import Hands
from printroom.api.limits import HttpLimits
from printroom.api.load import Load
from printroom.api.meters import Meters
from printroom.api.queued import QueueNumbers
from printroom.api.totals import Everything
from printroom.core.errors import PrintroomError
from printroom.core.scratch import Scratch
from printroom.engine.numbers import EngineNumbers
from printroom.workshop import Workshop

if TYPE_CHECKING:
    from printroom.api.job import Job

log = logging.getLogger("printroom.api")

_GLANCE = 0.25
"""Seconds that whoever asks for numbers waits for the database."""
_FAREWELL = 5.0
"""Seconds that abandoned work gets to notice."""
_GARBAGE = 10_000
"""New objects after which Python looks for garbage that refers to itself; requests leave little."""


class Whole(Protocol):
    """The server that a process is one of several of."""

    @property
    def opened(self) -> bool:
        """Whether all its processes have been ready once."""

    async def metrics(self, own: str) -> str:
        """The numbers of all of them; `own` are those of this one."""


class Service:
    """The server's parts and its state: starting, ready, stopping."""

    def __init__(
        self,
        workshop: Workshop,
        limits: HttpLimits,
        loop: asyncio.AbstractEventLoop,
        load: Load | None = None,
        whole: Whole | None = None,
    ) -> None:
        """Raises Unwritable when there is no place for scratch files."""
        self.workshop = workshop
        self.limits = limits
        self.loop = loop
        self.gate = Gate(limits, time.monotonic)
        self.scratch = Scratch(workshop.settings.data)
        self.door = Door(workshop, loop)
        self.hands = Hands(limits.running, 1, loop)
        self.meters = Meters(self._gauges)
        self.meters.also(EngineNumbers(workshop.floor))
        self._queued = QueueNumbers(workshop)
        self.meters.also(self._queued)
        self._everything = Everything(workshop.settings.data)
        self.jobs: set[Job[Any]] = set()
        """Requests whose picture is waiting or being worked on."""
        self.load = load or Load()
        """What this process has on its hands."""
        self.whole = whole
        """None = this process is all there is."""
        self.closing: list[Callable[[], None]] = []
        """What others want done first when it closes."""
        self.fault: str | None = None
        """Why the models could not be loaded."""
        self._warm = False

    @property
    def ready(self) -> bool:
        """Whether the pinned models have run once, and new work is taken."""
        return self._open and not self.gate.stopping

    @property
    def state(self) -> str:
        """One word or sentence for people."""
        if self.gate.stopping:
            return "stopping"
        return self.fault or ("ready" if self._open else "loading models")

    def warm(self, then: Callable[[], None]) -> None:
        """Load the pinned models in a thread of their own, then call `then` on the event loop."""

        def load() -> None:
            self._load()
            _settle()
            with suppress(RuntimeError):  # stopped before it was ready
                self.loop.call_soon_threadsafe(then)

        threading.Thread(target=load, name="http-warm", daemon=True).start()

    async def drain(self) -> None:
        """Take no new work and finish what is in progress; after `grace` seconds, stop it."""
        self.gate.stopping = True
        if not await self._idle(self.limits.grace):
            self.abandon(stopping())
            await self._idle(_FAREWELL)

    def abandon(self, why: Exception) -> None:
        """Stop all work in progress at its next tile."""
        for job in list(self.jobs):
            job.give_up(why)

    async def metrics(self) -> str:
        """The server's numbers for Prometheus, over all its processes."""
        looking = asyncio.ensure_future(asyncio.to_thread(self._queued.look))
        await asyncio.wait([looking], timeout=_GLANCE)  # else the numbers are those of last time
        own = self.meters.text()
        if self.whole is not None:
            return await self.whole.metrics(own)
        return await asyncio.to_thread(self._everything.with_workers, [own])

    def close(self) -> None:
        """Let go of threads and scratch files."""
        for close in self.closing:
            close()
        self.hands.close()
        self.door.close()
        self.scratch.close()

    @property
    def _open(self) -> bool:
        """Whether the models are loaded, here and wherever else this server works."""
        return self._warm and (self.whole is None or self.whole.opened)

    async def _idle(self, seconds: float) -> bool:
        end = self.loop.time() + seconds
        while self.load.active and self.loop.time() < end:
            await asyncio.sleep(0.02)
        return not self.load.active

    def _load(self) -> None:
        try:
            self.door.open()
            self.workshop.warm()
            self._warm = True
        except PrintroomError as error:
            self.fault = str(error)
        except Exception:
            self.fault = "the models could not be loaded; the log says why"
            log.exception("the models could not be loaded")

    def _gauges(self) -> Mapping[str, tuple[str, float]]:
        return {
            "printroom_requests_open": ("Not fully answered yet.", self.load.active),
            "printroom_requests_running": ("Pictures being worked on.", self.gate.running),
            "printroom_requests_waiting": ("Pictures waiting for their turn.", self.gate.waiting),
            "printroom_requests_refused_total": ("Refused for load.", self.gate.refused),
            "printroom_held_bytes": ("Bodies and results in memory.", self.gate.held),
        }


def _settle() -> None:
    """What is there by now stays, so that looking for garbage need not go through it each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)

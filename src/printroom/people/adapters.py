"""What was learnt of people, in this process's memory: loaded when it is asked for.

    Version -> Adapters.get -> Adapter       NotFound ObjectChanged BadModel WrongBase ...

The least recently used goes when there is no room, and what nobody used for its time to live goes
at the next `tidy`, which `Keeping` calls; from the cache on disk as well. Whoever was forgotten
goes at once: `Keeping` is told.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from printroom.core.errors import PrintroomError
from printroom.jobs.queue import Queue
from printroom.people import rows
from printroom.people.erasing import newest
from printroom.people.files import Files
from printroom.people.model import Version
from printroom.runtimes.generation import Adapter, PersonalizableGenerator

TOPIC = "people"
"""What `Wakes` calls that somebody was forgotten."""
_LOOK = 5.0
"""Seconds between two looks though nothing is told."""
_log = logging.getLogger(__name__)


@dataclass
class _Held:
    adapter: Adapter
    person: str
    used: float
    """When it was used last, by the monotonic clock."""


class Adapters:
    """For one process. Safe from many threads."""

    def __init__(
        self,
        files: Files,
        generator: Callable[[], PersonalizableGenerator],
        limit: int,
        ttl: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`limit`: bytes of all together; `ttl`: seconds that one stays which nobody uses."""
        self._files, self._generator = files, generator
        self._limit, self._ttl, self._clock = limit, ttl, clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._loading: dict[str, threading.Lock] = {}

    @property
    def names(self) -> frozenset[str]:
        """What is here, as jobs name it."""
        with self._lock:
            return frozenset(self._held)

    @property
    def people(self) -> frozenset[str]:
        """Whose."""
        with self._lock:
            return frozenset(one.person for one in self._held.values())

    @property
    def bytes(self) -> int:
        """That it takes."""
        with self._lock:
            return sum(one.adapter.nbytes for one in self._held.values())

    def get(self, version: Version) -> Adapter:
        """The adapter, read from the store by whoever asks first."""
        name = version.model
        if (found := self._found(name)) is not None:
            return found
        with self._lock:
            loading = self._loading.setdefault(name, threading.Lock())
        with loading:
            if (found := self._found(name)) is not None:
                return found
            made = self._generator().load(self._files.read(version))
            with self._lock:
                self._held[name] = _Held(made, version.person, self._clock())
                self._loading.pop(name, None)
                self._shrink(name)
        return made

    def tidy(self) -> None:
        """Let go of what nobody used for too long."""
        oldest = self._clock() - self._ttl
        with self._lock:
            for name in [name for name, one in self._held.items() if one.used <= oldest]:
                del self._held[name]
        self._files.sweep()

    def drop(self, people: Collection[str]) -> None:
        """Have nothing of these people."""
        with self._lock:
            for name in [name for name, one in self._held.items() if one.person in people]:
                del self._held[name]

    def _found(self, name: str) -> Adapter | None:
        with self._lock:
            found = self._held.get(name)
            if found is None:
                return None
            found.used = self._clock()
            self._held.move_to_end(name)
            return found.adapter

    def _shrink(self, but: str) -> None:
        total = sum(one.adapter.nbytes for one in self._held.values())
        for name in list(self._held):
            if total <= self._limit:
                return
            if name != but:
                total -= self._held.pop(name).adapter.nbytes


class Keeping:
    """A thread that lets go of adapters in time; `run` it in each process that draws."""

    def __init__(self, queue: Queue, adapters: Adapters, forget: Callable[[], None]) -> None:
        """`forget`: empties this machine's caches, after somebody was forgotten anywhere."""
        self._queue, self._adapters, self._forget = queue, adapters, forget
        self._last: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set; `wake` makes it look at once."""
        while not stop.is_set():
            seen = self._queue.wakes.seen(TOPIC)
            try:
                self.look()
            except PrintroomError as error:  # the database is away: next time
                _log.warning("people: %s", error)
            self._queue.wakes.wait(TOPIC, seen, _LOOK)

    def wake(self) -> None:
        """Look at `stop` at once."""
        self._queue.wakes.bump(TOPIC)

    def look(self) -> None:
        """Drop who was forgotten, and what nobody used."""
        held = sorted(self._adapters.people)
        read = self._queue.database.run
        if held:
            living = read(partial(rows.living, ids=held), write=False)
            self._adapters.drop(set(held) - living)
        last = read(newest, write=False)
        if self._last is not None and last > self._last:
            self._forget()
        self._last = last
        self._adapters.tidy()

"""What was learnt of people, in this process's memory: loaded when it is asked for.

    Version -> Adapters.get -> Adapter       NotFound ObjectChanged BadModel WrongBase ...

The least recently used goes when there is no room, and what nobody used for its time to live goes
at the next `tidy`, which `Keeping` calls; from the cache on disk as well. Whoever was forgotten
goes at once: `Keeping` is told.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from printroom.people.files import Files
from printroom.people.model import Version
from printroom.runtimes.generation import Adapter, PersonalizableGenerator


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

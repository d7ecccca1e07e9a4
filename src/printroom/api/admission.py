"""Who may come in: at most so many requests worked on, so many waiting, so many bytes held.

    Gate.check()                    Overloaded, before a body is read
    Gate.enter(priority, start)     -> Place; `start` is called when its turn comes: Overloaded
    Gate.withdraw / Gate.leave(place)

Everything here happens on the event loop: no locks. Interactive requests go first, and a quarter
of the places is theirs alone, so that a pile of batch work cannot hold them up for hours; the
order of tiles within is the engine's.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from printroom.api.limits import HttpLimits
from printroom.core.errors import Overloaded

_LONGEST_WAIT = 120
"""Seconds: the largest Retry-After we give."""


def stopping() -> Overloaded:
    """What is said to clients of a server that is about to end."""
    return Overloaded("this server is stopping", "try again in a moment", retry_after=5)


@dataclass(eq=False)
class Place:
    """A request that has been let in."""

    batch: bool
    start: Callable[[], None]
    began: float | None = None
    """Clock when its work started; None = it waits."""


class Gate:
    """Counts, refuses, and lets the next one in."""

    def __init__(self, limits: HttpLimits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self.running = 0
        self.held = 0
        """Bytes of bodies and results in memory."""
        self.refused = 0
        """Requests refused for load so far."""
        self.stopping = False
        """Whether new work is refused because the server is about to end."""
        self._clock = clock
        self._batch_running = 0
        self._batch_limit = max(1, limits.running - max(1, limits.running // 4))
        self._queues: tuple[deque[Place], deque[Place]] = (deque(), deque())
        self._seconds = 1.0  # of a request's work, smoothed

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn."""
        return len(self._queues[0]) + len(self._queues[1])

    def check(self) -> None:
        """Raise Overloaded when a request that began now would not be let in."""
        if self.stopping:
            raise stopping()
        if self.waiting >= self.limits.waiting:
            raise self._overloaded(f"{self.waiting} requests are waiting already")
        if self.held >= self.limits.held:
            raise self._overloaded("the memory for requests in progress is spent")

    def enter(self, *, batch: bool, start: Callable[[], None]) -> Place:
        """Let a request in: now when there is room, else when its turn comes. Raises Overloaded."""
        place = Place(batch, start)
        if self._fits(place) and not self._queues[batch]:
            self._admit(place)
        elif self.waiting >= self.limits.waiting:
            raise self._overloaded(f"{self.waiting} requests are waiting already")
        else:
            self._queues[batch].append(place)
        return place

    def withdraw(self, place: Place) -> bool:
        """Take back a request that waits; False when its work has started."""
        if place.began is not None:
            return False
        self._queues[place.batch].remove(place)
        return True

    def leave(self, place: Place) -> None:
        """Its work is over: the next one's turn."""
        if place.began is not None:
            self._seconds += 0.1 * (self._clock() - place.began - self._seconds)
        self.running -= 1
        self._batch_running -= place.batch
        for queue in self._queues:
            while queue and self._fits(queue[0]):
                self._admit(queue.popleft())

    def _fits(self, place: Place) -> bool:
        if self.running >= self.limits.running:
            return False
        return not place.batch or self._batch_running < self._batch_limit

    def _admit(self, place: Place) -> None:
        self.running += 1
        self._batch_running += place.batch
        place.began = self._clock()
        place.start()

    def _overloaded(self, reason: str) -> Overloaded:
        self.refused += 1
        ahead = self.running + self.waiting
        seconds = math.ceil(self._seconds * max(1, ahead) / self.limits.running)
        seconds = min(max(1, seconds), _LONGEST_WAIT)
        return Overloaded(reason, f"try again in {seconds} s", retry_after=seconds)

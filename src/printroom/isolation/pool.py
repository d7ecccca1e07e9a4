"""The processes of one step: as many as its policy says, started when needed, replaced when lost.

    work -> a free worker -> result         Lost workers are replaced, after a pause that grows
                                            NoCard Overloaded: graphics cards for another one

A loss costs the run its worker, not its turn: it goes to another one. Whoever waits for a card
takes a worker that comes free meanwhile.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

from printroom.core.errors import Cancelled, Overloaded, StepLost
from printroom.isolation.grants import Ask, Grant
from printroom.isolation.policy import Policy
from printroom.isolation.process import Cancel, Lost
from printroom.isolation.seats import Seats
from printroom.isolation.worker import Worker, shown

T = TypeVar("T")
_POLL = 0.05
"""Seconds between looks at the cancel flag, or at cards, while waiting."""
LONGEST = 60.0
"""Seconds that a run waits for a card."""
Start = Callable[[Cancel | None, Grant], Worker]
_log = logging.getLogger(__name__)


class Pool:
    """Safe from many threads. Each worker does one thing at a time."""

    def __init__(self, name: str, policy: Policy, start: Start, seats: Seats) -> None:
        """`start` makes a worker that is ready; what it raises reaches whoever needed one.

        `seats`: what it shares with other steps.
        """
        self._name = name
        self._policy = policy
        self._start = start
        self._seats = seats
        self._resting = seats.idle if policy.idle is None else policy.idle
        self.ask: Ask = policy.cards
        """Cards that each worker has."""
        self._idle: list[tuple[Worker, float]] = []
        """With the time since when; the last used comes last, and is taken first."""
        self._workers: set[Worker] = set()
        self._starting = 0
        self._losses = 0
        self._not_before = 0.0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def pids(self) -> list[int]:
        """Of the processes at the moment."""
        with self._changed:
            return [worker.pid for worker in self._workers]

    def do(self, work: Callable[[Worker], T], cancel: Cancel | None = None) -> T:
        """`work` with a free worker; again with another one when that is lost.

        Raises StepLost when it was lost once more than may be tried again, Cancelled, NoCard,
        Overloaded when no card came free in time, and what `work` or the start of a worker raises.
        """
        for left in range(self._policy.retries, -1, -1):
            try:
                return self._once(work, cancel)
            except Lost as lost:
                if self._closed or (cancel is not None and cancel.is_set()):
                    raise Cancelled(f"step {self._name} was cancelled") from None
                if not left:
                    raise self._given_up(lost) from lost
                _log.warning("step %s: %s; trying again", self._name, lost.reason)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End all processes. Runs in progress fail."""
        with self._changed:
            self._closed = True
            idle, self._idle = [worker for worker, _since in self._idle], []
            busy = self._workers.difference(idle)
            self._workers.clear()
            self._changed.notify_all()
        for worker in idle:
            worker.close()
        for worker in busy:  # the thread that speaks to it closes it
            worker.end()

    def due(self) -> float | None:
        """When the first idle worker has rested long enough; infinity = never, None = none is."""
        with self._changed:
            if not self._idle:
                return None
            return self._idle[0][1] + self._resting if self._resting else math.inf

    def tidy(self) -> None:
        """End the workers that have rested long enough."""
        if self._resting:
            self._end(time.monotonic() - self._resting)

    def give_way(self) -> int:
        """End the workers that are idle; how many."""
        return self._end(math.inf)

    def _end(self, before: float) -> int:
        """Of those that are idle, the ones that have been so since then."""
        with self._changed:
            gone = [worker for worker, since in self._idle if since <= before]
            self._idle = self._idle[len(gone) :]
            self._workers.difference_update(gone)
        for worker in gone:
            worker.close()
        return len(gone)

    def _given_up(self, lost: Lost) -> StepLost:
        tries = self._policy.retries + 1
        often = "" if tries == 1 else f" ({tries} times in a row)"
        reason = f"the process of step {self._name} was lost{often}: {lost.reason}"
        remedy = "look at what it does; its limits are in step.toml"
        return StepLost(reason + shown(lost.lines), remedy)

    def _once(self, work: Callable[[Worker], T], cancel: Cancel | None) -> T:
        worker = self._take(cancel)
        try:
            return work(worker)
        finally:
            self._back(worker, cancel)

    def _take(self, cancel: Cancel | None) -> Worker:
        until = math.inf
        with ExitStack() as stack:
            while True:
                worker = self._free(cancel)
                if worker is not None:
                    return worker
                grant = self._granted()
                if grant is not None:
                    return self._fresh(cancel, grant)
                if until == math.inf:
                    until = time.monotonic() + LONGEST
                    stack.enter_context(self._seats.waiting())
                self._wait_for_card(until)

    def _free(self, cancel: Cancel | None) -> Worker | None:
        """An idle worker; None = there is room for another one, and it is the caller's."""
        with self._changed:
            while True:
                if self._closed:
                    raise Cancelled(f"step {self._name} is closed")
                if cancel is not None and cancel.is_set():
                    raise Cancelled(f"step {self._name} was cancelled")
                if self._idle:
                    return self._idle.pop()[0]
                pause = self._not_before - time.monotonic()
                if self._room() and pause <= 0:
                    self._starting += 1
                    return None
                self._changed.wait(self._patience(pause, cancel))

    def _granted(self) -> Grant | None:
        """Cards for another worker; without them, its place is somebody else's again."""
        grant = None
        try:
            grant = self._seats.grant(self.ask, f"step {self._name}", self)
        finally:
            if grant is None:
                self._leave()
        return grant

    def _leave(self) -> None:
        """Nobody starts a worker after all."""
        with self._changed:
            self._starting -= 1
            self._changed.notify_all()

    def _wait_for_card(self, until: float) -> None:
        """A moment. Raises Overloaded when it was long enough."""
        if time.monotonic() > until:
            raise Overloaded(
                f"step {self._name} waited {LONGEST:.0f} s for graphics cards ({self.ask}), and "
                "others kept them",
                "try again later, or have it ask for less in step.toml",
                retry_after=30,
            )
        with self._changed:
            if not self._idle:
                self._changed.wait(_POLL)

    def _room(self) -> bool:
        return len(self._workers) + self._starting < self._policy.children

    def _patience(self, pause: float, cancel: Cancel | None) -> float | None:
        """Seconds until there is something to look at; None = until somebody says so."""
        ends = [pause] if self._room() else []
        if cancel is not None:
            ends.append(_POLL)
        return min(ends, default=None)

    def _fresh(self, cancel: Cancel | None, grant: Grant) -> Worker:
        try:
            worker = self._start(cancel, grant)
        except BaseException:
            self._note_loss(cancel)
            self._leave()
            raise
        finally:
            grant.close()  # the process has a copy
        with self._changed:
            self._starting -= 1
            closed = self._closed
            if not closed:
                self._workers.add(worker)
        if closed:
            worker.close()
            raise Cancelled(f"step {self._name} is closed")
        return worker

    def _back(self, worker: Worker, cancel: Cancel | None) -> None:
        with self._changed:
            if self._closed:
                worker.close()
            elif worker.alive:
                self._losses = 0
                self._idle.append((worker, time.monotonic()))
            else:
                self._workers.discard(worker)
                self._note_loss(cancel)
            self._changed.notify_all()
        self._seats.rest(self)

    def _note_loss(self, cancel: Cancel | None) -> None:
        """The next start waits, unless it was us who ended this one."""
        with self._changed:
            if cancel is None or not cancel.is_set():
                self._losses += 1
                self._not_before = time.monotonic() + self._policy.pause(self._losses)

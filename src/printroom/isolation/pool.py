"""The processes of one step: as many as its policy says, started when needed, replaced when lost.

    work -> a free worker -> result         Lost workers are replaced, after a pause that grows

A loss costs the run its worker, not its turn: it goes to another one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from printroom.core.errors import Cancelled, StepLost
from printroom.isolation.policy import Policy
from printroom.isolation.process import Cancel, Lost
from printroom.isolation.worker import Worker, shown

T = TypeVar("T")
_POLL = 0.05
"""Seconds between looks at the cancel flag while waiting."""
_log = logging.getLogger(__name__)


class Pool:
    """Safe from many threads. Each worker does one thing at a time."""

    def __init__(self, name: str, policy: Policy, start: Callable[[Cancel | None], Worker]) -> None:
        """`start` makes a worker that is ready; what it raises reaches whoever needed one."""
        self._name = name
        self._policy = policy
        self._start = start
        self._idle: list[Worker] = []
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

        Raises StepLost when it was lost once more than may be tried again, Cancelled, and what
        `work` or the start of a worker raises.
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
            idle, self._idle = self._idle, []
            busy = self._workers.difference(idle)
            self._workers.clear()
            self._changed.notify_all()
        for worker in idle:
            worker.close()
        for worker in busy:  # the thread that speaks to it closes it
            worker.end()

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
        with self._changed:
            while True:
                if self._closed:
                    raise Cancelled(f"step {self._name} is closed")
                if cancel is not None and cancel.is_set():
                    raise Cancelled(f"step {self._name} was cancelled")
                if self._idle:
                    return self._idle.pop()
                pause = self._not_before - time.monotonic()
                if self._room() and pause <= 0:
                    self._starting += 1
                    break
                self._changed.wait(self._patience(pause, cancel))
        return self._fresh(cancel)

    def _room(self) -> bool:
        return len(self._workers) + self._starting < self._policy.children

    def _patience(self, pause: float, cancel: Cancel | None) -> float | None:
        """Seconds until there is something to look at; None = until somebody says so."""
        ends = [pause] if self._room() else []
        if cancel is not None:
            ends.append(_POLL)
        return min(ends, default=None)

    def _fresh(self, cancel: Cancel | None) -> Worker:
        try:
            worker = self._start(cancel)
        except BaseException:
            with self._changed:
                self._starting -= 1
                self._note_loss(cancel)
                self._changed.notify_all()
            raise
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
                self._idle.append(worker)
            else:
                self._workers.discard(worker)
                self._note_loss(cancel)
            self._changed.notify_all()

    def _note_loss(self, cancel: Cancel | None) -> None:
        """The next start waits, unless it was us who ended this one."""
        if cancel is None or not cancel.is_set():
            self._losses += 1
            self._not_before = time.monotonic() + self._policy.pause(self._losses)

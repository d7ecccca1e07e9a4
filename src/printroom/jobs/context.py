"""What a handler sees while it does a job.

Handler(job, context) -> result as JSON, or Done    any exception: the attempt failed

context.done("split"), context.kept("split")  what an earlier attempt left
context.checkpoint("split", value)            LeaseLost
context.event("progress", {...})              LeaseLost
context.check()                               Cancelled LeaseLost
context.need(Needs(...))                      goes on at another worker, if it must
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from printroom.core.errors import Stopped
from printroom.jobs import checkpoints, events
from printroom.jobs.model import Job
from printroom.jobs.needs import Needs, Offer
from printroom.jobs.queue import Queue

T = TypeVar("T")


@dataclass(frozen=True)
class Done:
    """What a handler returns that has something to write in the transaction that ends the job."""

    result: Any
    """JSON."""
    enter: Callable[[Connection], None]
    """Writes it; called again if the transaction is. Must not take long. If it raises
    PrintroomError, the attempt failed."""


class Elsewhere(BaseException):
    """The job goes on at another worker. No Exception, so that no handler's net catches it."""

    def __init__(self, needs: Needs) -> None:
        super().__init__("the job goes on at another worker")
        self.needs = needs


class Context:
    """One attempt's line to the queue; safe from many threads."""

    def __init__(self, queue: Queue, job: Job, offer: Callable[[], Offer]) -> None:
        self.job = job
        self.cancelled = threading.Event()
        """Set when the work should stop, whatever the reason; for code that takes a flag."""
        self.stopped: Stopped | None = None
        """Why it should stop."""
        self._queue = queue
        self._offer = offer
        self._kept: dict[str, Any] | None = None if job.attempt > 1 else {}

    def done(self, name: str) -> bool:
        """Whether the step `name` left its checkpoint, in this attempt or an earlier one."""
        return name in self._checkpoints()

    def kept(self, name: str) -> Any:
        """What the step `name` left. Raises KeyError."""
        return self._checkpoints()[name]

    def checkpoint(self, name: str, value: Any = None) -> None:
        """Keep `value`, JSON, as what the step `name` left; the next attempt finds it.

        On disk when this returns. Raises LeaseLost, BadOption, DatabaseUnavailable, DiskFull.
        """
        now = self._queue.database.clock()
        self._queue.database.run(
            lambda connection: checkpoints.put(connection, self.job, name, value, now)
        )
        self._checkpoints()[name] = value

    def step(self, name: str, work: Callable[[], T]) -> T:
        """What `work` returns, JSON, and its checkpoint; in a later attempt what was kept."""
        self.check()
        if not self.done(name):
            self.checkpoint(name, work())
        kept: T = self.kept(name)
        return kept

    def event(self, kind: str, data: dict[str, Any] | None = None) -> int:
        """Tell those who follow the job; kept for replay. Returns the event's number.

        Raises LeaseLost, BadOption, DatabaseUnavailable, DiskFull.
        """
        return self.events([(kind, data or {})])

    def events(self, several: Sequence[tuple[str, dict[str, Any]]]) -> int:
        """The same for some at once, in their order; the number of the last."""
        now = self._queue.database.clock()

        def add(connection: Connection) -> int:
            return [events.add(connection, self.job, *one, now) for one in several][-1]

        return self._queue.change(add)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What earlier attempts told of that kind."""
        if self.job.attempt < 2:
            return []
        found = self._queue.database.run(
            lambda connection: events.of_kind(connection, self.job.id, kind), write=False
        )
        return [event.data for event in found]

    def check(self) -> None:
        """Raises Cancelled when the job was taken back, is out of time, or its worker is asked to
        end; LeaseLost when another worker has it.
        """
        if self.stopped is not None:
            raise self.stopped

    def need(self, needs: Needs) -> None:
        """Before a step that needs more: stays if this worker has it, else never returns.

        The job goes back to the queue and on at a worker that has it, behind its checkpoints.
        """
        if not self._offer().satisfies(needs):
            raise Elsewhere(needs)

    def stop(self, reason: Stopped) -> None:
        """Have `check` raise `reason`; the first one counts."""
        if self.stopped is None:
            self.stopped = reason
            self.cancelled.set()

    def _checkpoints(self) -> dict[str, Any]:
        if self._kept is None:
            load = self._queue.database.run
            self._kept = load(lambda c: checkpoints.load(c, self.job.id), write=False)
        return self._kept


class Handler(Protocol):
    """Does jobs of one kind. It may be called again for a job that it did in part, or even whole:
    what it does outside must bear that. Called from several threads at once.
    """

    def __call__(self, job: Job, context: Context, /) -> Any: ...

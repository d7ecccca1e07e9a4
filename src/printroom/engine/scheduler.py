"""Continuous tile batching: tiles of many runs share a few worker threads, fairly.

    run.submit(work) -> Future          (blocks while the run has `in_flight` tiles open)
         |
         v      one line per run, weighted by priority
    FairQueue  --- take(): the next tile, and its like up to the learned size, never waiting --.
         ^                                                                                     v
         |  put back, halved, if the worker dies                          worker: load, run, store
         '---------------------------------------------------------------------|
    Future resolved: None, or what went wrong  <-------------------------------'
         ^
    run.wait(future)   the caller computes its own next tile itself, if a worker's place is free:
                       a small picture then costs no change of threads

The unit of scheduling is the tile, so a small picture waits for at most the tiles being run,
however large the picture in progress. A fault, or `cancel`, ends its run and frees its waiting
tiles at once; no other run notices. Raises Overloaded (closing), Cancelled, and whatever a work
raised.

One lock guards all state. Invariants: each ticket is in its run's line, in one worker's hands,
waiting for memory, or resolved; a run's `_open` holds exactly its unresolved tickets, at most
`in_flight`; a stopped run has none in line; tickets wait for memory only while a worker is busy.
Works are run, and futures resolved, with the lock released.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import IntEnum
from math import inf
from types import TracebackType
from typing import Self

from printroom.core.errors import Cancelled, ModelFailed, Overloaded
from printroom.core.session import Session
from printroom.engine.batcher import BATCH_PIXELS, Batcher
from printroom.engine.device import usable_cpus
from printroom.engine.execution import Report, Ticket, execute
from printroom.engine.fair import FairQueue, Flow
from printroom.engine.work import Work

Aside = Callable[[], AbstractContextManager[object]]
"""Made and entered while a thread waits for others."""
MOMENT = 1e-3
"""Seconds of work that are done sooner than another thread is awake."""
ALONE = 0.02
"""The same where no other worker could go on meanwhile."""
DEATHS = 3
"""Workers a tile may take with it before it is given up."""


class Priority(IntEnum):
    """Who goes first; the value is the share. Batch never starves: it has 1 part in 17."""

    BATCH = 1
    INTERACTIVE = 16


@dataclass(slots=True)
class Snapshot:
    """The scheduler's counters, since it started, and its state now."""

    tiles: int = 0
    """Tiles finished, well or not."""
    batches: int = 0
    busy_seconds: float = 0.0
    """Seconds workers spent, of CPU on a CPU, of the clock elsewhere."""
    halvings: int = 0
    """Times a tile was cut in two for want of memory, or because its worker died."""
    restarts: int = 0
    """Workers that died and were replaced."""
    longest: float = 0.0
    """Seconds of the longest batch."""
    queued: int = 0
    runs: int = 0
    workers: int = 0
    idle: int = 0
    """Workers' places that are free."""


class _Ticket(Ticket):
    """A ticket that knows its run."""

    __slots__ = ("run",)

    def __init__(self, work: Work, run: Run) -> None:
        super().__init__(work)
        self.run = run


class Run:
    """One customer of the scheduler; a context manager.

    Leaving the `with` normally waits for its tiles, leaving it by an exception cancels them; after
    either, no worker touches its works any more.
    """

    def __init__(self, scheduler: Scheduler, weight: float, in_flight: int, aside: Aside) -> None:
        self._scheduler = scheduler
        self._aside = aside
        self._flow: Flow[_Ticket] = Flow(weight)
        self._in_flight = in_flight
        self._open: dict[_Ticket, None] = {}
        self._changed = threading.Condition(scheduler._lock)
        self._stopped: BaseException | None = None

    def submit(self, work: Work, *, last: bool = False) -> Future[None]:
        """Queue `work`, once fewer than `in_flight` are open. From one thread at a time.

        `last`: the caller will `wait` at once, so no worker is woken for this one. Raises what
        stopped the run: Cancelled, or the fault of one of its tiles.
        """
        ticket = _Ticket(work, self)
        scheduler = self._scheduler
        with scheduler._lock:
            if len(self._open) >= self._in_flight:
                self._make_room()
            if self._stopped is not None:
                raise self._stopped
            self._open[ticket] = None
            scheduler._queue.push(self._flow, ticket, work.cost)
            if not last:
                scheduler._wake.notify()
        return ticket.future

    def wait(self, future: Future[None]) -> None:
        """Until `future`, one of this run's, is resolved; raises what it holds.

        Meanwhile this thread computes what is next in line, as long as that is of this run.
        """
        while not future.done() and self._scheduler._lend(self._flow, self._aside):
            pass
        self.rest(future)

    def rest(self, future: Future[None]) -> None:
        """Until `future` is resolved, doing nothing; raises what it holds."""
        if not future.done():
            with self._aside():
                future.exception()
        future.result()

    def cancel(self, reason: BaseException | None = None) -> None:
        """Stop: waiting tiles are freed at once, those in hand are discarded. From any thread.

        Their futures, and `submit`, raise `reason` (default Cancelled). The first call counts.
        """
        with self._scheduler._lock:
            freed = self._stop(reason or Cancelled("the work was cancelled"))
        for ticket in freed:
            ticket.resolve()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is not None:
            self.cancel()
        with self._scheduler._lock:
            if self._open:  # a last one that nobody waited for, and so nobody was woken for
                self._scheduler._wake.notify()
            while self._open:
                self._changed.wait()
            self._stop(Cancelled("the run is over"))
            self._scheduler._leave(self)

    def _make_room(self) -> None:
        """Under the lock: wait until fewer than `in_flight` are open, or the run is stopped."""
        with self._aside():
            while len(self._open) >= self._in_flight and self._stopped is None:
                self._changed.wait()

    def _stop(self, reason: BaseException) -> list[_Ticket]:
        """Under the lock: fail every open ticket, and return those that no worker holds."""
        if self._stopped is not None:
            return []
        self._stopped = reason
        freed = self._scheduler._queue.clear(self._flow)
        for ticket in self._open:
            ticket.failure = ticket.failure or reason
        for ticket in freed:
            del self._open[ticket]
        self._changed.notify_all()
        return freed


class Scheduler:
    """Worker threads and the tiles they share; a context manager that closes."""

    def __init__(
        self,
        workers: int | None = None,
        *,
        clock: Callable[[], float] = time.thread_time,
        longest: float = inf,
        batch_pixels: int = BATCH_PIXELS,
    ) -> None:
        """Start `workers` threads (default: one for each CPU this process may use).

        `clock` times a batch: the thread's CPU time on CPUs, wall time on accelerators. A batch
        aims to stay below `longest` seconds of it, and below `batch_pixels` input pixels.
        """
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        """Notified for each tile queued, and at close: workers wait on it."""
        self._left = threading.Condition(self._lock)
        """Notified when the last run leaves: drain waits on it."""
        self._queue: FairQueue[_Ticket] = FairQueue()
        self._batcher = Batcher(longest, batch_pixels)
        self._clock = clock
        self._runs: dict[Run, None] = {}
        self._counts = Snapshot()
        self._busy = 0
        """Threads with tiles in hand, at most `workers`: ours, and callers that wait."""
        self._starved: list[_Ticket] = []
        self._draining = self._closing = False
        self._threads: list[threading.Thread] = []
        self.workers = workers or usable_cpus()
        with self._lock:
            for _ in range(self.workers):
                self._hire()

    def run(
        self,
        priority: Priority = Priority.INTERACTIVE,
        *,
        weight: float = 1.0,
        in_flight: int = 8,
        aside: Aside = nullcontext,
    ) -> Run:
        """A new run, which starts at the present virtual time: ahead of all that is queued.

        `weight` is its share among runs of its priority. `aside` is entered whenever the caller's
        thread has to wait for tiles. Raises Overloaded when closing.
        """
        run = Run(self, priority * weight, in_flight, aside)
        with self._lock:
            if self._draining:
                raise Overloaded("the engine is closing", "try again soon", retry_after=10)
            self._runs[run] = None
        return run

    @property
    def idle_workers(self) -> int:
        """Workers that a new run may count on: free, and not soon wanted by the runs there are."""
        return max(0, self.workers - max(self._busy + self._queue.size, len(self._runs)))

    def pace(self, session: Session) -> float | None:
        """Seconds per input pixel that `session` was seen to take; None when it is new."""
        with self._lock:
            return self._batcher.pace(session)

    def snapshot(self) -> Snapshot:
        """The counters now."""
        with self._lock:
            return replace(
                self._counts,
                queued=self._queue.size,
                runs=len(self._runs),
                workers=self.workers,
                idle=self.workers - self._busy,
            )

    def drain(self, timeout: float | None = None) -> bool:
        """Take no more runs, wait for those there are. False if `timeout` seconds pass first."""
        with self._lock:
            self._draining = True
            return self._left.wait_for(lambda: not self._runs, timeout)

    def close(self) -> None:
        """Cancel what is left and end the workers; returns when they are gone. May be repeated."""
        with self._lock:
            self._draining = self._closing = True
            runs = list(self._runs)
            self._wake.notify_all()
        for run in runs:
            run.cancel()
        while self._threads:
            self._threads[-1].join()
            self._threads.pop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _leave(self, run: Run) -> None:
        """Under the lock: forget a run that has nothing open."""
        self._runs.pop(run, None)
        if not self._runs:
            self._left.notify_all()

    def _hire(self) -> None:
        """Under the lock: start a worker."""
        name = f"printroom-worker-{self._counts.restarts}.{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        """A worker's life."""
        hands: list[_Ticket] = []
        try:
            while self._take(hands):
                self._carry_out(hands)
        except BaseException:  # it dies of anything, even SystemExit; nobody else does
            self._replace()
            self._put_down(hands)

    def _take(self, hands: list[_Ticket]) -> bool:
        """Fill empty `hands`, waiting for work and a place; False when it is time to go."""
        with self._lock:
            while not (self._queue.size and self._busy < self.workers):
                if self._closing and not self._queue.size:
                    return False
                self._wake.wait()
            self._grab(hands)
            return True

    def _lend(self, flow: Flow[_Ticket], aside: Aside) -> bool:
        """Compute what is next in the caller's thread, if it is of `flow` and a place is free."""
        hands: list[_Ticket] = []
        with self._lock:
            free = self._busy < self.workers
            if not (free and self._queue.next() is flow):
                if free and self._queue.size:  # the caller's may be behind: somebody must begin
                    self._wake.notify()
                return False
            self._grab(hands)
            work = hands[0].pending[-1]
            pace = self._batcher.pace(work.session)
        moment = MOMENT if self.workers > 1 else ALONE
        quick = pace is not None and pace * work.cost < moment
        try:
            with nullcontext() if quick else aside():
                self._carry_out(hands)
        except BaseException:  # as Ctrl-C: the caller goes, its tiles stay
            self._put_down(hands)
            raise
        finally:
            with self._lock:
                if self._queue.size:
                    self._wake.notify()  # for the place that is free again
        return True

    def _grab(self, hands: list[_Ticket]) -> None:
        """Under the lock: take a place, and the next tiles in hand."""
        hands.extend(self._queue.take(Ticket.key, self._batch_size))
        self._busy += 1

    def _carry_out(self, hands: list[_Ticket]) -> None:
        """Compute what is in hand, and put it down."""
        first = hands[0].pending[-1]
        apart = not getattr(first.session, "in_process", True)  # it takes no time of this thread's
        report = execute(hands, time.monotonic if apart else self._clock)
        self._record(first, len(hands), report)
        self._settle(hands)

    def _batch_size(self, ticket: _Ticket) -> int:
        """The learned size, but no more than leaves an equal share to the places that are free."""
        work, free = ticket.pending[-1], self.workers - self._busy
        share = 1 + self._queue.size // max(1, free)
        return min(share, self._batcher.size(work.session, work.shape))

    def _record(self, work: Work, count: int, report: Report) -> None:
        """Count a batch of `count` works like `work`, and learn from it."""
        with self._lock:
            self._counts.batches += 1
            self._counts.busy_seconds += report.seconds
            self._counts.longest = max(self._counts.longest, report.seconds)
            if report.crowded:
                self._batcher.too_large(work.session, work.shape)
            elif report.clean:
                self._batcher.learn(work.session, work.shape, count, report.seconds)

    def _settle(self, hands: list[_Ticket]) -> None:
        """Empty `hands`: what is finished is resolved, and the runs that had a fault stop.

        What is not, for want of memory or because its worker died, waits until another worker has
        finished something, and goes back in line then, or when no worker is busy.
        """
        resolved: list[_Ticket] = []
        with self._lock:
            self._busy -= 1
            self._starved += (ticket for ticket in hands if ticket.unfinished)
            finished = [ticket for ticket in hands if not ticket.unfinished]
            hands.clear()
            if finished or not self._busy:
                finished += self._feed(progress=bool(finished))
            for ticket in finished:
                resolved += (ticket, *self._close_ticket(ticket))
        for ticket in resolved:
            ticket.resolve()

    def _feed(self, *, progress: bool) -> list[_Ticket]:
        """Under the lock: put what waits for memory back in line; return what was cancelled."""
        waited, self._starved = self._starved, []
        for ticket in waited:
            if ticket.unfinished:
                ticket.starved = 1 if progress else ticket.starved
                self._queue.put_back(ticket.run._flow, ticket)
                self._wake.notify()
        return [ticket for ticket in waited if not ticket.unfinished]

    def _close_ticket(self, ticket: _Ticket) -> list[_Ticket]:
        """Under the lock: count it; if it failed, stop its run and return what that freed."""
        run = ticket.run
        del run._open[ticket]
        self._counts.tiles += 1
        self._counts.halvings += ticket.halvings
        run._changed.notify_all()
        return [] if ticket.failure is None else run._stop(ticket.failure)

    def _replace(self) -> None:
        """Hire another worker for this one, which is dying."""
        with self._lock:
            self._counts.restarts += 1
            self._threads.remove(threading.current_thread())
            if not self._closing:
                self._hire()

    def _put_down(self, hands: list[_Ticket]) -> None:
        """Put back tiles whose thread is going, halved, for a few tries."""
        for ticket in hands:
            ticket.deaths += 1
            if ticket.unfinished and ticket.deaths >= DEATHS:
                ticket.failure = ModelFailed(
                    f"the network ended {DEATHS} workers on one tile", "try another model"
                )
            elif ticket.unfinished:
                ticket.halve()
        if hands:
            self._settle(hands)

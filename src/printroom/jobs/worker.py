"""A worker: takes jobs, does them in threads, and says that it lives.

    Worker(queue, {"kind": handler}, slots=4).run(stop)      until `stop` is set, then drains

One thread, the clerk's, speaks with the queue; handlers run in `slots` others. When the database
goes away, handlers go on, and what they did is written down when it is back. When a worker is told
to end, it takes nothing new, waits for what it has, then asks handlers to stop, and hands back
what is left, which counts as no failure.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue

from printroom.core.errors import BadOption, Cancelled, DatabaseUnavailable, DiskFull, LeaseLost
from printroom.jobs.attempt import Ending, attempt
from printroom.jobs.clerk import CHECK, SWEEP, Clerk, Turn
from printroom.jobs.context import Context, Handler
from printroom.jobs.lease import Held
from printroom.jobs.model import Job
from printroom.jobs.needs import Offer
from printroom.jobs.queue import READY, Queue, ready
from printroom.jobs.settle import Outcome

GRACE = 20.0
"""Seconds that a worker that ends waits for its jobs, and as long again after it asked them to."""
_PAUSE, _LONGEST = 0.05, 1.0
"""Seconds between tries to reach a database that is away, at first and at most."""
_log = logging.getLogger(__name__)

Key = tuple[str, int]
"""Of an attempt: the job's id, and which attempt."""


class Worker:
    """One worker of a process; `run` it once."""

    def __init__(
        self,
        queue: Queue,
        handlers: Mapping[str, Handler],
        *,
        slots: int = 1,
        offer: Callable[[], Offer] = Offer,
        grace: float = GRACE,
    ) -> None:
        """`handlers`: kind of job -> what does it. `slots`: jobs at once; 0 = it takes none by
        itself, and looks after those that others `hold`. `offer`: what this
        worker has at the moment; asked often, so it must be quick. `grace`: see `GRACE`.
        """
        if slots < 0 or not handlers:
            raise BadOption("a worker has a handler at least")
        self._queue = queue
        self._handlers = dict(handlers)
        self._slots = slots
        self._offer = offer
        self._grace = grace
        self._clerk = Clerk(queue, list(handlers), slots, offer)
        self._topics = (READY, *map(ready, handlers), self._clerk.who.id)
        """What it waits for; its own name is told when a handler has ended."""
        self._at: dict[Key, Context] = {}
        self._fresh: set[Key] = set()
        """Of those, jobs that others hold and that may not be in the queue yet."""
        self._ended: SimpleQueue[Outcome] = SimpleQueue()
        self._unwritten: list[Outcome] = []
        self._pause = _PAUSE
        self._woken = threading.Event()
        """Set when one that takes no jobs is to end."""
        self._inbox: SimpleQueue[Context | None] = SimpleQueue()

    @property
    def id(self) -> str:
        """As in a job's `worker`."""
        return self._clerk.who.id

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then drain; `wake` makes it look at once."""
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._slots)]
        for thread in threads:
            thread.start()
        try:
            while not stop.is_set():
                if self._slots or self._at or self._unwritten or not self._ended.empty():
                    self._turn(self._slots, stop)
                else:
                    self._woken.wait(SWEEP)  # nothing to look after: not even the database is asked
            self._drain()
        finally:
            for context in list(self._at.values()):
                context.stop(Ending("the worker ends"))
            for _ in threads:
                self._inbox.put(None)

    def hold(self, job: Job) -> Context:
        """Look after a job that another thread does: its lease, and whether it was taken back."""
        context = Context(self._queue, job, self._offer)
        self._fresh.add((job.id, job.attempt))
        self._at[job.id, job.attempt] = context
        return context

    def entered(self, context: Context) -> None:
        """It is in the queue now: from here on it can be lost."""
        self._fresh.discard((context.job.id, context.job.attempt))

    def let_go(self, context: Context) -> None:
        """Its thread has done with it, and has written down what came of it."""
        self.entered(context)
        self._at.pop((context.job.id, context.job.attempt), None)

    def wrote(self, outcome: Outcome) -> None:
        """Its thread could not write down what came of it: do so when the database is back."""
        self._ended.put(outcome)

    def wake(self) -> None:
        """Have `run` look at `stop` at once."""
        self._woken.set()
        self._queue.wakes.bump(self._clerk.who.id)

    def _turn(self, slots: int, stop: threading.Event | None = None) -> None:
        """One turn of the clerk, and then a rest until something ends or is heard of."""
        seen = self._queue.wakes.seen(*self._topics) if self._slots else 0
        self._collect()
        judged = [key for key in list(self._at) if key not in self._fresh]
        turn = self._tried(max(0, min(slots, slots - len(self._at) + len(self._unwritten))))
        if turn is None:
            return
        self._told(turn.held, judged)
        for job in turn.claimed:
            context = Context(self._queue, job, self._offer)
            self._at[job.id, job.attempt] = context
            self._inbox.put(context)
        if self._ended.empty() and not (stop is not None and stop.is_set()):
            self._rest(seen, self._patience(turn))

    def _rest(self, seen: int, seconds: float) -> None:
        """Until something is told, if it is one that takes jobs; or so long."""
        if self._slots:
            self._queue.wakes.wait(self._topics, seen, seconds)
        else:
            self._woken.wait(seconds)

    def _tried(self, places: int) -> Turn | None:
        """A turn; None when the database is away, after a pause that grows."""
        try:
            turn = self._clerk.turn(self._unwritten, list(self._at), places)
        except (DatabaseUnavailable, DiskFull) as error:
            if self._pause == _PAUSE:  # once for each absence
                _log.warning("worker %s: %s", self.id, error)
            time.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST)
            return None
        if self._pause != _PAUSE:
            _log.warning("worker %s: %s is back", self.id, self._queue.database.name)
        self._pause = _PAUSE
        for outcome in self._unwritten:
            self._at.pop((outcome.job, outcome.attempt), None)
        self._unwritten = []
        return turn

    def _collect(self) -> None:
        while True:
            try:
                self._unwritten.append(self._ended.get_nowait())
            except Empty:
                return

    def _told(self, held: dict[str, Held] | None, judged: Sequence[Key]) -> None:
        """Pass on what the queue knows of running jobs, of those that were there before it said."""
        if held is None:
            return
        now = self._queue.database.clock()
        for name, tried in judged:
            known, context = held.get(name), self._at.get((name, tried))
            if context is None:
                continue
            if known is None or known.attempt != tried:
                context.stop(LeaseLost(f"job {name} is another worker's now"))
            elif known.cancel:
                context.stop(Cancelled(f"job {name} was taken back"))
            elif known.deadline is not None and known.deadline <= now:
                context.stop(Cancelled(f"job {name} is out of time"))

    def _patience(self, turn: Turn) -> float:
        """Seconds until the next turn, if nobody calls before."""
        wait = CHECK if self._at else SWEEP
        if turn.look_at is None:
            return wait
        return min(wait, max(turn.look_at - self._queue.database.clock(), 0))

    def _work(self) -> None:
        while (context := self._inbox.get()) is not None:
            self._ended.put(attempt(self._handlers[context.job.kind], context))
            self._queue.wakes.bump(self._clerk.who.id)

    def _drain(self) -> None:
        for _ in range(2):
            until = time.monotonic() + self._grace
            while self._at and time.monotonic() < until:
                self._turn(0)
            for context in list(self._at.values()):
                context.stop(Ending("the worker ends"))
        self._collect()
        ended = {(outcome.job, outcome.attempt) for outcome in self._unwritten}
        for name, tried in set(self._at) - ended:
            self._unwritten.append(Outcome(name, tried, "released"))
        until = time.monotonic() + self._grace
        while self._tried(0) is None and time.monotonic() < until:
            pass
        with suppress(DatabaseUnavailable, DiskFull):  # it is noticed all the same, a lease later
            self._clerk.leave()


@contextmanager
def on_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; in the main thread."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

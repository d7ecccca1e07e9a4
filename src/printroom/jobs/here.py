"""Jobs that are done where they are asked for, in the asker's thread, rather than by a worker.

    job -> Here.do -> Submitted, and the job when it is over        BadOption KeyReused, or both
                      None: there is no place for it, or others go first

A job that is over in milliseconds costs more on its way to a worker than in its work. Here it is
entered as one that runs already, and ended by whoever did it: two transactions, and nobody is
woken. All the same it is a job like any other: its process is a worker among the others, with a
lease; when it dies, the job goes on elsewhere. It must be one that any worker may do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection, bindparam, select

from printroom.core.errors import DatabaseUnavailable, DiskFull, NeedsMemory, Overloaded
from printroom.database.prepared import Prepared
from printroom.jobs import events, limits, settle, states
from printroom.jobs.attempt import attempt
from printroom.jobs.context import Context, Handler
from printroom.jobs.model import JOBS, Job, in_state
from printroom.jobs.needs import Offer
from printroom.jobs.queue import READY, Queue, ready
from printroom.jobs.settle import Outcome
from printroom.jobs.submit import Submitted
from printroom.jobs.worker import Worker

GRACE = 2.0
"""Seconds that jobs get to end when the process does, and as long again when they are told to."""
Enter = Callable[[Connection, Job], Submitted]
_AHEAD = Prepared(
    select(JOBS.c.id).where(JOBS.c.line == bindparam("own"), in_state("queued")).limit(1)
)


class Here:
    """For one process and one kind of job; safe from many threads. Close it."""

    def __init__(self, queue: Queue, kind: str, handler: Handler, places: int) -> None:
        """`places`: jobs at once."""
        self._queue, self._handler = queue, handler
        self._places = threading.Semaphore(places)
        self._worker = Worker(queue, {kind: handler}, slots=0, offer=Offer, grace=GRACE)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def do(self, job: Job, enter: Enter, entered: Callable[[Submitted], None]) -> Job | None:
        """Do a job that is not entered yet; None = it is not for us, and nothing was done.

        `enter` writes it, and may find another one in its place, which is returned as it is.
        `entered` is told of it before the work begins. Raises what `enter` does, and
        DatabaseUnavailable, DiskFull.
        """
        if self._stop.is_set() or job.state != "queued" or job.labels:
            return None
        if not self._places.acquire(blocking=False):
            return None
        try:
            self._start()
            return self._done(job, enter, entered)
        finally:
            self._places.release()

    def close(self) -> None:
        """What is still being done goes back to the queue."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        if thread is not None:
            self._worker.wake()
            thread.join()

    def _done(self, job: Job, enter: Enter, entered: Callable[[Submitted], None]) -> Job | None:
        queue, now = self._queue, job.created_at
        begun = states.start(job, self._worker.id, now, now + queue.lease)
        context = self._worker.hold(replace(begun, events=2))
        try:

            def work(connection: Connection) -> Submitted | None:
                if _AHEAD.first(connection, {"own": job.line}) is not None:
                    return None
                if not limits.admit(connection, [job], now)[0]:
                    return None
                return enter(connection, context.job)

            if (submitted := queue.change(work)) is None:
                return None
            self._worker.entered(context)
            entered(submitted)
            if submitted.job.id != job.id:
                return submitted.job
            return self._ended(self._attempted(context))
        finally:
            self._worker.let_go(context)

    def _attempted(self, context: Context) -> Outcome:
        """What came of it; where there was no room for it here, there may be at a worker."""
        outcome = attempt(self._handler, context)
        if isinstance(outcome.error, NeedsMemory | Overloaded):
            return Outcome(outcome.job, outcome.attempt, "released")
        return outcome

    def _ended(self, outcome: Outcome) -> Job:
        """Write down what came of it; what cannot be written now is written when it can."""
        queue, me = self._queue, self._worker.id
        now = queue.database.clock()

        def work(connection: Connection) -> tuple[list[Job], list[str]]:
            jobs = settle.settle(connection, me, [outcome], now, queue.keep)
            more = settle.ended(connection, jobs, queue.ends)
            topics = [events.END] if any(one.state in states.OVER for one in jobs) else []
            topics += sorted({ready(one.kind) for one in jobs if one.state == "queued"})
            if more or limits.limited(connection, {one.account for one in jobs}):
                topics.append(READY)
            return jobs, topics

        try:
            jobs = queue.change_telling(work, lasting=not queue.database.sqlite)
        except (DatabaseUnavailable, DiskFull):
            self._worker.wrote(outcome)
            raise
        return jobs[0] if jobs else queue.get(outcome.job)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                run = self._worker.run
                self._thread = threading.Thread(target=run, args=(self._stop,), name="here")
                self._thread.start()

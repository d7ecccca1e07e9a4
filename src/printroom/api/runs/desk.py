"""What all routes of runs and files share: the runs of the database, threads to ask it, listeners.

    desk.ask(work, ...) -> its result       whatever it raises; faults of inputs as BadParameter

The event loop never waits for the database. All is made with the first request that needs it: a
server that only enhances pictures opens none of it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import ParamSpec, TypeVar

from printroom.accounts.principal import Principal
from printroom.api.problems import BadParameter
from printroom.api.runs.everything import Everything
from printroom.api.runs.follower import Follower
from printroom.api.service import Service
from printroom.core.errors import NotFound
from printroom.jobs.here import Here
from printroom.jobs.model import Job
from printroom.jobs.submit import Submitted
from printroom.jobs.watching import Watched
from printroom.runs.batches import Batches
from printroom.runs.handler import KIND, RunHandler
from printroom.runs.inputs import BadInput
from printroom.runs.runs import Asked, Runs
from printroom.runs.target import names_of
from printroom.runs.webhooks import Webhooks, seal_plain

P = ParamSpec("P")
T = TypeVar("T")
_THREADS = 16
_HERE = 4
"""Runs that this process does itself at once."""


class Desk:
    """For one server process; close it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_THREADS, "printroom-runs")
        self._follower: Follower | None = None
        self._everything: Everything | None = None
        self._here: Here | None = None
        self._stop = threading.Event()

    @cached_property
    def _runs(self) -> Runs:
        runs = Runs(self.service.workshop)
        runs.queue.database.run(lambda connection: seal_plain(connection, runs.seal))
        keeping = self.service.workshop.people.keeping()
        run = partial(keeping.run, self._stop)
        threading.Thread(target=run, name="keeping", daemon=True).start()
        return runs

    @property
    def runs(self) -> Runs:
        """In a thread: it may have to wait for the database."""
        with self._lock:
            return self._runs

    @cached_property
    def webhooks(self) -> Webhooks:
        """In a thread."""
        return Webhooks(self.runs.queue, self.service.workshop.outbound, self.runs.seal)

    @cached_property
    def batches(self) -> Batches:
        """In a thread."""
        return Batches(self.runs)

    def _place(self) -> Here | None:
        """Where small runs are done; None = at workers, as all others."""
        with self._lock:
            if self._here is None and self.service.workshop.settings.http_worker:
                workshop, floor = self.service.workshop, self.service.workshop.floor
                handler = RunHandler(workshop, self._runs.targets, self.service.scratch)
                watched = Watched(handler, floor.tallies, floor.tracer)
                self._here = Here(self._runs.queue, KIND, watched, _HERE)
            return self._here

    async def follower(self) -> Follower:
        """The one of this process."""
        if self._follower is None:
            runs = await self.ask(lambda: self.runs)
            if self._follower is None:
                self._follower = Follower(runs.queue, self.service.loop)
        return self._follower

    async def everything(self) -> Everything:
        """The one of this process."""
        if self._everything is None:
            runs = await self.ask(lambda: self.runs)
            if self._everything is None:
                self._everything = Everything(runs.queue, self.service.loop)
        return self._everything

    async def ask(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """`work` in a thread."""
        return await self.start(partial(work, *given, **named))

    def start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """The same, begun."""
        return asyncio.get_running_loop().run_in_executor(self._pool, _refusing, work)

    def do(self, asked: Asked, entered: Callable[[Submitted], None]) -> Job:
        """In a thread: a run that somebody waits for, over if it is small, else as it was entered.

        `entered` is told of it as soon as it is there.
        """
        runs, here = self.runs, self._place()
        if here is not None:
            return runs.do(asked, here, entered)
        submitted = runs.submit(asked)
        entered(submitted)
        return submitted.job

    def close(self) -> None:
        """All who listen are over."""
        self._stop.set()
        for one in (self._follower, self._everything):
            if one is not None:
                one.close()
        if self._here is not None:
            self._here.close()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _refusing(work: Callable[[], T]) -> T:
    try:
        return work()
    except BadInput as error:
        raise BadParameter(error.reason, error.remedy, params=error.params) from None


def seen_by(who: Principal, job: Job) -> Job:
    """`job`, if `who` may see it. Raises NotFound."""
    payload = job.payload
    wrong = who.end_user and payload.get("end_user") != who.end_user
    names = names_of(payload)
    if wrong or (who.target is not None and who.target.partition("@")[0] not in names):
        raise NotFound(f"there is no run {job.id!r}", "it may have been forgotten")
    return job

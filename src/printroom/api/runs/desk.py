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
from printroom.api.runs.follower import Follower
from printroom.api.service import Service
from printroom.core.errors import NotFound
from printroom.jobs.model import Job
from printroom.runs.batches import Batches
from printroom.runs.inputs import BadInput
from printroom.runs.runs import Runs
from printroom.runs.webhooks import Webhooks

P = ParamSpec("P")
T = TypeVar("T")
_THREADS = 16


class Desk:
    """For one server process; close it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_THREADS, "printroom-runs")
        self._follower: Follower | None = None

    @cached_property
    def _runs(self) -> Runs:
        return Runs(self.service.workshop)

    @property
    def runs(self) -> Runs:
        """In a thread: it may have to wait for the database."""
        with self._lock:
            return self._runs

    @cached_property
    def webhooks(self) -> Webhooks:
        """In a thread."""
        return Webhooks(self.runs.queue, self.service.workshop.outbound)

    @cached_property
    def batches(self) -> Batches:
        """In a thread."""
        return Batches(self.runs)

    async def follower(self) -> Follower:
        """The one of this process."""
        if self._follower is None:
            runs = await self.ask(lambda: self.runs)
            if self._follower is None:
                self._follower = Follower(runs.queue, self.service.loop)
        return self._follower

    async def ask(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """`work` in a thread."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, partial(work, *given, **named))
        except BadInput as error:
            raise BadParameter(error.reason, error.remedy, params=error.params) from None

    def close(self) -> None:
        """All who listen are over."""
        if self._follower is not None:
            self._follower.close()
        self._pool.shutdown(wait=False, cancel_futures=True)


def seen_by(who: Principal, job: Job) -> Job:
    """`job`, if `who` may see it. Raises NotFound."""
    payload = job.payload
    wrong = who.end_user and payload.get("end_user") != who.end_user
    bare = payload["target"].partition("@")[0]
    if wrong or (who.target is not None and who.target.partition("@")[0] != bare):
        raise NotFound(f"there is no run {job.id!r}", "it may have been forgotten")
    return job

"""Runs that are waited for: done here where they are small, else heard of when they are over.

    Asked, seconds -> made -> as it was entered, and as it is then      whatever refuses it
    run, seconds   -> waited -> as it is then

A server that ends answers those who wait with what is known then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from printroom.api.runs.desk import Desk
from printroom.jobs.model import Job
from printroom.jobs.states import OVER
from printroom.jobs.submit import Submitted
from printroom.runs.runs import Asked

_LOOK = 1.0
"""Seconds between looks at whether the server ends."""


async def made(desk: Desk, asked: Asked, seconds: float) -> tuple[Submitted, Job]:
    """The run as it was entered, and as it is when it is over, or after `seconds`."""
    if seconds <= 0:
        submitted = await desk.ask(lambda: desk.runs.submit(asked))
        return submitted, submitted.job
    loop = asyncio.get_running_loop()
    until, entered = loop.time() + seconds, loop.create_future()

    def told(submitted: Submitted) -> None:
        loop.call_soon_threadsafe(entered.set_result, submitted)

    doing = desk.start(lambda: desk.do(asked, told))
    with _busy(desk):
        while not doing.done():
            left = until - loop.time()
            if entered.done() and (left <= 0 or desk.service.gate.stopping):
                break
            await asyncio.wait([doing], timeout=max(0.01, min(left, _LOOK)))
    if doing.done():
        job = doing.result()
        return await entered, await waited(desk, job, until - loop.time())
    submitted = entered.result()
    return submitted, await desk.ask(lambda: desk.runs.queue.get(submitted.job.id))


async def waited(desk: Desk, job: Job, seconds: float) -> Job:
    """The run when it is over, or as it is after `seconds`."""
    if job.state in OVER or seconds <= 0:
        return job
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    follower = await desk.follower()
    listener = follower.listen(job.id, end=True)
    try:
        with _busy(desk):
            while not listener.over and (left := until - loop.time()) > 0:
                if desk.service.gate.stopping:
                    break
                await listener.next(min(left, _LOOK))
    finally:
        follower.leave(listener)
    return await desk.ask(lambda: desk.runs.queue.get(job.id))


@contextmanager
def _busy(desk: Desk) -> Iterator[None]:
    """A request that has not had its answer yet."""
    desk.service.load.active += 1
    try:
        yield
    finally:
        desk.service.load.active -= 1

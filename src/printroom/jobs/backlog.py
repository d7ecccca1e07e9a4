"""How much is waiting, for whoever watches the queue.

Queue -> Backlog          DatabaseUnavailable
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from printroom.jobs.model import JOBS, WORKERS, State
from printroom.jobs.queue import Queue


@dataclass(frozen=True)
class Backlog:
    """The queue at one moment, over all who share the database."""

    jobs: Mapping[tuple[str, State], int]
    """(kind, state) -> how many; those that are over are left out, but the dead."""
    oldest: float
    """Seconds for which the job that has waited longest could have been started; 0 = none waits."""
    workers: int
    """Workers that live."""


def backlog(queue: Queue) -> Backlog:
    """Counted now; asked once, without waiting for a database that is away."""
    now = queue.database.clock()
    return queue.database.run(lambda c: _read(c, now), write=False, patience=0)


def _read(connection: Connection, now: float) -> Backlog:
    state, kind = JOBS.c.state, JOBS.c.kind
    counting = (
        select(kind, state, func.count())
        .where(state.in_(("delayed", "queued", "running", "dead")))
        .group_by(kind, state)
    )
    first = connection.execute(
        select(func.min(JOBS.c.ready_at)).where(state == "queued")
    ).scalar_one()
    alive = select(func.count()).select_from(WORKERS).where(WORKERS.c.until > now)
    return Backlog(
        jobs={(one, other): count for one, other, count in connection.execute(counting)},
        oldest=0.0 if first is None else max(0.0, now - first),
        workers=connection.execute(alive).scalar_one(),
    )

"""Jobs that are over are forgotten after a while, and their files with them.

    expire(discard) -> how many were forgotten

First the files, then the row: a job whose files could not be deleted is found again next time.
`discard` must be content with files that are gone already.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import bindparam, delete, select

from printroom.database.engine import Database
from printroom.jobs.lease import depart
from printroom.jobs.model import JOBS, WORKERS, Job
from printroom.jobs.states import OVER

MOST = 200
"""Jobs forgotten in one go."""
_GONE = 3600.0
"""Seconds after which a worker that was not heard of is forgotten."""
_EXPIRED = (
    select(JOBS)
    .where(JOBS.c.expires_at.is_not(None), JOBS.c.expires_at <= bindparam("now"))
    .where(JOBS.c.id > bindparam("after"), JOBS.c.state.in_(OVER))
    .order_by(JOBS.c.id)
    .limit(MOST)
)
_FORGET = delete(JOBS).where(
    JOBS.c.id == bindparam("job_id"), JOBS.c.expires_at <= bindparam("now")
)
_LOST = select(WORKERS.c.id).where(WORKERS.c.until < bindparam("long_ago"))
_log = logging.getLogger(__name__)

Discard = Callable[[Job], None]
"""Deletes the files of a job that is over; called again if it raises."""


def expire(database: Database, discard: Discard) -> int:
    """Forget all jobs whose time is up, with checkpoints and events. Returns how many."""
    now, after, forgotten = database.clock(), "", 0
    while batch := _expired(database, now, after):
        after = batch[-1].id
        gone = [job for job in batch if _discarded(job, discard)]
        if gone:
            values = [{"job_id": job.id, "now": now} for job in gone]
            with database.write(lasting=False) as connection:
                connection.execute(_FORGET, values)
        forgotten += len(gone)
    with database.write(lasting=False) as connection:
        for worker in connection.execute(_LOST, {"long_ago": now - _GONE}).scalars().all():
            depart(connection, worker)
    return forgotten


def _expired(database: Database, now: float, after: str) -> list[Job]:
    with database.read() as connection:
        rows = connection.execute(_EXPIRED, {"now": now, "after": after})
        return [Job.of(row) for row in rows]


def _discarded(job: Job, discard: Discard) -> bool:
    try:
        discard(job)
    except Exception:
        _log.exception("job %s: its files could not be deleted; they are kept for now", job.id)
        return False
    return True

"""What must happen exactly once when a run ends: in the transaction that ends it.

job that is over -> the parts it kept expire, its item of a batch is told, webhooks are queued
"""

from __future__ import annotations

from sqlalchemy import Connection, update

from printroom.assets.assets import release_parts
from printroom.jobs.model import Job
from printroom.jobs.submit import as_job, enter
from printroom.runs.batch import finished
from printroom.runs.handler import KINDS
from printroom.runs.model import ITEMS
from printroom.runs.training.handler import KIND as TRAINING
from printroom.runs.webhooks import deliveries


class Ending:
    """A hook for `Queue.ends`."""

    def __call__(self, connection: Connection, job: Job) -> bool:
        """Whether there is something new in the queue."""
        if job.kind not in (*KINDS, TRAINING) or job.finished_at is None:
            return False
        payload = job.payload
        if job.state != "dead":  # which may be tried again, behind what it kept
            release_parts(connection, job.id, job.finished_at)
        if job.kind == TRAINING:
            return False
        if "batch" in payload:
            item = update(ITEMS).where(ITEMS.c.run == job.id)
            told = {"state": job.state, "error_code": job.error_code, "error": job.error}
            connection.execute(item.values(told))
        requests = deliveries(connection, job, payload["webhook"])
        now = job.finished_at
        if "batch" in payload:
            requests += finished(connection, payload["batch"], now)
        if not requests:
            return False
        enter(connection, [as_job(request, now) for request in requests], now)
        return True

"""What finished steps of a job leave, so that the next attempt goes on behind them.

    put(job, name, value) -> kept     LeaseLost: another worker has the job now
    load(job) -> {name: value}

A value is written by whoever has the job; what an older attempt still wants to write is refused.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from printroom.core.errors import BadOption, LeaseLost
from printroom.jobs.events import dumped
from printroom.jobs.model import CHECKPOINTS, JOBS, Job, in_state

_FENCE = (
    select(JOBS.c.id)
    .where(JOBS.c.id == bindparam("job_id"), in_state("running"))
    .where(JOBS.c.worker == bindparam("holder"), JOBS.c.attempt == bindparam("tried"))
    .with_for_update()
)
_LOAD = select(CHECKPOINTS.c.name, CHECKPOINTS.c.value_json).where(
    CHECKPOINTS.c.job == bindparam("job_id")
)


def put(connection: Connection, job: Job, name: str, value: Any, now: float) -> None:
    """Keep `value`, JSON, under `name`; replaces what was there. Raises LeaseLost, BadOption."""
    if not 0 < len(name) <= 255 or not name.isprintable():
        raise BadOption(f"{name!r} cannot name a checkpoint", "take 1 to 255 printable letters")
    written = {"value_json": dumped(value, "a checkpoint"), "attempt": job.attempt, "at": now}
    fence = {"job_id": job.id, "holder": job.worker, "tried": job.attempt}
    if connection.execute(_FENCE, fence).first() is None:
        raise LeaseLost(f"job {job.id} is no longer this worker's, attempt {job.attempt}")
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(CHECKPOINTS).values(job=job.id, name=name, **written)
    connection.execute(insert.on_conflict_do_update(index_elements=["job", "name"], set_=written))


def load(connection: Connection, job: str) -> dict[str, Any]:
    """All that was kept of a job, by name."""
    rows = connection.execute(_LOAD, {"job_id": job})
    return {name: json.loads(value) for name, value in rows}

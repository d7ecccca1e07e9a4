"""How attempts end.

    settle(worker, [Outcome, ...]) -> jobs as they are now
    ended(jobs, hooks)             -> each hook, once for each job that is over

Fenced: an outcome counts only if the job is still running, with this worker, in this attempt. One
that comes late changes nothing; one that comes twice (the answer to the first commit was lost)
changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, bindparam, select

from printroom.core.errors import DeadlinePassed, PrintroomError
from printroom.database.prepared import Prepared
from printroom.jobs import states
from printroom.jobs.events import Change, record
from printroom.jobs.model import JOBS, Job, in_state
from printroom.jobs.needs import Needs

End = Callable[[Connection, Job], bool]
"""Called in the transaction that ends a job, with the job as it is now: what it writes is there if
and only if the job is over, and once. True if it put something new into the queue. It must not take
long; if it raises, the job does not end, and is tried again."""
How = Literal["done", "failed", "cancelled", "released", "moved"]
_MINE = Prepared(
    select(JOBS)
    .where(
        JOBS.c.id.in_(bindparam("ids", expanding=True)),
        JOBS.c.worker == bindparam("holder"),
        in_state("running"),
    )
    .order_by(JOBS.c.id)
    .with_for_update()
)


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt."""

    job: str
    attempt: int
    how: How
    result_json: str = "null"
    """Of `done`."""
    error: PrintroomError | None = None
    """Of `failed`."""
    final: bool = False
    """Of `failed`: another attempt would fail as well."""
    needs: Needs | None = None
    """Of `moved`: what the next step needs."""
    enter: Callable[[Connection], None] | None = None
    """Of `done`: what is written in the transaction that ends the job, if and only if it does. If
    it raises PrintroomError, the attempt failed."""


def settle(
    connection: Connection, worker: str, outcomes: Sequence[Outcome], now: float, keep: float
) -> list[Job]:
    """Write down `outcomes` of `worker`; returns the jobs for which they counted."""
    if not outcomes:
        return []
    values = {"ids": [outcome.job for outcome in outcomes], "holder": worker}
    rows = _MINE(connection, values)
    mine = {job.id: job for job in map(Job.of, rows)}
    changes = [
        change(mine[outcome.job], _entered(connection, outcome), now, keep)
        for outcome in outcomes
        if outcome.job in mine and mine[outcome.job].attempt == outcome.attempt
    ]
    return record(connection, changes, now)


def _entered(connection: Connection, outcome: Outcome) -> Outcome:
    if outcome.enter is not None:
        try:
            outcome.enter(connection)
        except PrintroomError as error:
            return Outcome(outcome.job, outcome.attempt, "failed", error=error)
    return outcome


def ended(connection: Connection, jobs: Iterable[Job], hooks: Sequence[End]) -> bool:
    """Tell `hooks` of those of `jobs` that are over; whether there is something new to do.

    `jobs`: those that this transaction changed, however it did.
    """
    new = False
    for job in jobs:
        if job.state in states.OVER:
            for hook in hooks:
                new |= hook(connection, job)
    return new


def change(job: Job, outcome: Outcome, now: float, keep: float) -> Change:
    """What `outcome` makes of a running job."""
    match outcome.how:
        case "done":
            return Change(states.finish(job, outcome.result_json, now, keep), "done")
        case "failed":
            return _failed(job, outcome, now, keep)
        case "cancelled":
            return _stopped(job, now, keep)
        case "released":
            return Change(states.release(job, now, keep), "released")
        case "moved":
            needs = outcome.needs or Needs()
            moved = states.move(job, needs.text, needs.bytes, needs.model, now, keep)
            return Change(moved, "moved", {"labels": needs.text, "model": needs.model})


def _failed(job: Job, outcome: Outcome, now: float, keep: float) -> Change:
    error = outcome.error or PrintroomError("it failed")
    failed = states.fail(job, error, outcome.final, now, keep)
    kind = {"dead": "dead", "cancelled": "cancelled"}.get(failed.state, "failed")
    return Change(failed, kind, _said(failed))


def _stopped(job: Job, now: float, keep: float) -> Change:
    """The handler stopped because it was told to: taken back, or out of time."""
    if not job.cancel and job.deadline is not None and job.deadline <= now:
        return missed(job, now, keep)
    return Change(states.cancelled(job, now, keep), "cancelled")


def missed(job: Job, now: float, keep: float) -> Change:
    """The job's deadline passed."""
    error = DeadlinePassed(f"job {job.id} was not done by its deadline", "allow more time")
    dead = states.overdue(job, error, now, keep)
    return Change(dead, "dead", _said(dead))


def _said(job: Job) -> dict[str, object]:
    return {"code": job.error_code, "reason": job.error, "attempt": job.attempt}

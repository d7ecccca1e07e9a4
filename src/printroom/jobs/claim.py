"""Taking jobs out of the queue.

    claim(worker, offer, kinds, most) -> Claim(jobs, look_at)

Order: priority, then time. A job is passed over when
- the worker does not do its kind, or lacks a label or free bytes that it needs,
- its account is at a limit (`printroom.jobs.limits`),
- its deadline passed,
- another living worker holds its model and this one does not, for the first `PATIENCE` seconds
  only: then whoever is free takes it, so nothing starves.

One transaction takes as many jobs as there are free places. On PostgreSQL rows that another
claim looks at are skipped, not waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from printroom.jobs import limits
from printroom.jobs.events import record, started
from printroom.jobs.lines import Wanted, heads, parts, take
from printroom.jobs.model import Job
from printroom.jobs.needs import Offer
from printroom.jobs.states import start

_ROUNDS = 4
"""Looks at the queue in one claim, each without the accounts that were full in the one before."""
_SOON = 0.05
"""Seconds until another look at accounts that were refused."""


@dataclass(frozen=True)
class Claim:
    """What a worker was given."""

    jobs: list[Job]
    look_at: float | None
    """When jobs that were passed over may be had without anybody saying so; None = never."""


def claim(
    connection: Connection,
    worker: str,
    offer: Offer,
    kinds: Collection[str],
    most: int,
    now: float,
    lease: float,
) -> Claim:
    """Give `worker` up to `most` jobs of `kinds` that its `offer` satisfies, for a `lease`."""
    wanted = Wanted(offer, kinds, now)
    lines = heads(connection, wanted)
    if not lines:
        return Claim([], None)
    closed, look_at = set[str](), None
    if any(parts(line)[2] for line in lines):
        closed, look_at = limits.closed(connection, now)
    chosen: list[Job] = []
    free = offer.bytes
    for turn in range(_ROUNDS):
        if turn:
            lines = heads(connection, wanted)  # some of them headed what was taken
        lines = [line for line in lines if parts(line)[2] not in closed]
        found = take(connection, lines, wanted, free, most - len(chosen))
        admitted, refused = limits.admit(connection, _fitting(found, free), now)
        free -= sum(job.bytes for job in admitted)
        chosen += _started(connection, admitted, worker, now, lease)
        closed |= refused
        if refused:  # by a limit that this claim met, or by another claim that looks at it, too
            look_at = now + _SOON
        if not refused or len(chosen) >= most:
            break
    return Claim(chosen, look_at)


def _fitting(jobs: Sequence[Job], free: int) -> list[Job]:
    """Those that fit into `free` bytes together, in their order."""
    fitting = []
    for job in jobs:
        if job.bytes <= free:
            free -= job.bytes
            fitting.append(job)
    return fitting


def _started(
    connection: Connection, jobs: Sequence[Job], worker: str, now: float, lease: float
) -> list[Job]:
    changes = [started(start(job, worker, now, now + lease)) for job in jobs]
    return record(connection, changes, now)

"""Whose a job is, and for how long.

    renew(worker)        -> its running jobs, each good for another lease
    sweep()              -> jobs of lost workers, of the past, and whose time has come: moved on
    strays(worker, held) -> jobs that it was given, and never heard of

A worker that says nothing for a lease loses its jobs to others, which go on at the step that it
was in. What it still writes then is fenced off. Any worker sweeps, so nobody must.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from printroom.database.prepared import Prepared
from printroom.jobs import states
from printroom.jobs.events import Change, record
from printroom.jobs.model import JOBS, RESIDENTS, WORKERS, Job, in_state
from printroom.jobs.needs import Offer
from printroom.jobs.settle import missed

_MOST = 200
"""Jobs that one sweep moves on, of each sort."""
_MINE = and_(JOBS.c.worker == bindparam("holder"), in_state("running"))
_HELD = Prepared(select(JOBS.c.id, JOBS.c.attempt, JOBS.c.cancel, JOBS.c.deadline).where(_MINE))
_RENEW = (
    update(JOBS)
    .where(_MINE, JOBS.c.id.in_(bindparam("ids", expanding=True)))
    .values(lease_until=bindparam("until"))
)
_ALL_MINE = select(JOBS).where(_MINE).with_for_update(skip_locked=True)
_LOST = Prepared(
    select(JOBS)
    .where(in_state("running"), JOBS.c.lease_until < bindparam("now"))
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_OVERDUE = Prepared(
    select(JOBS)
    .where(JOBS.c.deadline.is_not(None), JOBS.c.finished_at.is_(None))
    .where(
        or_(
            and_(JOBS.c.deadline <= bindparam("now"), or_(in_state("delayed"), in_state("queued"))),
            and_(JOBS.c.deadline <= bindparam("grace"), in_state("running")),
        )
    )
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_DUE = Prepared(
    select(JOBS)
    .where(in_state("delayed"), JOBS.c.ready_at <= bindparam("now"))
    .order_by(JOBS.c.ready_at)
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_NEXT = Prepared(select(func.min(JOBS.c.ready_at)).where(in_state("delayed")))


@dataclass(frozen=True, slots=True)
class Held:
    """A running job, as its worker must know it."""

    attempt: int
    cancel: bool
    deadline: float | None


def held(connection: Connection, worker: str) -> dict[str, Held]:
    """The jobs that `worker` has, by id."""
    rows = _HELD(connection, {"holder": worker})
    return {name: Held(attempt, bool(cancel), until) for name, attempt, cancel, until in rows}


def renew(connection: Connection, worker: str, ids: Collection[str], until: float) -> None:
    """Those of `ids` that `worker` still has are its own until `until`."""
    if ids:
        values = {"holder": worker, "ids": sorted(ids), "until": until}
        connection.execute(_RENEW, values)


def sweep(connection: Connection, now: float, lease: float, keep: float) -> list[Job]:
    """Move on what nobody else would; returns the jobs that changed."""
    changes = [missed(job, now, keep) for job in _jobs(connection, _OVERDUE, now, lease)]
    moved = record(connection, changes, now)
    lost = [_lost(job, now, keep) for job in _jobs(connection, _LOST, now, lease)]
    moved += record(connection, lost, now)
    due = [Change(states.due(job), "due") for job in _jobs(connection, _DUE, now, lease)]
    return moved + record(connection, due, now)


def promote(connection: Connection, now: float) -> list[Job]:
    """The part of a sweep that delayed jobs wait for."""
    due = [Change(states.due(job), "due") for job in _jobs(connection, _DUE, now, 0)]
    return record(connection, due, now)


def next_due(connection: Connection) -> float | None:
    """When the next delayed job may start; None = there is none."""
    ((found,),) = _NEXT(connection)
    return None if found is None else float(found)


def strays(
    connection: Connection,
    worker: str,
    known: Collection[tuple[str, int]],
    now: float,
    keep: float,
) -> list[Job]:
    """Hand back jobs that `worker` was given in a commit whose answer it never got.

    `known`: id and attempt of those that it knows of.
    """
    rows = connection.execute(_ALL_MINE, {"holder": worker})
    jobs = [job for job in map(Job.of, rows) if (job.id, job.attempt) not in known]
    changes = [Change(states.release(job, now, keep), "released") for job in jobs]
    return record(connection, changes, now)


@dataclass(frozen=True)
class Presence:
    """A worker, as it announces itself."""

    id: str
    host: str
    pid: int
    slots: int
    """Jobs at once."""
    started_at: float


def present(connection: Connection, who: Presence, offer: Offer, until: float) -> None:
    """Say that `who` is there, and what it has, until `until`."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    seen = {"offer_json": _written(offer), "until": until, "slots": who.slots}
    row = dialect.insert(WORKERS).values(
        id=who.id, host=who.host, pid=who.pid, started_at=who.started_at, **seen
    )
    connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=seen))
    connection.execute(delete(RESIDENTS).where(RESIDENTS.c.worker == who.id))
    if offer.models:
        models = [{"worker": who.id, "model": model} for model in sorted(offer.models)]
        connection.execute(insert(RESIDENTS), models)


def depart(connection: Connection, worker: str) -> None:
    """`worker` is gone, or was not heard of for very long."""
    connection.execute(delete(WORKERS).where(WORKERS.c.id == worker))


def _jobs(connection: Connection, query: Prepared, now: float, lease: float) -> list[Job]:
    rows = query(connection, {"now": now, "grace": now - lease})
    return [Job.of(row) for row in rows]


def _lost(job: Job, now: float, keep: float) -> Change:
    lost = states.lose(job, now, keep)
    kind = "lost" if lost.state == "queued" else lost.state
    return Change(lost, kind, {"worker": job.worker, "attempt": job.attempt})


def _written(offer: Offer) -> str:
    return json.dumps(
        {
            "labels": sorted(offer.all_labels),
            "devices": list(offer.devices),
            "bytes": offer.bytes,
            "models": sorted(offer.models),
        }
    )

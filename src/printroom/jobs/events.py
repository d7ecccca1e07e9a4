"""What happened to a job, kept for replay; and the one place where a job's row is changed.

    record([Change(job as it is to be, kind, data)])  -> row and event, together
    read(job, after=7) -> events 8, 9, ...            in order, none left out

A job's row counts its events. Whoever adds one has the row locked, so numbers have no gaps, and a
reader who has seen 7 can never find another one below it later.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from printroom.core.errors import BadOption, LeaseLost
from printroom.database.prepared import Prepared
from printroom.jobs.model import EVENTS, JOBS, Job, in_state

TOPIC = "events"
"""What `Wakes` calls a new event."""
END = "ends"
"""What `Wakes` calls a job that is over; told beside `TOPIC`."""
LARGEST = 2**20
"""Bytes of JSON in a payload, a result, a checkpoint or an event, at most."""
_FIXED = (
    "id", "kind", "account", "key", "fingerprint", "payload_json", "priority", "retries",
    "backoff", "keep", "created_at", "subject",
)  # fmt: skip
_MUTABLE = tuple(name for name in JOBS.c.keys() if name not in _FIXED)  # noqa: SIM118
_STORE = Prepared(
    update(JOBS)
    .where(JOBS.c.id == bindparam("job_id"))
    .values({name: bindparam(name) for name in _MUTABLE})
)
_COUNT = Prepared(
    update(JOBS)
    .where(JOBS.c.id == bindparam("job_id"), in_state("running"))
    .where(JOBS.c.worker == bindparam("holder"), JOBS.c.attempt == bindparam("tried"))
    .values(events=JOBS.c.events + 1)
    .returning(JOBS.c.events)
)
_ADD = Prepared(insert(EVENTS))
_events = select(EVENTS.c.number, EVENTS.c.at, EVENTS.c.kind, EVENTS.c.data_json).where(
    EVENTS.c.job == bindparam("job_id")
)
_KIND = Prepared(_events.where(EVENTS.c.kind == bindparam("wanted")).order_by(EVENTS.c.number))
_READ = Prepared(
    _events.where(EVENTS.c.number > bindparam("after"))
    .order_by(EVENTS.c.number)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    number: int
    """From 1, without gaps within a job."""
    at: float
    """Seconds since 1970."""
    kind: str
    """`queued`, `started`, `done`, ..., or a handler's own word."""
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A job as it is to be, and the event that says so."""

    job: Job
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


def started(job: Job) -> Change:
    """A job as its worker has it, and the event that says so."""
    return Change(job, "started", {"attempt": job.attempt, "worker": job.worker})


def record(connection: Connection, changes: Sequence[Change], now: float) -> list[Job]:
    """Write jobs whose rows this transaction has locked, each with its event."""
    if not changes:
        return []
    jobs = [replace(change.job, events=change.job.events + 1) for change in changes]
    rows = [{"job_id": job.id} | {n: getattr(job, n) for n in _MUTABLE} for job in jobs]
    _STORE.each(connection, rows)
    announce(connection, jobs, changes, now)
    return jobs


def announce(
    connection: Connection, jobs: Sequence[Job], changes: Sequence[Change], now: float
) -> None:
    """Write the event that is the latest of each job, according to its count."""
    rows = [
        {
            "job": job.id,
            "number": job.events,
            "at": now,
            "kind": change.kind,
            "data_json": dumped(change.data, "an event"),
        }
        for job, change in zip(jobs, changes, strict=True)
    ]
    _ADD.each(connection, rows)


def add(
    connection: Connection, job: Job, kind: str, data: dict[str, Any] | None, now: float
) -> int:
    """An event from the worker that has `job`; its number. Raises LeaseLost, BadOption."""
    values = {"job_id": job.id, "holder": job.worker, "tried": job.attempt}
    counted = _COUNT.first(connection, values)
    if counted is None:
        raise LeaseLost(f"job {job.id} is no longer this worker's, attempt {job.attempt}")
    number = int(counted[0])
    row = {"job": job.id, "number": number, "at": now, "kind": kind}
    _ADD.each(connection, [row | {"data_json": dumped(data or {}, "an event")}])
    return number


def read(connection: Connection, job: str, after: int = 0, most: int = 1000) -> list[Event]:
    """The next events of a job behind number `after`, `most` at most."""
    rows = _READ(connection, {"job_id": job, "after": after, "most": most})
    return [Event(number, at, kind, json.loads(data)) for number, at, kind, data in rows]


def of_kind(connection: Connection, job: str, kind: str) -> list[Event]:
    """The events of one kind of a job."""
    rows = _KIND(connection, {"job_id": job, "wanted": kind})
    return [Event(number, at, kind, json.loads(data)) for number, at, kind, data in rows]


def dumped(value: Any, what: str) -> str:
    """`value` as JSON. Raises BadOption when it is none, or too large."""
    try:
        written = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadOption(f"{what} is not JSON: {error}", "give numbers, text, lists") from None
    if len(written) > LARGEST:
        remedy = "keep it in a file and give its name"
        raise BadOption(f"{what} is {len(written)} bytes of JSON, over {LARGEST}", remedy)
    return written

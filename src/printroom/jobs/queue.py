"""The queue, for those who put jobs in and look at them. Workers: `printroom.jobs.worker`.

    Request -> submit -> Submitted                       BadOption KeyReused
    id      -> get, events, follow, wait, position       NotFound
    id      -> cancel, retry                             NotFound WrongState

Safe from many threads; any number of processes may share a database. Each call is one transaction,
tried again while the database is away for a moment, and then DatabaseUnavailable or DiskFull.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from printroom.core.errors import NotFound, WrongState
from printroom.database.engine import Database
from printroom.database.migrate import migrate
from printroom.database.prepared import Prepared
from printroom.database.wake import Told, Wakes
from printroom.jobs import limits, retention, states
from printroom.jobs.events import END, TOPIC, Change, Event, read, record
from printroom.jobs.limits import Limit
from printroom.jobs.model import JOBS, SCRIPTS, WORKERS, Job, State
from printroom.jobs.settle import End, ended
from printroom.jobs.submit import Request, Submitted, as_job, enter

_FIND = Prepared(select(JOBS).where(JOBS.c.id == bindparam("named")))
_LOCK = Prepared(select(JOBS).where(JOBS.c.id == bindparam("named")).with_for_update())
T = TypeVar("T")
Begin = Callable[[Connection, Job], None]

READY = "jobs"
"""What `Wakes` calls a job of any kind that may be started, or was taken back."""
_LOOK = 1.0
"""Seconds after which whoever waits for an event looks all the same."""


def ready(kind: str) -> str:
    """What `Wakes` calls a job of that kind that may be started."""
    return f"{READY}:{kind}"


@dataclass(frozen=True)
class WorkerSeen:
    """A worker as it announced itself last."""

    id: str
    host: str
    pid: int
    slots: int
    offer: dict[str, Any]
    """Labels, devices, bytes, models."""
    until: float
    """When it counts as lost."""


class Queue:
    """Jobs in a database."""

    def __init__(
        self, database: Database, *, lease: float = 15.0, keep: float = 7 * 24 * 3600.0
    ) -> None:
        """Migrates the tables of the queue first.

        `lease`: seconds without a sign of life after which a worker's jobs go to others; the same
        for all that share the database. `keep`: seconds for which jobs that are over are kept.
        Raises DatabaseMismatch, DatabaseUnavailable.
        """
        migrate(database, [SCRIPTS])
        self.database = database
        self.wakes = Wakes(database)
        self.lease = lease
        self.keep = keep
        self.ends: list[End] = []
        """What is called in the transaction in which a job ends; see `printroom.jobs.settle.End`.
        Add to it before the first worker starts, in every process that works or cancels."""

    def close(self) -> None:
        """Wake whoever waits, and let go of the listener; the database stays open."""
        self.wakes.close()

    def submit(self, request: Request) -> Submitted:
        """Put one job in."""
        return self.submit_all([request])[0]

    def submit_all(self, requests: Sequence[Request]) -> list[Submitted]:
        """Put jobs in, all or none, in this order."""
        now = self.database.clock()
        made = [as_job(request, now) for request in requests]
        topics = {ready(request.kind) for request in requests}
        return self.change(lambda connection: enter(connection, made, now), *topics)

    def get(self, job: str) -> Job:
        """The job as it is now."""
        return self._read(lambda connection: _found(connection, job))

    def jobs(
        self,
        *,
        account: str | None = None,
        kind: str | Collection[str] | None = None,
        state: State | Collection[State] | None = None,
        subject: str | Collection[str] | None = None,
        before: str | None = None,
        starts: str = "",
        most: int = 100,
    ) -> list[Job]:
        """Jobs, the newest first; `before`: an id, for the next page; `starts`: what their ids
        begin with. The dead letters are those of the state `dead`.
        """
        query = select(JOBS).order_by(JOBS.c.id.desc()).limit(most)
        if account is not None:
            query = query.where(JOBS.c.account == account)
        if kind is not None:
            kinds = [kind] if isinstance(kind, str) else list(kind)
            query = query.where(JOBS.c.kind.in_(kinds))
        if state is not None:
            wanted = [state] if isinstance(state, str) else list(state)
            query = query.where(JOBS.c.state.in_(wanted))
        if subject is not None:
            named = [subject] if isinstance(subject, str) else list(subject)
            query = query.where(JOBS.c.subject.in_(named))
        if before is not None:
            query = query.where(JOBS.c.id < before)
        if starts:
            query = query.where(JOBS.c.id.startswith(starts, autoescape=True))
        return self._read(lambda connection: [Job.of(row) for row in connection.execute(query)])

    def counts(self) -> dict[State, int]:
        """How many jobs there are in each state that has any."""
        query = select(JOBS.c.state, func.count().label("jobs")).group_by(JOBS.c.state)
        rows = self._read(lambda connection: connection.execute(query).all())
        return {row.state: row.jobs for row in rows}

    def position(self, job: str) -> int | None:
        """How many jobs go before it; None when it is not queued."""
        return self._read(lambda connection: _position(connection, _found(connection, job)))

    def events(self, job: str, after: int = 0, most: int = 1000) -> list[Event]:
        """The next events behind number `after`."""
        return self._read(lambda connection: read(connection, job, after, most))

    def follow(self, job: str, after: int = 0, timeout: float | None = None) -> Iterator[Event]:
        """Events behind number `after` as they come, until the job is over.

        Ends after `timeout` seconds in all; None = when the job is over, whenever that is.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            seen = self.wakes.seen(TOPIC)
            now = self.get(job)
            while batch := self.events(job, after):
                after = batch[-1].number
                yield from batch
            left = _LOOK if until is None else min(_LOOK, until - time.monotonic())
            if (now.state in states.OVER and after >= now.events) or left <= 0:
                return
            self.wakes.wait(TOPIC, seen, left)

    def wait(self, job: str, timeout: float) -> Job:
        """The job when it is over, or as it is after `timeout` seconds."""
        until = time.monotonic() + timeout
        while True:
            seen = self.wakes.seen(END)
            now, left = self.get(job), until - time.monotonic()
            if now.state in states.OVER or left <= 0:
                return now
            self.wakes.wait(END, seen, min(left, _LOOK))

    def cancel(self, job: str) -> Job:
        """Take a job back: at once if it waits; if it runs, its worker is told.

        One that is over stays as it is.
        """
        now = self.database.clock()
        return self.change(lambda connection: self._cancelled(connection, job, now), READY, END)

    def retry(self, job: str, deadline: float | None = None, *, begin: Begin | None = None) -> Job:
        """Give a dead job all its attempts again; `deadline` in seconds, None = without one.

        `begin` is called in the transaction, and may refuse by raising. Raises WrongState for one
        that is not dead.
        """
        now = self.database.clock()
        until = None if deadline is None else now + deadline

        def retried(connection: Connection) -> Job:
            again = _retried(connection, job, until, now)
            if begin is not None:
                begin(connection, again)
            return again

        return self.change(retried, READY)

    def set_limit(self, account: str, limit: Limit) -> None:
        """Put limits on an account; `Limit()` takes them away."""
        self.change(lambda connection: limits.set_limit(connection, account, limit), READY)

    def get_limit(self, account: str) -> Limit:
        """The limits of an account."""
        return self._read(lambda connection: limits.get_limit(connection, account))

    def workers(self) -> list[WorkerSeen]:
        """Workers that live."""
        columns = ("id", "host", "pid", "slots", "offer_json", "until")
        query = select(*(WORKERS.c[name] for name in columns)).order_by(WORKERS.c.started_at)
        query = query.where(WORKERS.c.until > self.database.clock())
        rows = self._read(lambda connection: connection.execute(query).all())
        return [
            WorkerSeen(name, host, pid, slots, json.loads(offer), until)
            for name, host, pid, slots, offer, until in rows
        ]

    def expire(self, discard: retention.Discard = lambda _job: None) -> int:
        """Forget jobs whose time is up, after `discard` deleted their files. Returns how many."""
        return retention.expire(self.database, discard)

    def change(
        self, work: Callable[[Connection], T], *topics: str, patience: float | None = None
    ) -> T:
        """`work` in a transaction that tells of events and of `topics`."""
        return self.change_telling(lambda connection: (work(connection), topics), patience=patience)

    def change_telling(
        self,
        work: Callable[[Connection], tuple[T, Sequence[str]]],
        *,
        lasting: bool = True,
        patience: float | None = None,
    ) -> T:
        """The same, where `work` says itself what else is to be told."""

        def working(connection: Connection) -> tuple[T, Told]:
            result, topics = work(connection)
            return result, self.wakes.tell(connection, TOPIC, *topics)

        result, told = self.database.run(working, lasting=lasting, patience=patience)
        self.wakes.done(told)
        return result

    def _read(self, work: Callable[[Connection], T]) -> T:
        return self.database.run(work, write=False)

    def _cancelled(self, connection: Connection, name: str, now: float) -> Job:
        job = _found(connection, name, lock=True)
        if job.state in states.WAITING:
            gone = states.cancelled(job, now, self.keep)
            (over,) = record(connection, [Change(gone, "cancelled")], now)
            ended(connection, [over], self.ends)
            return over
        if job.state != "running" or job.cancel:
            return job
        asked = states.take_back(job)
        return record(connection, [Change(asked, "cancelling")], now)[0]


def _retried(connection: Connection, name: str, deadline: float | None, now: float) -> Job:
    job = _found(connection, name, lock=True)
    if job.state != "dead":
        raise WrongState(f"job {name} is {job.state}", "only a dead job can be retried")
    again = states.retry(job, now, deadline)
    return record(connection, [Change(again, "retried")], now)[0]


def _found(connection: Connection, name: str, lock: bool = False) -> Job:
    row = (_LOCK if lock else _FIND).first(connection, {"named": name})
    if row is None:
        raise NotFound(f"there is no job {name!r}", "it may have been forgotten: see jobs_keep")
    return Job.of(row)


def _position(connection: Connection, job: Job) -> int | None:
    if job.state != "queued":
        return None
    earlier = and_(JOBS.c.ready_at == job.ready_at, JOBS.c.id < job.id)
    before = or_(
        JOBS.c.priority > job.priority,
        and_(JOBS.c.priority == job.priority, or_(JOBS.c.ready_at < job.ready_at, earlier)),
    )
    query = select(func.count()).select_from(JOBS).where(JOBS.c.state == "queued", before)
    return int(connection.execute(query).scalar_one())

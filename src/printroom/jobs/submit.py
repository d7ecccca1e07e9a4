"""Into the queue.

    Request -> Submitted(job, fresh)       BadOption; KeyReused: same key, other request

With an idempotency key the same request gives the same job, for as long as that job is kept, also
when two come at once. A submission that is tried again because the database went away in between
is found, not made twice: the id is chosen before.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from printroom.core.errors import BadOption, DatabaseUnavailable, KeyReused
from printroom.database.prepared import Prepared
from printroom.jobs.events import Change, announce, dumped, started
from printroom.jobs.model import FIELDS, JOBS, Job, line_of
from printroom.jobs.needs import Needs

_KIND = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_WORD = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,255}")
_INSERT = Prepared(
    {
        "sqlite": sqlite.insert(JOBS).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(JOBS).on_conflict_do_nothing(),
    }
)
_KEYED = Prepared(
    select(JOBS).where(JOBS.c.account == bindparam("owner"), JOBS.c.key == bindparam("named"))
)
_HERE = Prepared(select(JOBS.c.id).where(JOBS.c.id.in_(bindparam("ids", expanding=True))))
_YEAR = 366 * 24 * 3600.0


@dataclass(frozen=True)
class Request:
    """A job that somebody wants done. Raises BadOption for what cannot be."""

    kind: str
    """Which handler does it."""
    payload: Any = None
    """JSON for the handler, up to 1 MiB."""
    account: str = ""
    """Whose it is; empty = nobody's, without limits."""
    priority: int = 0
    """-1000 to 1000; higher goes first."""
    delay: float = 0.0
    """Seconds until it may be started."""
    deadline: float | None = None
    """Seconds until it must be over; None = it may take as long as it takes."""
    retries: int = 3
    """Failures that are followed by another attempt; 0 to 100."""
    backoff: float = 1.0
    """Seconds before the second attempt; each later one waits twice as long, up to 10 minutes."""
    keep: float | None = None
    """Seconds for which it is kept when it is over; None = the queue's."""
    needs: Needs = field(default_factory=Needs)
    key: str | None = None
    """Idempotency key, unique within the account; None = each submission is another job."""
    subject: str | None = None
    """What it is about, for listing: up to 255 letters."""
    same: Any = None
    """JSON that must be the same when the key comes again; None = all of the request."""

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise BadOption(f"{self.kind!r} cannot be a kind of job", "take letters and digits")
        for what, word in (("account", self.account or None), ("key", self.key)):
            if word is not None and not _WORD.fullmatch(word):
                raise BadOption(f"this cannot be a job's {what}", "take 1 to 255 printable letters")
        _within("priority", self.priority, -1000, 1000)
        _within("retries", self.retries, 0, 100)
        for what, seconds in (("delay", self.delay), ("backoff", self.backoff)):
            _within(what, seconds, 0, _YEAR)
        for what, limit in (("deadline", self.deadline), ("keep", self.keep)):
            if limit is not None:
                _within(what, limit, 0, 100 * _YEAR)

    @property
    def fingerprint(self) -> str:
        """Digest of what must be the same when the key comes again."""
        if self.same is not None:
            return hashlib.sha256(json.dumps(self.same, sort_keys=True).encode()).hexdigest()
        parts = {
            name: value
            for name, value in vars(self).items()
            if name not in ("key", "needs", "subject", "same")
        }
        parts["needs"] = [self.needs.text, self.needs.bytes, self.needs.model]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Submitted:
    """What became of a request."""

    job: Job
    fresh: bool
    """False = the key had come before, with the same request."""


def as_job(request: Request, now: float) -> Job:
    """The job that `request` makes at `now`. Raises BadOption."""
    blank: dict[str, Any] = dict.fromkeys(FIELDS)
    return Job(
        **blank
        | {
            "id": new_id(now),
            "kind": request.kind,
            "account": request.account,
            "key": request.key,
            "payload_json": dumped(request.payload, "the payload"),
            "fingerprint": request.fingerprint if request.key is not None else None,
            "priority": request.priority,
            "retries": request.retries,
            "backoff": request.backoff,
            "keep": request.keep,
            "created_at": now,
            "state": "delayed" if request.delay > 0 else "queued",
            "ready_at": now + request.delay,
            "deadline": None if request.deadline is None else now + request.deadline,
            "labels": request.needs.text,
            "line": line_of(request.kind, request.needs.text, request.account),
            "bytes": request.needs.bytes,
            "model": request.needs.model,
            "attempt": 0,
            "failures": 0,
            "cancel": False,
            "events": 1,
            "subject": request.subject,
        }
    )


def enter(connection: Connection, jobs: Sequence[Job], now: float) -> list[Submitted]:
    """Write new jobs, all or none; those that run already have two events. Raises KeyReused."""
    known = {name for (name,) in _HERE(connection, {"ids": [job.id for job in jobs]})}
    submitted: list[Submitted] = []
    plain = [job for job in jobs if job.key is None and job.id not in known]
    if plain:
        _INSERT.each(connection, [_row(job) for job in plain])
    for job in jobs:
        if job.key is None or job.id in known:
            submitted.append(Submitted(job, True))
        else:
            submitted.append(_keyed(connection, job))
    fresh = [entry.job for entry in submitted if entry.fresh and entry.job.id not in known]
    begun = [job for job in fresh if job.state == "running"]
    first = [job if job.state != "running" else replace(job, events=1) for job in fresh]
    told = [Change(job, "queued") for job in first] + [started(job) for job in begun]
    if told:
        announce(connection, [*first, *begun], told, now)
    return submitted


def new_id(now: float) -> str:
    """32 hexadecimal digits: 12 of the time in milliseconds, 20 at random."""
    return f"{int(now * 1000):012x}{secrets.token_hex(10)}"


def keyed(
    connection: Connection, account: str, key: str | None, fingerprint: str | None
) -> Job | None:
    """The job that the key stands for already; None = the key is new. Raises KeyReused."""
    row = _KEYED.first(connection, {"owner": account, "named": key})
    found = None if row is None else Job.of(row)
    if found is not None and found.fingerprint != fingerprint:
        reason = f"the idempotency key {key!r} came before, with another request"
        raise KeyReused(reason, "take a new key for a new request")
    return found


def _keyed(connection: Connection, job: Job) -> Submitted:
    _INSERT.each(connection, [_row(job)])
    found = keyed(connection, job.account, job.key, job.fingerprint)
    if found is None:  # it was in the way a moment ago
        reason = f"the job of the idempotency key {job.key!r} was forgotten just now"
        raise DatabaseUnavailable(reason, "send the request again")
    return Submitted(job, True) if found.id == job.id else Submitted(found, False)


def _row(job: Job) -> Mapping[str, Any]:
    return {name: getattr(job, name) for name in FIELDS}


def _within(what: str, value: float, least: float, most: float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise BadOption(f"{what} {value} is out of range", f"take {least:g} to {most:g}")

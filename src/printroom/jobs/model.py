"""The tables of the queue, and a job as one value.

    jobs --< job_checkpoints      what its finished steps left, by name
      |  --< job_events           what happened to it, numbered from 1 without gaps
    job_limits                    what an account may do at once, and how often
    job_workers --< job_residents who is there, and which models it holds

Times are seconds since 1970 by the database's clock. What is JSON is text here: nothing searches
in it. `jobs/migrations` makes these tables; a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    literal_column,
    text,
)

from printroom.database.migrate import Scripts

State = Literal["delayed", "queued", "running", "done", "cancelled", "dead"]
"""See `printroom.jobs.states`."""
SCRIPTS = Scripts("jobs", Path(__file__).parent / "migrations")
METADATA = MetaData()


def _job() -> Column[str]:
    return Column("job", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


JOBS = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("key", Text),
    Column("fingerprint", Text),
    Column("payload_json", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("backoff", Double, nullable=False),
    Column("keep", Double),
    Column("created_at", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("ready_at", Double, nullable=False),
    Column("deadline", Double),
    Column("labels", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("model", Text),
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("worker", Text),
    Column("lease_until", Double),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("expires_at", Double),
    Column("cancel", Boolean, nullable=False),
    Column("error_code", Text),
    Column("error", Text),
    Column("result_json", Text),
    Column("events", Integer, nullable=False),
    Column("subject", Text),
)
Index(
    "jobs_queued",
    JOBS.c.line,
    JOBS.c.priority.desc(),
    JOBS.c.ready_at,
    JOBS.c.id,
    **_where("state = 'queued'"),
)
Index("jobs_delayed", JOBS.c.ready_at, **_where("state = 'delayed'"))
Index("jobs_running", JOBS.c.account, JOBS.c.worker, **_where("state = 'running'"))
Index("jobs_deadline", JOBS.c.deadline, **_where("deadline IS NOT NULL AND finished_at IS NULL"))
Index("jobs_expiry", JOBS.c.expires_at, **_where("expires_at IS NOT NULL"))
Index("jobs_account", JOBS.c.account, JOBS.c.id)
Index(
    "jobs_subject",
    JOBS.c.account,
    JOBS.c.subject,
    JOBS.c.id,
    **_where("subject IS NOT NULL"),
)
Index("jobs_key", JOBS.c.account, JOBS.c.key, unique=True, **_where("key IS NOT NULL"))

CHECKPOINTS = Table(
    "job_checkpoints",
    METADATA,
    _job(),
    Column("name", Text, primary_key=True),
    Column("value_json", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", Double, nullable=False),
)
EVENTS = Table(
    "job_events",
    METADATA,
    _job(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data_json", Text, nullable=False),
)
Index("job_events_at", EVENTS.c.at)
LIMITS = Table(
    "job_limits",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("running", Integer),
    Column("rate", Double),
    Column("burst", Integer, nullable=False),
    Column("arrival", Double, nullable=False),
)
WORKERS = Table(
    "job_workers",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("offer_json", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("until", Double, nullable=False),
)
RESIDENTS = Table(
    "job_residents",
    METADATA,
    Column("worker", Text, ForeignKey("job_workers.id", ondelete="CASCADE"), primary_key=True),
    Column("model", Text, primary_key=True),
)
Index("job_residents_model", RESIDENTS.c.model)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was when it was read."""

    id: str
    """Sorts by the time of its submission."""
    kind: str
    """Which handler does it."""
    account: str
    """Whose it is; empty = nobody's, without limits."""
    key: str | None
    """Idempotency key, unique within the account."""
    fingerprint: str | None
    """Digest of the request that came with the key."""
    payload_json: str
    priority: int
    """Higher goes first; 0 = neutral."""
    retries: int
    """Failures that are followed by another attempt."""
    backoff: float
    """Seconds before the second attempt; each later one waits twice as long."""
    keep: float | None
    """Seconds for which it is kept when it is over; None = the queue's."""
    created_at: float
    state: State
    ready_at: float
    """Since when, or from when on, it may be started."""
    deadline: float | None
    """When it must be over."""
    labels: str
    """Labels that its worker must have, sorted, separated by commas."""
    line: str
    """Where it waits: see `line_of`."""
    bytes: int
    """Free bytes that its worker must have."""
    model: str | None
    """The model that its worker had better hold."""
    attempt: int
    """How often it was started; fences what older attempts still want to write."""
    failures: int
    """Attempts that failed, or were lost with their worker, since it was submitted or retried."""
    worker: str | None
    """Who has it, or had it last."""
    lease_until: float | None
    """When it goes to another worker unless this one shows that it lives."""
    started_at: float | None
    """Of the latest attempt."""
    finished_at: float | None
    expires_at: float | None
    """When it may be forgotten."""
    cancel: bool
    """Whether somebody took it back."""
    error_code: str | None
    """The code of the latest failure; see docs/reference/errors.md."""
    error: str | None
    result_json: str | None
    events: int
    """The number of its latest event."""
    subject: str | None = None
    """What it is about, for listing; None = nothing in particular."""

    @property
    def payload(self) -> Any:
        """What it was submitted with. Not to be changed: others may be given the same."""
        return _parsed(self.payload_json)

    @property
    def result(self) -> Any:
        """What its handler returned; None before."""
        return None if self.result_json is None else json.loads(self.result_json)

    @classmethod
    def of(cls, row: Sequence[Any]) -> Job:
        """From a row of `JOBS`, whose columns have the order of the fields."""
        values = list(row)
        values[_CANCEL] = bool(values[_CANCEL])
        return cls(*values)


@lru_cache(maxsize=16)
def _parsed(text: str) -> Any:
    """What JSON says: of a job that is being done it is asked again and again."""
    return json.loads(text)


def line_of(kind: str, labels: str, account: str) -> str:
    """The line that a job waits in (`printroom.jobs.lines`); none of the parts has a line break."""
    return f"{kind}\n{labels}\n{account}"


def in_state(state: State, jobs: FromClause = JOBS) -> ColumnElement[bool]:
    """The condition, as written in the indexes: with a parameter in it none would be used."""
    return jobs.c.state == literal_column(f"'{state}'")


FIELDS = tuple(field.name for field in fields(Job))
_CANCEL = FIELDS.index("cancel")
"""Which SQLite has as a number."""
if tuple(JOBS.c.keys()) != FIELDS:
    raise AssertionError("Job and its table have come apart")

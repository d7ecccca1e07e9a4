"""The lines in which jobs wait: one for each kind, set of labels, and account.

    heads(what the worker has) -> lines that it may take from, the most urgent first
    take(line, most) -> its next jobs, locked

All jobs of a line may be taken by the same workers, and are under the same limit: a line is open or
closed as a whole. So a hundred thousand jobs that may not start cost a claim one look, not a
hundred thousand. The lines are found by jumping through one index from each to the next.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select

from printroom.database.prepared import Prepared
from printroom.jobs.model import JOBS, RESIDENTS, WORKERS, Job, in_state
from printroom.jobs.needs import Offer

PATIENCE = 2.0
"""Seconds for which a job waits for a worker that holds its model."""


def _fits(jobs: Any) -> Any:
    """What must hold of a single job of a line that is open."""
    held = exists().where(
        RESIDENTS.c.model == jobs.c.model,
        WORKERS.c.id == RESIDENTS.c.worker,
        WORKERS.c.until > bindparam("now"),
    )
    return and_(
        in_state("queued", jobs),
        jobs.c.bytes <= bindparam("free"),
        or_(jobs.c.deadline.is_(None), jobs.c.deadline > bindparam("now")),
        or_(
            jobs.c.model.is_(None),
            jobs.c.ready_at <= bindparam("since"),
            jobs.c.model.in_(bindparam("models", expanding=True)),
            ~held,
        ),
    )


def _order(jobs: Any) -> tuple[Any, ...]:
    return (jobs.c.priority.desc(), jobs.c.ready_at, jobs.c.id)


def _lines() -> Any:
    """All lines with anybody in them: the first, and from each the next."""
    first = select(func.min(JOBS.c.line).label("line")).where(in_state("queued", JOBS))
    lines = first.cte("lines", recursive=True)
    later = JOBS.alias("later")
    following = select(func.min(later.c.line)).where(
        in_state("queued", later), later.c.line > lines.c.line
    )
    return lines.union_all(select(following.scalar_subquery()).where(lines.c.line.is_not(None)))


_all = _lines()
_mine = JOBS.alias("mine")
_head = (
    select(_mine.c.id)
    .where(_mine.c.line == _all.c.line, _fits(_mine))
    .order_by(*_order(_mine))
    .limit(1)
    .correlate(_all)
    .scalar_subquery()
)
_HEADS = Prepared(select(_all.c.line, _head).where(_all.c.line.is_not(None)))
_SORTED = (
    select(JOBS.c.line)
    .where(JOBS.c.id.in_(bindparam("ids", expanding=True)), in_state("queued"))
    .order_by(*_order(JOBS))
)
_TAKE = Prepared(
    select(JOBS)
    .where(JOBS.c.line == bindparam("wanted"), _fits(JOBS))
    .order_by(*_order(JOBS))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=JOBS)
)


@dataclass(frozen=True)
class Wanted:
    """What a worker may be given at the moment."""

    offer: Offer
    kinds: Collection[str]
    now: float

    def values(self, free: int) -> dict[str, Any]:
        """For the queries; `free`: bytes that are left of the offer."""
        return {
            "now": self.now,
            "since": self.now - PATIENCE,
            "free": free,
            "models": sorted(self.offer.models),
        }

    def suits(self, line: str) -> bool:
        """Whether the worker may do jobs of `line`."""
        kind, labels, _ = parts(line)
        return kind in self.kinds and labels <= self.offer.all_labels


def parts(line: str) -> tuple[str, frozenset[str], str]:
    """Kind, labels and account of a line."""
    kind, labels, account = line.split("\n")
    return kind, frozenset(labels.split(",")) - {""}, account


def heads(connection: Connection, wanted: Wanted) -> list[str]:
    """Lines with a job for the worker, in the order of the first such job of each."""
    rows = _HEADS(connection, wanted.values(wanted.offer.bytes))
    first = {job: line for line, job in rows if job is not None and wanted.suits(line)}
    if len(first) < 2:
        return list(first.values())
    # In a statement of its own: as a join, PostgreSQL would read the whole table for it.
    return list(connection.execute(_SORTED, {"ids": list(first)}).scalars())


def take(
    connection: Connection, lines: Sequence[str], wanted: Wanted, free: int, most: int
) -> list[Job]:
    """The next `most` jobs of all `lines` together, which are in the order of their heads.

    As many lines as there are jobs wanted suffice: each has its head before all of a later line.
    """
    found: list[Job] = []
    values = wanted.values(free) | {"most": most}
    for line in lines[:most]:
        rows = _TAKE(connection, values | {"wanted": line})
        found += [Job.of(row) for row in rows]
    return sorted(found, key=lambda job: (-job.priority, job.ready_at, job.id))[:most]

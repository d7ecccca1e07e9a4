"""What an account may do: so many jobs at once, so many starts a second.

    admit(candidates, now) -> those that may start now       never more than the limits allow

The number at once is counted among the running jobs. The rate is a bucket that is kept as one
time, as in ATM's generic cell rate algorithm (ITU-T I.371): `arrival` moves on by 1/rate with each
start, and may be ahead of now by at most (burst - 1)/rate. On PostgreSQL the rows of the accounts
that are wanted are locked first, so of two claims that want the same account's last place one sees
what the other took; a row that is locked already is left to its holder.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Double,
    bindparam,
    cast,
    delete,
    func,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from printroom.core.errors import BadOption
from printroom.database.prepared import Prepared
from printroom.jobs.model import JOBS, LIMITS, Job, in_state

_RUNNING = (
    select(JOBS.c.account, func.count().label("number"))
    .where(in_state("running"), JOBS.c.account != "")
    .group_by(JOBS.c.account)
)
_busy = _RUNNING.subquery()
_never = cast(null(), Double)
_opens = LIMITS.c.arrival - (LIMITS.c.burst - 1) / LIMITS.c.rate
_CLOSED = Prepared(
    union_all(
        select(LIMITS.c.account, _never)
        .join(_busy, _busy.c.account == LIMITS.c.account)
        .where(LIMITS.c.running.is_not(None), _busy.c.number >= LIMITS.c.running),
        select(LIMITS.c.account, _never).where(LIMITS.c.running == 0),
        select(LIMITS.c.account, _opens).where(
            LIMITS.c.rate.is_not(None), _opens > bindparam("now")
        ),
    )
)
_WANTED = LIMITS.c.account.in_(bindparam("accounts", expanding=True))
_LOCK = select(LIMITS).where(_WANTED).order_by(LIMITS.c.account).with_for_update(skip_locked=True)
_LIMITED = Prepared(select(LIMITS.c.account).where(_WANTED))
_COUNT = _RUNNING.where(JOBS.c.account.in_(bindparam("accounts", expanding=True)))
_ARRIVE = (
    update(LIMITS).where(LIMITS.c.account == bindparam("owner")).values(arrival=bindparam("moved"))
)


@dataclass(frozen=True)
class Limit:
    """Limits of one account. Raises BadOption."""

    running: int | None = None
    """Jobs at once; 0 = none may start; None = any number."""
    rate: float | None = None
    """Starts a second in the long run, above 0; None = any number."""
    burst: int = 1
    """Starts at once after a quiet time, 1 or more; counts with `rate` only."""

    def __post_init__(self) -> None:
        if self.running is not None and self.running < 0:
            raise BadOption("jobs at once are 0 or more")
        if self.rate is not None and not (math.isfinite(self.rate) and self.rate > 1e-9):
            raise BadOption("the rate is above 0", "leave it out for no limit")
        if self.burst < 1:
            raise BadOption("a burst is 1 or more")


def set_limit(connection: Connection, account: str, limit: Limit) -> None:
    """Put `limit` on an account; what runs already goes on. Raises BadOption."""
    if not account:
        raise BadOption("jobs that are nobody's cannot be limited", "name an account")
    if limit == Limit():
        connection.execute(delete(LIMITS).where(LIMITS.c.account == account))
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"running": limit.running, "rate": limit.rate, "burst": limit.burst}
    insert = dialect.insert(LIMITS).values(account=account, arrival=0.0, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=["account"], set_=values))


def get_limit(connection: Connection, account: str) -> Limit:
    """The limits of an account; those it has not are None."""
    columns = (LIMITS.c.running, LIMITS.c.rate, LIMITS.c.burst)
    row = connection.execute(select(*columns).where(LIMITS.c.account == account)).first()
    return Limit(*row) if row else Limit()


def limited(connection: Connection, accounts: Collection[str]) -> bool:
    """Whether any of `accounts` has a limit."""
    named = sorted(set(accounts) - {""})
    return bool(named) and bool(_LIMITED(connection, {"accounts": named}))


def closed(connection: Connection, now: float) -> tuple[set[str], float | None]:
    """Accounts that may start nothing at the moment; and when the first opens by itself."""
    rows = _CLOSED(connection, {"now": now})
    opens = min((time for _, time in rows if time is not None), default=None)
    return {account for account, _ in rows}, opens


def admit(connection: Connection, jobs: Sequence[Job], now: float) -> tuple[list[Job], set[str]]:
    """Those of `jobs` that may start, in their order; and the accounts of those that may not.

    The jobs are counted as started: their rows must be written in this transaction.
    """
    accounts = sorted({job.account for job in jobs} - {""})
    named = {"accounts": accounts}
    limited = {name for (name,) in _LIMITED(connection, named)} if accounts else set()
    if not limited:
        return list(jobs), set()
    rows = {row.account: row for row in connection.execute(_LOCK, named)}
    counts: dict[str, int] = {}
    if rows:  # read after the lock: what another claim committed meanwhile is seen
        counts = {row.account: row.number for row in connection.execute(_COUNT, named)}
    left = {name: _room(rows[name], counts.get(name, 0), now) for name in rows}
    left |= dict.fromkeys(limited - rows.keys(), 0)
    admitted: list[Job] = []
    refused: set[str] = set()
    for job in jobs:
        if left.get(job.account, 1) <= 0:
            refused.add(job.account)
            continue
        if job.account in left:
            left[job.account] -= 1
        admitted.append(job)
    _move(connection, rows, admitted, now)
    return admitted, refused


def _room(row: Any, running: int, now: float) -> int:
    """How many more an account may start."""
    room = 2**31 if row.running is None else max(0, row.running - running)
    if row.rate is not None:
        ahead = max(row.arrival - now, 0.0)
        room = min(room, max(0, math.floor(row.burst - ahead * row.rate + 1e-6)))
    return room


def _move(connection: Connection, rows: dict[str, Any], jobs: Sequence[Job], now: float) -> None:
    moves = []
    for account, row in rows.items():
        starts = sum(job.account == account for job in jobs)
        if starts and row.rate is not None:
            moved = max(row.arrival, now) + starts / row.rate
            moves.append({"owner": account, "moved": moved})
    if moves:
        connection.execute(_ARRIVE, moves)

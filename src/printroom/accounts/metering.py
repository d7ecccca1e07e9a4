"""What was used, once for each success.

    Use, in the transaction of what it counts -> added          Run that is done -> record
    account, days -> usage by day, key, target                  account or key -> spent

Rows are sums by day, so a busy year is some thousand rows. A run is also kept by its own id: should
it ever end twice, it is counted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from printroom.accounts.model import USAGE_DAYS, USAGE_RUNS
from printroom.accounts.prices import Amounts, Prices
from printroom.database.prepared import Prepared

Group = Literal["day", "key", "target", "end_user"]
GROUPS: tuple[Group, ...] = ("day", "key", "target", "end_user")
RUNS = ("run", "portrait")
"""Kinds of jobs that are runs."""
_SUMS = ("runs", "pictures", "pixels", "milliseconds", "cost")


@dataclass(frozen=True, slots=True)
class Use:
    """One success."""

    account: str
    key: str
    """Empty = a session, or the local owner."""
    target: str
    """The pipeline with its version, or `enhance`."""
    end_user: str
    at: float
    pictures: int
    pixels: int
    milliseconds: int
    cost: int
    """Thousandths of a unit."""


@dataclass(frozen=True)
class Usage:
    """Sums over some uses; what was not asked to be kept apart is None."""

    day: str | None
    key: str | None
    target: str | None
    end_user: str | None
    runs: int
    pictures: int
    pixels: int
    milliseconds: int
    cost: int


@dataclass(frozen=True)
class Spent:
    """Thousandths of a unit, of one account or key."""

    day: int = 0
    month: int = 0


class Done(Protocol):
    """A job that is over, as the queue tells of it."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def state(self) -> Any: ...
    @property
    def payload(self) -> Any: ...
    @property
    def result(self) -> Any: ...
    @property
    def started_at(self) -> float | None: ...
    @property
    def finished_at(self) -> float | None: ...


def day_of(at: float) -> str:
    """The day (UTC) of a time, as 2026-11-26."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def _summing(dialect: Any) -> Any:
    insert = dialect.insert(USAGE_DAYS)
    moved = {name: USAGE_DAYS.c[name] + insert.excluded[name] for name in _SUMS}
    return insert.on_conflict_do_update(index_elements=_APART, set_=moved)


def _once(dialect: Any) -> Any:
    return dialect.insert(USAGE_RUNS).on_conflict_do_nothing().returning(USAGE_RUNS.c.run)


_APART = ("account", "day", "key", "target", "end_user")
_ADD = Prepared({"sqlite": _summing(sqlite), "postgresql": _summing(postgresql)})
_COUNTED = Prepared({"sqlite": _once(sqlite), "postgresql": _once(postgresql)})


def add(connection: Connection, uses: Iterable[Use]) -> None:
    """Add uses to their sums. Not idempotent: part of a transaction that happens once."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for use in uses:
        key = (use.account, day_of(use.at), use.key, use.target, use.end_user)
        row = sums.setdefault(key, [0] * len(_SUMS))
        amounts = (1, use.pictures, use.pixels, use.milliseconds, use.cost)
        row[:] = [one + more for one, more in zip(row, amounts, strict=True)]
    rows = [
        dict(zip((*_APART, *_SUMS), (*key, *row), strict=True)) for key, row in sorted(sums.items())
    ]
    _ADD.each(connection, rows)


def record(connection: Connection, job: Done, prices: Prices) -> bool:
    """Count a run that is done, in the transaction that ends it; False: nothing new to do.

    Its result says under `usage` what it made: `pictures` and `pixels`; its payload by which `key`
    and for which `end_user` it was asked for, and its `target`.
    """
    if job.kind not in RUNS or job.state != "done" or not job.account:
        return False
    payload, made = job.payload, dict((job.result or {}).get("usage") or {})
    at = job.finished_at or job.started_at or 0.0
    seconds = max(0.0, at - (job.started_at or at))
    amounts = Amounts(
        int(made.get("pictures", 0)), int(made.get("pixels", 0)), round(seconds * 1000)
    )
    target = str(payload.get("target", ""))
    use = Use(
        job.account, str(payload.get("key") or ""), target, str(payload.get("end_user") or ""),
        at, amounts.pictures, amounts.pixels, amounts.milliseconds, prices.cost(target, amounts),
    )  # fmt: skip
    values = {name: getattr(use, name) for name in ("account", "at", *_SUMS[1:])}
    if _COUNTED.first(connection, {"run": job.id, **values}) is not None:
        add(connection, [use])
    return False


class Metering:
    """A hook for the queue: counts each run in the transaction that ends it."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    def __call__(self, connection: Connection, job: Done) -> bool:
        """False: there is nothing new to do."""
        return record(connection, job, self._prices)


def usage(
    connection: Connection,
    _now: float,
    account: str,
    first: str,
    last: str,
    groups: Iterable[Group],
) -> list[Usage]:
    """Sums over the days from `first` to `last`, both included, kept apart by `groups`."""
    apart = [name for name in GROUPS if name in set(groups)]
    columns = [USAGE_DAYS.c[name] for name in apart]
    sums = [func.sum(USAGE_DAYS.c[name]).label(name) for name in _SUMS]
    query = (
        select(*columns, *sums)
        .where(USAGE_DAYS.c.account == account, USAGE_DAYS.c.day.between(first, last))
        .group_by(*columns)
        .order_by(*columns)
    )
    missing: dict[str, Any] = dict.fromkeys(GROUPS)
    return [
        Usage(**missing | {name: _plain(name, row._mapping[name]) for name in (*apart, *_SUMS)})
        for row in connection.execute(query)
    ]


def spent(connection: Connection, now: float, subjects: Mapping[str, str]) -> dict[str, Spent]:
    """What was spent this day and this month; `subjects`: id -> "account" or "key"."""
    today = day_of(now)
    found: dict[str, Spent] = {}
    for subject, column in subjects.items():
        query = select(USAGE_DAYS.c.day, func.sum(USAGE_DAYS.c.cost)).where(
            USAGE_DAYS.c[column] == subject, USAGE_DAYS.c.day >= today[:8] + "01"
        )
        days = {day: int(cost) for day, cost in connection.execute(query.group_by("day"))}
        found[subject] = Spent(days.get(today, 0), sum(days.values()))
    return found


def next_day(now: float) -> float:
    """When the next day begins (UTC)."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1)).timestamp()


def next_month(now: float) -> float:
    """When the next month begins (UTC)."""
    first = datetime.fromtimestamp(now, UTC).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return (first + timedelta(days=32)).replace(day=1).timestamp()


def _plain(name: str, value: Any) -> Any:
    return int(value or 0) if name in _SUMS else value

"""How much an account, a key or a public pipeline may have.

    subject, Quota -> put         subjects -> fetched         BadOption

Each is kept under the id of what it limits. Without a row there is no limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from printroom.accounts.audit import Actor, note
from printroom.accounts.model import QUOTAS
from printroom.core.errors import BadOption

THOUSANDTHS = 1000
"""Of a unit: what amounts are counted in."""


@dataclass(frozen=True)
class Quota:
    """Limits of one subject; None = none of that kind. Raises BadOption."""

    rate: float | None = None
    """Requests a second in the long run, above 0."""
    burst: int = 1
    """Requests at once after a quiet time, 1 or more; counts with `rate` only."""
    running: int | None = None
    """Requests in progress at once, 0 or more."""
    daily: float | None = None
    """Units a day (UTC), 0 or more."""
    monthly: float | None = None
    """Units a calendar month (UTC), 0 or more."""

    def __post_init__(self) -> None:
        if self.rate is not None and not (math.isfinite(self.rate) and 1e-6 <= self.rate <= 1e6):
            raise BadOption("a rate is above 0", "leave it out for no limit")
        if not 1 <= self.burst <= 10**6:
            raise BadOption("a burst is 1 or more")
        if self.running is not None and not 0 <= self.running <= 10**6:
            raise BadOption("requests in progress are 0 or more")
        for budget in (self.daily, self.monthly):
            if budget is not None and not (math.isfinite(budget) and 0 <= budget <= 1e12):
                raise BadOption("a budget is 0 or more units", "leave it out for no limit")


NONE = Quota()


def put(connection: Connection, now: float, actor: Actor, subject: str, quota: Quota) -> None:
    """Limit `subject`; NONE takes its limits away."""
    connection.execute(delete(QUOTAS).where(QUOTAS.c.subject == subject))
    if quota != NONE:
        values = vars(quota) | {
            "daily": _thousandths(quota.daily),
            "monthly": _thousandths(quota.monthly),
        }
        connection.execute(insert(QUOTAS).values(subject=subject, **values))
    note(connection, now, actor, "quota.set", subject, **vars(quota))


def fetched(connection: Connection, _now: float, subjects: Iterable[str]) -> dict[str, Quota]:
    """The limits of those of `subjects` that have some."""
    query = select(QUOTAS).where(QUOTAS.c.subject.in_(list(subjects)))
    return {
        subject: Quota(rate, burst, running, _units(daily), _units(monthly))
        for subject, rate, burst, running, daily, monthly in connection.execute(query)
    }


def _thousandths(units: float | None) -> int | None:
    return None if units is None else round(units * THOUSANDTHS)


def _units(thousandths: int | None) -> float | None:
    return None if thousandths is None else thousandths / THOUSANDTHS

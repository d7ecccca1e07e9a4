"""A request against the limits of its key and its account, without a look at the database.

    Found, Counters -> Places, RateLimit headers      RateLimited TooManyAtOnce BudgetSpent

What was spent is what the database said a few seconds ago and what this process added since: all
processes together may go beyond a budget by what they do in that time, and by what is in progress.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from printroom.accounts.counters import Arrival, Counters
from printroom.accounts.lookup import Held
from printroom.accounts.metering import next_day, next_month
from printroom.accounts.quotas import THOUSANDTHS, Quota
from printroom.api.problems import Headers
from printroom.core.errors import BudgetSpent, LimitReached, RateLimited, TooManyAtOnce


@dataclass(slots=True)
class Places:
    """What a request holds while it is in progress."""

    taken: list[int] = field(default_factory=list)
    headers: Headers = field(default_factory=list)
    """`RateLimit` and `RateLimit-Policy`."""


def admit(
    counters: Counters,
    subjects: Sequence[Held],
    since: Callable[[str], int],
    now: float,
    *,
    work: bool,
) -> Places:
    """Count a request against all of `subjects`, or against none that follows a refusal.

    `since`: thousandths of a unit spent after the database was asked; `work`: whether it takes
    units and a place among those in progress. Raises LimitReached.
    """
    places = Places()
    policies: list[str] = []
    states: list[str] = []
    try:
        for one in subjects:
            quota = one.quota
            if quota.rate is not None:
                arrival = counters.arrive(one.id, quota.rate, quota.burst)
                policies.append(f'"{one.id}";q={quota.burst};w={_window(quota)}')
                states.append(f'"{one.id}";r={arrival.left};t={math.ceil(arrival.reset)}')
                if not arrival.admitted:
                    raise _too_fast(one, arrival)
            if work:
                _check_budget(one, since(one.id), now)
                if quota.running is not None:
                    place = counters.begin(one.id, quota.running)
                    if place is None:
                        raise TooManyAtOnce(
                            f"{quota.running} requests of {one.id} are in progress",
                            "wait for one to end",
                        )
                    places.taken.append(place)
    except LimitReached as error:
        leave(counters, places)
        error.headers = tuple(_headers(policies, states))
        raise
    places.headers = _headers(policies, states)
    return places


def leave(counters: Counters, places: Places) -> None:
    """The request is over."""
    while places.taken:
        counters.end(places.taken.pop())


def _check_budget(one: Held, since: int, now: float) -> None:
    budgets = (
        ("day", one.quota.daily, one.spent.day, next_day),
        ("month", one.quota.monthly, one.spent.month, next_month),
    )
    for name, budget, spent, following in budgets:
        if budget is not None and spent + since >= budget * THOUSANDTHS:
            raise BudgetSpent(
                f"the {budget:g} units that {one.id} has for this {name} are spent",
                "wait, or ask for a larger budget",
                retry_after=math.ceil(following(now) - now),
            )


def _too_fast(one: Held, arrival: Arrival) -> RateLimited:
    seconds = max(1, math.ceil(arrival.wait))
    return RateLimited(
        f"{one.id} may send {one.quota.rate:g} requests a second, {one.quota.burst} at once",
        f"try again in {seconds} s",
        retry_after=seconds,
    )


def _window(quota: Quota) -> int:
    return max(1, math.ceil(quota.burst / (quota.rate or 1)))


def _headers(policies: list[str], states: list[str]) -> Headers:
    if not policies:
        return []
    return [
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(states).encode()),
    ]

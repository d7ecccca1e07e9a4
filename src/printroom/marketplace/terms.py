"""Joins the market to what runs: implements `printroom.runs.terms.Terms`, and a hook for
`Queue.ends`; and sells what is done at once, without a run in the queue.

what is asked, its target -> agree -> terms, or None: nothing of it is to be paid
the job -> begin             the job, over -> __call__
what is asked -> sale -> Sale: held, then `settle`, or let go
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from printroom.accounts.credentials import new_id
from printroom.accounts.handles import account_of
from printroom.jobs.model import Job
from printroom.marketplace.admission import Measure, agreed, begun, settled
from printroom.marketplace.deals import Deal, Thing
from printroom.marketplace.market import Market
from printroom.marketplace.rules import Rules

_RUN = "run"
"""The kind of job that is sold."""
SALE = "sale"
"""How the ids begin of what is sold without a run."""
_MODEL = re.compile(r"(?P<handle>[^/@]+)/(?P<name>[^/@]+)(@(?P<version>[0-9]{1,9}))?", re.ASCII)
LONGEST = 3600.0
"""Seconds after which what such a sale holds is let go, if whoever was to end it is gone."""


class Asked(Protocol):
    """A run that somebody wants."""

    @property
    def account(self) -> str: ...
    @property
    def trial(self) -> bool: ...


class Named(Protocol):
    @property
    def name(self) -> str: ...


class Versioned(Protocol):
    @property
    def version(self) -> int | None: ...


class Target(Protocol):
    """The pipeline that it would do."""

    @property
    def account(self) -> str | None: ...
    @property
    def own(self) -> bool: ...
    @property
    def spec(self) -> Named: ...
    @property
    def graph(self) -> Versioned: ...


@dataclass
class Sale:
    """Something that is done now, and paid for if it goes well."""

    id: str = ""
    """Empty = nothing is to be paid."""
    deal: Deal | None = None
    cost: int = 0
    """Credits that were charged."""
    pixels: int | None = None
    seconds: float = 0.0

    @property
    def paid(self) -> tuple[str, ...]:
        """The models of others that may be used."""
        return () if self.deal is None else self.deal.paid

    def done(self, pixels: int, seconds: float) -> None:
        """It went well; `pixels`: of its results. Charged when the `with` is left."""
        self.pixels, self.seconds = pixels, seconds


class MarketTerms:
    """Safe from many threads."""

    def __init__(self, market: Callable[[], Market], rules: Rules) -> None:
        """`market`: not asked for before somebody uses what is another's."""
        self._market, self.rules = market, rules

    def agree(
        self, asked: Asked, target: Target, models: Sequence[str], measure: Measure
    ) -> Mapping[str, Any] | None:
        """On which terms the run may be; `models`: of accounts, that it uses. Raises NoAccess,
        NoQuote.
        """
        deal = self._agreed(asked.account, target, models, measure, trial=asked.trial)
        return None if deal is None else deal.to_json()

    def begin(self, connection: Connection, job: Job) -> None:
        """Place the hold. Raises NoAccess, NotEnoughCredits, RateLimited."""
        deal = Deal.of(job.payload["terms"])
        now = job.finished_at or job.ready_at
        begun(connection, now, job.account, deal, job.id, f"{job.id}:{job.events}")

    def __call__(self, connection: Connection, job: Job) -> bool:
        """The job is over; False: nothing new is to be done."""
        raw = job.payload.get("terms") if job.kind == _RUN else None
        if raw is None:
            return False
        now = job.finished_at or job.created_at
        pixels = None
        if job.state == "done":
            pixels = int(((job.result or {}).get("usage") or {}).get("pixels", 0))
        seconds = max(0.0, now - (job.started_at or now))
        settled(connection, now, self.rules, job.account, Deal.of(raw), job.id, pixels, seconds)
        return False

    @contextmanager
    def sale(
        self, account: str, target: Target | None, models: Sequence[str], measure: Measure
    ) -> Iterator[Sale]:
        """Hold what it costs while it is done, inside the `with`; charge it once it was `done`.

        Whatever is killed: what is held is free again after LONGEST, and nobody pays twice. Raises
        NoAccess, NoQuote, NotEnoughCredits.
        """
        deal = self._agreed(account, target, models, measure)
        if deal is None:
            yield Sale()
            return
        market, rules = self._market(), self.rules
        now = market.database.clock()
        sale = Sale(new_id(SALE, now), deal)
        market.do(begun, account, deal, sale.id, sale.id, now + LONGEST)
        try:
            yield sale
        except BaseException:
            market.do(settled, rules, account, deal, sale.id, None, 0.0)
            raise
        sale.cost = market.do(settled, rules, account, deal, sale.id, sale.pixels, sale.seconds)

    def _agreed(
        self,
        account: str,
        target: Target | None,
        models: Sequence[str],
        measure: Measure,
        *,
        trial: bool = False,
    ) -> Deal | None:
        things, holder = [], ""
        if target is not None and not target.own and target.account is not None:
            holder, version = target.account, target.graph.version
            things.append(Thing("pipeline", holder, target.spec.name, version))
        if not things and not models:
            return None
        return self._market().look(
            _looked, self.rules, account, things, models, measure, holder, trial
        )


def _looked(
    connection: Connection,
    now: float,
    rules: Rules,
    account: str,
    things: Sequence[Thing],
    models: Sequence[str],
    measure: Measure,
    holder: str,
    trial: bool,
) -> Deal | None:
    used = [_thing(connection, model) for model in models]
    others = [one for one in used if one is not None and one.owner not in (account, holder)]
    every = [*things, *dict.fromkeys(others)]
    if not every:
        return None
    return agreed(connection, now, rules, account, every, measure, holder=holder, trial=trial)


def _thing(connection: Connection, model: str) -> Thing | None:
    """Of `owner/name` or `owner/name@version`, as somebody wrote it; None where it is none."""
    match = _MODEL.fullmatch(model)
    owner = None if match is None else account_of(connection, match["handle"])
    if match is None or owner is None:
        return None
    version = match["version"]
    return Thing("model", owner, match["name"], None if version is None else int(version))

"""Joins the market to runs: implements `printroom.runs.terms.Terms`, and a hook for `Queue.ends`.

what is asked, its target -> agree -> terms, or None: it is one's own, or comes with printroom
the job -> begin             the job, over -> __call__
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sqlalchemy import Connection

from printroom.jobs.model import Job
from printroom.marketplace.admission import Agreed, Measure, agreed, begun, settled
from printroom.marketplace.listings import Kind
from printroom.marketplace.market import Market
from printroom.marketplace.rules import Rules

_RUN = "run"
"""The kind of job that is sold."""


class Asked(Protocol):
    """A run that somebody wants."""

    @property
    def account(self) -> str: ...


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


class MarketTerms:
    """Safe from many threads."""

    def __init__(self, market: Callable[[], Market], rules: Rules) -> None:
        """`market`: not asked for before somebody runs what is another's."""
        self._market, self.rules = market, rules

    def agree(self, asked: Asked, target: Target, measure: Measure) -> Mapping[str, Any] | None:
        """On which terms the run may be. Raises NoAccess, NoQuote."""
        if target.own or target.account is None:
            return None
        thing: tuple[Kind, str, str] = ("pipeline", target.account, target.spec.name)
        found = self._market().look(
            agreed, self.rules, asked.account, thing, target.graph.version, measure
        )
        return found.to_json()

    def begin(self, connection: Connection, job: Job) -> None:
        """Place the hold. Raises NoAccess, NotEnoughCredits."""
        terms = Agreed.of(job.payload["terms"])
        now = job.finished_at or job.ready_at
        begun(connection, now, job.account, terms, job.id, f"{job.id}:{job.events}")

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
        terms = Agreed.of(raw)
        settled(connection, now, self.rules, job.account, terms, job.id, pixels, seconds)
        return False

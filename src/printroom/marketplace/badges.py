"""What a listing has earned: from its verification, its measured scores and its use, never typed.

listing, its standing -> badges
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from printroom.catalogue.card import ModelCard
from printroom.catalogue.verification.report import Report
from printroom.core.errors import BadReport
from printroom.marketplace import quality
from printroom.marketplace.offering import Listing
from printroom.marketplace.search import Standing

POPULAR = 100
"""Runs from which on a listing counts as popular."""


@dataclass(frozen=True)
class Badge:
    """One thing that was earned."""

    kind: Literal["verified", "score", "popular"]
    detail: dict[str, Any]
    """`until`; `set`, `metric`, `unit` and `value`; `uses`."""


def badges(connection: Connection, now: float, listing: Listing, standing: Standing) -> list[Badge]:
    """What the listing has earned by now."""
    found: list[Badge] = []
    if listing.kind == "model":
        entry = quality.entry_of(connection, listing)
        report = None if entry is None else _report(entry.report_json)
        if report is not None and report.holds(now):
            found.append(Badge("verified", {"until": report.expires_at}))
        card = None if entry is None else entry.card(listing.owner)
        found += [] if card is None else _scores(card)
    if standing.uses >= POPULAR:
        found.append(Badge("popular", {"uses": standing.uses}))
    return found


def _scores(card: ModelCard) -> list[Badge]:
    found = []
    for name, value in card.scores.items():
        metric, unit = card.measure(name)
        found.append(Badge("score", {"set": name, "metric": metric, "unit": unit, "value": value}))
    return found


def _report(text: str | None) -> Report | None:
    try:
        return Report.from_json(text or "")
    except BadReport:
        return None

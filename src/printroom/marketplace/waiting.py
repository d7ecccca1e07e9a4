"""Payments that somebody has to make, or to confirm, by hand: what waits for who owns the house.

    -> waiting -> page of Waiting, the oldest first

A provider that pays by itself has none here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Select, Table, literal, literal_column, select, union_all

from printroom.marketplace.model import PAYOUTS, TOPUPS
from printroom.marketplace.payments.manual import Manual


@dataclass(frozen=True, slots=True)
class Waiting:
    """Credits that somebody pays for, or is paid for."""

    id: str
    kind: Literal["topup", "payout"]
    account: str
    credits: int
    at: float


def waiting(
    connection: Connection, _now: float, after: tuple[float, str] | None, most: int
) -> list[Waiting]:
    """The oldest first; `after`: the last one's time and id, for the next page."""
    parts = (
        (TOPUPS, "topup", "state = 'open'"),
        (PAYOUTS, "payout", "state = 'requested'"),
    )
    both = union_all(*(_of(*part) for part in parts)).subquery()
    query = select(both).order_by(both.c.at, both.c.id).limit(most)
    if after is not None:
        at, name = after
        query = query.where((both.c.at > at) | (both.c.at == at) & (both.c.id > name))
    return [Waiting(*row) for row in connection.execute(query)]


def _of(table: Table, kind: str, state: str) -> Select[Any]:
    known = table.c
    columns = known.id, literal(kind).label("kind"), known.account, known.credits, known.at
    return select(*columns).where(literal_column(state), known.provider == Manual.name)

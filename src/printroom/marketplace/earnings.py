"""What an account earned in a month, by what it sold: its part of each sale, and what went back.

account, 2026-11 -> Earnings      BadOption
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from printroom.marketplace.ledger.model import LINES, TXNS, earned, payable
from printroom.marketplace.model import LISTINGS, ORDERS, USES
from printroom.marketplace.statements import bounds, table

Kind = Literal["run", "month", "download"]


@dataclass(frozen=True)
class Earned:
    """By one listing, in one way; of others' pipelines it is the share of a model in them."""

    listing: str
    title: str
    kind: Kind
    count: int
    """Sales."""
    earned: int
    """Credits, of the sales of the month, behind the fee."""
    refunded: int
    """Credits that went back in it, of whatever month they were."""

    @property
    def net(self) -> int:
        """What is left; below zero where more went back than came."""
        return self.earned - self.refunded


@dataclass(frozen=True)
class Earnings:
    """Of one account, over one month (UTC)."""

    month: str
    rows: tuple[Earned, ...]
    """What brought most first."""

    @property
    def total(self) -> Earned:
        """Of all of them."""
        whole = Earned("", "", "run", 0, 0, 0)
        for one in self.rows:
            whole = replace(
                whole,
                count=whole.count + one.count,
                earned=whole.earned + one.earned,
                refunded=whole.refunded + one.refunded,
            )
        return whole

    def csv(self) -> str:
        """A row for each listing and way."""
        head = ("month", "listing", "title", "kind", "sales", "earned", "refunded", "net")
        rows = (
            (self.month, one.listing, one.title, one.kind, one.count, one.earned, one.refunded,
             one.net)
            for one in self.rows
        )  # fmt: skip
        return table(head, rows)


def earnings(connection: Connection, now: float, account: str, month: str) -> Earnings:
    """What was earned in `month`, as 2026-11. Raises BadOption."""
    begins, ends = bounds(month, now)
    sold = (
        select(_LISTING, _KIND, func.count(), func.sum(LINES.c.amount))
        .select_from(_SALES.join(LINES, LINES.c.txn == TXNS.c.id))
        .where(LINES.c.target == earned(account), TXNS.c.kind.in_(("run", "order")))
        .where(TXNS.c.at >= begins, TXNS.c.at < ends)
        .group_by(_LISTING, _KIND)
    )
    later = TXNS.alias()
    back = (
        select(_LISTING, _KIND, func.sum(LINES.c.amount))
        .select_from(
            _SALES.join(later, later.c.reverses == TXNS.c.id).join(LINES, LINES.c.txn == later.c.id)
        )
        .where(LINES.c.source.in_((earned(account), payable(account))))
        .where(later.c.at >= begins, later.c.at < ends)
        .group_by(_LISTING, _KIND)
    )
    return Earnings(month, _rows(connection, connection.execute(sold), connection.execute(back)))


_SALES = TXNS.outerjoin(ORDERS, ORDERS.c.id == TXNS.c.subject).outerjoin(
    USES, (USES.c.run == TXNS.c.subject) & (USES.c.txn == TXNS.c.id)
)
"""Each with the order, or the use of a run, that it was for."""
_LISTING = func.coalesce(ORDERS.c.listing, USES.c.listing)
_KIND = func.coalesce(ORDERS.c.kind, "run")


def _rows(connection: Connection, sold: Iterable[Any], back: Iterable[Any]) -> tuple[Earned, ...]:
    found: dict[tuple[str, Kind], Earned] = {}
    for listing, kind, count, amount in sold:
        found[listing, kind] = Earned(listing, "", kind, int(count), int(amount), 0)
    for listing, kind, amount in back:
        known = found.get((listing, kind)) or Earned(listing, "", kind, 0, 0, 0)
        found[listing, kind] = replace(known, refunded=int(amount))
    names = {one.listing for one in found.values()}
    query = select(LISTINGS.c.id, LISTINGS.c.title).where(LISTINGS.c.id.in_(names))
    titles = {row.id: str(row.title) for row in connection.execute(query)}
    rows = (replace(one, title=titles.get(one.listing, "")) for one in found.values())
    return tuple(sorted(rows, key=lambda one: (-one.net, one.listing, one.kind)))

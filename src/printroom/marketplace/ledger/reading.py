"""Looking into the books.

account -> Balance                 account, from, to -> moves, oldest first
audit -> what does not add up      empty, or the books are broken
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Connection, func, select, union_all

from printroom.marketplace.ledger.model import BALANCES, HOLDS, LINES, TXNS


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has, in credits."""

    balance: int = 0
    held: int = 0
    """Of it, set aside for runs that are not over."""

    @property
    def free(self) -> int:
        """What may be spent."""
        return self.balance - self.held


@dataclass(frozen=True, slots=True)
class Move:
    """What one txn did to some accounts of the books."""

    txn: str
    at: float
    kind: str
    subject: str
    account: str
    amount: int
    """Below zero where it went out."""


def balance(connection: Connection, account: str) -> Balance:
    """What `account` has; nothing for one that is not known."""
    query = select(BALANCES.c.balance, BALANCES.c.held).where(BALANCES.c.account == account)
    row = connection.execute(query).first()
    return Balance() if row is None else Balance(*row)


def moves(
    connection: Connection,
    accounts: Sequence[str],
    since: float,
    until: float,
) -> list[Move]:
    """What came into and went out of `accounts` from `since` until `until`, the oldest first."""
    query = _lines(accounts).subquery()
    amount = func.sum(query.c.amount)
    found = (
        select(TXNS.c.id, TXNS.c.at, TXNS.c.kind, TXNS.c.subject, query.c.account, amount)
        .join(query, query.c.txn == TXNS.c.id)
        .where(TXNS.c.at >= since, TXNS.c.at < until)
        .group_by(TXNS.c.id, TXNS.c.at, TXNS.c.kind, TXNS.c.subject, query.c.account)
        .order_by(TXNS.c.id, query.c.account)
    )
    return [Move(*row[:5], int(row[5])) for row in connection.execute(found)]


def total(connection: Connection, account: str, until: float) -> int:
    """What `account` had at the time `until`."""
    lines = _lines([account]).subquery()
    query = select(func.coalesce(func.sum(lines.c.amount), 0))
    query = query.join(TXNS, TXNS.c.id == lines.c.txn).where(TXNS.c.at < until)
    return int(connection.execute(query).scalar_one())


def posted_amount(connection: Connection, key: str) -> int | None:
    """Credits that the posting with that key moved; None = there is none."""
    query = (
        select(func.coalesce(func.sum(LINES.c.amount), 0))
        .select_from(TXNS.outerjoin(LINES, LINES.c.txn == TXNS.c.id))
        .where(TXNS.c.key == key)
        .group_by(TXNS.c.id)
    )
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def audit(connection: Connection) -> list[str]:
    """Accounts whose balance is not what their lines and holds say; reads all of the books."""
    both = union_all(
        select(LINES.c.source.label("account"), (-LINES.c.amount).label("amount")),
        select(LINES.c.target, LINES.c.amount),
    ).subquery()
    sums = select(both.c.account, func.sum(both.c.amount)).group_by(both.c.account)
    held = select(HOLDS.c.account, func.sum(HOLDS.c.amount)).where(HOLDS.c.state == "open")
    lines = {name: int(amount) for name, amount in connection.execute(sums)}
    holds = {name: int(n) for name, n in connection.execute(held.group_by(HOLDS.c.account))}
    kept = {name: Balance(*rest) for name, *rest in connection.execute(select(BALANCES))}
    return [
        f"{name}: {kept.get(name, Balance())} instead of {due}"
        for name in sorted({*lines, *holds, *kept})
        if kept.get(name, Balance()) != (due := Balance(lines.get(name, 0), holds.get(name, 0)))
    ]


def _lines(accounts: Sequence[str]) -> CompoundSelect[Any]:
    out = select(
        LINES.c.txn, LINES.c.source.label("account"), (-LINES.c.amount).label("amount")
    ).where(LINES.c.source.in_(accounts))
    return union_all(
        out, select(LINES.c.txn, LINES.c.target, LINES.c.amount).where(LINES.c.target.in_(accounts))
    )

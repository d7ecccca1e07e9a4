"""Subscriptions: months that follow each other, until somebody or an empty wallet ends them.

    account, id -> cancelled at the end of the month, or now, with what is left of it back
                -> resumed, switched to the offer of today
    now -> due -> renewed      paid from the wallet; some days of grace; then over

A month is charged at the offer at which it was bought, until its owner switches. What was not used
comes back in proportion to the time that is left, or to the runs, whichever is less.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, select

from printroom.accounts.audit import Actor, note
from printroom.accounts.credentials import new_id
from printroom.core.errors import NotEnoughCredits, NotFound, WrongState
from printroom.marketplace import entitlements, listings, orders, refunds
from printroom.marketplace.entitlements import LIVE, Entitlement
from printroom.marketplace.model import ENTITLEMENTS, LISTINGS, ORDERS
from printroom.marketplace.orders import Order, Wanted
from printroom.marketplace.rules import MONTH, Rules

T = TypeVar("T")


def cancel(
    connection: Connection, now: float, actor: Actor, name: str, *, at_once: bool = False
) -> Entitlement:
    """Let it end with its month, or `at_once`: then what is left of it goes back to the wallet.

    Raises NotFound, WrongState.
    """
    mine = _mine(connection, actor, name)
    if not at_once:
        return entitlements.change(connection, name, renews=False)
    if mine.state == "active" and mine.order:
        _return(connection, now, actor, mine)
    return entitlements.change(connection, name, renews=False, state="ended", until=now)


def resume(connection: Connection, _now: float, actor: Actor, name: str) -> Entitlement:
    """Take a cancellation back, while the month lasts. Raises NotFound, WrongState."""
    _mine(connection, actor, name)
    return entitlements.change(connection, name, renews=True)


def switch(
    connection: Connection, now: float, rules: Rules, actor: Actor, name: str
) -> Entitlement:
    """End it now and begin a month at the offer of today, in one transaction.

    Raises NotFound, WrongState, NotEnoughCredits, and what `orders.buy` does.
    """
    listing = entitlements.found(connection, actor.account, name).listing
    listings.get(connection, listing, lock=True)  # before the right is, as `orders.buy` does
    mine = cancel(connection, now, actor, name, at_once=True)
    offer = listings.offered(connection, mine.listing)
    wanted = Wanted(actor.account, mine.listing, "month", offer.number)
    order = orders.buy(connection, now, rules, wanted)
    return _of_order(connection, order)


def revoke(
    connection: Connection, now: float, actor: Actor, name: str, *, any_: bool
) -> Entitlement:
    """Take a right away at once; what was paid for it is refunded apart.

    By the seller, or `any_` = by who owns the installation. Raises NotFound, WrongState.
    """
    query = (
        select(ENTITLEMENTS, LISTINGS.c.owner)
        .join(LISTINGS, LISTINGS.c.id == ENTITLEMENTS.c.listing)
        .where(ENTITLEMENTS.c.id == name)
        .with_for_update(of=ENTITLEMENTS)
    )
    row = connection.execute(query).first()
    if row is None or not (any_ or row.owner == actor.account):
        raise NotFound(f"there is no subscription {name[:80]!r}", "check its id")
    if not Entitlement.of(row[:-1]).live:
        raise WrongState(f"the subscription {name} is {row.state}", "it needs no revoking")
    note(connection, now, actor, "subscription.revoked", name)
    return entitlements.change(connection, name, state="revoked", renews=False, until=now)


def due(connection: Connection, now: float) -> list[str]:
    """Ids of what has to be renewed, or ended: all, since what is in grace stays due for days, and
    must not keep the others out.
    """
    query = select(ENTITLEMENTS.c.id).where(LIVE, ENTITLEMENTS.c.until <= now)
    return list(connection.execute(query.order_by(ENTITLEMENTS.c.until)).scalars())


def renew_all(rules: Rules, do: Callable[..., T]) -> int:
    """Renew or end what is due; each in a transaction of its own. Returns how many.

    `do`: runs its first argument in a transaction, as `Market.do`.
    """
    names: list[str] = do(due)  # type: ignore[assignment]
    for name in names:
        try:
            do(renew, rules, name)
        except NotEnoughCredits:
            do(unpaid, rules, name)
    return len(names)


def renew(connection: Connection, now: float, rules: Rules, name: str) -> Entitlement | None:
    """Charge the next month, or end what is not to be renewed; None: it is not due any more.

    Raises NotEnoughCredits.
    """
    mine = _due(connection, now, name)
    if mine is None:
        return None
    if not mine.renews or not _offered(connection, mine):
        return entitlements.change(connection, name, state="ended", renews=False)
    assert mine.until is not None
    offer = listings.offered(connection, mine.listing, mine.offer)
    missed = now - mine.until > MONTH  # nobody looked for so long: what was not had is not paid
    begins = now if missed else mine.until
    order = Order(
        new_id("ord", now), mine.account, mine.listing, mine.offer, "month", offer.price.month or 0,
        0, None, 0, None, None, None, now,
    )  # fmt: skip
    orders.add(connection, order)
    orders.charged(connection, now, rules, order, offer, begins + MONTH)
    return entitlements.change(
        connection, name, state="active", used=0, since=begins, until=begins + MONTH, order=order.id
    )


def unpaid(connection: Connection, now: float, rules: Rules, name: str) -> Entitlement | None:
    """The wallet does not have the next month: some days of grace, then it is over."""
    mine = _due(connection, now, name)
    if mine is None or mine.until is None:
        return None
    if now >= mine.until + rules.grace:
        return entitlements.change(connection, name, state="ended", renews=False)
    if mine.state == "active":
        return entitlements.change(connection, name, state="grace")
    return mine


def _due(connection: Connection, now: float, name: str) -> Entitlement | None:
    query = select(ENTITLEMENTS).where(ENTITLEMENTS.c.id == name, LIVE, ENTITLEMENTS.c.until <= now)
    row = connection.execute(query.with_for_update()).first()
    return None if row is None else Entitlement.of(row)


def _mine(connection: Connection, actor: Actor, name: str) -> Entitlement:
    found = entitlements.found(connection, actor.account, name, lock=True)
    if not found.live or found.kind != "month":
        raise WrongState(f"the subscription {name} is {found.state}", "it cannot be changed now")
    return found


def _offered(connection: Connection, mine: Entitlement) -> bool:
    """Whether it may go on: what is not shown to its buyer any more is not sold again."""
    try:
        listing = listings.get(connection, mine.listing)
    except NotFound:
        return False
    there = listing.state == "listed" and listings.stocked(connection, listing)
    return there and listings.sees(connection, listing, mine.account)


def _return(connection: Connection, now: float, actor: Actor, mine: Entitlement) -> None:
    assert mine.until is not None
    row = connection.execute(select(ORDERS).where(ORDERS.c.id == mine.order).with_for_update())
    order = Order.of(row.one())
    left = max(0.0, mine.until - now) / (mine.until - mine.since)
    if mine.quota is not None:
        left = min(left, (mine.quota - mine.used) / mine.quota)
    back = min(order.paid - order.refunded, int(order.paid * left))
    if back:
        refunds.given_back(connection, now, actor, order, back, f"ended:{mine.id}")


def _of_order(connection: Connection, order: Order) -> Entitlement:
    query = select(ENTITLEMENTS).where(ENTITLEMENTS.c.order == order.id)
    return Entitlement.of(connection.execute(query).one())

"""Giving money back: of an order, or of a run, in whole or in part.

    seller, order or run, amount -> refunded      NotFound WrongState BadOption

Whoever sold it may, and who owns the installation. An order that went back whole ends its right.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from printroom.accounts.audit import Actor, note
from printroom.core.errors import BadOption, NotFound, WrongState
from printroom.marketplace import orders, sales
from printroom.marketplace.entitlements import LIVE
from printroom.marketplace.model import ENTITLEMENTS, LISTINGS, ORDERS, USES
from printroom.marketplace.orders import Order


def refund_order(
    connection: Connection, now: float, actor: Actor, name: str, amount: int | None, *, any_: bool
) -> Order:
    """Give back `amount` of an order, None = all that is left; then its right ends.

    By its seller, or `any_` = by who owns the installation. Raises NotFound, WrongState, BadOption.
    """
    query = (
        select(ORDERS, LISTINGS.c.owner)
        .join(LISTINGS, LISTINGS.c.id == ORDERS.c.listing)
        .where(ORDERS.c.id == name)
        .with_for_update(of=ORDERS)
    )
    row = connection.execute(query).first()
    if row is None or not (any_ or row.owner == actor.account):
        raise orders.missing(name)
    order = Order.of(row[:-1])
    back = due(order.paid, order.refunded, amount, f"the order {name}")
    return given_back(connection, now, actor, order, back)


def given_back(connection: Connection, now: float, actor: Actor, order: Order, back: int) -> Order:
    """Give back `back` of an order whose row is locked; when nothing is left its right ends."""
    if order.txn is not None and back:
        sales.refund(connection, now, f"refund:{order.id}:{order.refunded}", order.txn, back)
    refunded = order.refunded + back
    connection.execute(update(ORDERS).where(ORDERS.c.id == order.id).values(refunded=refunded))
    if refunded == order.paid:
        ended = update(ENTITLEMENTS).where(ENTITLEMENTS.c.order == order.id, LIVE)
        connection.execute(ended.values(state="revoked"))
    note(connection, now, actor, "order.refunded", order.id, credits=back)
    return orders.get(connection, order.account, order.id)


def refund_run(
    connection: Connection, now: float, actor: Actor, run: str, amount: int | None, *, any_: bool
) -> int:
    """Give back `amount` of what a run cost, None = all that is left; what went back in all.

    By its seller, or `any_` = by who owns the installation. Raises NotFound, WrongState, BadOption.
    """
    query = (
        select(USES, LISTINGS.c.owner)
        .join(LISTINGS, LISTINGS.c.id == USES.c.listing)
        .where(USES.c.run == run)
        .with_for_update(of=USES)
    )
    row = connection.execute(query).first()
    if row is None or not (any_ or row.owner == actor.account):
        raise NotFound(f"there is no run {run[:80]!r} that was charged", "see the statement")
    back = due(row.charged, row.refunded, amount, f"the run {run}")
    sales.refund(connection, now, f"refund:{run}:{row.refunded}", row.txn, back)
    whole = int(row.refunded) + back
    connection.execute(update(USES).where(USES.c.run == run).values(refunded=whole))
    note(connection, now, actor, "run.refunded", run, credits=back)
    return whole


def due(paid: int, refunded: int, amount: int | None, what: str) -> int:
    """How much is to go back. Raises WrongState, BadOption."""
    left = paid - refunded
    if not left:
        raise WrongState(f"of {what} nothing is left to give back")
    if amount is not None and not 0 < amount <= left:
        raise BadOption(f"of {what} {left} credits are left to give back", f"take 1 to {left}")
    return left if amount is None else amount

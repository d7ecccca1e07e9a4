"""Giving money back: of an order, or of a run, in whole or in part.

    seller, order or run, amount, once -> refunded      NotFound WrongState BadOption KeyReused

Whoever sold it may, and who owns the installation. An order that went back whole ends its right.
`once` names the occasion: what comes again under it, after a double click or a lost answer, gives
nothing back a second time, and is told how things are.
"""

from __future__ import annotations

from sqlalchemy import Connection, Row, select, update

from printroom.accounts.audit import Actor, note
from printroom.core.errors import BadOption, KeyReused, NotFound, WrongState
from printroom.marketplace import orders, sales
from printroom.marketplace.entitlements import LIVE
from printroom.marketplace.ledger.reading import posted_amount
from printroom.marketplace.model import ENTITLEMENTS, LISTINGS, ORDERS, USES
from printroom.marketplace.orders import Order


def refund_order(
    connection: Connection,
    now: float,
    actor: Actor,
    name: str,
    amount: int | None,
    once: str,
    *,
    any_: bool,
) -> Order:
    """Give back `amount` of an order, None = all that is left; then its right ends.

    By its seller, or `any_` = by who owns the installation. Raises NotFound, WrongState, BadOption,
    KeyReused.
    """
    right = select(ENTITLEMENTS.c.id).where(ENTITLEMENTS.c.order == name)
    connection.execute(right.with_for_update()).all()  # before the order, as who cancels does
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
    occasion = _asked(once)
    if _done(connection, [_key(name, occasion)], amount, once):
        return order
    back = due(order.paid, order.refunded, amount, f"the order {name}")
    return given_back(connection, now, actor, order, back, occasion)


def given_back(
    connection: Connection, now: float, actor: Actor, order: Order, back: int, occasion: str
) -> Order:
    """Give back `back` of an order whose row is locked; when nothing is left its right ends."""
    if order.txn is not None and back:
        sales.refund(connection, now, _key(order.id, occasion), order.txn, back)
    refunded = order.refunded + back
    connection.execute(update(ORDERS).where(ORDERS.c.id == order.id).values(refunded=refunded))
    if refunded == order.paid:
        ended = update(ENTITLEMENTS).where(ENTITLEMENTS.c.order == order.id, LIVE)
        connection.execute(ended.values(state="revoked"))
    note(connection, now, actor, "order.refunded", order.id, credits=back)
    return orders.get(connection, order.account, order.id)


def refund_run(
    connection: Connection,
    now: float,
    actor: Actor,
    run: str,
    amount: int | None,
    once: str,
    *,
    any_: bool,
) -> int:
    """Give back `amount` of what a run cost, None = all that is left; what went back in all.

    By its seller, or `any_` = by who owns the installation; of a run that used what several sell,
    each gives back their own. Raises NotFound, WrongState, BadOption, KeyReused.
    """
    query = (
        select(USES, LISTINGS.c.owner)
        .join(LISTINGS, LISTINGS.c.id == USES.c.listing)
        .where(USES.c.run == run)
        .order_by(USES.c.listing)
        .with_for_update(of=USES)
    )
    rows = [one for one in connection.execute(query) if any_ or one.owner == actor.account]
    if not rows:
        raise NotFound(f"there is no run {run[:80]!r} that was charged", "see the statement")
    keys = [_key(f"{run}:{row.listing}", _asked(once)) for row in rows]
    whole = sum(int(row.refunded) for row in rows)
    if _done(connection, keys, amount, once):
        return whole
    back = due(sum(row.charged for row in rows), whole, amount, f"the run {run}")
    for row, key, part in zip(rows, keys, _parts(rows, back), strict=True):
        if part:
            sales.refund(connection, now, key, row.txn, part)
            mine = USES.c.run == run, USES.c.listing == row.listing
            connection.execute(update(USES).where(*mine).values(refunded=row.refunded + part))
    note(connection, now, actor, "run.refunded", run, credits=back)
    return whole + back


def due(paid: int, refunded: int, amount: int | None, what: str) -> int:
    """How much is to go back. Raises WrongState, BadOption."""
    left = paid - refunded
    if not left:
        raise WrongState(f"of {what} nothing is left to give back")
    if amount is not None and not 0 < amount <= left:
        raise BadOption(f"of {what} {left} credits are left to give back", f"take 1 to {left}")
    return left if amount is None else amount


def _parts(rows: list[Row[tuple[object, ...]]], back: int) -> list[int]:
    """Of what each row has left, one after the other."""
    parts = []
    for row in rows:
        parts.append(min(back, row.charged - row.refunded))
        back -= parts[-1]
    return parts


def _key(what: str, occasion: str) -> str:
    return f"refund:{what}:{occasion}"


def _asked(once: str) -> str:
    """An occasion that somebody names, apart from those that we do."""
    return f"asked:{once}"


def _done(connection: Connection, keys: list[str], amount: int | None, once: str) -> bool:
    """Whether it was given back before, under that name. Raises KeyReused."""
    known = [posted_amount(connection, key) for key in keys]
    found = [one for one in known if one is not None]
    if found and amount not in (None, sum(found)):
        reason = f"the idempotency key {once!r} came before, with another amount"
        raise KeyReused(reason, "take a new key for another refund")
    return bool(found)

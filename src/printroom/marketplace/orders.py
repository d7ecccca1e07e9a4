"""Buying: a month of runs, or a copy to keep.

    Wanted -> buy -> Order      NotFound NoAccess AlreadyThere TermsChanged BadOption KeyReused
                                NotEnoughCredits
    listing -> sold             what was sold of it, for its seller

One transaction each: the money, the order and the right are there together or not at all. A click
that comes twice with the same key is one order; without one, what can be had once is had once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlalchemy import Connection, literal, select, union_all, update

from printroom.accounts.credentials import new_id
from printroom.core.errors import (
    AlreadyThere,
    BadOption,
    KeyReused,
    NoAccess,
    NotFound,
    TermsChanged,
)
from printroom.marketplace import coupons, entitlements, listings, sales
from printroom.marketplace.entitlements import Entitlement
from printroom.marketplace.ledger.model import wallet
from printroom.marketplace.ledger.posting import Posting, post
from printroom.marketplace.model import ORDERS, USES
from printroom.marketplace.offering import Listing, Offer
from printroom.marketplace.rows import Adding, page
from printroom.marketplace.rules import MONTH, Rules

Kind = Literal["month", "download"]
"""A month of runs, or a copy of a model to keep."""
_ADD = Adding(ORDERS)


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to buy."""

    account: str
    listing: str
    kind: Kind
    offer: int
    """The number of the offer that they looked at."""
    coupon: str | None = None
    key: str | None = None
    """Idempotency key."""

    @property
    def fingerprint(self) -> str:
        """Digest of what must be the same when the key comes again."""
        said = [self.listing, self.kind, self.offer, self.coupon]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Order:
    """What was bought, as it was when it was read."""

    id: str
    account: str
    listing: str
    offer: int
    kind: Kind
    price: int
    """Credits, before what the coupon took off."""
    discount: int
    coupon: str | None
    refunded: int
    txn: str | None
    """In the books; None = it cost nothing."""
    key: str | None
    fingerprint: str | None
    at: float

    @property
    def paid(self) -> int:
        """Credits that left the wallet."""
        return self.price - self.discount

    @classmethod
    def of(cls, row: Sequence[Any]) -> Order:
        """From a row of the table, whose columns have the order of the fields."""
        return cls(*row)


def buy(connection: Connection, now: float, rules: Rules, wanted: Wanted) -> Order:
    """Charge the wallet and give the right. Raises what is named above."""
    if (known := _known(connection, wanted)) is not None:
        return known
    listing = listings.get(connection, wanted.listing, lock=True)
    if (known := _known(connection, wanted)) is not None:  # made while this one waited
        return known
    if not listings.sees(connection, listing, wanted.account):
        raise listings.missing(wanted.listing)
    offer = _offer(connection, listing, wanted)
    if any(
        one.kind == wanted.kind
        for one in entitlements.live(connection, wanted.account, listing.id, lock=True)
    ):
        raise AlreadyThere(f"{listing.title} was bought already", "GET /v1/subscriptions has it")
    order = _entered(connection, now, rules, wanted, listing, offer)
    granted(connection, now, order, offer)
    return order


def charged(
    connection: Connection, now: float, rules: Rules, order: Order, offer: Offer, until: float
) -> Order:
    """Write the order down, and its money: out of the wallet, to all who earn by it.

    `until`: before that nothing of it matures. An order that is there is found, not made twice.
    Raises NotEnoughCredits.
    """
    txn = None
    if order.paid:
        lines = sales.lines_of(wallet(order.account), order.paid, offer.shares, rules.fee)
        posted = post(connection, now, Posting(f"order:{order.id}", "order", lines, order.id))
        sales.book(connection, posted, lines, max(until, now) + rules.maturing)
        txn = posted.txn
    connection.execute(update(ORDERS).where(ORDERS.c.id == order.id).values(txn=txn))
    return get(connection, order.account, order.id)


def granted(connection: Connection, now: float, order: Order, offer: Offer) -> Entitlement:
    """The right that an order gives."""
    monthly = order.kind == "month"
    return entitlements.grant(
        connection,
        now,
        order.account,
        order.listing,
        order.offer,
        order.kind,
        order=order.id,
        quota=offer.price.quota if monthly else None,
        until=now + MONTH if monthly else None,
        renews=monthly,
    )


def add(connection: Connection, order: Order) -> bool:
    """Write a row; False: one with its key, or its id, is there already."""
    row = {one.name: getattr(order, one.name) for one in fields(Order)}
    return _ADD(connection, row)


def get(connection: Connection, account: str, name: str) -> Order:
    """An order of `account`. Raises NotFound."""
    query = select(ORDERS).where(ORDERS.c.id == name, ORDERS.c.account == account)
    row = connection.execute(query).first()
    if row is None:
        raise missing(name)
    return Order.of(row)


def of_account(
    connection: Connection, _now: float, account: str, before: str | None, most: int
) -> list[Order]:
    """An account's orders, the newest first; `before`: an id, for the next page."""
    return [Order.of(row) for row in page(connection, ORDERS, account, before, most)]


@dataclass(frozen=True, slots=True)
class Sold:
    """A run, or a month, that somebody bought of a listing; by whom is theirs to tell."""

    kind: Literal["run", "month", "download"]
    id: str
    at: float
    credits: int
    refunded: int


def sold(
    connection: Connection, _now: float, listing: str, after: tuple[float, str] | None, most: int
) -> list[Sold]:
    """What was sold of a listing, the newest first; `after`: the last one's time and id, for the
    next page: runs that end in one transaction have the same time.
    """
    runs = select(
        literal("run").label("kind"), USES.c.run.label("id"), USES.c.at,
        USES.c.charged.label("credits"), USES.c.refunded,
    ).where(USES.c.listing == listing)  # fmt: skip
    months = select(
        ORDERS.c.kind, ORDERS.c.id, ORDERS.c.at, ORDERS.c.price - ORDERS.c.discount,
        ORDERS.c.refunded,
    ).where(ORDERS.c.listing == listing)  # fmt: skip
    both = union_all(runs, months).subquery()
    query = select(both).order_by(both.c.at.desc(), both.c.id).limit(most)
    if after is not None:
        at, name = after
        query = query.where((both.c.at < at) | (both.c.at == at) & (both.c.id > name))
    return [Sold(*row) for row in connection.execute(query)]


def _known(connection: Connection, wanted: Wanted) -> Order | None:
    """The order that the key stands for already. Raises KeyReused."""
    if wanted.key is None:
        return None
    query = select(ORDERS).where(ORDERS.c.account == wanted.account, ORDERS.c.key == wanted.key)
    row = connection.execute(query).first()
    if row is None:
        return None
    order = Order.of(row)
    if order.fingerprint != wanted.fingerprint:
        reason = f"the idempotency key {wanted.key!r} came before, with another order"
        raise KeyReused(reason, "take a new key for a new order")
    return order


def _offer(connection: Connection, listing: Listing, wanted: Wanted) -> Offer:
    if listing.owner == wanted.account:
        raise BadOption(f"{listing.title} is your own", "it needs no buying")
    if listing.state != "listed" or not listings.stocked(connection, listing):
        raise NoAccess(f"{listing.title} is not for sale now", "see others")
    offer = listings.offered(connection, listing.id)
    if offer.number != wanted.offer:
        reason = f"the offer {wanted.offer} of {listing.title} was followed by {offer.number}"
        raise TermsChanged(reason, "look at it again, and order what it says now")
    if getattr(offer.price, wanted.kind) is None:
        raise BadOption(f"{listing.title} is not sold as {wanted.kind}", "see its prices")
    return offer


def _entered(
    connection: Connection, now: float, rules: Rules, wanted: Wanted, listing: Listing, offer: Offer
) -> Order:
    price: int = getattr(offer.price, wanted.kind)
    off = 0
    if wanted.coupon is not None:
        off = coupons.taken(connection, now, wanted.coupon, wanted.account, listing, price)
    order = Order(
        new_id("ord", now), wanted.account, listing.id, offer.number, wanted.kind, price, off,
        wanted.coupon, 0, None, wanted.key, wanted.fingerprint if wanted.key else None, now,
    )  # fmt: skip
    if not add(connection, order):
        raise KeyReused("the same order is being made at this moment", "ask again")
    until = now + MONTH if wanted.kind == "month" else now
    return charged(connection, now, rules, order, offer, until)


def missing(name: str) -> NotFound:
    """What is said of an order that is not there, or another's."""
    return NotFound(f"there is no order {name[:80]!r}", "GET /v1/orders has yours")

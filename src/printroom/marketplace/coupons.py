"""Coupons: a seller's take something off a price, the installation's give credits.

    Coupon -> made                          AlreadyThere BadOption
    code, account, price -> taken -> off    NoAccess: unknown, over, used up, used before
    code, account -> redeemed -> credits    the same

Each account uses each code once; how often it was used in all is counted by the database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from printroom.accounts.audit import Actor, note
from printroom.core.errors import AlreadyThere, BadOption, NoAccess, NotFound
from printroom.marketplace.ledger.model import GIFTS, wallet
from printroom.marketplace.ledger.posting import Line, Posting, post
from printroom.marketplace.model import COUPONS, REDEEMED
from printroom.marketplace.offering import Listing
from printroom.marketplace.prices import LARGEST, WHOLE
from printroom.marketplace.rows import Adding

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{3,39}", re.ASCII)
_ONCE = Adding(REDEEMED)
_ADD = Adding(COUPONS)


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code that is worth something. Raises BadOption."""

    code: str
    owner: str | None
    """The seller; None = the installation, and it gives credits."""
    listing: str | None
    """What it is for; None = all that the seller offers."""
    off: int
    """Ten-thousandths that it takes off a price."""
    credits: int
    """That it puts into a wallet."""
    most: int
    """How often it may be used in all."""
    used: int
    until: float | None
    made_at: float

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise BadOption("a code has 4 to 40 capital letters, digits and dashes")
        good = 0 < self.off <= WHOLE and not self.credits
        if self.owner is None:
            good = 0 < self.credits <= LARGEST and not self.off
        if not good or not 0 < self.most <= LARGEST:
            raise BadOption("a coupon takes something off, or gives credits, at least once")

    @classmethod
    def of(cls, row: Sequence[Any]) -> Coupon:
        """From a row of the table, whose columns have the order of the fields."""
        return cls(*row)


def make(connection: Connection, now: float, actor: Actor, coupon: Coupon) -> Coupon:
    """Let a code be worth something. Raises AlreadyThere."""
    row = {one.name: getattr(coupon, one.name) for one in fields(Coupon)}
    if not _ADD(connection, row):
        raise AlreadyThere(f"the code {coupon.code} is taken", "choose another")
    note(connection, now, actor, "coupon.made", coupon.code, off=coupon.off, credits=coupon.credits)
    return coupon


def of_owner(connection: Connection, _now: float, owner: str, *, house: bool) -> list[Coupon]:
    """A seller's codes; `house` = the installation's, too."""
    query = select(COUPONS).where(_whose(owner, house=house)).order_by(COUPONS.c.code)
    return [Coupon.of(row) for row in connection.execute(query)]


def end(connection: Connection, now: float, actor: Actor, code: str, *, house: bool) -> None:
    """Let a code of the actor's, or with `house` of the installation's, be worth nothing from now
    on. Raises NotFound.
    """
    query = update(COUPONS).where(COUPONS.c.code == code, _whose(actor.account, house=house))
    if not connection.execute(query.values(until=now)).rowcount:
        raise NotFound(f"there is no coupon {code[:40]!r} of yours", "GET /v1/coupons has them")
    note(connection, now, actor, "coupon.ended", code)


def taken(
    connection: Connection, now: float, code: str, account: str, listing: Listing, price: int
) -> int:
    """What the seller's code takes off `price`, whole credits, rounded down. Raises NoAccess."""
    coupon = _used(connection, now, code, account)
    if coupon.owner != listing.owner or coupon.listing not in (None, listing.id):
        raise _worthless(code)
    return price * coupon.off // WHOLE


def redeem(connection: Connection, now: float, account: str, code: str) -> int:
    """Put what the installation's code is worth into the wallet. Raises NoAccess."""
    coupon = _used(connection, now, code, account)
    if coupon.owner is not None:
        raise _worthless(code)
    lines = (Line(GIFTS, wallet(account), coupon.credits),)
    post(connection, now, Posting(f"coupon:{code}:{account}", "gift", lines, code))
    return coupon.credits


def _whose(owner: str, *, house: bool) -> ColumnElement[bool]:
    mine = COUPONS.c.owner == owner
    return mine | COUPONS.c.owner.is_(None) if house else mine


def _used(connection: Connection, now: float, code: str, account: str) -> Coupon:
    query = (
        update(COUPONS)
        .where(COUPONS.c.code == code, COUPONS.c.used < COUPONS.c.most)
        .where(COUPONS.c.until.is_(None) | (COUPONS.c.until > now))
        .values(used=COUPONS.c.used + 1)
        .returning(*COUPONS.c)
    )
    row = connection.execute(query).first()
    if row is None:
        raise _worthless(code)
    once = {"code": code, "account": account, "at": now}
    if not _ONCE(connection, once):
        raise _worthless(code)
    return Coupon.of(row)


def _worthless(code: str) -> NoAccess:
    reason = f"the coupon {code[:40]!r} is not for this, is over, or was used before"
    return NoAccess(reason, "order without it")

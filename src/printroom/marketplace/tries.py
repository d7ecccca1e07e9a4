"""Free tries: a few runs of what is sold, on a picture of one's own, before one pays.

    listing, offer -> given -> how many there are           NoAccess: its seller gives none
    account, listing -> right -> the right to try it        RateLimited: too many others today
    account, listing -> left -> how many more there are

A try is a run, and one that fails is given back. They are counted as the runs of a month are: by
a right of the kind `try`, which is had once, for good.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from printroom.accounts.credentials import new_id
from printroom.core.errors import NoAccess, RateLimited
from printroom.marketplace.entitlements import Entitlement
from printroom.marketplace.model import ENTITLEMENTS
from printroom.marketplace.offering import Listing, Offer
from printroom.marketplace.rows import Adding
from printroom.marketplace.rules import DAY

A_DAY = 10
"""Listings that an account may begin to try in a day: nobody lives on tries."""
_KIND = "try"
_ADD = Adding(ENTITLEMENTS)


def given(listing: Listing, offer: Offer) -> int:
    """How many tries an offer gives. Raises NoAccess for none."""
    if not offer.tries:
        raise NoAccess(f"{listing.title} is not tried for nothing", "see what it costs")
    return offer.tries


def right(
    connection: Connection, now: float, account: str, listing: str, offer: int, most: int
) -> str:
    """The id of the right to try it, made with the first try. Raises RateLimited."""
    known = _known(connection, account, listing)
    if known is not None:
        return known.id
    mine = ENTITLEMENTS.c.account == account, ENTITLEMENTS.c.kind == _KIND
    begun = select(func.count()).where(*mine, ENTITLEMENTS.c.since > now - DAY)
    if connection.execute(begun).scalar_one() >= A_DAY:
        reason = f"{A_DAY} listings were tried within a day"
        raise RateLimited(reason, "come back tomorrow", retry_after=3600)
    row = {"id": new_id("ent", now), "account": account, "listing": listing, "offer": offer}
    row |= {"kind": _KIND, "state": "active", "quota": most, "used": 0, "since": now}
    _ADD(connection, row | {"until": None, "renews": False, "order": ""})
    made = _known(connection, account, listing)  # another click's, if that was quicker
    assert made is not None
    return made.id


def left(connection: Connection, account: str, listing: Listing, offer: Offer) -> int:
    """How many free runs are left to `account`."""
    if listing.owner == account or offer.price.free or listing.state != "listed":
        return 0
    known = _known(connection, account, listing.id)
    if known is None or known.quota is None:
        return offer.tries
    return max(0, known.quota - known.used) if offer.tries else 0


def _known(connection: Connection, account: str, listing: str) -> Entitlement | None:
    query = select(ENTITLEMENTS).where(
        ENTITLEMENTS.c.account == account,
        ENTITLEMENTS.c.listing == listing,
        ENTITLEMENTS.c.kind == _KIND,
    )
    row = connection.execute(query).first()
    return None if row is None else Entitlement.of(row)

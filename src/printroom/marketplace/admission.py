"""Runs of what others offer: agreed before, held when they begin, charged when they went well.

    listing, account, pixels -> agreed -> Agreed    NoAccess NoQuote NotFound
    Agreed, job -> begun                            NoAccess NotEnoughCredits: nothing is queued
    Agreed, job that is over -> settled             charged at most what was agreed, or let go

`begun` looks again: what was taken back since `agreed` stops the run. It is part of the transaction
that queues the run, `settled` of the one that ends it; a process that dies in between leaves both
done or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from sqlalchemy import Connection, insert, select

from printroom.core.errors import NoAccess, NoQuote
from printroom.marketplace import entitlements, listings, sales
from printroom.marketplace.ledger import holds
from printroom.marketplace.ledger.holds import Hold
from printroom.marketplace.ledger.model import wallet
from printroom.marketplace.ledger.posting import Posting
from printroom.marketplace.listings import Kind
from printroom.marketplace.model import LISTINGS, USES
from printroom.marketplace.prices import Price
from printroom.marketplace.rules import Rules

Measure = Callable[[], tuple[int, bool]]
"""Pixels of all results of a run, and whether that is known for certain."""
_STATE = select(LISTINGS.c.state, LISTINGS.c.visibility, LISTINGS.c.owner)
_USED = insert(USES)


@dataclass(frozen=True)
class Agreed:
    """What a run is charged by; goes with the run, and does not change."""

    listing: str
    offer: int
    quote: int
    """Credits that it costs, and is charged at most."""
    run: int
    megapixel: int
    """Thousandths of a credit."""
    entitlement: str | None
    """The right that pays for it; None = credits do, or nothing."""
    shares: Mapping[str, int]
    fee: int

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """From what `to_json` made."""
        return cls(**raw)

    def to_json(self) -> dict[str, Any]:
        """For the payload of the run."""
        return asdict(self)


def agreed(
    connection: Connection,
    now: float,
    rules: Rules,
    account: str,
    thing: tuple[Kind, str, str],
    version: int | None,
    measure: Measure,
) -> Agreed:
    """On which terms `account` may run `thing`: its kind, its owner and its name.

    Raises NoAccess, NoQuote.
    """
    listing = listings.by_thing(connection, *thing)
    if listing is None or not listings.sees(connection, listing, account):
        raise NoAccess(f"{thing[2]} is not on offer", "see GET /v1/listings")
    offer = listings.offered(connection, listing.id)
    if offer.version not in (None, version):
        raise NoAccess(f"version {version} is not on offer", f"name version {offer.version}")
    right, quote, price = None, 0, offer.price
    if not price.free:
        found = entitlements.usable(connection, now, account, listing.id)
        right = None if found is None else found.id
        if found is None:
            if not price.by_run:
                remedy = f"POST /v1/orders with the listing {listing.id}"
                raise NoAccess(f"{listing.title} is sold by the month, and is not bought", remedy)
            quote = _quoted(price, measure)
    return Agreed(
        listing.id, offer.number, quote, price.run, price.megapixel, right, offer.shares, rules.fee
    )


def begun(
    connection: Connection, now: float, account: str, terms: Agreed, run: str, occasion: str
) -> None:
    """Set aside what the run costs, or take it from the right that pays for it.

    `occasion` names the beginning of the run, which may be tried again. Raises NoAccess,
    NotEnoughCredits.
    """
    row = connection.execute(_STATE.where(LISTINGS.c.id == terms.listing)).first()
    if row is None or row.state != "listed" or not _seen(connection, terms.listing, row, account):
        raise NoAccess("what this would run is no longer on offer", "see GET /v1/listings")
    if terms.entitlement is not None:
        entitlements.take(connection, now, occasion, run, terms.entitlement)
    elif terms.quote:
        holds.place(connection, now, Hold(occasion, run, wallet(account), terms.quote))


def settled(
    connection: Connection,
    now: float,
    rules: Rules,
    account: str,
    terms: Agreed,
    run: str,
    pixels: int | None,
    seconds: float,
) -> None:
    """Charge a run that went well, or let go of what was set aside; once.

    `pixels`: of its results, None = it did not go well.
    """
    entitlements.settle(connection, run, used=pixels is not None)
    if pixels is None:
        holds.void(connection, run)
        return
    cost = min(terms.quote, Price(terms.run, terms.megapixel).run_cost(pixels))
    txn, charged = None, 0
    lines = sales.lines_of(wallet(account), cost, terms.shares, terms.fee) if cost else ()

    def posting(hold: Hold) -> Posting:
        return Posting(f"run:{hold.key}", "run", lines, run)

    posted = holds.capture(connection, now, run, posting) if terms.quote else None
    if posted is not None and cost:
        sales.book(connection, posted, lines, now + rules.maturing)
        txn, charged = posted.txn, cost
    use = {"run": run, "account": account, "listing": terms.listing, "offer": terms.offer}
    use |= {"entitlement": terms.entitlement, "txn": txn, "charged": charged, "refunded": 0}
    connection.execute(_USED, use | {"seconds": seconds, "counted": False, "at": now})


def _quoted(price: Price, measure: Measure) -> int:
    if not price.megapixel:
        return price.run_cost(0)
    pixels, exact = measure()
    if not exact:
        reason = "the price depends on the size of the result, which is not known beforehand"
        raise NoQuote(reason, "upload the picture, and run its file")
    return price.run_cost(pixels)


def _seen(connection: Connection, listing: str, row: Any, account: str) -> bool:
    if row.visibility == "private":
        return bool(row.owner == account)
    return row.visibility != "shared" or account in listings.guests(connection, listing)

"""Runs of what others offer: agreed before, held when they begin, charged when they went well.

    things, account, pixels -> agreed -> Deal       NoAccess NoQuote NotFound
    Deal, run -> begun                              NoAccess NotEnoughCredits: nothing is begun
    Deal, run that is over -> settled               charged at most what was agreed, or let go

A run may use several things: a pipeline, and models in it that are sold by the run. All are agreed
together, held in one sum, and charged each for itself. `begun` looks again: what was taken back
since `agreed` stops the run. It is part of the transaction that queues the run, `settled` of the
one that ends it; a process that dies in between leaves both done or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, select

from printroom.core.errors import NoAccess, NoQuote
from printroom.core.visible import Loan
from printroom.marketplace import entitlements, listings, sales, tries
from printroom.marketplace.deals import Agreed, Deal, Thing
from printroom.marketplace.ledger import holds
from printroom.marketplace.ledger.holds import Hold
from printroom.marketplace.ledger.model import wallet
from printroom.marketplace.ledger.posting import Posting
from printroom.marketplace.model import LISTINGS, USES
from printroom.marketplace.offering import Listing, Offer
from printroom.marketplace.prices import Price
from printroom.marketplace.rows import Adding
from printroom.marketplace.rules import Rules

Measure = Callable[[tuple[str, ...]], tuple[int, bool]]
"""Pixels of all results of a run, and whether that is known for certain; given the models of others
that are paid for.
"""
_STATE = select(LISTINGS.c.state, LISTINGS.c.visibility, LISTINGS.c.owner)
_USED = Adding(USES)


def lent(connection: Connection, now: float, account: str, owner: str, name: str) -> Loan:
    """Whether `account` may use a model of another's."""
    listing = listings.by_thing(connection, "model", owner, name)
    if listing is None or not listings.sees(connection, listing, account):
        return Loan("no")
    offer = listings.offered(connection, listing.id)
    price, free = offer.price, offer.price.free
    right = None if free else entitlements.usable(connection, now, account, listing.id)
    if free or (right is not None and right.quota is None):
        return Loan("yes", offer.version)
    return Loan("sold" if right is not None or price.by_run else "no", offer.version)


def agreed(
    connection: Connection,
    now: float,
    rules: Rules,
    account: str,
    things: Sequence[Thing],
    measure: Measure,
    *,
    holder: str = "",
    trial: bool = False,
) -> Deal | None:
    """On which terms `account` may run what uses `things`; None = nothing of it is to be paid.

    A thing that is used twice is paid for once. `holder`: whose pipeline it is, if another's:
    models that it may use are not paid for again.
    `trial`: the first of the things is tried for nothing. Raises NoAccess, NoQuote.
    """
    users, first = [one for one in (account, holder) if one], things[0] if trial else None
    offers = [
        (thing, *_on_offer(connection, account, thing))
        for thing in things
        if thing is first or not _had(connection, now, users, thing)
    ]
    for thing, listing, _ in offers:
        if trial and thing is not first:
            reason = f"it uses {listing.title}, which is sold by the run"
            raise NoAccess(reason, "it cannot be tried for nothing: POST /v1/quotes")
    paid = tuple(filter(None, (thing.model(offer.version) for thing, _, offer in offers)))
    measured = cache(lambda: measure(paid))
    once = {listing.id: (thing, listing, offer) for thing, listing, offer in reversed(offers)}
    parts = [
        _part(connection, now, rules, account, thing, (listing, offer), measured, thing is first)
        for thing, listing, offer in reversed(once.values())
    ]
    return Deal(tuple(parts)) if parts else None


def begun(
    connection: Connection,
    now: float,
    account: str,
    deal: Deal,
    run: str,
    occasion: str,
    until: float | None = None,
) -> None:
    """Set aside what the run costs, or take it from the rights that pay for it.

    `occasion` names the beginning of the run, which may be tried again. `until`: when it is over at
    the latest, whatever happens. Raises NoAccess, NotEnoughCredits, RateLimited.
    """
    for part in deal.parts:
        row = connection.execute(_STATE.where(LISTINGS.c.id == part.listing)).first()
        if row is None or row.state != "listed" or not _seen(connection, part, row, account):
            raise NoAccess("what this would run is no longer on offer", "see GET /v1/listings")
        right = part.entitlement
        if part.tries:
            right = tries.right(connection, now, account, part.listing, part.offer, part.tries)
        if right is not None:
            entitlements.take(connection, now, f"{occasion}:{part.listing}", run, right)
    if deal.quote:
        holds.place(connection, now, Hold(occasion, run, wallet(account), deal.quote, until))


def settled(
    connection: Connection,
    now: float,
    rules: Rules,
    account: str,
    deal: Deal,
    run: str,
    pixels: int | None,
    seconds: float,
) -> int:
    """Charge a run that went well, or let go of what was set aside; once. Returns what it cost.

    `pixels`: of its results, None = it did not go well.
    """
    entitlements.settle(connection, run, used=pixels is not None)
    if pixels is None:
        holds.void(connection, run)
        return 0
    charged = _charged(connection, now, rules, account, deal, run, pixels) if deal.quote else {}
    for part in deal.parts:
        txn, cost = charged.get(part.listing, (None, 0))
        use = {"run": run, "account": account, "listing": part.listing, "offer": part.offer}
        use |= {"entitlement": part.entitlement, "txn": txn, "charged": cost, "refunded": 0}
        _USED(connection, use | {"seconds": seconds, "counted": False, "at": now})
    return sum(cost for _, cost in charged.values())


def _charged(
    connection: Connection,
    now: float,
    rules: Rules,
    account: str,
    deal: Deal,
    run: str,
    pixels: int,
) -> dict[str, tuple[str, int]]:
    """Listing -> the txn that it was charged by, and how much; nothing where nothing was held."""
    costs = {
        part.listing: min(part.quote, Price(part.run, part.megapixel).run_cost(pixels))
        for part in deal.parts
    }
    charged = [part for part in deal.parts if costs[part.listing]]
    lines = [
        sales.lines_of(wallet(account), costs[part.listing], part.shares, part.fee)
        for part in charged
    ]

    def postings(hold: Hold) -> list[Posting]:
        return [
            Posting(f"run:{hold.key}:{part.listing}", "run", some, run)
            for part, some in zip(charged, lines, strict=True)
        ]

    posted = holds.capture(connection, now, run, postings)
    if posted is None:
        return {}
    for one, some in zip(posted, lines, strict=True):
        sales.book(connection, one, some, now + rules.maturing)
    return {
        part.listing: (one.txn, costs[part.listing])
        for part, one in zip(charged, posted, strict=True)
    }


def _had(connection: Connection, now: float, users: Sequence[str], thing: Thing) -> bool:
    """Whether it is a model that one of them may use as their own."""
    if thing.kind != "model":
        return False
    return any(lent(connection, now, one, thing.owner, thing.name).lent == "yes" for one in users)


def _on_offer(connection: Connection, account: str, thing: Thing) -> tuple[Listing, Offer]:
    listing = listings.by_thing(connection, thing.kind, thing.owner, thing.name)
    if listing is None or not listings.sees(connection, listing, account):
        raise NoAccess(f"{thing.name} is not on offer", "see GET /v1/listings")
    offer = listings.offered(connection, listing.id)
    if None not in (offer.version, thing.version) and offer.version != thing.version:
        raise NoAccess(f"version {thing.version} is not on offer", f"name version {offer.version}")
    return listing, offer


def _part(
    connection: Connection,
    now: float,
    rules: Rules,
    account: str,
    thing: Thing,
    on: tuple[Listing, Offer],
    measured: Callable[[], tuple[int, bool]],
    tried: bool,
) -> Agreed:
    listing, offer = on
    right, quote, given, price = None, 0, 0, offer.price
    if tried and not price.free:
        given = tries.given(listing, offer)
    elif not price.free:
        right = entitlements.usable(connection, now, account, listing.id)
        if right is None:
            if not price.by_run:
                remedy = f"POST /v1/orders with the listing {listing.id}"
                raise NoAccess(f"{listing.title} is sold by the month, and is not bought", remedy)
            quote = _quoted(price, measured)
    return Agreed(
        listing=listing.id,
        offer=offer.number,
        quote=quote,
        run=price.run,
        megapixel=price.megapixel,
        entitlement=None if right is None else right.id,
        shares=offer.shares,
        fee=rules.fee,
        model=thing.model(offer.version),
        tries=given,
    )


def _quoted(price: Price, measured: Callable[[], tuple[int, bool]]) -> int:
    if not price.megapixel:
        return price.run_cost(0)
    pixels, exact = measured()
    if not exact:
        reason = "the price depends on the size of the result, which is not known beforehand"
        raise NoQuote(reason, "upload the picture, and run its file")
    return price.run_cost(pixels)


def _seen(connection: Connection, part: Agreed, row: Any, account: str) -> bool:
    if row.visibility == "private":
        return bool(row.owner == account)
    return row.visibility != "shared" or account in listings.guests(connection, part.listing)

"""What the routes of the market say of listings, rights and reports.

Listing, who asks -> JSON        within a transaction that reads
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from printroom.accounts.handles import handle_of
from printroom.core.errors import NotFound
from printroom.marketplace import badges, entitlements, listings, search, tries
from printroom.marketplace.entitlements import Entitlement
from printroom.marketplace.model import LISTINGS
from printroom.marketplace.offering import Listing, Offer
from printroom.marketplace.orders import Order
from printroom.marketplace.prices import WHOLE
from printroom.marketplace.reviews import Review
from printroom.marketplace.search import Standing, Wanted
from printroom.marketplace.waiting import Waiting


def searched(
    connection: Connection, now: float, account: str, wanted: Wanted
) -> list[dict[str, Any]]:
    """A page of results, for `account`."""
    return [
        _told(connection, now, account, one.listing, one.standing)
        for one in search.found(connection, now, wanted)
    ]


def named(
    connection: Connection, now: float, account: str, names: Sequence[str]
) -> list[dict[str, Any]]:
    """Those with these ids that are offered to everybody, in this order."""
    return [
        _told(connection, now, account, one.listing, one.standing)
        for one in search.named(connection, names)
    ]


def mine(
    connection: Connection, now: float, account: str, before: str | None, most: int
) -> list[dict[str, Any]]:
    """A page of an account's own, whatever their state."""
    return _each(
        connection, now, account, listings.of_owner(connection, now, account, before, most)
    )


def shared(
    connection: Connection, now: float, account: str, before: str | None, most: int
) -> list[dict[str, Any]]:
    """A page of what others share with an account."""
    found = listings.shared_with(connection, now, account, before, most)
    return _each(connection, now, account, found)


def shown(
    connection: Connection, now: float, account: str, name: str, *, any_: bool = False
) -> dict[str, Any]:
    """One listing, if `account` may see it; `any_` = a moderator asks. Raises NotFound."""
    found = listings.shown(connection, now, account, name, any_=any_)
    return _told(connection, now, account, found, search.standing(connection, name))


def _offer(offer: Offer) -> dict[str, Any]:
    """The terms of a listing."""
    price = offer.price
    return {
        "number": offer.number,
        "price": {
            "run": price.run,
            "megapixel": price.megapixel / 1000,
            "month": price.month,
            "quota": price.quota,
            "download": price.download,
        },
        "share": offer.share / WHOLE,
        "version": offer.version,
        "tries": offer.tries,
        "made_at": offer.made_at,
    }


def reviews_json(
    connection: Connection, _now: float, found: Sequence[Review]
) -> list[dict[str, Any]]:
    """Reviews, by the handles of who wrote them."""
    return [
        {"author": _handle(connection, one.account), "stars": one.stars, "text": one.text}
        | {"at": one.at}
        for one in found
    ]


def titled(
    connection: Connection, _now: float, found: Sequence[Order | Entitlement]
) -> list[dict[str, Any]]:
    """Orders or rights, with the titles of what they are for, also of what was removed."""
    query = select(LISTINGS.c.id, LISTINGS.c.title)
    rows = connection.execute(query.where(LISTINGS.c.id.in_({one.listing for one in found})))
    titles = {row.id: row.title for row in rows}
    return [asdict(one) | {"title": titles.get(one.listing, "")} for one in found]


def payments_json(
    connection: Connection, _now: float, found: Sequence[Waiting]
) -> list[dict[str, Any]]:
    """What waits to be paid, by the handles of who pays or is paid."""
    return [asdict(one) | {"account": _handle(connection, one.account)} for one in found]


def _each(
    connection: Connection, now: float, account: str, found: Sequence[Listing]
) -> list[dict[str, Any]]:
    return [
        _told(connection, now, account, one, search.standing(connection, one.id)) for one in found
    ]


def _told(
    connection: Connection, now: float, account: str, listing: Listing, standing: Standing
) -> dict[str, Any]:
    owner = _handle(connection, listing.owner)
    own = listing.owner == account
    right = entitlements.usable(connection, now, account, listing.id)
    earned = badges.badges(connection, now, listing, standing)
    offer = listings.offered(connection, listing.id) if listing.offer else None
    return {
        "id": listing.id,
        "owner": owner,
        "kind": listing.kind,
        "name": listing.name,
        "target": f"{owner}/{listing.name}",
        "state": listing.state,
        "visibility": listing.visibility,
        "title": listing.title,
        "text": listing.text,
        "tags": list(listing.tags),
        "examples": [
            _example(listing, number, one, own=own)
            for number, one in enumerate(listing.examples, 1)
        ],
        "offer": None if offer is None else _offer(offer),
        "standing": asdict(standing),
        "badges": [asdict(one) for one in earned],
        "own": own,
        "access": None if right is None else asdict(right),
        "tries": 0 if offer is None else tries.left(connection, account, listing, offer),
        "copy": _copied(connection, account, listing),
        "shared_with": _guests(connection, listing) if own else None,
        "created_at": listing.created_at,
        "changed_at": listing.changed_at,
    }


def _example(listing: Listing, number: int, example: Any, *, own: bool) -> dict[str, Any]:
    """With the addresses of its pictures; for its seller, with the files that they are, too."""
    place = f"/v1/listings/{listing.id}/examples/{number}"
    sides = ("input", "output")
    told = {"title": example.get("title", ""), **{side: f"{place}/{side}" for side in sides}}
    return told | ({"files": {side: example[side] for side in sides}} if own else {})


def _copied(connection: Connection, account: str, listing: Listing) -> bool:
    """Whether `account` may take a copy with it."""
    if listing.kind != "model" or listing.owner == account:
        return listing.kind == "model"
    rights = entitlements.live(connection, account, listing.id)
    return any(one.kind == "download" for one in rights)


def _guests(connection: Connection, listing: Listing) -> list[str]:
    return [_handle(connection, one) for one in listings.guests(connection, listing.id)]


def _handle(connection: Connection, account: str) -> str:
    try:
        return handle_of(connection, account)
    except NotFound:  # the account is gone, and its listings are still in the books
        return "gone"

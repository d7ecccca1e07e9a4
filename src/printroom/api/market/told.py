"""What the routes of the market say of listings, rights and reports.

Listing, who asks -> JSON        within a transaction that reads
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from printroom.accounts.handles import handle_of
from printroom.core.errors import NotFound
from printroom.marketplace import badges, entitlements, listings, search
from printroom.marketplace.listings import Listing, Offer
from printroom.marketplace.prices import WHOLE
from printroom.marketplace.reviews import Review
from printroom.marketplace.search import Standing, Wanted


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
    own = listings.of_owner(connection, now, account, before, most)
    return [
        _told(connection, now, account, one, search.standing(connection, one.id)) for one in own
    ]


def shown(connection: Connection, now: float, account: str, name: str) -> dict[str, Any]:
    """One listing, if `account` may see it. Raises NotFound."""
    found = listings.shown(connection, now, account, name)
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


def _told(
    connection: Connection, now: float, account: str, listing: Listing, standing: Standing
) -> dict[str, Any]:
    owner = _handle(connection, listing.owner)
    right = entitlements.usable(connection, now, account, listing.id)
    earned = badges.badges(connection, now, listing, standing)
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
            _example(listing.id, number, one) for number, one in enumerate(listing.examples, 1)
        ],
        "offer": _offer(listings.offered(connection, listing.id)) if listing.offer else None,
        "standing": asdict(standing),
        "badges": [asdict(one) for one in earned],
        "own": listing.owner == account,
        "access": None if right is None else asdict(right),
        "created_at": listing.created_at,
        "changed_at": listing.changed_at,
    }


def _example(listing: str, number: int, example: Any) -> dict[str, Any]:
    place = f"/v1/listings/{listing}/examples/{number}"
    sides = {side: f"{place}/{side}" for side in ("input", "output")}
    return {"title": example.get("title", ""), **sides}


def _handle(connection: Connection, account: str) -> str:
    try:
        return handle_of(connection, account)
    except NotFound:  # the account is gone, and its listings are still in the books
        return "gone"

"""What is offered: made, priced, shown, changed, stopped, taken away.

    Card -> create -> Listing                  BadOption NotFound AlreadyThere
    id -> offered, shown, edited, published    NotFound BadOption WrongState
    account, owner, name -> by_thing           what a run of it would be charged by

A change of prices or of the version is a new offer; what was bought before stays as it was bought.
Each function is part of a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, literal_column, select, update

from printroom.accounts.audit import Actor, note
from printroom.accounts.credentials import new_id
from printroom.catalogue import entries
from printroom.core.errors import AlreadyThere, BadOption, NotFound, WrongState
from printroom.marketplace.model import GUESTS, LISTINGS, OFFERS, STANDING
from printroom.marketplace.offering import Card, Kind, Listing, Offer, Terms, Visibility
from printroom.marketplace.prices import WHOLE, Price

_THERE: ColumnElement[bool] = literal_column("market_listings.state <> 'removed'")
_SHARED: ColumnElement[bool] = literal_column(
    "market_listings.state = 'listed' AND market_listings.visibility = 'shared'"
)


def create(
    connection: Connection, now: float, actor: Actor, kind: Kind, name: str, card: Card
) -> Listing:
    """A draft that nobody else sees, for the model or pipeline `name` of the actor's account.

    Raises AlreadyThere.
    """
    mine = LISTINGS.c.owner == actor.account, LISTINGS.c.kind == kind, LISTINGS.c.name == name
    if (
        known := connection.execute(select(LISTINGS.c.id).where(*mine, _THERE)).scalar()
    ) is not None:
        raise AlreadyThere(f"{name} has a listing: {known}", "change that one")
    made = new_id("lst", now)
    row: dict[str, Any] = {
        "id": made,
        "owner": actor.account,
        "kind": kind,
        "name": name,
        "state": "draft",
    }
    row |= {"visibility": "private", "offer": 0, "created_at": now, "changed_at": now}
    connection.execute(insert(LISTINGS).values(row | card.row))
    standing = {"listing": made, "price": 0, "uses": 0, "seconds": 0.0, "ratings": 0, "stars": 0}
    connection.execute(insert(STANDING).values(standing))
    note(connection, now, actor, "listing.created", made, name=name)
    return get(connection, made)


def get(connection: Connection, name: str, *, lock: bool = False) -> Listing:
    """The listing with that id, whoever asks. Raises NotFound."""
    query = select(LISTINGS).where(LISTINGS.c.id == name, _THERE)
    if lock:  # what depends on it, as orders do, may be written meanwhile
        query = query.with_for_update(key_share=True)
    row = connection.execute(query).first()
    if row is None:
        raise missing(name)
    return listing_of(row)


def mine(connection: Connection, actor: Actor, name: str) -> Listing:
    """The actor's own listing, locked. Raises NotFound."""
    found = get(connection, name, lock=True)
    if found.owner != actor.account:
        raise missing(name)
    return found


def shown(
    connection: Connection, _now: float, account: str, name: str, *, any_: bool = False
) -> Listing:
    """A listing, if `account` may see it; `any_` = a moderator asks. Raises NotFound."""
    found = get(connection, name)
    if not any_ and not sees(connection, found, account):
        raise missing(name)
    return found


def sees(connection: Connection, listing: Listing, account: str) -> bool:
    """Whether `account` may see it, and buy it."""
    if listing.owner == account:
        return True
    if listing.state != "listed" or listing.visibility == "private":
        return False
    return listing.visibility != "shared" or account in guests(connection, listing.id)


def by_thing(connection: Connection, kind: Kind, owner: str, name: str) -> Listing | None:
    """The listing of a model or pipeline, if it is listed."""
    found = of_thing(connection, 0.0, owner, kind, name)
    return found if found is not None and found.state == "listed" else None


def of_thing(
    connection: Connection, _now: float, owner: str, kind: Kind, name: str
) -> Listing | None:
    """The listing of an account's own model or pipeline, whatever its state."""
    query = select(LISTINGS).where(
        LISTINGS.c.owner == owner, LISTINGS.c.kind == kind, LISTINGS.c.name == name, _THERE
    )
    row = connection.execute(query).first()
    return None if row is None else listing_of(row)


def edit(connection: Connection, now: float, actor: Actor, name: str, card: Card) -> Listing:
    """Another card; prices stay. Raises NotFound."""
    mine(connection, actor, name)
    write(connection, now, name, **card.row)
    note(connection, now, actor, "listing.edited", name)
    return get(connection, name)


def offer(
    connection: Connection,
    now: float,
    actor: Actor,
    name: str,
    terms: Terms,
    shares: Mapping[str, int],
) -> Offer:
    """Other terms from now on; the same as before are no new offer. Raises NotFound.

    `shares`: account -> ten-thousandths, a whole together.
    """
    if sum(shares.values()) != WHOLE or min(shares.values()) < 0:
        raise BadOption("the shares of a sale do not make a whole", "see to the models in it")
    listing = mine(connection, actor, name)
    made = Offer(
        name, listing.offer + 1, terms.price, terms.share, terms.version, dict(shares), now,
        terms.tries,
    )  # fmt: skip
    if listing.offer:
        last = offered(connection, name)
        if replace(made, number=last.number, made_at=last.made_at) == last:
            return last
    price = {one.name: getattr(terms.price, one.name) for one in fields(Price)}
    row: dict[str, Any] = {
        "listing": name,
        "number": made.number,
        "share": made.share,
        "version": made.version,
        "tries": made.tries,
    }
    row |= {"shares_json": json.dumps(made.shares), "made_at": now}
    connection.execute(insert(OFFERS).values(row | price))
    write(connection, now, name, offer=made.number)
    ranked = update(STANDING).where(STANDING.c.listing == name)
    connection.execute(ranked.values(price=terms.price.usual))
    note(connection, now, actor, "listing.offered", name, number=made.number, **price)
    return made


def offered(connection: Connection, name: str, number: int | None = None) -> Offer:
    """The latest offer of a listing, or the one with that number. Raises NotFound."""
    query = select(OFFERS).where(OFFERS.c.listing == name).order_by(OFFERS.c.number.desc())
    if number is not None:
        query = query.where(OFFERS.c.number == number)
    row = connection.execute(query.limit(1)).first()
    if row is None:
        raise NotFound(f"the listing {name[:80]} offers nothing yet", "give it prices first")
    price = Price(**{one.name: getattr(row, one.name) for one in fields(Price)})
    shares = json.loads(row.shares_json)
    return Offer(name, row.number, price, row.share, row.version, shares, row.made_at, row.tries)


def publish(
    connection: Connection,
    now: float,
    actor: Actor,
    name: str,
    visibility: Visibility,
    invited: Sequence[str] = (),
) -> Listing:
    """Show it, to whom `visibility` says. Whoever calls has seen to it that it may be shown.

    `invited`: accounts that see what is `shared`. Raises NotFound, WrongState.
    """
    listing = mine(connection, actor, name)
    if listing.state == "suspended":
        raise WrongState(f"the listing {name} is suspended", "appeal, or ask whoever runs this")
    offered(connection, name)
    connection.execute(delete(GUESTS).where(GUESTS.c.listing == name))
    rows = [{"listing": name, "account": one} for one in sorted(set(invited))]
    if visibility == "shared" and rows:
        connection.execute(insert(GUESTS), rows)
    write(connection, now, name, state="listed", visibility=visibility)
    note(connection, now, actor, "listing.published", name, visibility=visibility)
    return get(connection, name)


def withdraw(connection: Connection, now: float, actor: Actor, name: str) -> Listing:
    """Show it no more: new runs and purchases are refused at once. Raises NotFound, WrongState."""
    listing = mine(connection, actor, name)
    if listing.state != "listed":
        raise WrongState(f"the listing {name} is {listing.state}", "only one that is shown can be")
    write(connection, now, name, state="draft")
    note(connection, now, actor, "listing.withdrawn", name)
    return get(connection, name)


def remove(connection: Connection, now: float, actor: Actor, name: str) -> None:
    """Take it away for good; orders and the books keep its id. Raises NotFound, WrongState.

    What is suspended stays: else its thing could be listed anew.
    """
    if mine(connection, actor, name).state == "suspended":
        raise WrongState(f"the listing {name} is suspended", "appeal, or ask whoever runs this")
    write(connection, now, name, state="removed")
    note(connection, now, actor, "listing.removed", name)


def suspend(connection: Connection, now: float, actor: Actor, name: str, why: str) -> Listing:
    """Stop it, whoever's it is: new runs and purchases are refused at once. Raises NotFound."""
    listing = get(connection, name, lock=True)
    if listing.state != "suspended":
        write(connection, now, name, state="suspended", former=listing.state)
    note(connection, now, actor, "listing.suspended", name, why=why)
    return get(connection, name)


def restore(connection: Connection, now: float, actor: Actor, name: str) -> Listing:
    """Let what was suspended be what it was before. Raises NotFound, WrongState."""
    if (listing := get(connection, name, lock=True)).state != "suspended":
        raise WrongState(f"the listing {name} is {listing.state}", "it needs no restoring")
    write(connection, now, name, state=listing.former or "listed", former=None)
    note(connection, now, actor, "listing.restored", name)
    return get(connection, name)


def stocked(connection: Connection, listing: Listing) -> bool:
    """Whether what is offered can be had: a model may have been stopped, or taken away."""
    if listing.kind != "model":
        return True
    return entries.newest(connection, listing.owner, listing.name, ready=True) is not None


def guests(connection: Connection, name: str) -> list[str]:
    """Accounts that see a shared listing."""
    query = select(GUESTS.c.account).where(GUESTS.c.listing == name).order_by(GUESTS.c.account)
    return list(connection.execute(query).scalars())


def of_owner(
    connection: Connection, _now: float, account: str, before: str | None, most: int
) -> list[Listing]:
    """An account's own, the newest first; `before`: an id, for the next page."""
    query = select(LISTINGS).where(LISTINGS.c.owner == account, _THERE)
    if before is not None:
        query = query.where(LISTINGS.c.id < before)
    rows = connection.execute(query.order_by(LISTINGS.c.id.desc()).limit(most))
    return [listing_of(row) for row in rows]


def shared_with(
    connection: Connection, _now: float, account: str, before: str | None, most: int
) -> list[Listing]:
    """What others show to named accounts, of which `account` is one; the newest first, like
    `of_owner`.
    """
    query = select(LISTINGS).join(GUESTS, GUESTS.c.listing == LISTINGS.c.id)
    query = query.where(GUESTS.c.account == account, _SHARED)
    if before is not None:
        query = query.where(LISTINGS.c.id < before)
    rows = connection.execute(query.order_by(LISTINGS.c.id.desc()).limit(most))
    return [listing_of(row) for row in rows]


def listing_of(row: Any) -> Listing:
    """From a row of the table."""
    values = dict(row._mapping)
    values["tags"] = tuple(filter(None, values["tags"].split(",")))
    values["examples"] = tuple(json.loads(values.pop("examples_json")))
    return Listing(**{one.name: values[one.name] for one in fields(Listing)})


def missing(name: str) -> NotFound:
    """What is said of a listing that is not there, or not to be seen."""
    return NotFound(f"there is no listing {name[:80]!r}", "GET /v1/listings has those you may see")


def write(connection: Connection, now: float, name: str, **values: Any) -> None:
    """Change columns of a listing."""
    query = update(LISTINGS).where(LISTINGS.c.id == name)
    connection.execute(query.values(values | {"changed_at": now}))

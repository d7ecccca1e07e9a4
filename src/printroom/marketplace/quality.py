"""How good a listed model is, as it was measured when it was examined: what listings are sorted by.

    listing -> measured -> Quality, or None         never what its seller says of it
    publish, an hour gone by -> refreshed           the figure beside the others of its standing

Of a pipeline nothing is measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from printroom.catalogue import entries
from printroom.catalogue.card import ModelCard
from printroom.catalogue.model import Entry
from printroom.marketplace import listings
from printroom.marketplace.listings import listing_of
from printroom.marketplace.model import LISTINGS, STANDING
from printroom.marketplace.offering import Listing


@dataclass(frozen=True)
class Quality:
    """A figure that tells models of all tasks apart."""

    metric: str
    unit: str
    value: float


def card_of(connection: Connection, listing: Listing) -> ModelCard | None:
    """Of the version that a listing offers; None = there is none, or it is no model."""
    entry = entry_of(connection, listing)
    return None if entry is None else entry.card(listing.owner)


def entry_of(connection: Connection, listing: Listing) -> Entry | None:
    """The same, as it stands in the catalogue."""
    if listing.kind != "model":
        return None
    wanted = listings.offered(connection, listing.id).version if listing.offer else None
    if wanted is None:
        return entries.newest(connection, listing.owner, listing.name, ready=True)
    found = entries.found(connection, listing.owner, listing.name, wanted)
    return found if found is not None and found.state == "ready" else None


def measured(gain: float | None) -> Quality | None:
    """What a listing shows of the figure that it is sorted by."""
    return None if gain is None else Quality("psnr gained", "dB", gain)


def refresh(connection: Connection, listing: Listing) -> None:
    """Write the figure of what a listing offers now."""
    card = card_of(connection, listing)
    change = update(STANDING).where(STANDING.c.listing == listing.id)
    connection.execute(change.values(quality=None if card is None else card.gain))


def refreshed(connection: Connection, _now: float, after: str, most: int = 500) -> str | None:
    """The same of all models that are listed, some at a time: of those behind the id `after`; the
    last one's id, None = there are no more. Their newest versions change, and are examined again.
    """
    query = select(LISTINGS).where(
        LISTINGS.c.kind == "model", LISTINGS.c.state == "listed", LISTINGS.c.id > after
    )
    rows = connection.execute(query.order_by(LISTINGS.c.id).limit(most)).all()
    found = [
        {"which": row.id, "gain": None if (card := card_of(connection, listing_of(row))) is None
         else card.gain}
        for row in rows
    ]  # fmt: skip
    if found:
        change = update(STANDING).where(STANDING.c.listing == bindparam("which"))
        connection.execute(change.values(quality=bindparam("gain")), found)
    return rows[-1].id if len(rows) == most else None

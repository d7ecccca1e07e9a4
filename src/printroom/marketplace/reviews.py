"""What those say who ran it: 1 to 5 stars, and a text; one for each account, which may change it.

account, listing, stars -> written      NoAccess: never ran it; NotFound
listing -> listed, the newest first
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, insert, select, update

from printroom.core.errors import BadOption, NoAccess, NotFound
from printroom.marketplace import listings
from printroom.marketplace.model import REVIEWS, STANDING, USES

LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Review:
    """What an account says of a listing."""

    listing: str
    account: str
    stars: int
    text: str
    at: float


def write(
    connection: Connection, now: float, account: str, name: str, stars: int, text: str
) -> Review:
    """Say it, in place of what was said before. Raises NotFound, NoAccess, BadOption."""
    listing = listings.get(connection, name, lock=True)
    if not 1 <= stars <= 5 or len(text) > LONGEST:
        raise BadOption(f"a review has 1 to 5 stars and up to {LONGEST} characters", "mend it")
    ran = select(exists().where(USES.c.listing == name, USES.c.account == account))
    if listing.owner == account or not connection.execute(ran).scalar():
        raise NoAccess(f"{listing.title} is reviewed by those who ran it", "run it first")
    _take(connection, account, name)
    made = Review(name, account, stars, text, now)
    row = {one: getattr(made, one) for one in Review.__slots__}
    connection.execute(insert(REVIEWS).values(row))
    _rated(connection, name, 1, stars)
    return made


def remove(connection: Connection, _now: float, account: str, name: str) -> None:
    """Take one's own back, or, for moderators, anybody's. Raises NotFound."""
    listings.get(connection, name, lock=True)
    if not _take(connection, account, name):
        raise NotFound(f"there is no review of {name[:80]!r} by that account", "see the reviews")


def listed(
    connection: Connection, _now: float, name: str, after: tuple[float, str] | None, most: int
) -> list[Review]:
    """Reviews of a listing, the newest first; `after`: the last one's time and account, for the
    next page: two may be of the same moment.
    """
    query = select(REVIEWS).where(REVIEWS.c.listing == name)
    if after is not None:
        at, account = after
        query = query.where(
            (REVIEWS.c.at < at) | (REVIEWS.c.at == at) & (REVIEWS.c.account > account)
        )
    query = query.order_by(REVIEWS.c.at.desc(), REVIEWS.c.account)
    return [Review(*row) for row in connection.execute(query.limit(most))]


def _take(connection: Connection, account: str, name: str) -> bool:
    query = delete(REVIEWS).where(REVIEWS.c.listing == name, REVIEWS.c.account == account)
    stars = connection.execute(query.returning(REVIEWS.c.stars)).scalar()
    if stars is not None:
        _rated(connection, name, -1, -stars)
    return stars is not None


def _rated(connection: Connection, name: str, ratings: int, stars: int) -> None:
    change = update(STANDING).where(STANDING.c.listing == name)
    connection.execute(
        change.values(ratings=STANDING.c.ratings + ratings, stars=STANDING.c.stars + stars)
    )

"""Finding what is offered to everybody: by words, by tags, in several orders.

    Wanted -> found -> listings with their standing, and whether there are more
    uses since the last time -> counted

Words are looked up in an index that the database keeps (FTS5, or tsvector); the last one may be the
beginning of a longer one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    text,
    update,
)

from printroom.marketplace.listings import listing_of
from printroom.marketplace.model import LISTINGS, STANDING, USES
from printroom.marketplace.offering import Kind, Listing
from printroom.marketplace.quality import Quality, measured

Order = Literal["relevance", "new", "use", "price", "rating", "speed", "quality"]
FURTHEST = 1000
"""Results that can be paged through."""
SHOWN: ColumnElement[bool] = literal_column(
    "market_listings.state = 'listed' AND market_listings.visibility = 'public'"
)
"""What everybody may see."""
_WORD = re.compile(r"\w+")
_MOST_WORDS = 8
_MOST_RANKED = 1000
"""Listings that are put in order: where a word is in more, it says little of any of them."""
_PREFIX = 3
"""Letters from which on the last word may be the beginning of a longer one."""
_SEARCH = table("market_search", column("listing"), column("words"))


@dataclass(frozen=True)
class Wanted:
    """What is looked for."""

    words: str = ""
    kind: Kind | None = None
    tags: tuple[str, ...] = ()
    owner: str | None = None
    """The id of an account."""
    free: bool = False
    """Whether only what costs nothing."""
    order: Order = "relevance"
    skip: int = 0
    """Results of earlier pages, 0 to FURTHEST."""
    most: int = 50


@dataclass(frozen=True)
class Standing:
    """How a listing does."""

    uses: int
    """Runs that went well."""
    seconds: float | None
    """That one took, on average."""
    ratings: int
    stars: float | None
    """1 to 5, on average."""
    quality: Quality | None = None
    """As measured; None = nothing is."""


@dataclass(frozen=True)
class Found:
    """One result."""

    listing: Listing
    standing: Standing


def found(connection: Connection, _now: float, wanted: Wanted) -> list[Found]:
    """Results in order, `most` at most."""
    return named(connection, list(connection.execute(_names(connection, wanted)).scalars()))


def named(connection: Connection, names: Sequence[str]) -> list[Found]:
    """Those of the listings with these ids that are offered to everybody, in this order."""
    query = select(LISTINGS, STANDING).join(STANDING, STANDING.c.listing == LISTINGS.c.id)
    rows = connection.execute(query.where(LISTINGS.c.id.in_(names), SHOWN))
    known = {row.id: Found(listing_of(row), _standing(row)) for row in rows}
    return [known[name] for name in names if name in known]


def standing(connection: Connection, name: str) -> Standing:
    """How one listing does."""
    row = connection.execute(select(STANDING).where(STANDING.c.listing == name)).one()
    return _standing(row)


def count(connection: Connection, _now: float, most: int = 10_000) -> int:
    """Add new runs to the standing of what they ran. Returns how many there were."""
    fresh = (
        select(USES.c.run)
        .where(literal_column("NOT counted"))
        .order_by(USES.c.at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    query = update(USES).where(USES.c.run.in_(fresh)).values(counted=True)
    sums: dict[str, tuple[int, float]] = {}
    for listing, seconds in connection.execute(query.returning(USES.c.listing, USES.c.seconds)):
        uses, spent = sums.get(listing, (0, 0.0))
        sums[listing] = (uses + 1, spent + seconds)
    rows = [
        {"which": listing, "more": uses, "spent": spent}
        for listing, (uses, spent) in sorted(sums.items())
    ]
    if rows:
        change = update(STANDING).where(STANDING.c.listing == bindparam("which"))
        values = {
            "uses": STANDING.c.uses + bindparam("more"),
            "seconds": STANDING.c.seconds + bindparam("spent"),
        }
        connection.execute(change.values(values), rows)
    return sum(uses for uses, _ in sums.values())


def _names(connection: Connection, wanted: Wanted) -> Select[Any]:
    """The ids of a page: rows are long, and only those of the page are read."""
    query = select(LISTINGS.c.id).join(STANDING, STANDING.c.listing == LISTINGS.c.id).where(SHOWN)
    rank: Any = LISTINGS.c.id.desc()
    if words := _WORD.findall(wanted.words)[:_MOST_WORDS]:
        matching = _matching(connection, words)
        query = query.join(matching, matching.c.listing == LISTINGS.c.id)
        rank = matching.c.rank
    if wanted.kind is not None:
        query = query.where(LISTINGS.c.kind == wanted.kind)
    if wanted.owner is not None:
        query = query.where(LISTINGS.c.owner == wanted.owner)
    for tag in wanted.tags:
        query = query.where(("," + LISTINGS.c.tags + ",").contains(f",{tag},", autoescape=True))
    if wanted.free:
        query = query.where(STANDING.c.price == 0)
    return query.order_by(*_orders(wanted.order, rank)).offset(wanted.skip).limit(wanted.most)


def _matching(connection: Connection, words: list[str]) -> Subquery:
    """What has all words, and how well it fits: less is better. Of too many, the newest."""
    begins = ["", "*"][len(words[-1]) >= _PREFIX]
    if connection.dialect.name == "sqlite":
        asked = " ".join(f'"{word}"' for word in words) + begins
        rank: Any = literal_column("bm25(market_search, 0, 8, 4, 1)").label("rank")
        query = select(_SEARCH.c.listing, rank).where(
            text("market_search MATCH :asked").bindparams(asked=asked)
        )
        return query.order_by(literal_column("rowid").desc()).limit(_MOST_RANKED).subquery()
    every = " & ".join(words) + begins.replace("*", ":*")
    meant = func.to_tsquery(literal_column("'simple'"), every)
    there = select(_SEARCH.c.listing, _SEARCH.c.words).where(_SEARCH.c.words.op("@@")(meant))
    some = there.limit(_MOST_RANKED).subquery()
    return select(some.c.listing, (-func.ts_rank(some.c.words, meant)).label("rank")).subquery()


def _orders(order: Order, rank: Any) -> tuple[Any, ...]:
    newest = LISTINGS.c.id.desc()
    per_use = STANDING.c.seconds / func.nullif(STANDING.c.uses, 0)
    liked = STANDING.c.stars * 1.0 / func.nullif(STANDING.c.ratings, 0)
    return {
        "relevance": (rank, newest),
        "new": (newest,),
        "use": (STANDING.c.uses.desc(), newest),
        "price": (STANDING.c.price, newest),
        "rating": (liked.desc().nulls_last(), STANDING.c.ratings.desc(), newest),
        "speed": (per_use.asc().nulls_last(), newest),
        "quality": (STANDING.c.quality.desc().nulls_last(), newest),
    }[order]


def _standing(row: Any) -> Standing:
    uses, ratings = int(row.uses), int(row.ratings)
    return Standing(
        uses,
        row.seconds / uses if uses else None,
        ratings,
        row.stars / ratings if ratings else None,
        measured(row.quality),
    )

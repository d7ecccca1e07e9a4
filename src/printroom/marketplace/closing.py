"""An account that is closed while it has money, or others have bought of it.

    account -> standing -> Standing       what stands in the way, and what would be given up
    actor, forfeit -> closed              WrongState NotAllowed BadOption

Nothing is given up unless that was said. What others have paid for comes first: months that they
bought are over, or given back, before their seller may go. What it offered is gone then; the books
keep all that was. What is still sold by runs in progress, or paid into its wallet, stays in the
books in its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from printroom.accounts import closing
from printroom.accounts.audit import Actor, note
from printroom.accounts.credentials import new_id
from printroom.assets.model import ASSETS
from printroom.catalogue import entries
from printroom.collections import rows as collections
from printroom.core.errors import WrongState
from printroom.jobs.model import JOBS
from printroom.marketplace.entitlements import LIVE
from printroom.marketplace.ledger.model import FEES, earned, payable, wallet
from printroom.marketplace.ledger.posting import Line, Posting, alone, post
from printroom.marketplace.ledger.reading import balance
from printroom.marketplace.model import COUPONS, ENTITLEMENTS, LISTINGS, PAYOUTS, SALES
from printroom.people import erasing

_BUSY = ("delayed", "queued", "running")


@dataclass(frozen=True)
class Block:
    """Something that stands in the way."""

    what: str
    remedy: str


@dataclass(frozen=True)
class Standing:
    """How it would be closed."""

    blocks: tuple[Block, ...]
    forfeits: int
    """Credits that would be given up: in the wallet, and earned."""


def standing(connection: Connection, _now: float, account: str) -> Standing:
    """What would become of it now."""
    blocks = (*_blocks(connection, account), *_running(connection, account))
    return Standing(blocks, sum(amount for _, amount in _has(connection, account)))


def closed(connection: Connection, now: float, actor: Actor, *, forfeit: bool) -> int:
    """Close the actor's account, with all that it has; returns the credits that it gave up.

    Raises WrongState, which says all that stands in the way; NotAllowed, BadOption.
    """
    closing.may(connection, actor)
    if running := list(_running(connection, actor.account)):
        raise _standing_in_the_way(running)
    given_up = settled(connection, now, actor, forfeit=forfeit)
    for model in entries.listed(connection, actor.account):
        for entry in entries.chosen(connection, actor.account, model.name, None):
            entries.removed(connection, entry)
    erasing.closed(connection, actor.account, now)
    collections.closed(connection, actor.account)
    files = update(ASSETS).where(ASSETS.c.account == actor.account)
    connection.execute(files.values(expires_at=now))
    closing.closed(connection, now, actor)
    return given_up


def settled(connection: Connection, now: float, actor: Actor, *, forfeit: bool) -> int:
    """The market's part of it. Raises WrongState."""
    account = actor.account
    mine = select(LISTINGS.c.id).where(LISTINGS.c.owner == account).order_by(LISTINGS.c.id)
    offered = list(connection.execute(mine.with_for_update(key_share=True)).scalars())
    sold = select(SALES).where(SALES.c.account == account, SALES.c.matured.is_(None))
    order = SALES.c.matures_at, SALES.c.txn, SALES.c.account  # as who lets them mature locks them
    connection.execute(sold.order_by(*order).with_for_update()).all()
    alone(connection)
    if blocks := list(_blocks(connection, account)):
        raise _standing_in_the_way(blocks)
    has = _has(connection, account)
    given_up = sum(amount for _, amount in has)
    if given_up and not forfeit:
        reason = f"the account has {given_up} credits"
        raise WrongState(reason, "be paid, or spend them; or say that they are given up")
    posting = Posting(
        f"closed:{new_id('end', now)}", "forfeit", tuple(Line(name, FEES, n) for name, n in has),
        account,
    )  # fmt: skip
    posted = post(connection, now, posting)
    connection.execute(
        update(SALES)
        .where(SALES.c.account == account, SALES.c.matured.is_(None))
        .values(matured=posted.txn)
    )
    _ended(connection, now, account, offered)
    note(connection, now, actor, "market.closed", account, given_up=given_up)
    return given_up


def _ended(connection: Connection, now: float, account: str, offered: list[str]) -> None:
    """Nothing of it is offered, and nobody has a right to it any more."""
    gone = update(LISTINGS).where(LISTINGS.c.id.in_(offered))
    connection.execute(gone.values(state="removed", changed_at=now))
    rights = update(ENTITLEMENTS).where(
        LIVE, (ENTITLEMENTS.c.account == account) | ENTITLEMENTS.c.listing.in_(offered)
    )
    connection.execute(rights.values(state="ended", renews=False))
    connection.execute(update(COUPONS).where(COUPONS.c.owner == account).values(until=now))


def _has(connection: Connection, account: str) -> list[tuple[str, int]]:
    """What it has in the books, above zero."""
    names = (wallet(account), earned(account), payable(account))
    found = ((name, balance(connection, name).balance) for name in names)
    return [(name, amount) for name, amount in found if amount > 0]


def _blocks(connection: Connection, account: str) -> Iterator[Block]:
    held = balance(connection, wallet(account)).held
    if held:
        yield Block(
            f"{held} credits are held for runs in progress", "wait for them, or cancel them"
        )
    if (owed := -balance(connection, payable(account)).balance) > 0:
        yield Block(f"{owed} credits are owed, after refunds", "ask whoever runs this server")
    paying = select(func.sum(PAYOUTS.c.credits)).where(
        PAYOUTS.c.account == account, PAYOUTS.c.state == "requested"
    )
    if in_flight := connection.execute(paying).scalar():
        yield Block(f"{in_flight} credits are being paid out", "wait until that was done")
    months = LIVE, ENTITLEMENTS.c.kind == "month"
    bought = select(func.count()).where(*months, ENTITLEMENTS.c.account == account)
    if count := connection.execute(bought).scalar_one():
        yield Block(
            f"subscriptions that it has: {count}",
            "end them at once: what is left of them comes back",
        )
    theirs = ENTITLEMENTS.c.listing.in_(select(LISTINGS.c.id).where(LISTINGS.c.owner == account))
    sold = select(func.count()).where(*months, theirs, ENTITLEMENTS.c.account != account)
    if count := connection.execute(sold).scalar_one():
        yield Block(
            f"subscriptions that others have to what it sells: {count}",
            "withdraw the listings, and refund what is left; or wait until they are over",
        )


def _running(connection: Connection, account: str) -> Iterator[Block]:
    jobs = select(func.count()).where(JOBS.c.account == account, JOBS.c.state.in_(_BUSY))
    if count := connection.execute(jobs).scalar_one():
        yield Block(f"{count} of its runs are not over", "wait for them, or cancel them")


def _standing_in_the_way(blocks: list[Block]) -> WrongState:
    said = "; ".join(one.what for one in blocks)
    return WrongState(
        f"the account cannot be closed: {said}", "; ".join(one.remedy for one in blocks)
    )

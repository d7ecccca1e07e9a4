"""Credits that are bought: asked for, paid at a provider, put into the wallet once.

account, credits -> asked -> Topup        paid -> the wallet has them; found when it comes again
taken back by the provider -> returned    out of the wallet, as far as it has them
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlalchemy import Connection, select, update

from printroom.accounts.credentials import new_id
from printroom.core.errors import BadOption, KeyReused, NotFound
from printroom.marketplace.ledger.model import FEES, outside, wallet
from printroom.marketplace.ledger.posting import Line, Posting, alone, post
from printroom.marketplace.ledger.reading import balance
from printroom.marketplace.model import TOPUPS
from printroom.marketplace.prices import LARGEST
from printroom.marketplace.rows import Adding, page

State = Literal["open", "paid", "failed"]
_ADD = Adding(TOPUPS)


@dataclass(frozen=True, slots=True)
class Topup:
    """Credits that somebody wants, or has bought."""

    id: str
    account: str
    credits: int
    provider: str
    state: State
    reference: str | None
    """What the provider calls it."""
    url: str | None
    """Where it is paid; None = nowhere by oneself."""
    returned: int
    """Credits that the provider took back."""
    key: str | None
    at: float

    @classmethod
    def of(cls, row: Sequence[Any]) -> Topup:
        """From a row of the table, whose columns have the order of the fields."""
        return cls(*row)


def asked(
    connection: Connection, now: float, account: str, amount: int, provider: str, key: str | None
) -> Topup:
    """One that is to be paid; with a key that came before, the same one. Raises KeyReused."""
    if not 0 < amount <= LARGEST:
        raise BadOption(f"{amount} credits cannot be bought", f"take 1 to {LARGEST}")
    made = Topup(new_id("top", now), account, amount, provider, "open", None, None, 0, key, now)
    row = {one.name: getattr(made, one.name) for one in fields(Topup)}
    if _ADD(connection, row):
        return made
    query = select(TOPUPS).where(TOPUPS.c.account == account, TOPUPS.c.key == key)
    known = Topup.of(connection.execute(query).one())
    if known.credits != amount:
        reason = f"the idempotency key {key!r} came before, with another amount"
        raise KeyReused(reason, "take a new key for another top-up")
    return known


def awaited(
    connection: Connection, _now: float, name: str, reference: str, url: str | None
) -> Topup:
    """The provider knows of it."""
    query = update(TOPUPS).where(TOPUPS.c.id == name)
    row = connection.execute(query.values(reference=reference, url=url).returning(*TOPUPS.c))
    return Topup.of(row.one())


def paid(connection: Connection, now: float, name: str) -> Topup:
    """It was paid: the wallet has it, once, however often this is said. Raises NotFound."""
    found = get(connection, now, name, lock=True)
    lines = (Line(outside(found.provider), wallet(found.account), found.credits),)
    post(connection, now, Posting(f"topup:{name}", "topup", lines, name))
    return _state(connection, name, "paid")


def failed(connection: Connection, now: float, name: str) -> Topup:
    """It will not be paid; nothing, where it was. Raises NotFound."""
    found = get(connection, now, name, lock=True)
    return found if found.state == "paid" else _state(connection, name, "failed")


def returned(connection: Connection, now: float, name: str, upto: int) -> Topup:
    """The provider gave back, or lost, `upto` of it in all: out of the wallet, as far as it goes.

    What the wallet does not have any more is the installation's loss. What goes back had been paid,
    whether or not that was told yet: told later, it changes nothing. Raises NotFound.
    """
    found = paid(connection, now, name)
    amount = min(upto, found.credits) - found.returned
    if amount <= 0:
        return found
    alone(connection)
    there = min(amount, max(0, balance(connection, wallet(found.account)).free))
    world = outside(found.provider)
    lines = (Line(wallet(found.account), world, there), Line(FEES, world, amount - there))
    key = f"returned:{name}:{found.returned + amount}"
    post(connection, now, Posting(key, "returned", lines, name))
    query = update(TOPUPS).where(TOPUPS.c.id == name).values(returned=found.returned + amount)
    return Topup.of(connection.execute(query.returning(*TOPUPS.c)).one())


def get(connection: Connection, _now: float, name: str, *, lock: bool = False) -> Topup:
    """The one with that id. Raises NotFound."""
    query = select(TOPUPS).where(TOPUPS.c.id == name)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(f"there is no top-up {name[:80]!r}", "check its id")
    return Topup.of(row)


def of_account(
    connection: Connection, _now: float, account: str, before: str | None, most: int
) -> list[Topup]:
    """An account's, the newest first; `before`: an id, for the next page."""
    return [Topup.of(row) for row in page(connection, TOPUPS, account, before, most)]


def _state(connection: Connection, name: str, state: State) -> Topup:
    query = update(TOPUPS).where(TOPUPS.c.id == name).values(state=state)
    return Topup.of(connection.execute(query.returning(*TOPUPS.c)).one())

"""Paying sellers: out of what has matured, once each, and back again where it does not arrive.

    account, credits -> request -> Payout     BadOption KeyReused NotFound: not enrolled
    Payout -> sent, failed                    what failed may be paid again
    account, destination -> enrolled          where a provider pays them

The money leaves the books' account when the payout is requested, in one transaction with it. What
happens at the provider happens afterwards, under the payout's id; a process that dies in between is
followed by another one that asks again, and the provider does it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlalchemy import Connection, literal_column, select, update

from printroom.accounts.audit import Actor, note
from printroom.accounts.credentials import new_id
from printroom.core.errors import BadOption, KeyReused, NotFound, WrongState
from printroom.marketplace.ledger.model import outside, payable
from printroom.marketplace.ledger.posting import Line, Posting, alone, post
from printroom.marketplace.ledger.reading import balance
from printroom.marketplace.model import NOTICES, PAYEES, PAYOUTS
from printroom.marketplace.rows import Adding, page
from printroom.marketplace.rules import Rules

State = Literal["requested", "paid", "failed"]
_ADD = Adding(PAYOUTS)
_ENROLLED = Adding(PAYEES)
_NOTICED = Adding(NOTICES)


@dataclass(frozen=True, slots=True)
class Payout:
    """Money that goes, or went, to a seller."""

    id: str
    account: str
    credits: int
    provider: str
    destination: str
    """What the provider calls the seller."""
    state: State
    reference: str | None
    """What the provider calls it."""
    error: str | None
    """Why it failed."""
    key: str | None
    at: float

    @classmethod
    def of(cls, row: Sequence[Any]) -> Payout:
        """From a row of the table, whose columns have the order of the fields."""
        return cls(*row)


def available(connection: Connection, _now: float, rules: Rules, account: str) -> int:
    """Credits that may be paid out now."""
    return max(0, balance(connection, payable(account)).balance - rules.reserve)


def request(
    connection: Connection,
    now: float,
    rules: Rules,
    actor: Actor,
    amount: int | None,
    provider: str,
    key: str | None,
) -> Payout:
    """Take `amount` out of what may be paid, None = all of it, to be sent.

    Raises BadOption for less than the least or more than there is, KeyReused, NotFound.
    """
    account = actor.account
    if key is not None and (known := _known(connection, account, key)) is not None:
        if amount not in (None, known.credits):
            reason = f"the idempotency key {key!r} came before, with another amount"
            raise KeyReused(reason, "take a new key for another payout")
        return known
    where = destination(connection, account, provider)
    if where is None:
        raise NotFound(f"{provider} does not know where to pay you", "POST /v1/payouts/account")
    alone(connection)
    there = available(connection, now, rules, account)
    wanted = there if amount is None else amount
    if not max(1, rules.least) <= wanted <= there:
        reason = f"{wanted} credits cannot be paid out: {there} may be, and {rules.least} at least"
        raise BadOption(reason, "wait until more has matured")
    made = Payout(
        new_id("pay", now), account, wanted, provider, where, "requested", None, None, key, now
    )
    row = {one.name: getattr(made, one.name) for one in fields(Payout)}
    if not _ADD(connection, row):
        raise KeyReused("the same payout is being requested at this moment", "ask again")
    lines = (Line(payable(account), outside(provider), wanted),)
    post(connection, now, Posting(f"payout:{made.id}", "payout", lines, made.id))
    note(connection, now, actor, "payout.requested", made.id, credits=wanted)
    return made


def sent(connection: Connection, _now: float, name: str, reference: str | None) -> Payout:
    """The provider has done it; said again, it stays as it is. Raises NotFound, WrongState."""
    found = get(connection, name)
    if found.state == "failed":
        raise WrongState(f"the payout {name} failed, and went back", "request another one")
    return _write(connection, name, state="paid", reference=reference or found.reference)


def failed(connection: Connection, now: float, name: str, why: str) -> Payout:
    """It did not arrive: the seller may be paid it again, once. Raises NotFound."""
    found = get(connection, name)
    if found.state == "failed":
        return found
    lines = (Line(outside(found.provider), payable(found.account), found.credits),)
    post(connection, now, Posting(f"bounced:{name}", "returned", lines, name))
    return _write(connection, name, state="failed", error=why[:300])


def waiting(connection: Connection, _now: float, provider: str, most: int = 100) -> list[Payout]:
    """What a provider is to send, the oldest first."""
    query = select(PAYOUTS).where(
        literal_column("state = 'requested'"), PAYOUTS.c.provider == provider
    )
    rows = connection.execute(query.order_by(PAYOUTS.c.at).limit(most))
    return [Payout.of(row) for row in rows]


def get(connection: Connection, name: str) -> Payout:
    """The one with that id, locked. Raises NotFound."""
    row = connection.execute(select(PAYOUTS).where(PAYOUTS.c.id == name).with_for_update()).first()
    if row is None:
        raise NotFound(f"there is no payout {name[:80]!r}", "check its id")
    return Payout.of(row)


def of_account(
    connection: Connection, _now: float, account: str, before: str | None, most: int
) -> list[Payout]:
    """An account's, the newest first; `before`: an id, for the next page."""
    return [Payout.of(row) for row in page(connection, PAYOUTS, account, before, most)]


def destination(connection: Connection, account: str, provider: str) -> str | None:
    """What the provider calls a seller; None = it does not know them."""
    query = select(PAYEES.c.destination).where(
        PAYEES.c.account == account, PAYEES.c.provider == provider
    )
    return connection.execute(query).scalar()


def enrolled(connection: Connection, now: float, account: str, provider: str, where: str) -> str:
    """A provider knows a seller; who was known before stays as they were."""
    row = {"account": account, "provider": provider, "destination": where, "at": now}
    _ENROLLED(connection, row)
    return destination(connection, account, provider) or where


def noticed(connection: Connection, now: float, provider: str, name: str) -> bool:
    """Whether a notice comes for the first time."""
    row = {"provider": provider, "id": name, "at": now}
    return _NOTICED(connection, row)


def _known(connection: Connection, account: str, key: str) -> Payout | None:
    query = select(PAYOUTS).where(PAYOUTS.c.account == account, PAYOUTS.c.key == key)
    row = connection.execute(query).first()
    return None if row is None else Payout.of(row)


def _write(connection: Connection, name: str, **values: Any) -> Payout:
    query = update(PAYOUTS).where(PAYOUTS.c.id == name).values(values)
    return Payout.of(connection.execute(query.returning(*PAYOUTS.c)).one())

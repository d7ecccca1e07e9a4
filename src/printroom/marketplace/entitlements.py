"""Who may run what, and how often.

    account, listing -> usable -> Entitlement | None
    a run begins -> take        NoAccess: used up, over, or taken back meanwhile
    it ends -> settle           used up for good, or given back

The last unit of a quota is taken by one run, whoever else asks at the same moment: taking it is a
single conditional update, and the database refuses a count beyond the quota besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, insert, literal_column, or_, select, update

from printroom.accounts.credentials import new_id
from printroom.core.errors import NoAccess, NotFound
from printroom.marketplace.model import ENTITLEMENTS, TAKES
from printroom.marketplace.rows import Adding, page

Kind = Literal["month", "download", "try"]
"""A month is paid for and renewed; a copy is had once, for good, and so are a few free tries."""
State = Literal["active", "grace", "ended", "revoked"]
"""`grace`: it is to be paid, and goes on for some days all the same."""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A right to run, or to have, what is listed; as it was when it was read."""

    id: str
    account: str
    listing: str
    offer: int
    kind: Kind
    state: State
    quota: int | None
    used: int
    since: float
    until: float | None
    renews: bool
    order: str

    @property
    def live(self) -> bool:
        """Whether it is neither over nor taken back; in rows: `LIVE`."""
        return self.state in ("active", "grace")

    @classmethod
    def of(cls, row: Sequence[Any]) -> Entitlement:
        """From a row of the table, whose columns have the order of the fields."""
        return cls(*row)


LIVE: ColumnElement[bool] = literal_column("state IN ('active', 'grace')")
"""As written in the indexes: with parameters in it none would be used."""
_TAKEN = Adding(TAKES)


def grant(
    connection: Connection,
    now: float,
    account: str,
    listing: str,
    offer: int,
    kind: Kind,
    *,
    order: str = "",
    quota: int | None = None,
    until: float | None = None,
    renews: bool = False,
) -> Entitlement:
    """A new right; the caller has seen to it that there is none of its kind yet."""
    made = Entitlement(
        new_id("ent", now), account, listing, offer, kind, "active", quota, 0, now, until, renews,
        order,
    )  # fmt: skip
    row = {name: getattr(made, name) for name in Entitlement.__slots__}
    connection.execute(insert(ENTITLEMENTS).values(row))
    return made


def live(
    connection: Connection, account: str, listing: str, *, lock: bool = False
) -> list[Entitlement]:
    """All rights that are neither over nor taken back, whether or not there is quota left."""
    query = select(ENTITLEMENTS).where(
        ENTITLEMENTS.c.account == account, ENTITLEMENTS.c.listing == listing, LIVE
    )
    rows = connection.execute(query.with_for_update() if lock else query)
    return [Entitlement.of(row) for row in rows]


def usable(connection: Connection, now: float, account: str, listing: str) -> Entitlement | None:
    """What a run of `account` may use now."""
    good = [
        one
        for one in live(connection, account, listing)
        if one.kind == "month"
        and (one.until is None or one.until > now or one.state == "grace")
        and (one.quota is None or one.used < one.quota)
    ]
    return good[0] if good else None


def take(connection: Connection, now: float, key: str, run: str, name: str) -> None:
    """Use up one run of the right `name`, for `run`; `key` is the occasion, and counts once.

    Raises NoAccess.
    """
    there = or_(
        ENTITLEMENTS.c.until.is_(None),
        ENTITLEMENTS.c.until > now,
        ENTITLEMENTS.c.state == "grace",
    )
    left = or_(ENTITLEMENTS.c.quota.is_(None), ENTITLEMENTS.c.used < ENTITLEMENTS.c.quota)
    row = {"key": key, "run": run, "entitlement": name, "since": now, "state": "open"}
    if not _TAKEN(connection, row):
        return
    query = (
        update(ENTITLEMENTS)
        .where(ENTITLEMENTS.c.id == name, LIVE, there, left)
        .values(used=ENTITLEMENTS.c.used + 1)
    )
    if not connection.execute(query).rowcount:
        raise NoAccess("the right to run this is used up, over or taken back", "buy it again")


def settle(connection: Connection, run: str, *, used: bool) -> list[str]:
    """What `run` took is used up for good, or given back; the rights it was of.

    What was taken in a period that is over is not given to the next one.
    """
    query = (
        update(TAKES)
        .where(TAKES.c.run == run, literal_column("state = 'open'"))
        .values(state="used" if used else "back")
        .returning(TAKES.c.entitlement, TAKES.c.since)
    )
    rows = sorted(connection.execute(query), key=lambda row: str(row.entitlement))
    for row in () if used else rows:
        back = update(ENTITLEMENTS).where(
            ENTITLEMENTS.c.id == row.entitlement,
            ENTITLEMENTS.c.since <= row.since,
            ENTITLEMENTS.c.used > 0,
        )
        connection.execute(back.values(used=ENTITLEMENTS.c.used - 1))
    return [str(row.entitlement) for row in rows]


def abandoned(connection: Connection, now: float, begins: str, longest: float) -> int:
    """Give back what was taken more than `longest` seconds ago, by what is not over, and has an id
    that begins so: whoever was to end it is gone. Returns how much it was.
    """
    query = select(TAKES.c.run).where(
        literal_column("state = 'open'"),
        TAKES.c.run.startswith(begins, autoescape=True),
        TAKES.c.since < now - longest,
    )
    names = set(connection.execute(query).scalars())
    for name in sorted(names):
        settle(connection, name, used=False)
    return len(names)


def found(connection: Connection, account: str, name: str, *, lock: bool = False) -> Entitlement:
    """The right of `account` with that id. Raises NotFound."""
    query = select(ENTITLEMENTS).where(ENTITLEMENTS.c.id == name, ENTITLEMENTS.c.account == account)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(f"there is no subscription {name[:80]!r}", "GET /v1/subscriptions has yours")
    return Entitlement.of(row)


def change(connection: Connection, name: str, **values: Any) -> Entitlement:
    """Write `values` into it."""
    query = update(ENTITLEMENTS).where(ENTITLEMENTS.c.id == name).values(values)
    return Entitlement.of(connection.execute(query.returning(*ENTITLEMENTS.c)).one())


def of_account(
    connection: Connection, _now: float, account: str, before: str | None, most: int
) -> list[Entitlement]:
    """What an account bought, the newest first; `before`: an id, for the next page."""
    bought = ENTITLEMENTS.c.kind != "try"
    rows = page(connection, ENTITLEMENTS, account, before, most, bought)
    return [Entitlement.of(row) for row in rows]

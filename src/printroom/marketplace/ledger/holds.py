"""Setting credits aside for what may still fail.

    Hold -> place                          NotEnoughCredits KeyReused
    subject -> capture(postings) | void    once; later calls find nothing to do
    now -> expired                         holds whose time is up go back to their wallets

What is captured is at most what was held; the rest is free again in the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, literal_column, select, update

from printroom.core.errors import KeyReused
from printroom.marketplace.ledger.model import HOLDS
from printroom.marketplace.ledger.posting import Posted, Posting, post, solvent
from printroom.marketplace.rows import Adding

_COLUMNS = (HOLDS.c.key, HOLDS.c.subject, HOLDS.c.account, HOLDS.c.amount, HOLDS.c.expires_at)
_ADD = Adding(HOLDS)
_KNOWN = select(*_COLUMNS).where(HOLDS.c.key == bindparam("name"))
_OPEN = HOLDS.c.state == literal_column("'open'")
"""As written in the indexes: with a parameter in it none would be used."""
_END = (
    update(HOLDS)
    .where(HOLDS.c.subject == bindparam("about"), _OPEN)
    .values(state=bindparam("ended"))
    .returning(*_COLUMNS)
)


@dataclass(frozen=True, slots=True)
class Hold:
    """Credits set aside."""

    key: str
    """Says which occasion this is; it comes once."""
    subject: str
    """The id of what they are for, which has one open hold at most."""
    account: str
    """In the books: `wallet:...`."""
    amount: int
    """1 or more."""
    expires_at: float | None = None
    """When they are free again, whatever happens; None = when it is over."""


def place(connection: Connection, now: float, hold: Hold) -> bool:
    """Set credits aside; False: this hold was placed before. Raises NotEnoughCredits, KeyReused."""
    row = {name: getattr(hold, name) for name in Hold.__slots__}
    with solvent():
        fresh = _ADD(connection, row | {"state": "open", "made_at": now})
    if fresh:
        return True
    known = Hold(*connection.execute(_KNOWN, {"name": hold.key}).one())
    if known != hold:
        raise KeyReused(f"the hold {hold.key} was placed before, for something else")
    return False


def capture(
    connection: Connection,
    now: float,
    subject: str,
    postings: Callable[[Hold], Sequence[Posting]],
) -> list[Posted] | None:
    """Charge what was held for `subject`; None: there is nothing held, or no more.

    `postings` have lines out of the hold's account, which together are at most its amount; without
    any it is as `void`. Raises ValueError for more than was held.
    """
    hold = _ended(connection, subject, "captured")
    if hold is None:
        return None
    made = postings(hold)
    lines = [line for one in made for line in one.lines if line.source == hold.account]
    if sum(line.amount for line in lines) > hold.amount:
        raise ValueError(f"{subject} would be charged more than the {hold.amount} held")
    return [post(connection, now, one) for one in made]


def void(connection: Connection, subject: str) -> Hold | None:
    """Let go of what was held for `subject`; None: there is nothing held, or no more."""
    return _ended(connection, subject, "void")


def expired(connection: Connection, now: float) -> list[Hold]:
    """Let go of holds whose time is up."""
    query = (
        update(HOLDS)
        .where(_OPEN, HOLDS.c.expires_at <= now)
        .values(state="void")
        .returning(*_COLUMNS)
    )
    return [Hold(*row) for row in connection.execute(query)]


def _ended(connection: Connection, subject: str, state: str) -> Hold | None:
    row = connection.execute(_END, {"about": subject, "ended": state}).first()
    return None if row is None else Hold(*row)

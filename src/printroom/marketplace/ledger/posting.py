"""Writing into the books: one posting, with its lines, once.

    Posting -> post -> Posted(txn, fresh)        NotEnoughCredits KeyReused

A posting is known by its key. One that comes again with the same content is found, not made twice;
with other content it is refused. Part of a transaction: what raises here must end it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import Connection, TextClause, bindparam, select, text
from sqlalchemy.exc import IntegrityError

from printroom.accounts.credentials import new_id
from printroom.core.errors import KeyReused, NotEnoughCredits
from printroom.marketplace.ledger.model import LINES, SOLVENT, TXNS
from printroom.marketplace.rows import Adding

Kind = Literal[
    "topup", "gift", "run", "order", "refund", "maturity", "payout", "returned", "forfeit"
]
_ADD = Adding(TXNS)
_COLUMNS = ("txn", "number", "source", "target", "amount")
_MOST = 100
"""Lines in one statement."""
_ALONE = text("SELECT pg_advisory_xact_lock(7305614)")
"""The number that the triggers take."""
_KNOWN = select(TXNS.c.id, TXNS.c.fingerprint).where(TXNS.c.key == bindparam("key"))


@dataclass(frozen=True, slots=True)
class Line:
    """An amount that goes from one account to another."""

    source: str
    target: str
    amount: int
    """Credits, 0 or more; a line of 0 is left out."""


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to be written."""

    key: str
    """Says which occasion this is: `run:<id>`, `topup:<id>`."""
    kind: Kind
    lines: tuple[Line, ...]
    subject: str = ""
    """The id of the run, order, top-up or payout it is for."""
    reverses: str | None = None
    """The txn that it takes back, whole or in part."""

    @property
    def fingerprint(self) -> str:
        """Digest of all that must be the same when the key comes again."""
        lines = [(line.source, line.target, line.amount) for line in self.lines]
        parts = [self.kind, self.subject, self.reverses, lines]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a posting."""

    txn: str
    fresh: bool
    """False = it had been written before, just so."""


def post(connection: Connection, now: float, posting: Posting) -> Posted:
    """Write a posting. Raises NotEnoughCredits, KeyReused."""
    txn = new_id("txn", now)
    row = {
        "id": txn,
        "key": posting.key,
        "fingerprint": posting.fingerprint,
        "kind": posting.kind,
        "subject": posting.subject,
        "reverses": posting.reverses,
        "at": now,
    }
    if not _ADD(connection, row):
        return _again(connection, posting)
    moved = [line for line in posting.lines if line.amount]
    with solvent():
        for start in range(0, len(moved), _MOST):
            some = moved[start : start + _MOST]
            connection.execute(_adding(len(some)), _values(txn, start, some))
    return Posted(txn, True)


def alone(connection: Connection) -> None:
    """Be the only one who writes into the books until the end of the transaction.

    For who looks at a balance before it is changed; else writing itself sees to it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE)


@contextmanager
def solvent() -> Iterator[None]:
    """Says in our words that an account does not have what was asked of it."""
    try:
        yield
    except IntegrityError as error:
        if SOLVENT not in str(error.orig):
            raise
        reason = "there are not enough credits in the wallet"
        raise NotEnoughCredits(reason, "add some: see GET /v1/wallet") from None


@cache
def _adding(count: int) -> TextClause:
    """The statement for that many lines: the database adds them up at once.

    As text, since SQLAlchemy compiles an `insert` of several rows anew each time.
    """
    rows = [", ".join(f":{name}{one}" for name in _COLUMNS) for one in range(count)]
    values = ", ".join(f"({row})" for row in rows)
    return text(f"INSERT INTO {LINES.name} ({', '.join(_COLUMNS)}) VALUES {values}")


def _values(txn: str, start: int, lines: Sequence[Line]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for one, line in enumerate(lines):
        values[f"txn{one}"], values[f"number{one}"] = txn, start + one + 1
        values[f"source{one}"], values[f"target{one}"] = line.source, line.target
        values[f"amount{one}"] = line.amount
    return values


def _again(connection: Connection, posting: Posting) -> Posted:
    txn, fingerprint = connection.execute(_KNOWN, {"key": posting.key}).one()
    if fingerprint != posting.fingerprint:
        reason = f"{posting.key} was written into the books before, with other content"
        raise KeyReused(reason, "take a new key for something new")
    return Posted(txn, False)

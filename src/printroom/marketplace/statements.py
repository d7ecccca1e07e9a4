"""What an account's month was: what it began and ended with, and each move in between; as CSV.

account, 2026-11 -> Statement      BadOption
Statement -> CSV                   a row a move, the oldest first; cells never begin a formula
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection

from printroom.core.errors import BadOption
from printroom.marketplace.ledger import reading
from printroom.marketplace.ledger.model import earned, payable, wallet
from printroom.marketplace.ledger.reading import Move

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
PARTS = {"wallet": wallet, "earned": earned, "payable": payable}
"""What an account has in the books, by name."""


@dataclass(frozen=True)
class Statement:
    """Of one account, over one month (UTC)."""

    month: str
    opening: dict[str, int]
    """Part -> credits, when the month began."""
    closing: dict[str, int]
    """When it ended, or now."""
    moves: list[Move]
    """The oldest first; accounts are named as in `PARTS`."""

    def csv(self) -> str:
        """With a header, and balances as first and last rows."""
        head = ("time", "account", "kind", "subject", "credits", "txn")
        return table(head, [*self._ends("opening"), *map(_row, self.moves), *self._ends("closing")])

    def _ends(self, which: Literal["opening", "closing"]) -> Iterator[tuple[object, ...]]:
        has = self.opening if which == "opening" else self.closing
        for name, amount in has.items():
            yield (self.month, name, which, "", amount, "")


def statement(connection: Connection, now: float, account: str, month: str) -> Statement:
    """What happened in `month`, as 2026-11. Raises BadOption."""
    begins, ends = bounds(month, now)
    names = {part(account): name for name, part in PARTS.items()}
    opening = {name: reading.total(connection, full, begins) for full, name in names.items()}
    closing = {name: reading.total(connection, full, ends) for full, name in names.items()}
    found = reading.moves(connection, list(names), begins, ends)
    moves = [
        Move(one.txn, one.at, one.kind, one.subject, names[one.account], one.amount)
        for one in found
    ]
    return Statement(month, opening, closing, moves)


def bounds(month: str, now: float) -> tuple[float, float]:
    """When a month that is written as 2026-11 begins and ends. Raises BadOption."""
    match = _MONTH.fullmatch(month)
    if match is None:
        raise BadOption(f"{month[:20]!r} is no month", "write it as 2026-11")
    year, number = int(match[1]), int(match[2])
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    begins = datetime(year, number, 1, tzinfo=UTC).timestamp()
    if begins > now:
        raise BadOption(f"{month} has not begun", "take a month that has")
    return begins, datetime(*following, 1, tzinfo=UTC).timestamp()


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """As CSV; no text in it begins a formula."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_safe(cell) for cell in one] for one in rows)
    return written.getvalue()


def _row(move: Move) -> tuple[object, ...]:
    at = datetime.fromtimestamp(move.at, UTC).isoformat(timespec="milliseconds")
    return (at, move.account, move.kind, move.subject, move.amount, move.txn)


def _safe(cell: object) -> object:
    risky = isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{cell}" if risky else cell

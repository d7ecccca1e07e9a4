"""What an account's month was: what it began and ended with, and each move in between; as CSV.

account, 2026-11 -> Statement      BadOption
Statement -> CSV                   a row a move, the oldest first; cells never begin a formula
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime

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
        written = io.StringIO()
        rows = csv.writer(written, lineterminator="\r\n")
        rows.writerow(("time", "account", "kind", "subject", "credits", "txn"))
        for name, amount in self.opening.items():
            rows.writerow((self.month, name, "opening", "", amount, ""))
        for move in self.moves:
            at = datetime.fromtimestamp(move.at, UTC).isoformat(timespec="milliseconds")
            rows.writerow((at, move.account, move.kind, _safe(move.subject), move.amount, move.txn))
        for name, amount in self.closing.items():
            rows.writerow((self.month, name, "closing", "", amount, ""))
        return written.getvalue()


def statement(connection: Connection, now: float, account: str, month: str) -> Statement:
    """What happened in `month`, as 2026-11. Raises BadOption."""
    begins, ends = _bounds(month)
    if begins > now:
        raise BadOption(f"{month} has not begun", "take a month that has")
    names = {part(account): name for name, part in PARTS.items()}
    opening = {name: reading.total(connection, full, begins) for full, name in names.items()}
    closing = {name: reading.total(connection, full, ends) for full, name in names.items()}
    found = reading.moves(connection, list(names), begins, ends)
    moves = [
        Move(one.txn, one.at, one.kind, one.subject, names[one.account], one.amount)
        for one in found
    ]
    return Statement(month, opening, closing, moves)


def _bounds(month: str) -> tuple[float, float]:
    match = _MONTH.fullmatch(month)
    if match is None:
        raise BadOption(f"{month[:20]!r} is no month", "write it as 2026-11")
    year, number = int(match[1]), int(match[2])
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    begins = datetime(year, number, 1, tzinfo=UTC)
    return begins.timestamp(), datetime(*following, 1, tzinfo=UTC).timestamp()


def _safe(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text

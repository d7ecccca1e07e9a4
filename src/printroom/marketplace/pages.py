"""A month as a page to read and to print: what moved, or what was earned by what.

Statement, Earnings -> HTML      fetches nothing; texts of others cannot become code
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from printroom.marketplace.earnings import Earnings
from printroom.marketplace.statements import Statement
from printroom.quality.document import document, framed, row

_WORDS = {
    "topup": "bought",
    "gift": "a code",
    "run": "a run",
    "order": "an order",
    "refund": "given back",
    "maturity": "matured",
    "payout": "paid out",
    "returned": "returned by the provider",
    "forfeit": "given up",
}
_NUMBER = "number"


def statement_page(statement: Statement, handle: str, currency: str) -> str:
    """What came and went; `handle`: whose it is."""
    head = [("time (UTC)", ""), ("what", ""), ("of", ""), ("part", ""), ("credits", _NUMBER)]
    rows = [
        row([(_time(one.at), ""), (_WORDS.get(one.kind, one.kind), ""), (one.subject, ""),
             (one.account, ""), (f"{one.amount:+,}", _NUMBER)])
        for one in statement.moves
    ]  # fmt: skip
    parts = [
        *_head(f"Statement of {statement.month}", handle, currency),
        _balances(statement.opening, statement.closing),
        framed("What moved", head, rows) if rows else "<p>Nothing moved.</p>",
    ]
    return document(f"Statement {statement.month}, {handle}", parts)


def earnings_page(found: Earnings, handle: str, currency: str) -> str:
    """What brought how much; `handle`: whose it is."""
    head = [("listing", ""), ("sold as", ""), *((one, _NUMBER) for one in _COUNTED)]
    rows = [
        _counted(one.title or one.listing, one.kind, one.count, one.earned, one.refunded, one.net)
        for one in found.rows
    ]
    whole = found.total
    if rows:
        rows.append(_counted("all", "", whole.count, whole.earned, whole.refunded, whole.net))
    parts = [
        *_head(f"Earnings of {found.month}", handle, currency),
        framed("By what was sold, behind the fee", head, rows) if rows else "<p>Nothing sold.</p>",
    ]
    return document(f"Earnings {found.month}, {handle}", parts)


_COUNTED = ("sales", "earned", "refunded", "left")


def _counted(title: str, kind: str, *numbers: int) -> str:
    return row([(title, ""), (kind, ""), *((f"{one:,}", _NUMBER) for one in numbers)])


def _head(title: str, handle: str, currency: str) -> Sequence[str]:
    about = f"Account {handle}. Credits, of which 100 are one {currency.upper()}; months are UTC."
    return [f"<h1>{escape(title)}</h1>", f'<p class="soft">{escape(about)}</p>']


def _balances(opening: Mapping[str, int], closing: Mapping[str, int]) -> str:
    head = [("part", ""), ("at first", _NUMBER), ("at last", _NUMBER)]
    rows = [
        row([(name, ""), (f"{amount:,}", _NUMBER), (f"{closing[name]:,}", _NUMBER)])
        for name, amount in opening.items()
    ]
    return framed("What there was", head, rows)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")

"""What a sale brings whom, what is taken back of it, and when it may be paid.

amount, shares -> lines         the fee and each owner's part, by largest remainder
txn -> booked                   each owner's part waits until it matures
txn, amount -> refund -> txn    the same parts back: from what waits, or from what may be paid
now -> mature                   what has waited long enough may be paid
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, func, insert, literal_column, select, update

from printroom.marketplace.ledger.model import FEES, LINES, TXNS, earned, payable
from printroom.marketplace.ledger.posting import Line, Posted, Posting, post
from printroom.marketplace.ledger.splitting import split
from printroom.marketplace.model import SALES
from printroom.marketplace.prices import WHOLE

_ADD = insert(SALES)
_PREFIX = earned("")


def lines_of(buyer: str, amount: int, shares: Mapping[str, int], fee: int) -> tuple[Line, ...]:
    """Of `amount` credits out of the account `buyer` of the books; `fee` in ten-thousandths."""
    owners = sorted(shares)
    weights = [fee * WHOLE, *((WHOLE - fee) * shares[owner] for owner in owners)]
    kept, *parts = split(amount, weights)
    sold = (
        Line(buyer, earned(owner), part) for owner, part in zip(owners, parts, strict=True) if part
    )
    return (*((Line(buyer, FEES, kept),) if kept else ()), *sold)


def book(connection: Connection, posted: Posted, lines: Iterable[Line], matures_at: float) -> None:
    """Note what a txn brought whom; nothing for one that had been written before."""
    rows = [
        {"txn": posted.txn, "account": line.target.removeprefix(_PREFIX), "amount": line.amount}
        for line in lines
        if line.target.startswith(_PREFIX)
    ]
    if posted.fresh and rows:
        connection.execute(
            _ADD, [row | {"refunded": 0, "matures_at": matures_at, "matured": None} for row in rows]
        )


def refund(connection: Connection, now: float, key: str, txn: str, amount: int) -> Posted:
    """Give back `amount` of a sale, of which so much is left: the caller has seen to it.

    Everybody gives in proportion to what they have left of it, so all of it can go back to the
    credit, in however many parts. What was paid out already is owed from then on.
    """
    sales = select(SALES).where(SALES.c.txn == txn).order_by(SALES.c.account).with_for_update()
    parts = {row.account: row for row in connection.execute(sales)}
    lines = connection.execute(select(LINES).where(LINES.c.txn == txn)).all()
    buyer = lines[0].source
    kept = sum(line.amount for line in lines if line.target == FEES) - _kept_back(connection, txn)
    owners = sorted(parts)
    left = [kept, *(parts[one].amount - parts[one].refunded for one in owners)]
    fee, *backs = split(amount, left)
    moved = [Line(FEES, buyer, fee)]
    for owner, back in zip(owners, backs, strict=True):
        paid = parts[owner].matured is not None
        moved.append(Line(payable(owner) if paid else earned(owner), buyer, back))
    posted = post(connection, now, Posting(key, "refund", tuple(moved), txn, txn))
    rows = [{"whose": one, "back": back} for one, back in zip(owners, backs, strict=True) if back]
    if posted.fresh and rows:
        query = update(SALES).where(SALES.c.txn == txn, SALES.c.account == bindparam("whose"))
        connection.execute(query.values(refunded=SALES.c.refunded + bindparam("back")), rows)
    return posted


def _kept_back(connection: Connection, txn: str) -> int:
    """What went back of the fee already."""
    query = (
        select(func.coalesce(func.sum(LINES.c.amount), 0))
        .join(TXNS, TXNS.c.id == LINES.c.txn)
        .where(TXNS.c.reverses == txn, LINES.c.source == FEES)
    )
    return int(connection.execute(query).scalar_one())


def mature(connection: Connection, now: float, most: int = 1000) -> int:
    """Let sellers be paid what has waited long enough. Returns how many sales were looked at."""
    due = select(SALES).where(SALES.c.matures_at <= now, literal_column("matured IS NULL"))
    due = due.order_by(SALES.c.matures_at, SALES.c.txn, SALES.c.account)  # as `refund` locks them
    due = due.limit(most).with_for_update()
    rows = connection.execute(due).all()
    sums: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.account] += row.amount - row.refunded
    if not rows:
        return 0
    lines = tuple(Line(earned(one), payable(one), part) for one, part in sorted(sums.items()))
    key = f"maturity:{rows[0].txn}:{rows[0].account}"
    posted = post(connection, now, Posting(key, "maturity", lines))
    done = update(SALES).where(
        SALES.c.txn == bindparam("which"), SALES.c.account == bindparam("whose")
    )
    marks = [{"which": row.txn, "whose": row.account, "by": posted.txn} for row in rows]
    connection.execute(done.values(matured=bindparam("by")), marks)
    return len(rows)

"""The tables of the books, and the names of their accounts.

    market_txns --< market_lines      each line moves an amount from one account to another
    market_holds                      what is set aside for something that may still fail
    market_balances                   sums of the lines and of the open holds, kept by the database

A line takes from its source what it gives to its target, so nothing that is written can unbalance
the books. Triggers add each line and each hold to the balances: they cannot drift. A txn and a line
can be added and nothing else; the database refuses the rest. A wallet and what was earned never go
below zero, holds included; other accounts may (see `Name`).
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

from printroom.database.migrate import Scripts

SCRIPTS = Scripts("marketplace", Path(__file__).parents[1] / "migrations")
METADATA = MetaData()
SOLVENT = "market_balances_solvent"
"""The constraint that refuses what an account does not have."""
LARGEST = 10**15
"""Credits in one line, at most; a balance has room for thousands of them."""

FEES = "fees"
"""What the installation keeps of each sale; below zero when it gave back more than it kept."""
GIFTS = "gifts"
"""Where the credits of the installation's own coupons come from; at or below zero."""


def wallet(account: str) -> str:
    """Credits that an account may spend; never below zero."""
    return f"wallet:{account}"


def earned(account: str) -> str:
    """What an account sold, and may not be paid yet; never below zero."""
    return f"earned:{account}"


def payable(account: str) -> str:
    """What an account may be paid; below zero when it owes, after a refund of what was paid."""
    return f"payable:{account}"


def outside(provider: str) -> str:
    """The world behind a provider of payments: below zero by what came in and is still here."""
    return f"outside:{provider}"


TXNS = Table(
    "market_txns",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("fingerprint", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reverses", Text, ForeignKey("market_txns.id")),
    Column("at", Double, nullable=False),
)
Index("market_txns_subject", TXNS.c.subject)
Index(
    "market_txns_reverses",
    TXNS.c.reverses,
    sqlite_where=text("reverses IS NOT NULL"),
    postgresql_where=text("reverses IS NOT NULL"),
)
LINES = Table(
    "market_lines",
    METADATA,
    Column("txn", Text, ForeignKey("market_txns.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    CheckConstraint(f"amount > 0 AND amount <= {LARGEST}", "market_lines_amount"),
    CheckConstraint("source <> target", "market_lines_apart"),
)
Index("market_lines_source", LINES.c.source, LINES.c.txn)
Index("market_lines_target", LINES.c.target, LINES.c.txn)
HOLDS = Table(
    "market_holds",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("expires_at", Double),
    CheckConstraint("amount > 0", "market_holds_amount"),
    CheckConstraint("state IN ('open', 'captured', 'void')", "market_holds_state"),
)
Index(
    "market_holds_open",
    HOLDS.c.subject,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)
BALANCES = Table(
    "market_balances",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("balance", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    CheckConstraint(
        "held >= 0 AND (balance >= held OR substr(account, 1, 7) NOT IN ('wallet:', 'earned:'))",
        SOLVENT,
    ),
)

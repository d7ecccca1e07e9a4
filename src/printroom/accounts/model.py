"""The tables of accounts, and the scripts that make them.

Secrets are kept as SHA-256 of what has 190 random bits, passwords as argon2. Amounts are whole
numbers: pixels, milliseconds, thousandths of a unit. The audit log can be added to and nothing
else; the database itself refuses the rest.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

from printroom.database.migrate import Scripts

SCRIPTS = Scripts("accounts", Path(__file__).parent / "migrations")
METADATA = MetaData()


def _of(name: str, target: str, *, primary_key: bool = False) -> Column[str]:
    key = ForeignKey(target, ondelete="CASCADE")
    return Column(name, Text, key, primary_key=primary_key, nullable=False)


def _amounts() -> list[Column[int]]:
    names = ("pictures", "pixels", "milliseconds", "cost")
    return [Column(name, BigInteger, nullable=False) for name in names]


ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("handle", Text, nullable=False),
)
Index("accounts_handle", ACCOUNTS.c.handle, unique=True)
USERS = Table(
    "users",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("password", Text),
    Column("created_at", Double, nullable=False),
)
IDENTITIES = Table(
    "user_identities",
    METADATA,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    _of("user", "users.id"),
)
MEMBERSHIPS = Table(
    "memberships",
    METADATA,
    _of("account", "accounts.id", primary_key=True),
    _of("user", "users.id", primary_key=True),
    Column("role", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)
Index("memberships_user", MEMBERSHIPS.c.user)
KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    _of("account", "accounts.id"),
    Column("user", Text),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("origins", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("last_used_at", Double),
)
Index("api_keys_account", KEYS.c.account, KEYS.c.id)
KEY_SECRETS = Table(
    "api_key_secrets",
    METADATA,
    Column("hash", Text, primary_key=True),
    _of("key", "api_keys.id"),
    Column("hint", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
)
Index("api_key_secrets_key", KEY_SECRETS.c.key)
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("hash", Text, primary_key=True),
    _of("user", "users.id"),
    _of("account", "accounts.id"),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
)
Index("sessions_user", SESSIONS.c.user)
QUOTAS = Table(
    "quotas",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("rate", Double),
    Column("burst", Integer, nullable=False),
    Column("running", Integer),
    Column("daily", BigInteger),
    Column("monthly", BigInteger),
)
PUBLIC = Table(
    "public_pipelines",
    METADATA,
    Column("name", Text, primary_key=True),
    _of("account", "accounts.id"),
    Column("origins", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)
USAGE_DAYS = Table(
    "usage_days",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("end_user", Text, primary_key=True),
    Column("runs", BigInteger, nullable=False),
    *_amounts(),
)
Index("usage_days_key", USAGE_DAYS.c.key, USAGE_DAYS.c.day)
USAGE_RUNS = Table(
    "usage_runs",
    METADATA,
    Column("run", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("at", Double, nullable=False),
    *_amounts(),
)
JOURNALS = Table(
    "usage_journals",
    METADATA,
    Column("journal", Text, primary_key=True),
    Column("offset", BigInteger, nullable=False),
    Column("folded_at", Double, nullable=False),
)
AUDIT = Table(
    "audit_log",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("account", Text, nullable=False),
    Column("user", Text),
    Column("key", Text),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details_json", Text, nullable=False),
)
Index("audit_log_account", AUDIT.c.account, AUDIT.c.id)
SIGNING_KEYS = Table(
    "signing_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

"""The first tables of accounts, and the account that an installation begins with."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    _people()
    _keys()
    _limits_and_usage()
    _audit()
    accounts = sa.table("accounts", sa.column("id"), sa.column("name"), sa.column("created_at"))
    op.bulk_insert(accounts, [{"id": "local", "name": "local", "created_at": time.time()}])


def _people() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, nullable=False, unique=True),
        sa.Column("password", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "user_identities",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        _of("user", "users.id"),
    )
    op.create_table(
        "memberships",
        _of("account", "accounts.id", primary_key=True),
        _of("user", "users.id", primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("memberships_user", "memberships", ["user"])


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, primary_key=True),
        _of("account", "accounts.id"),
        sa.Column("user", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("origins", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("revoked_at", sa.Double),
        sa.Column("last_used_at", sa.Double),
    )
    op.create_index("api_keys_account", "api_keys", ["account", "id"])
    op.create_table(
        "api_key_secrets",
        sa.Column("hash", sa.Text, primary_key=True),
        _of("key", "api_keys.id"),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
    )
    op.create_index("api_key_secrets_key", "api_key_secrets", ["key"])
    op.create_table(
        "sessions",
        sa.Column("hash", sa.Text, primary_key=True),
        _of("user", "users.id"),
        _of("account", "accounts.id"),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
    )
    op.create_index("sessions_user", "sessions", ["user"])
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )


def _limits_and_usage() -> None:
    op.create_table(
        "quotas",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("rate", sa.Double),
        sa.Column("burst", sa.Integer, nullable=False),
        sa.Column("running", sa.Integer),
        sa.Column("daily", sa.BigInteger),
        sa.Column("monthly", sa.BigInteger),
    )
    op.create_table(
        "public_pipelines",
        sa.Column("name", sa.Text, primary_key=True),
        _of("account", "accounts.id"),
        sa.Column("origins", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "usage_days",
        *(
            sa.Column(name, sa.Text, primary_key=True)
            for name in ("account", "day", "key", "target", "end_user")
        ),
        sa.Column("runs", sa.BigInteger, nullable=False),
        *_amounts(),
    )
    op.create_index("usage_days_key", "usage_days", ["key", "day"])
    op.create_table(
        "usage_runs",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        *_amounts(),
    )
    op.create_table(
        "usage_journals",
        sa.Column("journal", sa.Text, primary_key=True),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("folded_at", sa.Double, nullable=False),
    )


def _audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("user", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details_json", sa.Text, nullable=False),
    )
    op.create_index("audit_log_account", "audit_log", ["account", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_{verb.lower()} BEFORE {verb} ON audit_log BEGIN"
                " SELECT RAISE(ABORT, 'the audit log can only be added to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_log_refuse() RETURNS trigger AS $$ BEGIN"
        " RAISE EXCEPTION 'the audit log can only be added to'; END $$ LANGUAGE plpgsql"
    )
    op.execute(
        "CREATE TRIGGER audit_log_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()"
    )


def _of(name: str, target: str, *, primary_key: bool = False) -> "sa.Column[str]":
    key = sa.ForeignKey(target, ondelete="CASCADE")
    return sa.Column(name, sa.Text, key, primary_key=primary_key, nullable=False)


def _amounts() -> "list[sa.Column[int]]":
    names = ("pictures", "pixels", "milliseconds", "cost")
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]

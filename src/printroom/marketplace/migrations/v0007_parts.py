"""Runs that use what several sell; free tries; what a listing was before it was suspended."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Offers that were made before give no tries: their sellers did not agree to any."""
    tries = sa.Column("tries", sa.Integer, nullable=False, server_default="0")
    op.add_column("market_offers", tries)
    op.add_column("market_listings", sa.Column("former", sa.Text))
    op.add_column("market_standing", sa.Column("quality", sa.Double))
    op.create_index("market_standing_quality", "market_standing", ["quality"])
    op.create_index("market_entitlements_order", "market_entitlements", ["order"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE market_uses DROP CONSTRAINT market_uses_pkey")
        op.execute("ALTER TABLE market_uses ADD PRIMARY KEY (run, listing)")
    else:
        _rebuild()


def _rebuild() -> None:
    """SQLite cannot change a primary key."""
    op.create_table(
        "market_uses_new",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("listing", sa.Text, primary_key=True),
        sa.Column("offer", sa.Integer, nullable=False),
        sa.Column("entitlement", sa.Text),
        sa.Column("txn", sa.Text),
        sa.Column("charged", sa.BigInteger, nullable=False),
        sa.Column("refunded", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("counted", sa.Boolean, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.CheckConstraint("refunded >= 0 AND refunded <= charged", name="market_uses_refunded"),
    )
    op.execute("INSERT INTO market_uses_new SELECT * FROM market_uses")
    op.drop_table("market_uses")
    op.rename_table("market_uses_new", "market_uses")
    fresh = sa.text("NOT counted")
    op.create_index("market_uses_fresh", "market_uses", ["at"], sqlite_where=fresh)
    op.create_index("market_uses_listing", "market_uses", ["listing", "account"])

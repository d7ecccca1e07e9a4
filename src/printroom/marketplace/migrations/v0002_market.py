"""What is offered, who bought it, what it brought."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make them."""
    _listings()
    _orders()
    _uses()
    _words()
    _credits()
    _payouts()


def _listings() -> None:
    op.create_table(
        "market_listings",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("visibility", sa.Text, nullable=False),
        sa.Column("offer", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("examples_json", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
    )
    op.create_index(
        "market_listings_thing",
        "market_listings",
        ["owner", "kind", "name"],
        unique=True,
        **_where("state <> 'removed'"),
    )
    op.create_table(
        "market_offers",
        sa.Column("listing", sa.Text, sa.ForeignKey("market_listings.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run", sa.BigInteger, nullable=False),
        sa.Column("megapixel", sa.BigInteger, nullable=False),
        sa.Column("month", sa.BigInteger),
        sa.Column("quota", sa.Integer),
        sa.Column("share", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("shares_json", sa.Text, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )
    op.create_table(
        "market_guests",
        sa.Column("listing", sa.Text, sa.ForeignKey("market_listings.id"), primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
    )


def _orders() -> None:
    op.create_table(
        "market_orders",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("listing", sa.Text, sa.ForeignKey("market_listings.id"), nullable=False),
        sa.Column("offer", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("discount", sa.BigInteger, nullable=False),
        sa.Column("coupon", sa.Text),
        sa.Column("refunded", sa.BigInteger, nullable=False),
        sa.Column("txn", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("fingerprint", sa.Text),
        sa.Column("at", sa.Double, nullable=False),
        sa.CheckConstraint(
            "refunded >= 0 AND refunded <= price - discount", name="market_orders_refunded"
        ),
    )
    op.create_index("market_orders_account", "market_orders", ["account", "id"])
    op.create_index(
        "market_orders_key",
        "market_orders",
        ["account", "key"],
        unique=True,
        **_where("key IS NOT NULL"),
    )
    op.create_index("market_orders_listing", "market_orders", ["listing", "id"])
    op.create_table(
        "market_entitlements",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("listing", sa.Text, sa.ForeignKey("market_listings.id"), nullable=False),
        sa.Column("offer", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("quota", sa.Integer),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("until", sa.Double),
        sa.Column("renews", sa.Boolean, nullable=False),
        sa.Column("order", sa.Text, nullable=False),
        sa.CheckConstraint(
            "used >= 0 AND (quota IS NULL OR used <= quota)", name="market_entitlements_used"
        ),
    )
    op.create_index("market_entitlements_account", "market_entitlements", ["account", "id"])
    op.create_index("market_entitlements_listing", "market_entitlements", ["listing"])
    op.create_index(
        "market_entitlements_live",
        "market_entitlements",
        ["account", "listing", "kind"],
        unique=True,
        **_where("state IN ('active', 'grace')"),
    )
    op.create_index(
        "market_entitlements_until",
        "market_entitlements",
        ["until"],
        **_where("state IN ('active', 'grace')"),
    )
    op.create_table(
        "market_takes",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("entitlement", sa.Text, sa.ForeignKey("market_entitlements.id"), nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("market_takes_open", "market_takes", ["run"], **_where("state = 'open'"))


def _uses() -> None:
    op.create_table(
        "market_uses",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("listing", sa.Text, nullable=False),
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
    op.create_index("market_uses_fresh", "market_uses", ["at"], **_where("NOT counted"))
    op.create_index("market_uses_listing", "market_uses", ["listing", "account"])
    op.create_table(
        "market_standing",
        sa.Column("listing", sa.Text, sa.ForeignKey("market_listings.id"), primary_key=True),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("uses", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("ratings", sa.Integer, nullable=False),
        sa.Column("stars", sa.Integer, nullable=False),
    )
    op.create_index("market_standing_price", "market_standing", ["price"])
    op.create_index("market_standing_uses", "market_standing", ["uses"])
    op.create_table(
        "market_sales",
        sa.Column("txn", sa.Text, sa.ForeignKey("market_txns.id"), primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("refunded", sa.BigInteger, nullable=False),
        sa.Column("matures_at", sa.Double, nullable=False),
        sa.Column("matured", sa.Text),
        sa.CheckConstraint("refunded >= 0 AND refunded <= amount", name="market_sales_refunded"),
    )
    op.create_index("market_sales_due", "market_sales", ["matures_at"], **_where("matured IS NULL"))


def _words() -> None:
    op.create_table(
        "market_reviews",
        sa.Column("listing", sa.Text, sa.ForeignKey("market_listings.id"), primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("stars", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name="market_reviews_stars"),
    )
    op.create_index("market_reviews_at", "market_reviews", ["listing", "at"])
    op.create_table(
        "market_reports",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("listing", sa.Text, sa.ForeignKey("market_listings.id"), nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("appeal", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("decided_at", sa.Double),
    )
    op.create_index("market_reports_listing", "market_reports", ["listing"])
    op.create_index(
        "market_reports_once",
        "market_reports",
        ["listing", "account"],
        unique=True,
        **_where("state = 'open'"),
    )
    op.create_index(
        "market_reports_queue", "market_reports", ["id"], **_where("state IN ('open', 'appealed')")
    )


def _credits() -> None:
    op.create_table(
        "market_coupons",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text),
        sa.Column("listing", sa.Text),
        sa.Column("off", sa.Integer, nullable=False),
        sa.Column("credits", sa.BigInteger, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("until", sa.Double),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.CheckConstraint("used >= 0 AND used <= most", name="market_coupons_used"),
    )
    op.create_index("market_coupons_owner", "market_coupons", ["owner"])
    op.create_table(
        "market_redeemed",
        sa.Column("code", sa.Text, sa.ForeignKey("market_coupons.code"), primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_table(
        "market_topups",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("credits", sa.BigInteger, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("returned", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("at", sa.Double, nullable=False),
        sa.CheckConstraint("returned >= 0 AND returned <= credits", name="market_topups_returned"),
    )
    op.create_index("market_topups_account", "market_topups", ["account", "id"])
    op.create_index(
        "market_topups_key",
        "market_topups",
        ["account", "key"],
        unique=True,
        **_where("key IS NOT NULL"),
    )


def _payouts() -> None:
    op.create_table(
        "market_payees",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("provider", sa.Text, primary_key=True),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_table(
        "market_payouts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("credits", sa.BigInteger, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("market_payouts_account", "market_payouts", ["account", "id"])
    op.create_index(
        "market_payouts_key",
        "market_payouts",
        ["account", "key"],
        unique=True,
        **_where("key IS NOT NULL"),
    )
    op.create_index(
        "market_payouts_open", "market_payouts", ["at"], **_where("state = 'requested'")
    )
    op.create_table(
        "market_notices",
        sa.Column("provider", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )


def _where(condition: str) -> "dict[str, Any]":
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}

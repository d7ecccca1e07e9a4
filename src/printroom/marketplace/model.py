"""The tables of the market beside its books, and each row as one value.

    market_listings --< market_offers     what is offered; its prices, in versions that never change
                    --< market_looks      what its examples look like
                    --< market_guests     accounts that a shared listing is shown to
                    --< market_orders     what was bought, at which offer
                    --< market_entitlements   who may run it, how often, until when
                        --< market_takes  a run that uses it up by one, unless it fails
                    --< market_standing   how often, how fast, how well liked
                    --< market_reviews    by who ran it
                    --< market_reports    of abuse, with what moderators made of them
                    --< market_uses       each run that used it and went well
    market_coupons --< market_redeemed    less to pay, or credits; once for each account
    market_topups                         credits that were bought from a provider of payments
    market_payees, market_payouts         where sellers are paid, and what they were
    market_notices                        what a provider told, so that it counts once
    market_sales                          what each txn brought whom, and since when it may be paid

Accounts are named by their ids and not depended on. Amounts are whole credits, prices for a
megapixel thousandths of a credit, shares ten-thousandths. Times are seconds since 1970 by the
database's clock.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from printroom.marketplace.ledger.model import METADATA


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


LISTINGS = Table(
    "market_listings",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("offer", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("examples_json", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("former", Text),
)
Index(
    "market_listings_thing",
    LISTINGS.c.owner,
    LISTINGS.c.kind,
    LISTINGS.c.name,
    unique=True,
    **_where("state <> 'removed'"),
)
OFFERS = Table(
    "market_offers",
    METADATA,
    Column("listing", Text, ForeignKey("market_listings.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("run", BigInteger, nullable=False),
    Column("megapixel", BigInteger, nullable=False),
    Column("month", BigInteger),
    Column("quota", Integer),
    Column("share", Integer, nullable=False),
    Column("version", Integer),
    Column("shares_json", Text, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("download", BigInteger),
    Column("tries", Integer, nullable=False, server_default="0"),
)
GUESTS = Table(
    "market_guests",
    METADATA,
    Column("listing", Text, ForeignKey("market_listings.id"), primary_key=True),
    Column("account", Text, primary_key=True),
)
LOOKS = Table(
    "market_looks",
    METADATA,
    Column("listing", Text, ForeignKey("market_listings.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("look", LargeBinary, nullable=False),
)
ORDERS = Table(
    "market_orders",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("listing", Text, ForeignKey("market_listings.id"), nullable=False),
    Column("offer", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("discount", BigInteger, nullable=False),
    Column("coupon", Text),
    Column("refunded", BigInteger, nullable=False),
    Column("txn", Text),
    Column("key", Text),
    Column("fingerprint", Text),
    Column("at", Double, nullable=False),
    CheckConstraint("refunded >= 0 AND refunded <= price - discount", "market_orders_refunded"),
)
Index("market_orders_account", ORDERS.c.account, ORDERS.c.id)
Index("market_orders_listing", ORDERS.c.listing, ORDERS.c.id)
Index("market_orders_key", ORDERS.c.account, ORDERS.c.key, unique=True, **_where("key IS NOT NULL"))
ENTITLEMENTS = Table(
    "market_entitlements",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("listing", Text, ForeignKey("market_listings.id"), nullable=False),
    Column("offer", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("quota", Integer),
    Column("used", Integer, nullable=False),
    Column("since", Double, nullable=False),
    Column("until", Double),
    Column("renews", Boolean, nullable=False),
    Column("order", Text, nullable=False),
    CheckConstraint("used >= 0 AND (quota IS NULL OR used <= quota)", "market_entitlements_used"),
)
_LIVE = "state IN ('active', 'grace')"
Index(
    "market_entitlements_live",
    ENTITLEMENTS.c.account,
    ENTITLEMENTS.c.listing,
    ENTITLEMENTS.c.kind,
    unique=True,
    **_where(_LIVE),
)
Index("market_entitlements_until", ENTITLEMENTS.c.until, **_where(_LIVE))
Index("market_entitlements_account", ENTITLEMENTS.c.account, ENTITLEMENTS.c.id)
Index("market_entitlements_listing", ENTITLEMENTS.c.listing)
Index("market_entitlements_order", ENTITLEMENTS.c.order)
TAKES = Table(
    "market_takes",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("entitlement", Text, ForeignKey("market_entitlements.id"), nullable=False),
    Column("since", Double, nullable=False),
    Column("state", Text, nullable=False),
)
Index("market_takes_open", TAKES.c.run, **_where("state = 'open'"))
USES = Table(
    "market_uses",
    METADATA,
    Column("run", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("listing", Text, primary_key=True),
    Column("offer", Integer, nullable=False),
    Column("entitlement", Text),
    Column("txn", Text),
    Column("charged", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("counted", Boolean, nullable=False),
    Column("at", Double, nullable=False),
    CheckConstraint("refunded >= 0 AND refunded <= charged", "market_uses_refunded"),
)
Index("market_uses_listing", USES.c.listing, USES.c.account)
Index("market_uses_fresh", USES.c.at, **_where("NOT counted"))
STANDING = Table(
    "market_standing",
    METADATA,
    Column("listing", Text, ForeignKey("market_listings.id"), primary_key=True),
    Column("price", BigInteger, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("ratings", Integer, nullable=False),
    Column("stars", Integer, nullable=False),
    Column("quality", Double),
)
Index("market_standing_quality", STANDING.c.quality)
Index("market_standing_uses", STANDING.c.uses)
Index("market_standing_price", STANDING.c.price)
REVIEWS = Table(
    "market_reviews",
    METADATA,
    Column("listing", Text, ForeignKey("market_listings.id"), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("stars", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Double, nullable=False),
    CheckConstraint("stars BETWEEN 1 AND 5", "market_reviews_stars"),
)
Index("market_reviews_at", REVIEWS.c.listing, REVIEWS.c.at)
REPORTS = Table(
    "market_reports",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("listing", Text, ForeignKey("market_listings.id"), nullable=False),
    Column("account", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("appeal", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("decided_at", Double),
)
Index("market_reports_queue", REPORTS.c.id, **_where("state IN ('open', 'appealed')"))
Index("market_reports_listing", REPORTS.c.listing)
Index(
    "market_reports_once",
    REPORTS.c.listing,
    REPORTS.c.account,
    unique=True,
    **_where("state = 'open'"),
)
SALES = Table(
    "market_sales",
    METADATA,
    Column("txn", Text, ForeignKey("market_txns.id"), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("matures_at", Double, nullable=False),
    Column("matured", Text),
    CheckConstraint("refunded >= 0 AND refunded <= amount", "market_sales_refunded"),
)
Index("market_sales_due", SALES.c.matures_at, **_where("matured IS NULL"))
COUPONS = Table(
    "market_coupons",
    METADATA,
    Column("code", Text, primary_key=True),
    Column("owner", Text),
    Column("listing", Text),
    Column("off", Integer, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("most", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("until", Double),
    Column("made_at", Double, nullable=False),
    CheckConstraint("used >= 0 AND used <= most", "market_coupons_used"),
)
Index("market_coupons_owner", COUPONS.c.owner)
REDEEMED = Table(
    "market_redeemed",
    METADATA,
    Column("code", Text, ForeignKey("market_coupons.code"), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("at", Double, nullable=False),
)
TOPUPS = Table(
    "market_topups",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("provider", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reference", Text),
    Column("url", Text),
    Column("returned", BigInteger, nullable=False),
    Column("key", Text),
    Column("at", Double, nullable=False),
    CheckConstraint("returned >= 0 AND returned <= credits", "market_topups_returned"),
)
Index("market_topups_account", TOPUPS.c.account, TOPUPS.c.id)
Index("market_topups_key", TOPUPS.c.account, TOPUPS.c.key, unique=True, **_where("key IS NOT NULL"))
PAYEES = Table(
    "market_payees",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("destination", Text, nullable=False),
    Column("at", Double, nullable=False),
)
PAYOUTS = Table(
    "market_payouts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("provider", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reference", Text),
    Column("error", Text),
    Column("key", Text),
    Column("at", Double, nullable=False),
)
Index("market_payouts_account", PAYOUTS.c.account, PAYOUTS.c.id)
Index("market_payouts_open", PAYOUTS.c.at, **_where("state = 'requested'"))
Index(
    "market_payouts_key", PAYOUTS.c.account, PAYOUTS.c.key, unique=True, **_where("key IS NOT NULL")
)
NOTICES = Table(
    "market_notices",
    METADATA,
    Column("provider", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
)

"""Prices of copies to keep."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Offers that were made before sell none."""
    op.add_column("market_offers", sa.Column("download", sa.BigInteger))

"""What the examples of listings look like."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "market_looks",
        sa.Column("listing", sa.Text, sa.ForeignKey("market_listings.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("look", sa.LargeBinary, nullable=False),
    )

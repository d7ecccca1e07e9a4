"""The first table: which files are public."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "public_assets",
        sa.Column(
            "asset", sa.Text, sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("since", sa.Double, nullable=False),
    )

"""Limits that accounts' models crossed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "model_breaches",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("model", sa.Text, sa.ForeignKey("models.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("limit", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("model_breaches_model", "model_breaches", ["model", "at"])

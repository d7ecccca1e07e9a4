"""The first tables of webhooks and batches."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("events_json", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("webhooks_account", "webhooks", ["account", "id"])
    op.create_table(
        "webhook_secrets",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("secret", sa.Text, nullable=False),
    )
    _batches()


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("request_json", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("error_code", sa.Text),
        sa.Column("error", sa.Text),
    )
    op.create_index("batches_account", "batches", ["account", "id"])
    owner = sa.ForeignKey("batches.id", ondelete="CASCADE")
    op.create_table(
        "batch_items",
        sa.Column("batch", sa.Text, owner, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("error_code", sa.Text),
        sa.Column("error", sa.Text),
    )
    op.create_index("batch_items_run", "batch_items", ["run"])
    op.create_index("batch_items_state", "batch_items", ["batch", "state"])

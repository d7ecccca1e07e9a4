"""When models have to be examined again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; what was examined before is examined again."""
    op.add_column("models", sa.Column("rules", sa.Text))
    op.add_column("models", sa.Column("expires_at", sa.Double))
    op.add_column("models", sa.Column("tried_at", sa.Double))
    op.create_index("models_expiry", "models", ["state", "expires_at"])

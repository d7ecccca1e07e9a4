"""Whether it was told that a batch is over: once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Those of before are not told of any more."""
    op.add_column(
        "batches", sa.Column("told", sa.Boolean, nullable=False, server_default=sa.true())
    )

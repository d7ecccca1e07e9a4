"""The first table of accounts' models."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "models",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("declared_json", sa.Text, nullable=False),
        sa.Column("card_json", sa.Text),
        sa.Column("report_json", sa.Text),
        sa.Column("verdict", sa.Text),
        sa.Column("likeness", sa.Text),
        sa.Column("progress_json", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("fingerprint", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("by", sa.Text),
    )
    op.create_index("models_job", "models", ["job"])
    op.create_index("models_verdict", "models", ["verdict", "id"])
    op.create_index("models_name", "models", ["account", "name", "version"], unique=True)
    keyed = sa.text("key IS NOT NULL")
    op.create_index(
        "models_key",
        "models",
        ["account", "key"],
        unique=True,
        sqlite_where=keyed,
        postgresql_where=keyed,
    )

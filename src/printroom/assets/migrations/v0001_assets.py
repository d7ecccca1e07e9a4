"""The first tables of files."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "blobs",
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("blobs_digest", "blobs", ["digest"])
    op.create_table(
        "assets",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("run", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("place", sa.Text, sa.ForeignKey("blobs.place"), nullable=False),
    )
    op.create_index("assets_account", "assets", ["account", "id"])
    op.create_index("assets_place", "assets", ["place"])
    op.create_index("assets_run", "assets", ["run"])
    op.create_index("assets_expiry", "assets", ["expires_at"])
    op.create_table(
        "asset_drafts",
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("until", sa.Double, nullable=False),
    )
    op.create_index("asset_drafts_until", "asset_drafts", ["until"])
    _uploads()


def _uploads() -> None:
    op.create_table(
        "asset_uploads",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
    )
    op.create_index("asset_uploads_expiry", "asset_uploads", ["expires_at"])
    owner = sa.ForeignKey("asset_uploads.id", ondelete="CASCADE")
    op.create_table(
        "asset_upload_parts",
        sa.Column("upload", sa.Text, owner, primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
    )

"""The first tables of collections."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "collections",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("pictures", sa.Boolean, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
    )
    op.create_index("collections_name", "collections", ["account", "name"], unique=True)
    owner = sa.ForeignKey("collections.id", ondelete="CASCADE")
    op.create_table(
        "collection_items",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("collection", sa.Text, owner, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    numbered = ["collection", "number"]
    op.create_index("collection_items_number", "collection_items", numbered, unique=True)

"""The tables of webhooks and batches.

    webhooks                      addresses that are told of an account's runs
    webhook_secrets               what an account signs with where a run names its own address
    batches --< batch_items       one for each version of each object; each has a run

`runs/migrations` makes them; a test holds the two together.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
    true,
)

from printroom.database.migrate import Scripts

SCRIPTS = Scripts("runs", Path(__file__).parent / "migrations")
METADATA = MetaData()

WEBHOOKS = Table(
    "webhooks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("events_json", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
)
Index("webhooks_account", WEBHOOKS.c.account, WEBHOOKS.c.id)
SECRETS = Table(
    "webhook_secrets",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("secret", Text, nullable=False),
)
BATCHES = Table(
    "batches",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("request_json", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Column("error_code", Text),
    Column("error", Text),
    Column("told", Boolean, nullable=False, server_default=true()),
)
Index("batches_account", BATCHES.c.account, BATCHES.c.id)
ITEMS = Table(
    "batch_items",
    METADATA,
    Column("batch", Text, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("error_code", Text),
    Column("error", Text),
)
Index("batch_items_run", ITEMS.c.run)
Index("batch_items_state", ITEMS.c.batch, ITEMS.c.state)

"""A handle for each account, made from its name."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

RESERVED = {
    "account", "accounts", "admin", "api", "check", "examples", "files", "help", "listings",
    "local", "market", "me", "models", "none", "null", "pipelines", "printroom", "public",
    "resident", "root", "runs", "steps", "store", "stores", "support", "system", "www",
}  # fmt: skip


def upgrade() -> None:
    """Add the column, fill it, and let no two accounts have the same."""
    op.add_column("accounts", sa.Column("handle", sa.Text, nullable=False, server_default=""))
    accounts = sa.table("accounts", sa.column("id"), sa.column("name"), sa.column("created_at"),
                        sa.column("handle"))  # fmt: skip
    bind, taken = op.get_bind(), set(RESERVED)
    rows = bind.execute(sa.select(accounts.c.id, accounts.c.name).order_by(accounts.c.created_at))
    for account, name in list(rows):
        handle = "local" if account == "local" else _free(name, taken)
        taken.add(handle)
        bind.execute(accounts.update().where(accounts.c.id == account).values(handle=handle))
    op.create_index("accounts_handle", "accounts", ["handle"], unique=True)


def _free(name: str, taken: "set[str]") -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:24].rstrip("-") or "account"
    if len(word) > 1 and word not in taken:
        return word
    number = 2
    while f"{word}-{number}" in taken:
        number += 1
    return f"{word}-{number}"

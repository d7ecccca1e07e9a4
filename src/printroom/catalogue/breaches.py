"""Limits that accounts' models crossed when they were run: counted, and too many suspend the model.

    "acme/ink@1", limit, reason -> noted -> whether that suspended it

Each is part of somebody's transaction. Who runs the server lets such a model go on, or its account
gives a mended one.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select, update

from printroom.accounts.credentials import new_id
from printroom.accounts.handles import account_of
from printroom.catalogue import entries
from printroom.catalogue.model import BREACHES, MODELS

MOST = 5
"""Within a day; one more is too many for a model, whoever ran it."""
DAY = 86400.0


def noted(connection: Connection, now: float, model: str, limit: str, reason: str) -> bool:
    """Note that a model crossed a limit; whether it was suspended for that."""
    name, _, version = model.partition("@")
    handle, _, plain = name.partition("/")
    owner = account_of(connection, handle)
    entry = None if owner is None else entries.found(connection, owner, plain, int(version))
    if entry is None:  # it was removed meanwhile
        return False
    row = {"id": new_id("brc", now), "model": entry.id, "at": now, "limit": limit}
    connection.execute(insert(BREACHES).values(row | {"reason": reason[:1000]}))
    recent = (BREACHES.c.model == entry.id) & (BREACHES.c.at > now - DAY)
    count = connection.execute(select(func.count()).where(recent)).scalar_one()
    if count <= MOST or not entries.suspended(connection, entry.id):
        return False
    why = f"it crossed its limits {count} times within a day, the last time: {reason}"
    connection.execute(update(MODELS).where(MODELS.c.id == entry.id).values(error=why[:2000]))
    return True

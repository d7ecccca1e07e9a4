"""The audit log: who did what, from where. It can be added to and nothing else.

Actor, action, subject -> note         listed(account, before) -> entries, the newest first

An entry is written in the transaction of what it tells of: neither is there without the other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, insert, select

from printroom.accounts.credentials import new_id
from printroom.accounts.model import AUDIT
from printroom.accounts.principal import LOCAL_ACCOUNT, Principal


@dataclass(frozen=True)
class Actor:
    """Who does something."""

    account: str
    user: str | None = None
    key: str | None = None
    address: str = ""
    """Where the request came from; empty = this machine's command line."""

    @classmethod
    def of(cls, principal: Principal, address: str = "") -> Self:
        """Somebody who was let in."""
        return cls(principal.account, principal.user, principal.key, address)


CONSOLE = Actor(LOCAL_ACCOUNT)
"""Whoever has the database itself at hand."""


@dataclass(frozen=True)
class Entry:
    """Something that was done."""

    id: str
    at: float
    account: str
    user: str | None
    key: str | None
    address: str
    action: str
    """As `key.created`."""
    subject: str
    """The id of what it was done to."""
    details: dict[str, Any]


def note(
    connection: Connection, now: float, actor: Actor, action: str, subject: str, **details: Any
) -> None:
    """Add an entry, to the log of the actor's account. Details hold no secrets."""
    values = {
        "id": new_id("aud", now),
        "at": now,
        "account": actor.account,
        "user": actor.user,
        "key": actor.key,
        "address": actor.address,
        "action": action,
        "subject": subject,
        "details_json": json.dumps(details),
    }
    connection.execute(insert(AUDIT).values(values))


def listed(
    connection: Connection, _now: float, account: str, before: str | None, most: int
) -> list[Entry]:
    """Entries of an account; `before`: an id, for the next page."""
    query = select(AUDIT).where(AUDIT.c.account == account).order_by(AUDIT.c.id.desc()).limit(most)
    if before is not None:
        query = query.where(AUDIT.c.id < before)
    return [_entry(dict(row._mapping)) for row in connection.execute(query)]


def _entry(fields: dict[str, Any]) -> Entry:
    details = json.loads(fields.pop("details_json"))
    return Entry(**fields, details=details)

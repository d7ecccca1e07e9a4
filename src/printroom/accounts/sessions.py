"""Sessions of people at the studio: begun with a password or by an identity provider.

    e-mail, password -> begun -> a secret for the cookie        WrongPassword
    secret -> csrf                what a page must send along to change anything

The cookie's secret is kept as a digest. The CSRF token follows from the secret, so nothing more is
kept; a page of another site can read neither.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from printroom.accounts.audit import Actor, note
from printroom.accounts.credentials import digest
from printroom.accounts.model import MEMBERSHIPS, SESSIONS, USERS
from printroom.core.errors import NotAllowed, NotFound

LIFETIME = 14 * 86400.0
"""Seconds until somebody signs in again."""


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in, as the database has them."""

    id: str
    email: str
    password: str | None


def person(connection: Connection, _now: float, email: str) -> Person | None:
    """Whoever has that address, in its normal form."""
    query = select(USERS.c.id, USERS.c.email, USERS.c.password).where(USERS.c.email == email)
    row = connection.execute(query).first()
    return Person(*row) if row else None


def begun(
    connection: Connection,
    now: float,
    user: str,
    secret: str,
    address: str,
    account: str | None = None,
    rehashed: str | None = None,
) -> str:
    """Begin a session of `user` in `account` (None = the first they are in); which it is.

    `rehashed`: their password, hashed as is done today. Raises NotAllowed.
    """
    connection.execute(delete(SESSIONS).where(SESSIONS.c.expires_at < now))
    account = _account(connection, user, account)
    values = {
        "hash": digest(secret),
        "user": user,
        "account": account,
        "created_at": now,
        "expires_at": now + LIFETIME,
    }
    connection.execute(insert(SESSIONS).values(values))
    if rehashed is not None:
        connection.execute(update(USERS).where(USERS.c.id == user).values(password=rehashed))
    note(connection, now, Actor(account, user, address=address), "session.begun", user)
    return account


def moved(
    connection: Connection, now: float, user: str, secret: str, account: str, address: str
) -> str:
    """Let a session go on in another account of theirs. Raises NotAllowed."""
    account = _account(connection, user, account)
    mine = update(SESSIONS).where(SESSIONS.c.hash == digest(secret))
    connection.execute(mine.values(account=account))
    note(connection, now, Actor(account, user, address=address), "session.moved", user)
    return account


def ended(connection: Connection, now: float, secret: str, address: str) -> None:
    """End a session; nothing happens if it has ended."""
    mine = delete(SESSIONS).where(SESSIONS.c.hash == digest(secret))
    gone = mine.returning(SESSIONS.c.account, SESSIONS.c.user)
    for account, user in connection.execute(gone).all():
        note(connection, now, Actor(account, user, address=address), "session.ended", user)


def accounts_of(connection: Connection, _now: float, user: str) -> list[str]:
    """Ids of the accounts somebody is in, the first joined first."""
    query = select(MEMBERSHIPS.c.account).where(MEMBERSHIPS.c.user == user)
    return list(connection.execute(query.order_by(MEMBERSHIPS.c.created_at)).scalars())


def email_of(connection: Connection, _now: float, user: str) -> str:
    """The address of somebody. Raises NotFound."""
    found = connection.execute(select(USERS.c.email).where(USERS.c.id == user)).scalar()
    if found is None:
        raise NotFound(f"there is nobody {user!r}")
    return str(found)


def csrf(secret: str) -> str:
    """What goes in `X-CSRF-Token` with the session whose cookie is `secret`."""
    return hashlib.sha256(f"csrf:{secret}".encode()).hexdigest()[:32]


def _account(connection: Connection, user: str, wanted: str | None) -> str:
    theirs = accounts_of(connection, 0.0, user)
    if not theirs or (wanted is not None and wanted not in theirs):
        raise NotAllowed("you are no member of that account", "ask an owner to let you in")
    return wanted or theirs[0]

"""Who sent a request: a key, session or token, looked up in one transaction.

    text | None, pipeline -> Found          NoCredentials MalformedCredentials UnknownCredentials
                                            ExpiredCredentials RevokedCredentials

What is found may be used for a few seconds without looking again (`printroom.api.accounts.door`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, select, update

from printroom.accounts import metering, public, quotas, tokens
from printroom.accounts.credentials import digest, kind_of
from printroom.accounts.metering import Spent
from printroom.accounts.model import KEY_SECRETS, KEYS, MEMBERSHIPS, PUBLIC, SESSIONS
from printroom.accounts.people import peopled
from printroom.accounts.principal import LOCAL, LOCAL_ACCOUNT, Principal
from printroom.accounts.quotas import Quota
from printroom.accounts.roles import scopes_of
from printroom.core.errors import (
    AccessError,
    ExpiredCredentials,
    NoCredentials,
    RevokedCredentials,
    UnknownCredentials,
)

SELDOM = 600.0
"""Seconds between two notes of a key's last use."""


@dataclass(frozen=True)
class Held:
    """One of those whose limits a request counts against."""

    id: str
    quota: Quota
    spent: Spent


@dataclass(frozen=True)
class Found:
    """Somebody who may come in."""

    principal: Principal
    subjects: tuple[Held, ...] = ()
    """Whose limits count, of those that have some."""
    origins: frozenset[str] = frozenset()
    """Sites whose pages may send this key from a browser."""
    expires_at: float | None = None
    session: bool = False
    """Whether it came as a cookie, which browsers send unasked."""
    touch: str | None = None
    """A key whose last use is to be noted again."""
    anonymous: bool = False
    """Whether nobody knows who it is."""


def find(
    connection: Connection, now: float, text: str | None, *, target: str | None, login: bool
) -> Found:
    """Who sent `text`; None = nothing was sent.

    `target`: the pipeline that is wanted, which may be public; `login`: whether somebody unknown is
    refused even where no account exists yet.
    """
    if text is None:
        return _unknown(connection, now, target, login)
    match kind_of(text):
        case "live":
            return _key(connection, now, text)
        case "sess":
            return _session(connection, now, text)
        case "tok":
            return _token(connection, now, text)


def touch(connection: Connection, now: float, key: str) -> None:
    """Note that a key was used."""
    connection.execute(update(KEYS).where(KEYS.c.id == key).values(last_used_at=now))


def all_origins(connection: Connection, now: float) -> frozenset[str]:
    """Sites that any living key, or public pipeline, may be used from."""
    alive = KEYS.c.revoked_at.is_(None) & (KEYS.c.expires_at.is_(None) | (KEYS.c.expires_at > now))
    texts = list(connection.execute(select(KEYS.c.origins).where(alive)).scalars())
    texts += connection.execute(select(PUBLIC.c.origins)).scalars()
    return frozenset(origin for text in texts for origin in text.split())


def _unknown(connection: Connection, now: float, target: str | None, login: bool) -> Found:
    if not login and not peopled(connection, now):
        return _held(connection, now, LOCAL, {LOCAL_ACCOUNT: "account"})
    opened = public.find(connection, now, target) if target else None
    if opened is None:
        raise NoCredentials(
            "nobody is let in without a key", "send Authorization: Bearer and a key, or sign in"
        )
    subject = public.subject(opened.name)
    principal = Principal(
        opened.account, key=subject, scopes=frozenset(("images", "pipelines:read")), target=target
    )
    subjects: dict[str, Column] = {opened.account: "account", subject: "key"}
    origins = frozenset(opened.origins)
    return _held(connection, now, principal, subjects, origins=origins, anonymous=True)


def _key(connection: Connection, now: float, text: str) -> Found:
    query = select(KEYS, KEY_SECRETS.c.expires_at.label("secret_expires")).join(KEY_SECRETS)
    row = connection.execute(query.where(KEY_SECRETS.c.hash == digest(text))).first()
    if row is None:
        raise UnknownCredentials("this key is nobody's here", "check which server it is for")
    try:
        expires = _alive(row, now)
    except AccessError as error:
        error.account, error.subject = row.account, row.id
        raise
    principal = Principal(row.account, row.user, row.id, frozenset(row.scopes.split()))
    stale = row.last_used_at is None or row.last_used_at < now - SELDOM
    subjects: dict[str, Column] = {row.account: "account", row.id: "key"}
    return _held(
        connection, now, principal, subjects,
        origins=frozenset(row.origins.split()), expires_at=expires, touch=row.id if stale else None,
    )  # fmt: skip


def _alive(row: Any, now: float) -> float | None:
    """When a key ends, with or without its secret; raises if it has."""
    if row.revoked_at is not None:
        raise RevokedCredentials("this key was taken back", "ask for a new one")
    ends = [at for at in (row.expires_at, row.secret_expires) if at is not None]
    if ends and min(ends) <= now:
        raise ExpiredCredentials("the key's time is over", "take a new one")
    return min(ends, default=None)


def _session(connection: Connection, now: float, text: str) -> Found:
    query = (
        select(SESSIONS.c.user, SESSIONS.c.account, SESSIONS.c.expires_at, MEMBERSHIPS.c.role)
        .join(
            MEMBERSHIPS,
            (MEMBERSHIPS.c.user == SESSIONS.c.user) & (MEMBERSHIPS.c.account == SESSIONS.c.account),
        )
        .where(SESSIONS.c.hash == digest(text))
    )
    row = connection.execute(query).first()
    if row is None:
        raise UnknownCredentials("this session has ended", "sign in again")
    if row.expires_at <= now:
        raise ExpiredCredentials("this session has ended", "sign in again")
    principal = Principal(row.account, row.user, scopes=scopes_of(row.role, row.account))
    return _held(
        connection, now, principal, {row.account: "account"},
        expires_at=row.expires_at, session=True,
    )  # fmt: skip


def _token(connection: Connection, now: float, text: str) -> Found:
    token = tokens.read(connection, now, text)
    who = token.principal
    subjects: dict[str, Column] = {who.account: "account"}
    origins: frozenset[str] = frozenset()
    if who.key is not None:
        row = connection.execute(
            select(KEYS, KEYS.c.expires_at.label("secret_expires")).where(KEYS.c.id == who.key)
        ).first()
        if row is None:
            raise RevokedCredentials("the key that made this token is gone", "ask for a new one")
        _alive(row, now)
        subjects[who.key], origins = "key", frozenset(row.origins.split())
    elif not _still_there(connection, now, who):
        raise RevokedCredentials("who made this token has left", "ask for a new one")
    return _held(connection, now, who, subjects, origins=origins, expires_at=token.expires_at)


def _still_there(connection: Connection, now: float, maker: Principal) -> bool:
    if maker.user is None:  # the local owner, while nobody signs in
        return not peopled(connection, now)
    mine = (MEMBERSHIPS.c.account == maker.account) & (MEMBERSHIPS.c.user == maker.user)
    return connection.execute(select(MEMBERSHIPS.c.role).where(mine)).first() is not None


Column = Literal["account", "key"]
"""Of the usage: what is spent is summed by it."""


def _held(
    connection: Connection,
    now: float,
    principal: Principal,
    subjects: Mapping[str, Column],
    **facts: Any,
) -> Found:
    limits = quotas.fetched(connection, now, subjects)
    budgeted = {
        name: subjects[name]
        for name, quota in limits.items()
        if quota.daily is not None or quota.monthly is not None
    }
    spent = metering.spent(connection, now, budgeted)
    held = tuple(Held(name, quota, spent.get(name, Spent())) for name, quota in limits.items())
    return Found(principal, held, **facts)

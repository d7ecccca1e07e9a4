"""API keys: what they may do, until when, and how they are changed for new ones.

    Draft -> created -> Key and its secret, shown this once      BadOption NotAllowed
    rotated(key, overlap) -> a new secret; the old one works on for a while
    revoked(key)                                                 NotFound

A key keeps its id for life: limits, usage and the audit log stay with it through rotations. Only
digests of secrets are in the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from printroom.accounts.audit import Actor, note
from printroom.accounts.credentials import digest, hint, new_id
from printroom.accounts.model import KEY_SECRETS, KEYS
from printroom.accounts.principal import SCOPES, Scope
from printroom.core.errors import BadOption, NotAllowed, NotFound

MOST_ORIGINS = 20
_ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,253}(:\d{1,5})?|https?://\[[0-9a-f:.]+\](:\d{1,5})?")


@dataclass(frozen=True)
class Key:
    """A key, without its secret."""

    id: str
    account: str
    user: str | None
    """Who made it."""
    name: str
    scopes: tuple[Scope, ...]
    origins: tuple[str, ...]
    """Sites whose pages may use it from a browser."""
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    last_used_at: float | None
    """To within ten minutes."""
    hint: str
    """Enough of its newest secret to tell it from others."""

    def to_json(self) -> dict[str, Any]:
        """As people and clients see it."""
        return vars(self) | {"scopes": list(self.scopes), "origins": list(self.origins)}

    @classmethod
    def of(cls, row: Any) -> Key:
        """From a row of `_KEYS`."""
        fields = dict(row._mapping)
        lists = {name: tuple(fields[name].split()) for name in ("scopes", "origins")}
        return cls(**fields | lists)


@dataclass(frozen=True)
class Draft:
    """What a new key is to be."""

    name: str
    scopes: tuple[Scope, ...]
    origins: tuple[str, ...] = ()
    lifetime: float | None = None
    """Seconds; None = until it is revoked."""

    def __post_init__(self) -> None:
        if not (0 < len(self.name.strip()) <= 80 and self.name.isprintable()):
            raise BadOption("the name of a key has 1 to 80 characters", "choose another")
        if not self.scopes:
            raise BadOption("a key without scopes may do nothing", "name some")
        if self.lifetime is not None and not 60 <= self.lifetime <= 10 * 366 * 86400:
            raise BadOption("a key lives for a minute to ten years", "leave it out for no end")


def scopes_named(names: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes called `names`, each once, in order. Raises BadOption."""
    wanted = set(names)
    if wrong := sorted(wanted - SCOPES):
        raise BadOption(
            f"there is no scope {wrong[0][:40]!r}", f"take some of {', '.join(sorted(SCOPES))}"
        )
    return tuple(sorted(scope for scope in SCOPES if scope in wanted))


def origins_named(texts: Iterable[str]) -> tuple[str, ...]:
    """Origins as browsers send them. Raises BadOption."""
    found = tuple(dict.fromkeys(text.strip().lower() for text in texts))
    for text in found:
        if not _ORIGIN.fullmatch(text):
            raise BadOption(f"{text[:80]!r} is no origin", "write it as https://app.example.com")
    if len(found) > MOST_ORIGINS:
        raise BadOption(f"a key has at most {MOST_ORIGINS} origins", "make another key")
    return found


_NEWEST = (
    select(KEY_SECRETS.c.key, func.max(KEY_SECRETS.c.created_at).label("at"))
    .group_by(KEY_SECRETS.c.key)
    .subquery()
)
_KEYS = (
    select(*KEYS.c, KEY_SECRETS.c.hint)
    .join(_NEWEST, _NEWEST.c.key == KEYS.c.id)
    .join(
        KEY_SECRETS,
        (KEY_SECRETS.c.key == KEYS.c.id) & (KEY_SECRETS.c.created_at == _NEWEST.c.at),
    )
)


def created(
    connection: Connection,
    now: float,
    actor: Actor,
    draft: Draft,
    secret: str,
    allowed: frozenset[Scope] = SCOPES,
) -> Key:
    """A new key of the actor's account, whose secret is `secret`.

    `allowed`: what the actor may do; nobody gives away more. Raises NotAllowed. Done twice with
    the same secret, it is done once.
    """
    known = select(KEY_SECRETS.c.key).where(KEY_SECRETS.c.hash == digest(secret))
    if (name := connection.execute(known).scalar()) is not None:
        return get(connection, now, actor.account, name)
    if beyond := sorted(set(draft.scopes) - allowed):
        raise NotAllowed(f"you have no scope {beyond[0]} to give away", "leave it out")
    values = {
        "id": new_id("key", now),
        "account": actor.account,
        "user": actor.user,
        "name": draft.name.strip(),
        "scopes": " ".join(draft.scopes),
        "origins": " ".join(draft.origins),
        "created_at": now,
        "expires_at": None if draft.lifetime is None else now + draft.lifetime,
    }
    connection.execute(insert(KEYS).values(values))
    _secret(connection, now, str(values["id"]), secret)
    note(
        connection, now, actor, "key.created", str(values["id"]),
        name=draft.name, scopes=list(draft.scopes),
    )  # fmt: skip
    return get(connection, now, actor.account, str(values["id"]))


def get(connection: Connection, _now: float, account: str, name: str) -> Key:
    """A key of that account. Raises NotFound, for another account's as well."""
    query = _KEYS.where(KEYS.c.id == name, KEYS.c.account == account)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"there is no key {name[:80]!r}", "GET /v1/keys lists them")
    return Key.of(row)


def listed(
    connection: Connection, _now: float, account: str, before: str | None = None, most: int = 100
) -> list[Key]:
    """Keys of an account, the newest first; `before`: an id, for the next page."""
    query = _KEYS.where(KEYS.c.account == account).order_by(KEYS.c.id.desc()).limit(most)
    if before is not None:
        query = query.where(KEYS.c.id < before)
    return [Key.of(row) for row in connection.execute(query)]


def rotated(
    connection: Connection, now: float, actor: Actor, name: str, secret: str, overlap: float
) -> Key:
    """Give a key a new secret; those it has work for `overlap` seconds more. Raises NotFound."""
    if not 0 <= overlap <= 90 * 86400:
        raise BadOption("the overlap is 0 seconds to 90 days")
    key = get(connection, now, actor.account, name)
    if key.revoked_at is not None:
        raise BadOption(f"{name} is revoked", "make a new key")
    ends = KEY_SECRETS.c.expires_at.is_(None) | (KEY_SECRETS.c.expires_at > now + overlap)
    old = update(KEY_SECRETS).where(KEY_SECRETS.c.key == name, ends)
    connection.execute(old.values(expires_at=now + overlap))
    _secret(connection, now, name, secret)
    note(connection, now, actor, "key.rotated", name, overlap=overlap)
    return get(connection, now, actor.account, name)


def changed(
    connection: Connection,
    now: float,
    actor: Actor,
    name: str,
    *,
    title: str | None = None,
    origins: tuple[str, ...] | None = None,
) -> Key:
    """Give a key another name, or other origins. What it may do never changes. Raises NotFound."""
    key = get(connection, now, actor.account, name)
    draft = Draft(title or key.name, key.scopes)
    sites = key.origins if origins is None else origins
    query = update(KEYS).where(KEYS.c.id == name)
    connection.execute(query.values(name=draft.name.strip(), origins=" ".join(sites)))
    note(connection, now, actor, "key.changed", name, name=draft.name, origins=list(sites))
    return get(connection, now, actor.account, name)


def revoked(connection: Connection, now: float, actor: Actor, name: str) -> Key:
    """Take a key back, for good; it stays in the list. Raises NotFound."""
    key = get(connection, now, actor.account, name)
    if key.revoked_at is not None:
        return key
    connection.execute(update(KEYS).where(KEYS.c.id == name).values(revoked_at=now))
    note(connection, now, actor, "key.revoked", name, name=key.name)
    return get(connection, now, actor.account, name)


def _secret(connection: Connection, now: float, key: str, secret: str) -> None:
    values = {"hash": digest(secret), "key": key, "hint": hint(secret), "created_at": now}
    connection.execute(insert(KEY_SECRETS).values(values))

"""Keys that sign what the server hands out and takes back: tokens, and the state of a login.

    payload -> signed -> text          text -> opened -> payload      MalformedCredentials
                                                                      UnknownCredentials

HMAC-SHA256. Keys are made here, kept in the database, so that all servers know them, and follow
each other every month; what an old one signed is taken for a day longer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from printroom.accounts.credentials import new_id
from printroom.accounts.model import SIGNING_KEYS
from printroom.core.errors import MalformedCredentials, UnknownCredentials

RENEWED = 30 * 86400.0
"""Seconds for which a key signs."""
OUTLIVES = 86400.0
"""Seconds for which it is still taken after that: longer than anything signed lives."""


def signed(connection: Connection, now: float, use: str, payload: dict[str, Any]) -> str:
    """`payload` as a text that only we can make; `use`: what it is good for, and nothing else."""
    name, secret = _current(connection, now)
    body = _text(json.dumps({**payload, "g": name}, separators=(",", ":")).encode())
    return f"{body}.{_text(_mac(secret, use, body))}"


def opened(connection: Connection, now: float, use: str, text: str) -> dict[str, Any]:
    """What was signed. Raises MalformedCredentials and UnknownCredentials; looks at no times."""
    body, _, mac = text.rpartition(".")
    try:
        payload = json.loads(_bytes(body))
        name, given = str(payload["g"]), _bytes(mac)
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError):
        raise MalformedCredentials("the token cannot be read", "copy it whole") from None
    query = select(SIGNING_KEYS.c.secret).where(
        SIGNING_KEYS.c.id == name, SIGNING_KEYS.c.created_at > now - RENEWED - OUTLIVES
    )
    secret = connection.execute(query).scalar()
    if secret is None or not hmac.compare_digest(_mac(secret, use, body), given):
        raise UnknownCredentials("the token was not made here, or long ago", "ask for a new one")
    return dict(payload)


def _current(connection: Connection, now: float) -> tuple[str, str]:
    query = select(SIGNING_KEYS.c.id, SIGNING_KEYS.c.secret, SIGNING_KEYS.c.created_at)
    newest = connection.execute(query.order_by(SIGNING_KEYS.c.created_at.desc()).limit(1)).first()
    if newest is not None and newest.created_at > now - RENEWED:
        return newest.id, newest.secret
    old = SIGNING_KEYS.c.created_at <= now - RENEWED - OUTLIVES
    connection.execute(delete(SIGNING_KEYS).where(old))
    name, secret = new_id("sig", now), secrets.token_hex(32)
    connection.execute(insert(SIGNING_KEYS).values(id=name, secret=secret, created_at=now))
    return name, secret


def _mac(secret: str, use: str, body: str) -> bytes:
    return hmac.digest(bytes.fromhex(secret), f"{use}.{body}".encode(), hashlib.sha256)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)

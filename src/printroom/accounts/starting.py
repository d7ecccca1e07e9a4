"""Who could come in, when a server starts.

    Settings, Accounts, whether other machines reach it -> whether everybody signs in   BadOption

A server on loopback needs nobody: until the first account is made, whoever is at the machine is its
owner. Once there are accounts everybody signs in, also there. One that other machines reach does
not start unless somebody could sign in, or send a key.
"""

from __future__ import annotations

from sqlalchemy import Connection, exists, select

from printroom.accounts import keys
from printroom.accounts.audit import CONSOLE
from printroom.accounts.book import Accounts
from printroom.accounts.credentials import digest, kind_of
from printroom.accounts.keys import Draft
from printroom.accounts.model import KEY_SECRETS, KEYS
from printroom.accounts.people import peopled
from printroom.accounts.principal import SCOPES
from printroom.core.errors import BadOption, MalformedCredentials
from printroom.core.settings import Settings

OPEN = (
    "nobody signs in here: whoever is at this machine is its owner, "
    "until the first account is made (printroom accounts create)"
)
"""What is said of a server that knows nobody."""


def prepare(accounts: Accounts, settings: Settings, *, reached: bool) -> bool:
    """Make the owner and the key that the environment asks for; whether everybody signs in.

    `reached`: whether other machines reach the server. Raises BadOption.
    """
    _made(accounts, settings)
    if accounts.look(peopled) or settings.http_login:
        _check(accounts, "nobody could sign in")
        return True
    if reached:
        _check(accounts, "other machines could reach this server, and nobody could sign in")
    return reached


def _made(accounts: Accounts, settings: Settings) -> None:
    if settings.owner_email is not None:
        if settings.owner_password is None:
            raise BadOption("PRINTROOM_OWNER_EMAIL is set alone", "set PRINTROOM_OWNER_PASSWORD")
        accounts.owner(settings.owner_email, settings.owner_password)
    if settings.owner_key is not None:
        try:
            good = kind_of(settings.owner_key) == "live"
        except MalformedCredentials:
            good = False
        if not good:
            raise BadOption(
                "PRINTROOM_OWNER_KEY is no key", "make one with printroom keys generate"
            )
        accounts.do(_key, settings.owner_key)


def _key(connection: Connection, now: float, secret: str) -> None:
    known = select(KEY_SECRETS.c.key).where(KEY_SECRETS.c.hash == digest(secret))
    if connection.execute(known).first() is None:
        draft = Draft("PRINTROOM_OWNER_KEY", tuple(sorted(SCOPES)))
        keys.created(connection, now, CONSOLE, draft, secret)


def _check(accounts: Accounts, reason: str) -> None:
    if not (accounts.look(peopled) or accounts.look(_keyed)):
        raise BadOption(
            reason,
            "make an owner with printroom accounts create, or set PRINTROOM_OWNER_EMAIL and "
            "PRINTROOM_OWNER_PASSWORD, or PRINTROOM_OWNER_KEY",
        )


def _keyed(connection: Connection, now: float) -> bool:
    """Whether there is a key that works."""
    ends = KEYS.c.expires_at.is_(None) | (KEYS.c.expires_at > now)
    alive = exists().where(KEYS.c.revoked_at.is_(None), ends)
    return bool(connection.execute(select(alive)).scalar_one())

"""Handles: the word under which an account's pipelines and models are named, as in `acme/ink@2`.

    account id -> handle_of -> "acme"           NotFound
    "acme" -> account_of -> account id, or None
    name -> free, "acme-2"                      one that nobody has
    changed(actor, "acme")                      BadOption AlreadyThere

A handle is unique, and stays once something is published under it: see `Accounts.claims`.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from printroom.accounts.audit import Actor, note
from printroom.accounts.model import ACCOUNTS
from printroom.accounts.principal import LOCAL_ACCOUNT
from printroom.core.errors import AlreadyThere, BadOption, NotFound

HANDLE = re.compile(r"[a-z0-9][a-z0-9-]{1,38}", re.ASCII)
RESERVED = frozenset((
    "account", "accounts", "admin", "api", "check", "examples", "files", "help", "listings",
    "local", "market", "me", "models", "none", "null", "people", "pipelines", "printroom", "public",
    "resident", "root", "runs", "steps", "store", "stores", "support", "system", "www",
))  # fmt: skip
"""Words that mean something else where a handle may stand, or would pass for the house's."""
_TRIES = 50


def handle_of(connection: Connection, account: str) -> str:
    """The handle of an account. Raises NotFound."""
    found = connection.execute(select(ACCOUNTS.c.handle).where(ACCOUNTS.c.id == account)).scalar()
    if found is None:
        raise NotFound(f"there is no account {account[:80]!r}", "it may have been deleted")
    return str(found)


def account_of(connection: Connection, handle: str) -> str | None:
    """The id of the account with that handle; None = nobody has it."""
    found = connection.execute(select(ACCOUNTS.c.id).where(ACCOUNTS.c.handle == handle)).scalar()
    return None if found is None else str(found)


def proposed(name: str) -> Iterator[str]:
    """Handles for an account of that name, the likeliest first; whether they are free is asked."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:24].rstrip("-") or "account"
    if HANDLE.fullmatch(word) and word not in RESERVED:
        yield word
    yield from (f"{word}-{number}" for number in range(2, _TRIES))
    yield f"{word}-{secrets.token_hex(6)}"


def changed(connection: Connection, now: float, actor: Actor, handle: str) -> None:
    """Give the actor's account another handle; nothing is published under the one it has.

    Raises BadOption for what cannot be one, AlreadyThere for one that somebody has.
    """
    former = handle_of(connection, actor.account)
    if handle == former:
        return
    checked(handle)
    if actor.account == LOCAL_ACCOUNT:
        raise BadOption("the installation's own account is called local", "make another account")
    if account_of(connection, handle) is not None:
        raise _taken(handle)
    mine = update(ACCOUNTS).where(ACCOUNTS.c.id == actor.account)
    try:
        connection.execute(mine.values(handle=handle))
    except IntegrityError:  # somebody took it meanwhile
        raise _taken(handle) from None
    note(
        connection, now, actor, "account.handle_changed", actor.account,
        former=former, handle=handle,
    )  # fmt: skip


def checked(handle: str) -> str:
    """`handle`, if it can be one. Raises BadOption."""
    if not HANDLE.fullmatch(handle):
        raise BadOption(
            f"{handle[:60]!r} is no handle",
            "take 2 to 39 lower case letters, digits and dashes, and no dash in front",
        )
    if handle in RESERVED:
        raise BadOption(f"the handle {handle} is reserved", "take another")
    return handle


def _taken(handle: str) -> AlreadyThere:
    return AlreadyThere(f"the handle {handle} is somebody's already", "take another")

"""Pipelines that anybody may run, at the cost of the account that opened them.

name, origins -> opened          name -> closed       NotFound
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from printroom.accounts import quotas
from printroom.accounts.audit import Actor, note
from printroom.accounts.model import PUBLIC
from printroom.accounts.quotas import Quota
from printroom.core.errors import AlreadyThere, BadOption, NotFound


@dataclass(frozen=True)
class Public:
    """A pipeline that is open to everybody."""

    name: str
    account: str
    """Who pays."""
    origins: tuple[str, ...]
    """Sites whose pages may run it from a browser."""
    created_at: float


def subject(name: str) -> str:
    """What limits and usage of a public pipeline are kept under."""
    return f"public:{name}"


def opened(
    connection: Connection,
    now: float,
    actor: Actor,
    name: str,
    origins: tuple[str, ...],
    quota: Quota,
) -> Public:
    """Let anybody run `name`, in its newest version, within `quota`; or change how.

    Raises BadOption for a quota without a rate or a daily budget, AlreadyThere where another
    account opened it.
    """
    if quota.rate is None or quota.daily is None:
        raise BadOption("what anybody may run needs a rate and a daily budget", "give both")
    owner = connection.execute(select(PUBLIC.c.account).where(PUBLIC.c.name == name)).scalar()
    if owner not in (None, actor.account):
        raise AlreadyThere(f"{name} was made public by another account", "ask them")
    connection.execute(delete(PUBLIC).where(PUBLIC.c.name == name))
    values = {
        "name": name,
        "account": actor.account,
        "origins": " ".join(origins),
        "created_at": now,
    }
    connection.execute(insert(PUBLIC).values(values))
    quotas.put(connection, now, actor, subject(name), quota)
    note(connection, now, actor, "pipeline.opened", name, origins=list(origins))
    return Public(name, actor.account, origins, now)


def closed(connection: Connection, now: float, actor: Actor, name: str) -> None:
    """Let nobody run it any more but who may. Raises NotFound."""
    mine = (PUBLIC.c.name == name) & (PUBLIC.c.account == actor.account)
    if connection.execute(delete(PUBLIC).where(mine)).rowcount == 0:
        raise NotFound(f"{name[:80]} is not public", "GET /v1/public lists what is")
    quotas.put(connection, now, actor, subject(name), quotas.NONE)
    note(connection, now, actor, "pipeline.closed", name)


def listed(connection: Connection, _now: float, account: str) -> list[Public]:
    """Those of an account, by name."""
    query = select(PUBLIC).where(PUBLIC.c.account == account).order_by(PUBLIC.c.name)
    return [_public(*row) for row in connection.execute(query)]


def find(connection: Connection, _now: float, name: str) -> Public | None:
    """The public pipeline of that name; None = it is not public."""
    row = connection.execute(select(PUBLIC).where(PUBLIC.c.name == name)).first()
    return _public(*row) if row else None


def _public(name: str, account: str, origins: str, created_at: float) -> Public:
    return Public(name, account, tuple(origins.split()), created_at)

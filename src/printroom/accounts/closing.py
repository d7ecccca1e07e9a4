"""An account that is closed: nobody comes in any more, and its handle stays taken.

actor -> closed       NotAllowed: no owner's word     BadOption: the installation's own

What it had is for those who keep it to see to, in the same transaction.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, exists, select, update

from printroom.accounts.audit import Actor, note
from printroom.accounts.model import ACCOUNTS, KEYS, MEMBERSHIPS, PUBLIC, SESSIONS, USERS
from printroom.accounts.principal import LOCAL_ACCOUNT
from printroom.core.errors import BadOption, NotAllowed

NAME = "closed"
"""What a closed account is called: nothing of it tells whose it was."""


def closed(connection: Connection, now: float, actor: Actor) -> None:
    """Revoke all keys, end all sessions, let all members go; who is nowhere else is forgotten.

    By one of its owners, signed in, or at the console. Raises NotAllowed, BadOption.
    """
    account = actor.account
    may(connection, actor)
    mine = select(MEMBERSHIPS.c.user).where(MEMBERSHIPS.c.account == account)
    users = list(connection.execute(mine).scalars())
    revoked = update(KEYS).where(KEYS.c.account == account, KEYS.c.revoked_at.is_(None))
    connection.execute(revoked.values(revoked_at=now))
    for table in (SESSIONS, MEMBERSHIPS, PUBLIC):
        connection.execute(delete(table).where(table.c.account == account))
    elsewhere = exists().where(MEMBERSHIPS.c.user == USERS.c.id)
    connection.execute(delete(USERS).where(USERS.c.id.in_(users), ~elsewhere))
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account).values(name=NAME))
    note(connection, now, actor, "account.closed", account)


def may(connection: Connection, actor: Actor) -> None:
    """Whether it is the actor's to close. Raises NotAllowed, BadOption."""
    if actor.account == LOCAL_ACCOUNT:
        raise BadOption("the installation's own account stays", "close others")
    if actor.user is None and actor.key is None:  # the console
        return
    mine = MEMBERSHIPS.c.account == actor.account, MEMBERSHIPS.c.user == actor.user
    role = connection.execute(select(MEMBERSHIPS.c.role).where(*mine)).scalar()
    if role != "owner" or actor.key is not None:
        raise NotAllowed("only an owner who is signed in closes an account", "ask one")

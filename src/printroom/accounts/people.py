"""Accounts (organisations), the people in them, and what each may do.

    name, e-mail, role -> Account, Member         BadOption AlreadyThere NotFound NotAllowed

Each function is part of a transaction. An account always keeps an owner, and only owners make
owners.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from printroom.accounts.audit import CONSOLE, Actor, note
from printroom.accounts.credentials import new_id
from printroom.accounts.emails import normalised
from printroom.accounts.handles import proposed
from printroom.accounts.model import ACCOUNTS, MEMBERSHIPS, SESSIONS, USERS
from printroom.accounts.roles import Role
from printroom.core.errors import AlreadyThere, BadOption, NotAllowed, NotFound


@dataclass(frozen=True)
class Account:
    """An organisation: whose runs, files, keys and usage they are."""

    id: str
    name: str
    created_at: float
    handle: str
    """Under which its pipelines and models are named."""


@dataclass(frozen=True)
class Member:
    """A person in an account."""

    user: str
    email: str
    role: Role
    since: float


def peopled(connection: Connection, _now: float) -> bool:
    """Whether there is anybody who could sign in."""
    return bool(connection.execute(select(exists().where(USERS.c.id.is_not(None)))).scalar_one())


def accounts(connection: Connection, _now: float) -> list[Account]:
    """All accounts, the oldest first."""
    rows = connection.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.created_at, ACCOUNTS.c.id))
    return [Account(*row) for row in rows]


def account(connection: Connection, _now: float, name: str) -> Account:
    """The account with that id. Raises NotFound."""
    row = connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.id == name)).first()
    if row is None:
        raise NotFound(f"there is no account {name[:80]!r}", "GET /v1/account is yours")
    return Account(*row)


def create_account(connection: Connection, now: float, actor: Actor, name: str) -> Account:
    """A new account, with nobody in it, and a handle made from its name."""
    made = _entered(connection, new_id("acc", now), _name(name), now)
    note(connection, now, actor, "account.created", made.id, name=made.name)
    return made


def create_account_with(
    connection: Connection, now: float, actor: Actor, name: str, email: str, password: str | None
) -> Account:
    """A new account and its first owner. Raises BadOption."""
    made = create_account(connection, now, actor, name)
    join(connection, now, actor, made.id, email, "owner", password)
    return made


def rename(connection: Connection, now: float, actor: Actor, name: str) -> Account:
    """Give the actor's account another name."""
    query = update(ACCOUNTS).where(ACCOUNTS.c.id == actor.account).values(name=_name(name))
    connection.execute(query)
    note(connection, now, actor, "account.renamed", actor.account, name=name)
    return account(connection, now, actor.account)


def members(connection: Connection, _now: float, account: str) -> list[Member]:
    """Who is in an account, the longest there first."""
    query = (
        select(USERS.c.id, USERS.c.email, MEMBERSHIPS.c.role, MEMBERSHIPS.c.created_at)
        .join(MEMBERSHIPS, MEMBERSHIPS.c.user == USERS.c.id)
        .where(MEMBERSHIPS.c.account == account)
        .order_by(MEMBERSHIPS.c.created_at, USERS.c.id)
    )
    return [Member(*row) for row in connection.execute(query)]


def join(
    connection: Connection,
    now: float,
    actor: Actor,
    account: str,
    email: str,
    role: Role,
    password: str | None = None,
) -> Member:
    """Make somebody a member. Who is known already keeps their password.

    `password`: hashed; None = they sign in through the identity provider, or get one later.
    Raises AlreadyThere, BadOption, NotAllowed.
    """
    email = normalised(email)
    _outranks(connection, actor, account, role)
    user = connection.execute(select(USERS.c.id).where(USERS.c.email == email)).scalar()
    if user is None:
        user = new_id("usr", now)
        values = {"id": user, "email": email, "password": password, "created_at": now}
        connection.execute(insert(USERS).values(values))
    elif _role(connection, account, user) is not None:
        raise AlreadyThere(f"{email} is a member already", "change the role instead")
    values = {"account": account, "user": user, "role": role, "created_at": now}
    connection.execute(insert(MEMBERSHIPS).values(values))
    note(connection, now, actor, "member.joined", user, email=email, role=role, account=account)
    return Member(user, email, role, now)


def change_role(
    connection: Connection, now: float, actor: Actor, account: str, user: str, role: Role
) -> Member:
    """Give a member another role. Raises NotFound, NotAllowed, BadOption."""
    _leave_owner(connection, actor, account, user, role)
    _outranks(connection, actor, account, role)
    mine = (MEMBERSHIPS.c.account == account) & (MEMBERSHIPS.c.user == user)
    connection.execute(update(MEMBERSHIPS).where(mine).values(role=role))
    note(connection, now, actor, "member.role_changed", user, role=role)
    return next(one for one in members(connection, now, account) if one.user == user)


def leave(connection: Connection, now: float, actor: Actor, account: str, user: str) -> None:
    """Take a member out; their sessions in this account end.

    Who is in no account any more is forgotten. Raises NotFound, NotAllowed, BadOption.
    """
    _leave_owner(connection, actor, account, user, None)
    for table in (SESSIONS, MEMBERSHIPS):
        mine = (table.c.account == account) & (table.c.user == user)
        connection.execute(delete(table).where(mine))
    elsewhere = exists().where(MEMBERSHIPS.c.user == user)
    connection.execute(delete(USERS).where(USERS.c.id == user, ~elsewhere))
    note(connection, now, actor, "member.left", user)


def set_password(
    connection: Connection, now: float, actor: Actor, email: str, password: str
) -> None:
    """Give somebody a password, hashed already; all their sessions end. Raises NotFound."""
    query = select(USERS.c.id).where(USERS.c.email == normalised(email))
    user = connection.execute(query).scalar()
    if user is None:
        raise NotFound(f"there is nobody with the address {email[:80]}", "check the spelling")
    connection.execute(update(USERS).where(USERS.c.id == user).values(password=password))
    connection.execute(delete(SESSIONS).where(SESSIONS.c.user == user))
    note(connection, now, actor, "user.password_set", user)


def _entered(connection: Connection, account: str, name: str, now: float) -> Account:
    """The account, with the first handle that nobody has."""
    enter = _INSERT[connection.dialect.name]
    for handle in proposed(name):
        made = Account(account, name, now, handle)
        if connection.execute(enter.values(vars(made))).first() is not None:
            return made
    raise AlreadyThere(f"no handle for {name!r} is free", "call it by another name")


_INSERT = {
    "sqlite": sqlite.insert(ACCOUNTS).on_conflict_do_nothing().returning(ACCOUNTS.c.id),
    "postgresql": postgresql.insert(ACCOUNTS).on_conflict_do_nothing().returning(ACCOUNTS.c.id),
}


def _role(connection: Connection, account: str, user: str) -> Role | None:
    mine = (MEMBERSHIPS.c.account == account) & (MEMBERSHIPS.c.user == user)
    role: Role | None = connection.execute(select(MEMBERSHIPS.c.role).where(mine)).scalar()
    return role


def _outranks(connection: Connection, actor: Actor, account: str, role: Role) -> None:
    """Only owners make owners; the command line may, and so may who owns the installation."""
    if role != "owner" or (actor.user is None and actor.key is None):
        return
    if actor.account != account:  # routes let only `admin` reach other accounts
        return
    if actor.user is None or _role(connection, account, actor.user) != "owner":
        raise NotAllowed("only an owner makes an owner", "ask one")


def _leave_owner(
    connection: Connection, actor: Actor, account: str, user: str, role: Role | None
) -> None:
    """Refuse what takes an owner away by who is none, or the last one. Raises NotFound too."""
    now = _role(connection, account, user)
    if now is None:
        raise NotFound(f"there is no member {user[:80]!r}", "GET /v1/members lists them")
    if now != "owner" or role == "owner":
        return
    if actor is not CONSOLE:
        _outranks(connection, actor, account, "owner")
    owners = (MEMBERSHIPS.c.account == account) & (MEMBERSHIPS.c.role == "owner")
    count = connection.execute(select(func.count()).select_from(MEMBERSHIPS).where(owners))
    if count.scalar_one() == 1:
        raise BadOption("this is the last owner", "make somebody else one first")


def _name(text: str) -> str:
    name = text.strip()
    if not (0 < len(name) <= 80 and name.isprintable()):
        raise BadOption("a name has 1 to 80 characters", "choose another")
    return name

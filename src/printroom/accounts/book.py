"""The book of accounts: transactions over its tables, and signing in.

    Accounts(database)                          DatabaseMismatch DatabaseUnavailable
    accounts.do(keys.created, actor, ...)       what that function raises
    accounts.sign_in(email, password, ...)      WrongPassword

Safe from many threads and processes. Work is tried again while the database is away for a moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from printroom.accounts import handles, people, sessions
from printroom.accounts.audit import CONSOLE, Actor
from printroom.accounts.credentials import mint
from printroom.accounts.emails import normalised
from printroom.accounts.model import SCRIPTS
from printroom.accounts.passwords import hashed, matches, outdated
from printroom.accounts.principal import LOCAL_ACCOUNT
from printroom.core.errors import AlreadyThere, BadOption, WrongPassword
from printroom.database.engine import Database
from printroom.database.migrate import migrate

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class SignedIn:
    """A session that has begun."""

    secret: str
    """For the cookie."""
    csrf: str
    user: str
    account: str


class Accounts:
    """The book, in a database."""

    def __init__(self, database: Database) -> None:
        """Migrates its tables first."""
        migrate(database, [SCRIPTS])
        self.database = database
        self.claims: list[Callable[[str], bool]] = []
        """Each says whether an account (its id) has something published under its handle."""

    def do(
        self,
        work: Callable[Concatenate[Connection, float, P], T],
        /,
        *args: P.args,
        **more: P.kwargs,
    ) -> T:
        """`work` in a transaction, with the time of the database."""
        now = self.database.clock()
        return self.database.run(lambda connection: work(connection, now, *args, **more))

    def look(
        self,
        work: Callable[Concatenate[Connection, float, P], T],
        /,
        *args: P.args,
        **more: P.kwargs,
    ) -> T:
        """The same, where nothing is changed; a database that is away is not waited for."""
        now = self.database.clock()
        return self.database.run(
            lambda connection: work(connection, now, *args, **more), write=False, patience=1.0
        )

    def take_handle(self, actor: Actor, handle: str) -> None:
        """Give the actor's account another handle.

        Raises BadOption for what cannot be one, and once something is published under the one it
        has; AlreadyThere for one that somebody has.
        """
        if any(claim(actor.account) for claim in self.claims):
            raise BadOption(
                "pipelines or models are published under your handle",
                "it stays: others may name them by it",
            )
        self.do(handles.changed, actor, handle)

    def handle(self, account: str) -> str:
        """The handle of an account. Raises NotFound."""
        return self.look(lambda connection, _: handles.handle_of(connection, account))

    def holder(self, handle: str) -> str | None:
        """The id of the account with that handle; None = nobody has it."""
        return self.look(lambda connection, _: handles.account_of(connection, handle))

    def sign_in(
        self, email: str, password: str, address: str = "", account: str | None = None
    ) -> SignedIn:
        """Begin a session. Takes as long for an address that nobody has. Raises WrongPassword."""
        try:
            person = self.look(sessions.person, normalised(email))
        except BadOption:
            person = None
        good = matches(person.password if person else None, password)
        if person is None or not good:
            error = WrongPassword("nobody has that e-mail address and that password", "try again")
            error.subject = person.id if person else ""
            error.account = next(iter(self.look(sessions.accounts_of, error.subject)), None)
            raise error
        assert person.password is not None
        again = hashed(password) if outdated(person.password) else None
        return self.begin(person.id, address, account, again)

    def begin(
        self, user: str, address: str, account: str | None = None, rehashed: str | None = None
    ) -> SignedIn:
        """Begin a session of somebody who has shown who they are. Raises NotAllowed."""
        secret = mint("sess")
        where = self.do(sessions.begun, user, secret, address, account, rehashed)
        return SignedIn(secret, sessions.csrf(secret), user, where)

    def owner(self, email: str, password: str) -> bool:
        """See to it that the installation has that owner; whether it is new.

        Who is there already keeps their password. Raises BadOption.
        """
        try:
            self.do(people.join, CONSOLE, LOCAL_ACCOUNT, email, "owner", hashed(password))
        except AlreadyThere:
            return False
        return True

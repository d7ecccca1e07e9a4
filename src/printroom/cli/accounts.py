"""`printroom accounts`: accounts and the people in them, in the database that the settings name."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from printroom.cli.book import opened
from printroom.cli.tables import table
from printroom.core.errors import BadOption

accounts = typer.Typer(no_args_is_help=True)
"""The group of verbs about accounts."""
Email = Annotated[str, typer.Argument(help="E-mail address.")]


@accounts.callback()
def about() -> None:
    """Make accounts, let people in, give them passwords."""


@accounts.command("create")
def create(
    email: Email,
    name: Annotated[
        str | None, typer.Option(help="Of a new account. [the installation's own]")
    ] = None,
    role: Annotated[str, typer.Option(help="owner, admin, member or viewer.")] = "owner",
    password: Annotated[
        bool, typer.Option(help="Ask for one, or read a line of stdin; without, they use OIDC.")
    ] = True,
) -> None:
    """Let somebody in: into the installation's own account, or into a new one called NAME."""
    from printroom.accounts import people
    from printroom.accounts.audit import CONSOLE
    from printroom.accounts.passwords import hashed
    from printroom.accounts.principal import LOCAL_ACCOUNT
    from printroom.accounts.roles import role_of

    known = role_of(role)
    if name is not None and known != "owner":
        raise BadOption("a new account begins with its owner", "leave out --role")
    secret = hashed(_asked()) if password else None
    with opened() as book:
        if name is None:
            book.do(people.join, CONSOLE, LOCAL_ACCOUNT, email, known, secret)
            typer.echo(LOCAL_ACCOUNT)
        else:
            made = book.do(people.create_account_with, CONSOLE, name, email, secret)
            typer.echo(made.id)


@accounts.command("list")
def list_accounts(
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Accounts and who is in them; with --json one object per member and line."""
    from printroom.accounts import people

    rows: list[tuple[str, ...]] = []
    with opened() as book:
        for account in book.look(people.accounts):
            members = book.look(people.members, account.id)
            known = account.id, account.handle, account.name
            rows += [(*known, one.email, one.role, one.user) for one in members]
            if not members:
                rows.append((*known, "-", "-", "-"))
    header = ("ACCOUNT", "HANDLE", "NAME", "E-MAIL", "ROLE", "USER")
    if as_json:
        for row in rows:
            names = ("account", "handle", "name", "email", "role", "user")
            told = dict(zip(names, row, strict=True))
            typer.echo(json.dumps(told))
        return
    typer.echo(table([header, *rows]))


@accounts.command("passwd")
def passwd(email: Email) -> None:
    """Give somebody another password, asked for or a line of stdin; their sessions end."""
    from printroom.accounts import people
    from printroom.accounts.audit import CONSOLE
    from printroom.accounts.passwords import hashed

    secret = hashed(_asked())
    with opened() as book:
        book.do(people.set_password, CONSOLE, email, secret)


def _asked() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")

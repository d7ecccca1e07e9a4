"""`printroom keys`: API keys, in the database that the settings name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from printroom.cli.book import opened
from printroom.cli.tables import table

if TYPE_CHECKING:
    from printroom.accounts.keys import Key

keys = typer.Typer(no_args_is_help=True)
"""The group of verbs about keys."""
Account = Annotated[str, typer.Option(help="Whose; the id of an account.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
Id = Annotated[str, typer.Argument(help="Id of a key.", metavar="KEY")]


@keys.callback()
def about() -> None:
    """Make keys for programs, change their secrets, take them back."""


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do. [images, runs and files]")
    ] = None,
    origin: Annotated[list[str] | None, typer.Option(help="A site whose pages may use it.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Until it ends. [never]")] = None,
    account: Account = "local",
    as_json: AsJson = False,
) -> None:
    """Make a key and print its secret, this once."""
    from printroom.accounts import keys as book
    from printroom.accounts import people
    from printroom.accounts.audit import Actor
    from printroom.accounts.credentials import mint
    from printroom.accounts.keys import Draft, origins_named, scopes_named

    scopes = scopes_named(scope or _USUAL)
    lifetime = None if days is None else days * 86400.0
    draft = Draft(name, scopes, origins_named(origin or ()), lifetime)
    secret = mint("live")
    with opened() as accounts:
        accounts.look(people.account, account)
        key = accounts.do(book.created, Actor(account), draft, secret)
    if as_json:
        typer.echo(json.dumps(key.to_json() | {"secret": secret}))
        return
    typer.echo(secret)
    typer.echo(f"{key.id}: {', '.join(key.scopes)}. It is not shown again.", err=True)


@keys.command("list")
def list_keys(account: Account = "local", as_json: AsJson = False) -> None:
    """Keys, the newest first; with --json one object per line."""
    from printroom.accounts import keys as book

    with opened() as accounts:
        found = accounts.look(book.listed, account)
    if as_json:
        for key in found:
            typer.echo(json.dumps(key.to_json()))
        return
    header = ("KEY", "NAME", "SECRET", "STATE", "LAST USED", "SCOPES")
    typer.echo(table([header, *map(_row, found)]))


@keys.command("revoke")
def revoke(key: Id, account: Account = "local") -> None:
    """Take a key back, for good; servers notice within five seconds."""
    from printroom.accounts import keys as book
    from printroom.accounts.audit import Actor

    with opened() as accounts:
        accounts.do(book.revoked, Actor(account), key)


@keys.command("rotate")
def rotate(
    key: Id,
    overlap: Annotated[
        int, typer.Option(min=0, max=7_776_000, help="Seconds for which the old secret works.")
    ] = 86_400,
    account: Account = "local",
) -> None:
    """Print a new secret for a key; its id, limits and usage stay."""
    from printroom.accounts import keys as book
    from printroom.accounts.audit import Actor
    from printroom.accounts.credentials import mint

    secret = mint("live")
    with opened() as accounts:
        accounts.do(book.rotated, Actor(account), key, secret, float(overlap))
    typer.echo(secret)


@keys.command("generate")
def generate() -> None:
    """Print a key that nobody knows yet, for PRINTROOM_OWNER_KEY; nothing is kept."""
    from printroom.accounts.credentials import mint

    typer.echo(mint("live"))


_USUAL = ("images", "runs:read", "runs:write", "files:read", "files:write", "pipelines:read")


def _row(key: Key) -> tuple[str, ...]:
    state = "works"
    if key.revoked_at is not None:
        state = "revoked"
    elif key.expires_at is not None:
        over = key.expires_at <= datetime.now(UTC).timestamp()
        state = "expired" if over else f"until {_day(key.expires_at)}"
    used = "-" if key.last_used_at is None else _day(key.last_used_at)
    return (key.id, key.name, key.hint, state, used, " ".join(key.scopes))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")

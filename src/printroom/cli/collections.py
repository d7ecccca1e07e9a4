"""`printroom collections`: pictures and vectors of an account, to find the nearest of.

Whoever has the database at hand acts for any account. NotFound AlreadyThere BadOption PictureError
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printroom.cli.tables import table
from printroom.core.errors import BadOption, NotFound
from printroom.core.settings import Settings

if TYPE_CHECKING:
    from printroom.collections.collections import Collections
    from printroom.collections.items import Item

collections = typer.Typer(no_args_is_help=True)
"""The group of verbs about collections."""
Name = Annotated[str, typer.Argument(help="Name of a collection.")]
Account = Annotated[str, typer.Option(help="Whose it is; the handle of an account.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
_AT_ONCE = 100


@collections.callback()
def about() -> None:
    """Keep pictures and vectors, and find what is nearest to another."""


@collections.command("create")
def create(
    name: Name,
    length: Annotated[
        int | None, typer.Option(help="Numbers in vectors of your own. [it takes pictures]")
    ] = None,
    account: Account = "local",
) -> None:
    """Make an empty one."""
    with _at_hand(account) as (mine, whose):
        mine.make(whose, name, length)
    typer.echo(name)


@collections.command("list")
def list_collections(account: Account = "local", as_json: AsJson = False) -> None:
    """One line for each; with --json one object for each."""
    with _at_hand(account) as (mine, whose):
        found = mine.listed(whose)
    if as_json:
        for one in found:
            facts = {"name": one.name, "length": one.length, "pictures": one.pictures}
            typer.echo(json.dumps(facts | {"size": one.size}))
        return
    rows = [
        (one.name, "pictures" if one.pictures else f"vectors of {one.length}", str(one.size))
        for one in found
    ]
    typer.echo(table([("COLLECTION", "OF", "ITEMS"), *rows]))


@collections.command("add")
def add(
    name: Name,
    files: Annotated[
        list[Path],
        typer.Argument(help="Pictures, or folders of them; of vectors, files of JSON lines."),
    ],
    payload: Annotated[
        str | None, typer.Option(help="What they stand for. [the name of each file]")
    ] = None,
    account: Account = "local",
) -> None:
    """Add pictures, or lines such as {"vector": [1, 0], "payload": "x"}."""
    with _at_hand(account) as (mine, whose):
        pictures = mine.get(whose, name).pictures
        found = _pictures(files, payload) if pictures else _vectors(files, payload)
        count = 0
        while some := list(islice(found, _AT_ONCE)):
            mine.add(whose, name, some)
            count += len(some)
    typer.echo(f"{count} added to {name}")


@collections.command("search")
def search(
    name: Name,
    picture: Annotated[str, typer.Argument(help="A picture; or a vector, as 0.5,1,0.")],
    most: Annotated[int, typer.Option("-n", "--most", min=1, max=100)] = 5,
    account: Account = "local",
    as_json: AsJson = False,
) -> None:
    """What is nearest, the nearest first: distance and payload."""
    from printroom.catalogue.wishes import read_numbers
    from printroom.collections.items import looked, unit

    with _at_hand(account) as (mine, whose):
        pictures = mine.get(whose, name).pictures
        vector = looked(_bytes(Path(picture))) if pictures else unit(read_numbers(picture))
        found = mine.nearest(whose, name, vector, most)
    if as_json:
        for one in found:
            typer.echo(json.dumps(vars(one)))
        return
    rows = [(f"{one.distance:.4f}", _shown(one.payload), one.id) for one in found]
    typer.echo(table([("DISTANCE", "PAYLOAD", "ITEM"), *rows]))


@collections.command("remove")
def remove(
    name: Name,
    item: Annotated[str, typer.Argument(help="One item. [the whole collection]")] = "",
    account: Account = "local",
) -> None:
    """Take an item out, or the whole collection away."""
    with _at_hand(account) as (mine, whose):
        if item:
            mine.drop(whose, name, item)
        else:
            mine.remove(whose, name)
    typer.echo(f"{item or name} is gone")


@contextmanager
def _at_hand(handle: str) -> Iterator[tuple[Collections, str]]:
    """The collections, and the id of the account with that handle. Raises NotFound."""
    from printroom.workshop import Workshop

    with Workshop(Settings.read()) as workshop:
        found = workshop.accounts.holder(handle)
        if found is None:
            raise NotFound(f"there is no account {handle[:60]!r}", "printroom accounts list")
        yield workshop.collections, found


def _pictures(files: Iterable[Path], payload: str | None) -> Iterator[Item]:
    from printroom.collections.items import Item
    from printroom.imaging.formats import FORMATS

    known = {suffix for kind in FORMATS for suffix in kind.suffixes}
    for file in files:
        inside = sorted(file.iterdir()) if file.is_dir() else [file]
        for one in inside:
            if one is file or (one.is_file() and one.suffix.lower() in known):
                yield Item.of_picture(one.name if payload is None else payload, _bytes(one))


def _vectors(files: Iterable[Path], payload: str | None) -> Iterator[Item]:
    """Raises BadOption for a line that is none, with its number."""
    from printroom.collections.items import Item

    for file in files:
        for number, line in enumerate(_bytes(file).splitlines(), 1):
            try:
                raw: Any = json.loads(line)
                stands = raw.get("payload") if payload is None else payload
                yield Item.of_vector(stands, [float(one) for one in raw["vector"]])
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                what = f"line {number} of {file} is no vector with a payload"
                raise BadOption(what, str(error)[:200]) from error


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotFound(f"{file} cannot be read", error.strerror or "check its name") from error


def _shown(payload: Any) -> str:
    return payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)

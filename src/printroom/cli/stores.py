"""`printroom stores`: buckets, drives and folders, by name."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printroom.cli.bars import Moved, transfer
from printroom.cli.tables import table
from printroom.core.errors import BadOption
from printroom.core.settings import Settings
from printroom.core.sizes import format_size

if TYPE_CHECKING:
    from printroom.storage.book import StoreBook
    from printroom.storage.keys import Prefix
    from printroom.storage.store import Store

stores = typer.Typer(no_args_is_help=True)
"""The group of verbs about stores."""
Name = Annotated[str, typer.Argument(help="Name of a store.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
Place = Annotated[str, typer.Argument(help="STORE:KEY, or a path of this machine.")]


@stores.callback()
def about() -> None:
    """Name buckets, drives and folders, and copy between them."""


@stores.command("add")
def add(
    name: Name,
    address: Annotated[str, typer.Argument(help="As s3://bucket/prefix?endpoint=https://host.")],
    secret: Annotated[
        list[str] | None,
        typer.Option(help="Name of a secret; asked for, or read from stdin, one a line."),
    ] = None,
) -> None:
    """Keep a store under a name; its secrets are encrypted."""
    found = {what: _asked(what) for what in secret or ()}
    _book().add(name, address, found)


@stores.command("remove")
def remove(name: Name) -> None:
    """Forget a store; nothing in it is touched."""
    _book().remove(name)


@stores.command("list")
def list_stores(as_json: AsJson = False) -> None:
    """One line per store; with --json one object per line."""
    listed = _book().listed()
    if as_json:
        for one in listed:
            typer.echo(json.dumps(vars(one)))
        return
    header = ("STORE", "SECRETS", "ADDRESS")
    rows = [(one.name, ", ".join(one.secrets) or "-", one.address) for one in listed]
    typer.echo(table([header, *rows]))


@stores.command("test")
def test(name: Name) -> None:
    """Try to write, read, list and delete there, and see what the store can do."""
    from printroom.storage.checking import check

    good = True
    for finding in check(_book().open(name)):
        verdict = "yes" if finding.good else "FAILED" if finding.needed else "no"
        typer.echo(f"{finding.what:24}{verdict:8}{finding.told}".rstrip())
        good = good and (finding.good or not finding.needed)
    if not good:
        raise typer.Exit(1)


@stores.command("ls")
def ls(place: Place, recursive: Annotated[bool, typer.Option("--recursive", "-r")] = False) -> None:
    """What lies at a place: sizes and names."""
    from printroom.storage.store import Stat

    store, prefix = _prefix(place)
    found = store.list(prefix) if recursive else store.children(prefix)
    rows = [
        (format_size(one.size), one.key.removeprefix(prefix))
        if isinstance(one, Stat)
        else ("-", one.removeprefix(prefix))
        for one in found
    ]
    if rows:
        typer.echo(table(sorted(rows, key=lambda row: row[1])))


@stores.command("cp")
def cp(source: Place, target: Place) -> None:
    """Copy one object, or file."""
    (here, key), (there, other) = _object(source), _object(target, source)
    if here is there:
        there.copy(key, other)
        return
    with transfer(key, here.stat(key).size) as moved:
        there.put(other, _counted(here.stream(key), moved))


@stores.command("sync")
def sync(source: Place, target: Place) -> None:
    """Copy what the target lacks, or has older or of another size; nothing is deleted."""
    from printroom.storage.syncing import sync as run

    (here, below), (there, above) = _prefix(source), _prefix(target)
    count = size = 0
    with transfer("copied", None) as moved:
        for key, copied in run(here, below, there, above):
            typer.echo(key)
            moved(copied)
            count, size = count + 1, size + copied
    typer.echo(f"copied {count} objects, {format_size(size)}", err=True)


def _counted(pieces: Iterator[bytes], moved: Moved) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        moved(len(piece))


def _book() -> StoreBook:
    from printroom.storage.book import StoreBook

    return StoreBook(Settings.read().data)


def _asked(what: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True))
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        raise BadOption(f"there is no line for {what} on standard input", "write one a line")
    return line


def _split(place: str) -> tuple[str, str] | None:
    """(store, key) of `store:key`; None for a path of this machine."""
    name, colon, key = place.partition(":")
    return (name, key) if colon and "/" not in name and len(name) > 1 else None


def _prefix(place: str) -> tuple[Store, Prefix]:
    from printroom.storage.disk import DiskStore
    from printroom.storage.keys import Prefix

    if split := _split(place):
        return opened(split[0]), Prefix(split[1])
    return DiskStore(Path(place)), Prefix()


def _object(place: str, like: str = "") -> tuple[Store, str]:
    """Store and key; where `place` is a folder, the key has the name of `like`."""
    from printroom.storage.disk import DiskStore

    name = like.rpartition("/")[2].rpartition(":")[2]
    if split := _split(place):
        store, key = split
        return opened(store), f"{key}{name}" if key == "" or key.endswith("/") else key
    path = Path(place) / name if Path(place).is_dir() and like else Path(place)
    return DiskStore(path.parent), path.name


_open: dict[str, Store] = {}


def opened(name: str) -> Store:
    """The store of that name, one for all that this command does. Raises NotFound, BadOption."""
    if name not in _open:
        _open[name] = _book().open(name)
    return _open[name]

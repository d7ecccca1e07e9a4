"""`printroom mount STORE DIR`: a store as a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from printroom.core.settings import Settings


def mount(
    store: Annotated[str, typer.Argument(help="STORE, or STORE:PLACE.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder.")],
    write: Annotated[
        bool, typer.Option("--write/--read-only", help="Whether files may be written.")
    ] = False,
    ttl: Annotated[
        float, typer.Option(min=0, help="Seconds for which names and sizes are remembered.")
    ] = 60.0,
) -> None:
    """Show a store as a folder, until Ctrl-C, SIGTERM or `fusermount3 -u DIR`. Linux only."""
    from printroom.cli.stores import opened
    from printroom.storage.cache import BlockCache
    from printroom.storage.keys import Prefix
    from printroom.storage.mounting.drafts import left
    from printroom.storage.mounting.fuse import mount as run

    name, _, below = store.partition(":")
    data = Settings.read().data
    drafts = data / "mounts" / name
    for path in left(drafts):
        print(f"printroom: {path} was written to a mount, and could not be put", file=sys.stderr)

    def ready() -> None:
        how = "" if write else ", read-only"
        print(f"printroom: {store} is at {folder}{how} (Ctrl-C unmounts)", flush=True)

    with BlockCache(data / "cache") as cache:
        run(opened(name), Prefix(below), folder, cache, drafts, write=write, ttl=ttl, ready=ready)

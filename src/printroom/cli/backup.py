"""`printroom backup FILE`, `printroom restore FILE`: a copy of all that is kept here, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from printroom.operations.backup import Copied


def backup(
    file: Annotated[
        Path, typer.Argument(help="A tar file to write; compressed if it ends in .gz.")
    ],
) -> None:
    """Copy the database and the data folder into one file; servers may go on."""
    # Loaded here: `printroom --help` needs none of it.
    from printroom.core.settings import Settings
    from printroom.operations.backup import backup as run

    settings = Settings.read()
    _tell(run(settings, file), f"in {file}")
    if settings.assets:
        typer.echo(f"files in the store {settings.assets} are not among them: copy those there")


def restore(
    file: Annotated[Path, typer.Argument(help="What `printroom backup` wrote.")],
) -> None:
    """Bring back a copy, into an empty data folder and an empty database."""
    from printroom.core.settings import Settings
    from printroom.operations.restore import restore as run

    settings = Settings.read()
    _tell(run(settings, file), f"in {settings.data}")


def _tell(copied: Copied, where: str) -> None:
    from printroom.core.sizes import format_size

    database = "the database and " if copied.database else ""
    files = "1 file" if copied.files == 1 else f"{copied.files:,} files"
    typer.echo(f"{database}{files}, {format_size(copied.bytes)}, {where}")

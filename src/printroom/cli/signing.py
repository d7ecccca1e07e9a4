"""`printroom signing`: the keys that sign addresses of files and results, and reports."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from printroom.cli.tables import table
from printroom.core.settings import Settings

signing = typer.Typer(no_args_is_help=True)
"""The group of verbs about signing keys."""


@signing.callback()
def about() -> None:
    """See and change the keys that sign addresses."""


@signing.command("list")
def list_keys() -> None:
    """One line per key, newest first; never the secrets."""
    from printroom.delivery.signing import SigningKeys

    rows = [("KEY", "GOOD UNTIL")]
    for index, key in enumerate(SigningKeys(Settings.read().data).keys()):
        until = "it is rotated" if index == 0 else "it is taken away"
        if key.until is not None:
            until = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(key.until))
        rows.append((key.id, until))
    typer.echo(table(rows))


@signing.command("public")
def public() -> None:
    """The public key that checks reports of verification, base64."""
    from printroom.catalogue.verification.signing import ReportKey

    typer.echo(ReportKey.of(Settings.read().data).public)


@signing.command("rotate")
def rotate(
    overlap: Annotated[
        int, typer.Option(min=0, help="Seconds for which the old keys are still good.")
    ] = 8 * 86400,
) -> None:
    """Sign new addresses with a new key."""
    from printroom.delivery.signing import SigningKeys

    typer.echo(SigningKeys(Settings.read().data).rotate(overlap).id)

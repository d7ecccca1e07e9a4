"""`printroom work`: do runs that servers queue, here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from printroom.cli.options import Device, Memory, Workers, settings_with


def work(
    *,
    labels: Annotated[
        str | None,
        typer.Option(help="Separated by commas; runs that ask for one come here. [none]"),
    ] = None,
    slots: Annotated[int | None, typer.Option(min=1, help="Runs at once. [2]")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder for what the worker keeps. [PRINTROOM_DATA]")
    ] = None,
    memory: Memory = None,
    workers: Workers = None,
    device: Device = None,
) -> None:
    """Work until SIGTERM or Ctrl-C; runs in progress are finished, or handed back."""
    # Loaded here: `printroom --help` needs none of it.
    from printroom.core.logs import configure
    from printroom.jobs.worker import on_signals
    from printroom.runs.work import Labour
    from printroom.workshop import Workshop

    given = None if labels is None else tuple(filter(None, map(str.strip, labels.split(","))))
    settings = settings_with(memory, workers, device, data)
    configure(settings.log_format)
    with on_signals() as stop, Workshop(settings, serving=True) as workshop:
        labour = Labour(workshop, slots=slots, labels=given)
        place = workshop.database.name
        labour.run(stop, lambda: typer.echo(f"printroom works for {place} (Ctrl-C stops it)"))

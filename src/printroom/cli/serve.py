"""`printroom serve`: enhance over HTTP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from printroom.cli.options import Device, Memory, Workers, settings_with


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 = any free one.")] = 8000,
    data: Annotated[
        Path | None, typer.Option(help="Folder for what the server keeps. [PRINTROOM_DATA]")
    ] = None,
    memory: Memory = None,
    workers: Workers = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Server processes, which share the workers. [1]"),
    ] = None,
    device: Device = None,
) -> None:
    """Serve on HOST and PORT until SIGTERM or Ctrl-C; requests in progress are finished."""
    from printroom.api.serve import serve as run

    settings = settings_with(memory, workers, device, data)
    run(replace(settings, processes=processes or settings.processes), host, port)

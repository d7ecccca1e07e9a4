"""`printroom serve`: enhance over HTTP."""

from __future__ import annotations

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
    device: Device = None,
) -> None:
    """Serve on HOST and PORT until SIGTERM or Ctrl-C; requests in progress are finished."""
    from printroom.api.serve import serve as run

    run(settings_with(memory, workers, device, data), host, port)

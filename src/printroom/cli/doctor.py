"""`printroom doctor`: is this machine fit, and what is to be mended.

Exit status: 0 it is, 1 something will not work.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer

MARKS = {"good": "ok", "warning": "could be better", "fault": "FAULT"}


def doctor(
    host: Annotated[str, typer.Option(help="Address a server would listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="And its port.")] = 8000,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Check this machine and say what to mend."""
    # Loaded here: `printroom --help` needs none of it.
    from printroom.core.config import place
    from printroom.core.settings import Settings
    from printroom.operations.doctor import examine

    sound = True
    for finding in examine(Settings.read(), place(os.environ), host, port):
        sound = sound and finding.verdict != "fault"
        if as_json:
            typer.echo(json.dumps(asdict(finding)))
            continue
        typer.echo(f"{finding.subject:13}{MARKS[finding.verdict]:17}{finding.told}")
        if finding.remedy:
            typer.echo(f"{'':30}{finding.remedy}")
    raise typer.Exit(0 if sound else 1)

"""Options that several commands share, and the settings they make.

environment, then options -> Settings: BadOption
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from printroom.core.settings import Settings
from printroom.core.sizes import parse_size

Memory = Annotated[
    str | None,
    typer.Option(help="For the whole process: 512MiB, 2GB. [1/4 of what is free, max. 2GiB]"),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Tiles at once. [all cores]")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda:0 or a MIG id. [cpu]")]


def settings_with(
    memory: str | None, workers: int | None, device: str | None, data: Path | None = None
) -> Settings:
    """The environment's settings, with the options that were given over them."""
    settings = Settings.read()
    return replace(
        settings,
        memory=settings.memory if memory is None else parse_size(memory),
        workers=workers or settings.workers,
        device=device or settings.device,
        data=data or settings.data,
    )

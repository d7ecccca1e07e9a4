"""`printroom version`."""

from __future__ import annotations

import platform

import typer


def version() -> None:
    """Print the versions that a bug report needs."""
    from importlib.metadata import version as installed  # slow to import, and for this alone

    for name in ("printroom", "onnxruntime", "pyvips"):
        typer.echo(f"{name} {installed(name)}")
    typer.echo(f"python {platform.python_version()} on {platform.system()} {platform.machine()}")

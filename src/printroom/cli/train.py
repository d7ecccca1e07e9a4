"""`printroom train NAME`: run a training recipe, or several of it and keep the best.

NAME -> recipes/<NAME>.py -> main(data, out, Options)      NotFound BadOption
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from printroom import recipes


def train(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A recipe, such as upscale.")],
    data: Annotated[Path, typer.Option(help="Folder of the training sets.")],
    out: Annotated[Path, typer.Option(help="Folder for weights, card and checkpoint.")],
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE,VALUE",
            help="Try each value of an option, and keep the best; of several, each with each.",
        ),
    ] = None,
) -> None:
    """Train a model. Stopped, it goes on where it was when started again.

    The recipe's own options follow as --NAME VALUE: for upscale --steps, --batch, --device ...
    """
    # Patches are small: a second thread of numpy's would only wait for the first, at full speed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    recipes.train(name, data, out, context.args, grid or [])

"""`printroom train NAME`: run a training recipe.

    NAME -> recipes/<NAME>.py -> main(data, out, Options)      NotFound BadOption

Each field of the recipe's `Options` is an option of the command: `report_every` is
`--report-every`.
"""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from printroom.core.errors import BadOption, NotFound


def train(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A recipe, such as upscale.")],
    data: Annotated[Path, typer.Option(help="Folder of the training sets.")],
    out: Annotated[Path, typer.Option(help="Folder for weights, card and checkpoint.")],
) -> None:
    """Train a model. Stopped, it goes on where it was when started again.

    The recipe's own options follow as --NAME VALUE: for upscale --steps, --batch, --device ...
    """
    # Patches are small: a second thread of numpy's would only wait for the first, at full speed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    recipe = _recipe(name)
    options = parse_options(recipe.Options, context.args)
    try:
        recipe.main(data, out, options)
    except FileNotFoundError as error:
        raise NotFound(str(error), "see the recipe for the training sets it wants") from error


def _recipe(name: str) -> Any:
    from printroom import recipes

    offered = sorted(module.name for module in pkgutil.iter_modules(recipes.__path__))
    if name not in offered:
        raise NotFound(f"there is no recipe {name!r}", f"the recipes are: {', '.join(offered)}")
    try:
        return import_module(f"printroom.recipes.{name}")
    except ModuleNotFoundError as error:
        missing = f"training needs {error.name}, which is not installed"
        raise NotFound(missing, "pip install 'printroom[train]'") from error


def parse_options(options: type[Any], words: Sequence[str]) -> Any:
    """`["--steps", "5", "--rate=0.1"]` -> options(steps=5, rate=0.1).

    Raises BadOption for a name that is not a field, and a value that is not of its type.
    """
    kinds = get_type_hints(options)
    offered = {f"--{field.name.replace('_', '-')}": field.name for field in fields(options)}
    values: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        flag, equals, value = word.partition("=")
        if flag not in offered:
            raise BadOption(f"no option {flag}", f"the options are {', '.join(offered)}")
        text = value if equals else next(rest, None)
        try:
            values[offered[flag]] = kinds[offered[flag]](text)
        except (TypeError, ValueError) as error:
            raise BadOption(f"{flag} cannot be {text!r}", f"give it as {flag} VALUE") from error
    return options(**values)

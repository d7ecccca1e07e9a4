"""Training recipes: the listing of this folder is the menu.

    names()                                    -> what there is     no ML framework is loaded
    train("upscale", data, out, words, grid)   -> weights, card     NotFound BadOption

A recipe has `Options`, a dataclass, and `main(data, out, options)`. What that returns is a card, or
whatever else has `scores`, the first of which tells how good it is: the higher the better, unless
the module says `LOWER = True`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from printroom.core.errors import NotFound
from printroom.training.search import Trial, search, trials
from printroom.training.words import parse_options


def names() -> list[str]:
    """All recipes, by name."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def train(
    name: str, data: Path, out: Path, words: Sequence[str] = (), grid: Sequence[str] = ()
) -> None:
    """Carry a recipe out, or several of it and keep the best; goes on where it was when killed.

    `words`: its options, as `["--steps", "500"]`; `grid`: as `["rate=1e-3,2e-3"]`. Raises NotFound
    for a recipe, a package or data that are not there, BadOption, and what the recipe does.
    """
    module, several = recipe(name), trials(grid)
    every = {one: parse_options(module.Options, [*words, *one.words]) for one in several}
    try:
        if grid:
            _search(module, every, data, out)
        else:
            module.main(data, out, every[several[0]])
    except FileNotFoundError as error:
        raise NotFound(str(error), "see the recipe for the training sets it wants") from error


def recipe(name: str) -> Any:
    """The module of a recipe. Raises NotFound, also where what it needs is not installed."""
    if name not in names():
        raise NotFound(f"there is no recipe {name!r}", f"the recipes are: {', '.join(names())}")
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        missing = f"training needs {error.name}, which is not installed"
        raise NotFound(missing, "pip install 'printroom[train]'") from error


def _search(module: Any, every: Mapping[Trial, Any], data: Path, out: Path) -> None:
    def once(trial: Trial, folder: Path) -> Mapping[str, float]:
        print(trial.name)
        made = module.main(data, folder, every[trial])
        scores: Mapping[str, float] = getattr(made, "scores", {})
        return scores

    best = search(list(every), out, once, lower=getattr(module, "LOWER", False))
    print(f"the best: {best.name}")

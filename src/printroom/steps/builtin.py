"""The steps that come with printroom: the listing of this folder is the menu.

printroom/steps/<category>/<step>.py -> Registry          BadStep
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from printroom import steps
from printroom.pipelines.registry import Registry
from printroom.pipelines.step import STEP_NAME, Step


def builtin() -> Registry:
    """All of them, in the order of categories and names. Raises BadStep for one that fails."""
    return Registry(step for module in _modules() for step in _declared(import_module(module)))


def _modules() -> list[str]:
    found = pkgutil.walk_packages(steps.__path__, f"{steps.__name__}.")
    return sorted(module.name for module in found if not module.ispkg)


def _declared(module: Any) -> Iterator[Any]:
    """Classes and functions of the module itself that are steps."""
    for thing in list(vars(module).values()):
        if getattr(thing, "__module__", "") != module.__name__:
            continue
        if hasattr(thing, STEP_NAME) or (
            isinstance(thing, type) and issubclass(thing, Step) and "name" in vars(thing)
        ):
            yield thing

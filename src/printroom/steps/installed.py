"""The steps at hand: built in, and of installed packages that offer some by entry points.

printroom/steps/, StepFolders, installed packages -> Registry          BadStep: one cannot be loaded

    [project.entry-points."printroom.steps"]
    haze = "my_package.haze:Haze"
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

from printroom.core.errors import BadStep
from printroom.pipelines.registry import Registry
from printroom.steps.builtin import builtin
from printroom.steps.folders import StepFolders

GROUP = "printroom.steps"


def at_hand(folders: StepFolders) -> Registry:
    """All steps; those of packages come last, in the order of their names. Raises BadStep.

    `folders` run the built-in ones that bring an environment.
    """
    registry = builtin()
    for declared in (*folders.bundled(), *installed()):
        registry.register(declared)
    return registry


def installed() -> Iterator[Any]:
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            yield entry.load()
        except Exception as error:  # a package may raise anything when it is imported
            package = entry.dist.name if entry.dist else "a package"
            raise BadStep(
                f"step {entry.name} of {package} cannot be loaded: {type(error).__name__}: {error}",
                "mend the package, or uninstall it",
            ) from error

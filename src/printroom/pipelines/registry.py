"""The steps at hand, by name.

step classes and functions -> Registry          BadStep: names the step, the port, the reason
name -> StepType                                NotFound
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from printroom.core.errors import BadStep, NotFound
from printroom.pipelines.declare import StepType, declared_step


class Registry:
    """Steps by name, in the order in which they were registered."""

    def __init__(self, declared: Iterable[Any] = ()) -> None:
        """Register all of `declared`, or raise BadStep."""
        self._steps: dict[str, StepType] = {}
        for one in declared:
            self.register(one)

    def register(self, declared: Any) -> StepType:
        """Check and enter a step class, a function marked by `step`, or a finished declaration.

        Raises BadStep, also for a name that is taken.
        """
        step = declared if isinstance(declared, StepType) else declared_step(declared)
        if step.name in self._steps:
            raise BadStep(f"there is a step {step.name} already", "give one of them another name")
        self._steps[step.name] = step
        return step

    def get(self, name: str) -> StepType:
        """The step of that name. Raises NotFound with the likeliest names."""
        try:
            return self._steps[name]
        except KeyError:
            raise NotFound(f"there is no step {name!r}", likely(name, self._steps)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._steps

    def __iter__(self) -> Iterator[StepType]:
        return iter(self._steps.values())


def likely(name: str, names: Iterable[str]) -> str:
    """What may have been meant: `did you mean ...?`, or the names there are."""
    offered = list(names)
    if near := get_close_matches(name[:64], offered[:256], n=1):  # its time grows with both
        return f"did you mean {near[0]!r}?"
    if not offered:
        return "there is none"
    return f"there is {', '.join(offered[:12])}{', ...' if len(offered) > 12 else ''}"

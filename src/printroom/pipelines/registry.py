"""The steps at hand, by name.

step classes and functions -> Registry          BadStep: names the step, the port, the reason
name -> StepType                                NotFound; BadStep: two are called so
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, Protocol

from printroom.core.errors import BadStep, NotFound
from printroom.pipelines.declare import StepType, declared_step


class StepShelf(Protocol):
    """Steps that are looked up when they are wanted: those in folders."""

    def find(self, use: str) -> StepType | None:
        """What `use` means; None where that is not for this shelf to say.

        Raises what reading the step raises: BadStep, EnvironmentFailed, StepFailed, StepLost.
        """

    def names(self) -> Iterable[str]:
        """Names under which steps are offered."""

    def pinned(self, use: str) -> str | None:
        """How a published pipeline writes `use`, so that it always means what it means now.

        The step is kept from then on. None where that is not for this shelf to say.
        """


class Registry:
    """Steps by name, in the order in which they were registered; then those on shelves."""

    def __init__(self, declared: Iterable[Any] = (), shelves: Iterable[StepShelf] = ()) -> None:
        """Register all of `declared`, or raise BadStep."""
        self._steps: dict[str, StepType] = {}
        self._shelves = tuple(shelves)
        self._shut = False
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

    def beside(self, shelf: StepShelf) -> Registry:
        """The same steps, and those of one more shelf."""
        wider = Registry(shelves=(*self._shelves, shelf))
        wider._steps, wider._shut = self._steps, self._shut
        return wider

    def closed(self) -> Registry:
        """The same steps for whoever must not name files of this machine."""
        found = Registry(shelves=self._shelves)
        found._steps, found._shut = self._steps, True
        return found

    def get(self, name: str) -> StepType:
        """The step of that name. Raises NotFound with the likeliest names, and BadStep."""
        registered = self._steps.get(name)
        on_shelf = next(filter(None, (shelf.find(name) for shelf in self._shelves)), None)
        if registered and on_shelf:
            raise BadStep(
                f"two steps are called {name}: one that is installed, and one that was added",
                f"take yours away with `printroom steps remove {name}`, and add it by another name",
            )
        if found := registered or on_shelf:
            return found.closed() if self._shut else found
        raise NotFound(f"there is no step {name!r}", likely(name, self.names()))

    def pinned(self, name: str) -> str:
        """How a published pipeline writes `name`: with its digest, if it is in a folder."""
        return next(filter(None, (shelf.pinned(name) for shelf in self._shelves)), name)

    def __contains__(self, name: object) -> bool:
        """Whether it is registered, on a shelf or not."""
        return name in self.names()

    def __iter__(self) -> Iterator[StepType]:
        """All of them. Raises BadStep where two have one name."""
        return map(self.get, self.names())

    def names(self) -> list[str]:
        """Of all of them; what two have, once."""
        shelved = (name for shelf in self._shelves for name in shelf.names())
        return list(dict.fromkeys([*self._steps, *shelved]))


def likely(name: str, names: Iterable[str]) -> str:
    """What may have been meant: `did you mean ...?`, or the names there are."""
    offered = list(names)
    if near := get_close_matches(name[:64], offered[:256], n=1):  # its time grows with both
        return f"did you mean {near[0]!r}?"
    if not offered:
        return "there is none"
    return f"there is {', '.join(offered[:12])}{', ...' if len(offered) > 12 else ''}"

"""Which process gets a connection: the one with the least to do, or one that has what it is for.

    processes, what is asked for -> Routes.order -> the first that takes it gets it

Loading a model takes seconds, and its bytes a second time. So a process that has it is preferred
while it has room and is no more than BUSIER busier than the least busy one; beyond that others load
it, too, and it is theirs from then on. What nobody has yet goes where it went a moment ago.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

BUSIER = 4
"""Clients and pictures: two clients, each with a picture in progress."""
_LOADING = 10.0
"""Seconds in which a process that was sent the first to ask for something is taken to load it."""
_MOST = 256
"""Things that are remembered so."""


class Holder(Protocol):
    """A process, as far as this matters."""

    stopping: bool
    holds: frozenset[str]

    @property
    def busy(self) -> int: ...

    @property
    def room(self) -> bool: ...


H = TypeVar("H", bound=Holder)


class Routes:
    """Remembers what was sent where."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: OrderedDict[str, tuple[Holder, float]] = OrderedDict()
        """What nobody had -> who was sent the first to ask for it, and when."""

    def order(self, able: Sequence[H], wanted: str) -> list[H]:
        """Those that could take it, the one that should comes first.

        `wanted`: a model or a pipeline, as `peek.asked` has it.
        """
        ranked = sorted(able, key=lambda one: (one.stopping, one.busy))
        if not ranked:
            return ranked
        most = ranked[0].busy + BUSIER
        for one in ranked:
            able_to = one.busy <= most and one.room and not one.stopping
            if able_to and self._has(one, wanted, ranked):
                return [one, *(other for other in ranked if other is not one)]
        return ranked

    def went(self, to: Holder, wanted: str) -> None:
        """That process took it."""
        if wanted in to.holds:
            return
        now = self._clock()
        if wanted not in self._sent or self._sent[wanted][1] < now - _LOADING:
            self._sent[wanted] = to, now
            self._sent.move_to_end(wanted)
            if len(self._sent) > _MOST:
                self._sent.popitem(last=False)

    def _has(self, one: Holder, wanted: str, all_of_them: Sequence[Holder]) -> bool:
        if any(wanted in other.holds for other in all_of_them):
            return wanted in one.holds
        to, since = self._sent.get(wanted, (None, 0.0))
        return to is one and since >= self._clock() - _LOADING

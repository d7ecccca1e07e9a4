"""Portraits of different people in one pass over a base that stays loaded.

    [Asked, ...] of one run -> Easel.draw -> its pictures         what the generator raises

A pass takes what is there when the generator comes free, and waits for nothing: whoever is first
draws for all who came meanwhile. One who is wrong (a seed, another base) is drawn alone then, so
that only they are told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from printroom.core.errors import PrintroomError
from printroom.runtimes.generation import Asked, PersonalizableGenerator, Picture

MOST = 64
"""Pictures of one pass, unless one run wants more."""


@dataclass(eq=False)
class _Wanted:
    asked: Sequence[Asked]
    pictures: list[Picture] = field(default_factory=list)
    error: Exception | None = None
    done: bool = False


class Easel:
    """For one process. Safe from many threads."""

    def __init__(self, generator: Callable[[], PersonalizableGenerator]) -> None:
        """`generator`: loads it at the first pass."""
        self._generator = generator
        self._free, self._lock = threading.Lock(), threading.Lock()
        self._waiting: list[_Wanted] = []
        self.passes = self.drawn = 0
        """Passes so far, and pictures in them."""

    def draw(self, asked: Sequence[Asked]) -> list[Picture]:
        """The pictures, in their order."""
        mine = _Wanted(asked)
        with self._lock:
            self._waiting.append(mine)
        with self._free:
            if not mine.done:
                self._pass(self._taken(mine))
        if mine.error is not None:
            raise mine.error
        return mine.pictures

    def _taken(self, mine: _Wanted) -> list[_Wanted]:
        """Mine, and as many others as there is room for, in the order in which they came."""
        with self._lock:
            room = MOST - len(mine.asked)
            taken = [mine]
            for one in self._waiting:
                if one is not mine and len(one.asked) <= room:
                    taken.append(one)
                    room -= len(one.asked)
            self._waiting = [one for one in self._waiting if one not in taken]
        return taken

    def _pass(self, taken: list[_Wanted]) -> None:
        try:
            drawn = self._drawn([one for wanted in taken for one in wanted.asked])
        except PrintroomError as error:
            if len(taken) > 1:
                for wanted in taken:
                    self._pass([wanted])
                return
            taken[0].error, taken[0].done = error, True
            return
        except Exception as error:
            for wanted in taken:
                wanted.error, wanted.done = error, True
            return
        for wanted in taken:
            count = len(wanted.asked)
            wanted.pictures, drawn = drawn[:count], drawn[count:]
            wanted.done = True

    def _drawn(self, asked: list[Asked]) -> list[Picture]:
        pictures = self._generator().generate(asked)
        self.passes, self.drawn = self.passes + 1, self.drawn + len(pictures)
        return pictures

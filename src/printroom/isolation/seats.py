"""What the processes of all steps of a house share: graphics cards, and the time they may rest.

    Pool -> Seats.grant -> Grant         None: not free now; idle processes of others were ended
                                         NoCard Unwritable
    Pool -> Seats.rest                   it has an idle process, that ends when its time is over,
                                         or when somebody else wants its card

Whoever waits for a card is seen by all processes of the machine that share the ledger; each looks
twice a second while it has an idle process with a card, and ends it then.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import AbstractContextManager
from typing import Protocol
from weakref import WeakSet

from printroom.core.errors import PrintroomError
from printroom.isolation.grants import Ask, CardLedger, Grant

IDLE = 300.0
"""Seconds that a process rests before it is ended, unless somebody says otherwise."""
_LOOK = 0.5
"""Seconds between looks at whether another process waits for a card."""
_LINGER = 5.0
"""Seconds that the thread that ends them stays when all are busy, so that none is made for each
run."""
_log = logging.getLogger(__name__)


class Sitter(Protocol):
    """The processes of one step, as far as others are concerned."""

    ask: Ask
    """What each of its processes has."""

    def due(self) -> float | None:
        """When the first has rested long enough, by `time.monotonic`; infinity = never.

        None = none rests.
        """

    def tidy(self) -> None:
        """End those that have rested long enough."""

    def give_way(self) -> int:
        """End all that rest; how many."""


class Seats:
    """Safe from many threads."""

    def __init__(self, cards: CardLedger, idle: float = IDLE) -> None:
        """`idle`: seconds that processes rest whose step says nothing; 0 = for ever."""
        self.idle = idle
        self._cards = cards
        self._sitters: WeakSet[Sitter] = WeakSet()
        self._changed = threading.Condition()
        self._looking = False
        """Whether there is a thread that ends what rested long enough."""
        self._wakes = 0.0
        """When that thread looks again."""

    def grant(self, ask: Ask, who: str, mine: Sitter) -> Grant | None:
        """Cards for a process, if they are free, or can be made so by ending idle ones of others.

        Raises NoCard, Unwritable.
        """
        grant = self._cards.take(ask, who)
        if grant is None and self._cleared(mine):
            return self._cards.take(ask, who)
        return grant

    def waiting(self) -> AbstractContextManager[None]:
        """Other processes see inside the `with` that somebody waits for cards."""
        return self._cards.waiting()

    def rest(self, sitter: Sitter) -> None:
        """It has an idle process now."""
        due = self._due(sitter)
        if due is None:
            return
        with self._changed:
            self._sitters.add(sitter)
            if not self._looking:
                self._looking = True
                thread = threading.Thread(target=self._look, name="steps-idle", daemon=True)
                thread.start()
            elif due < self._wakes:
                self._changed.notify_all()

    def _cleared(self, mine: Sitter) -> bool:
        """End the idle processes of others that have cards; whether there were any."""
        others = [one for one in self._known() if one is not mine and one.ask]
        return sum(one.give_way() for one in others) > 0

    def _known(self) -> list[Sitter]:
        with self._changed:
            return list(self._sitters)

    def _due(self, sitter: Sitter) -> float | None:
        """When to look at it next; None = never."""
        found = sitter.due()
        if found is not None and sitter.ask:
            return min(found, time.monotonic() + _LOOK)
        return None if found == math.inf else found

    def _look(self) -> None:
        """Until nothing was idle for a while."""
        lingered = False
        while True:
            for sitter in self._known():
                self._reviewed(sitter)
            with self._changed:
                due = [when for one in self._sitters if (when := self._due(one)) is not None]
                if lingered and not due:
                    self._looking = False
                    return
                lingered = not due
                self._wakes = min(due, default=time.monotonic() + _LINGER)
                self._changed.wait(max(0.0, self._wakes - time.monotonic()))

    def _reviewed(self, sitter: Sitter) -> None:
        """End what has rested long enough, or is in somebody's way."""
        try:
            sitter.tidy()
            if sitter.ask and sitter.due() is not None and self._cards.wanted:
                sitter.give_way()
        except (OSError, PrintroomError) as error:
            _log.warning("idle processes of steps: %s", error)

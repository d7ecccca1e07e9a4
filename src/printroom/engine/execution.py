"""What a worker does with the tickets in its hands: load, run, store, and keep faults apart.

    tickets -> one batch -> each stored
                 | any fault: those unfinished go again, one by one
                 v
    ticket -> load, run, store       MemoryError: halved, again
                                     MemoryError at the smallest: left unfinished, a few times
                                     any other fault: `failure`

Afterwards each ticket is finished, has a failure, or waits for memory that others hold; a fault in
one never reaches another.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from printroom.engine.work import Work

PATIENCE = 16
"""Times that a tile of the smallest size may find no memory before its run fails."""


class Ticket:
    """A work on its way. Belongs to its run's line, then to one worker's hands, then to nobody."""

    __slots__ = ("deaths", "failure", "future", "halvings", "pending", "starved")

    def __init__(self, work: Work) -> None:
        self.pending: list[Work] = [work]
        """What is left to do, last first; more than one once it was halved."""
        self.future: Future[None] = Future()
        self.future.set_running_or_notify_cancel()  # only its run can be cancelled
        self.failure: BaseException | None = None
        """Why it will not be finished. Another thread may set it, which stops the ticket."""
        self.halvings = 0
        self.deaths = 0
        """Workers that died with it in their hands."""
        self.starved = 0
        """Times that it found no memory at the smallest size."""

    @property
    def unfinished(self) -> bool:
        return bool(self.pending) and self.failure is None

    def key(self) -> Hashable:
        """Tickets of one key may share a batch; one that had trouble shares with nobody."""
        if self.halvings or self.deaths or self.starved:
            return self
        work = self.pending[-1]
        return work.session, work.shape

    def halve(self) -> bool:
        """Replace the next work by its halves. False, and no change, if it is the smallest."""
        halves = self.pending[-1].halve()
        if not halves:
            return False
        self.pending[-1:] = reversed(halves)
        self.halvings += 1
        return True

    def resolve(self) -> None:
        """Tell whoever waits. Their callbacks run here, in the worker: they must not block."""
        if self.failure is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(self.failure)


class Report(NamedTuple):
    """How it went."""

    seconds: float
    clean: bool
    """Everything ran at once, whole and without a fault: a timing to learn from."""
    crowded: bool
    """The batch did not fit the memory."""


def execute(tickets: Sequence[Ticket], clock: Callable[[], float]) -> Report:
    """Bring every ticket as far as it gets. BaseExceptions that are not Exceptions go through."""
    start = clock()
    crowded = False
    live = [ticket for ticket in tickets if ticket.unfinished]
    if len(live) > 1:
        try:
            _together(live)
        except MemoryError:
            crowded = True
        except Exception:  # whose fault it was shows when each goes alone
            pass
    left = [ticket for ticket in live if ticket.unfinished]
    for ticket in left:
        _alone(ticket)
    whole = not any(ticket.pending or ticket.halvings or ticket.failure for ticket in tickets)
    clean = whole and len(left) == (1 if len(tickets) == 1 else 0)
    return Report(clock() - start, clean, crowded)


def _together(tickets: Sequence[Ticket]) -> None:
    works = [ticket.pending[-1] for ticket in tickets]
    batch = np.concatenate([work.load() for work in works])
    results = np.split(works[0].session.run(batch), len(works))
    for ticket, work, result in zip(tickets, works, results, strict=True):
        with suppress(Exception):  # shows again, alone
            work.store(result)
            ticket.pending.pop()


def _alone(ticket: Ticket) -> None:
    while ticket.unfinished:
        work = ticket.pending[-1]
        try:
            work.store(work.session.run(work.load()))
            ticket.pending.pop()
        except MemoryError as error:
            if ticket.halve():
                continue
            ticket.starved += 1
            if ticket.starved < PATIENCE:
                return
            ticket.failure = error
        except Exception as error:  # whatever it is belongs to this run alone
            ticket.failure = error

"""The half of a worker that speaks with the database: one transaction a turn.

    turn(outcomes, known, places) -> Turn(claimed, held)        DatabaseUnavailable DiskFull

A turn writes down what ended, renews leases, sweeps, and takes new jobs, together. A worker that is
busy makes large turns, one that is not makes quick ones: a batch is what there is. After a turn
whose answer was lost, the next one hands back what this worker was given and never heard of.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from printroom.jobs import events, lease
from printroom.jobs.claim import claim
from printroom.jobs.lease import Held, Presence
from printroom.jobs.limits import limited
from printroom.jobs.model import Job
from printroom.jobs.needs import Offer
from printroom.jobs.queue import READY, Queue, ready
from printroom.jobs.settle import Outcome, ended, settle
from printroom.jobs.states import OVER
from printroom.jobs.submit import new_id

CHECK = 0.25
"""Seconds between looks at whether a running job was taken back."""
SWEEP = 0.5
"""Seconds between sweeps."""


@dataclass
class Turn:
    """What came of a turn."""

    claimed: list[Job] = field(default_factory=list)
    held: dict[str, Held] | None = None
    """The jobs that this worker has, those claimed apart; None = it did not look."""
    look_at: float | None = None
    """When there may be something new to do that nobody tells of; None = never."""
    ready: set[str] = field(default_factory=set)
    """What to tell others who may find something new to do: a job that is queued again, or one
    less of an account that may be at its limit."""
    changed: bool = False
    """Whether there are new events."""
    over: bool = False
    """Whether a job is over."""

    @property
    def topics(self) -> list[str]:
        """What to tell others."""
        return [events.TOPIC] * self.changed + [events.END] * self.over + sorted(self.ready)


class Clerk:
    """For one thread."""

    def __init__(
        self, queue: Queue, kinds: Sequence[str], slots: int, offer: Callable[[], Offer]
    ) -> None:
        now = queue.database.clock()
        self.who = Presence(new_id(now), socket.gethostname(), os.getpid(), slots, now)
        self._queue = queue
        self._kinds = sorted(kinds)
        self._offer = offer
        self._announced: Offer | None = None
        self._beaten = self._checked = self._swept = float("-inf")
        self._away_since: float | None = None
        self._uncertain = False
        self._next_due: float | None = None
        """When the next delayed job may start, as far as known."""

    def turn(
        self, outcomes: Sequence[Outcome], known: Collection[tuple[str, int]], places: int
    ) -> Turn:
        """`known`: id and attempt of what this worker is at, what ended included. `places`: how
        many jobs it can take on. If this raises, do it again with the same outcomes, and more.
        """
        queue, database = self._queue, self._queue.database
        try:
            # What was done must outlast all; what was merely begun may be begun again. A file
            # keeps both through the death of any process: see printroom.database.engine.
            lasting = bool(outcomes) and not database.sqlite
            now = database.clock()
            with database.write(lasting=lasting) as connection:
                turn = self._act(connection, outcomes, known, places, now)
                told = queue.wakes.tell(connection, *turn.topics)
        except BaseException:
            self._uncertain = True
            self._away_since = self._away_since or time.monotonic()
            raise
        self._back()
        queue.wakes.done(told)
        return turn

    def leave(self) -> None:
        """Say that this worker is gone."""
        with self._queue.database.write(lasting=False) as connection:
            lease.depart(connection, self.who.id)

    def _act(
        self,
        connection: Connection,
        outcomes: Sequence[Outcome],
        known: Collection[tuple[str, int]],
        places: int,
        now: float,
    ) -> Turn:
        me, queue, turn = self.who.id, self._queue, Turn()
        settled = settle(connection, me, outcomes, now, queue.keep)
        if self._uncertain:
            settled += lease.strays(connection, me, known, now, queue.keep)
        offer = self._offer()
        self._beat(connection, offer, {name for name, _ in known}, now)
        if known and self._late("_checked", CHECK):
            turn.held = lease.held(connection, me)
        settled += self._sweep(connection, now)
        more = ended(connection, settled, queue.ends)
        if places > 0:
            taken = claim(connection, me, offer, self._kinds, places, now, queue.lease)
            turn.claimed, turn.look_at = taken.jobs, taken.look_at
            if not taken.jobs:
                self._next_due = lease.next_due(connection)
        times = [time for time in (turn.look_at, self._next_due) if time is not None]
        turn.look_at = min(times, default=None)
        turn.ready = {ready(job.kind) for job in settled if job.state == "queued"}
        if more or limited(connection, {job.account for job in settled}):
            turn.ready.add(READY)
        turn.changed = bool(settled or turn.claimed)
        turn.over = any(job.state in OVER for job in settled)
        return turn

    def _beat(self, connection: Connection, offer: Offer, ids: set[str], now: float) -> None:
        """Renew leases when a third of them is over; tell at once when other models are held."""
        queue, last = self._queue, self._announced
        beat = self._late("_beaten", queue.lease / 3) or self._uncertain
        if beat:
            lease.renew(connection, self.who.id, ids, now + queue.lease)
        if beat or last is None or (offer.models, offer.labels) != (last.models, last.labels):
            lease.present(connection, self.who, offer, now + queue.lease)
            self._announced = offer

    def _sweep(self, connection: Connection, now: float) -> list[Job]:
        queue = self._queue
        if self._late("_swept", SWEEP):
            return lease.sweep(connection, now, queue.lease, queue.keep)
        if self._next_due is not None and self._next_due <= now:
            self._next_due = None
            return lease.promote(connection, now)
        return []

    def _late(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now - getattr(self, what) < seconds:
            return False
        setattr(self, what, now)
        return True

    def _back(self) -> None:
        """After an absence of the database nobody's lease is held against him for a while."""
        if self._away_since is not None:
            away = time.monotonic() - self._away_since
            if away > self._queue.lease / 3:
                self._swept = time.monotonic() + self._queue.lease - SWEEP
            self._away_since = None
        self._uncertain = False

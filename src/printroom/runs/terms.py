"""What is agreed before a run may begin: a hook for whoever sells, or forbids.

    Asked, Target -> agree -> what goes into the job's payload as `terms`     refuses by raising
    payload -> paid_of -> the models of others that the run pays for
    connection, job -> begin                  in the transaction that enters it; refuses by raising

What follows when the run is over goes into `Queue.ends`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection

from printroom.jobs.model import Job

if TYPE_CHECKING:  # who implements this need not know how runs are asked for
    from printroom.runs.runs import Asked
    from printroom.runs.target import Target

Measure = Callable[[tuple[str, ...]], tuple[int, bool]]
"""Pixels of all results of a run, and whether that is certain; takes the time of a quote. Given the
models of others that are paid for.
"""


def paid_of(terms: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a run that was agreed on may use of others: see `engine.order.Order.paid`."""
    parts = () if terms is None else terms["parts"]
    return tuple(part["model"] for part in parts if part["model"])


class Terms(Protocol):
    """Who may run what, and at what price. Called from many threads."""

    def agree(
        self, asked: Asked, target: Target, models: Sequence[str], measure: Measure
    ) -> Mapping[str, Any] | None:
        """What goes into the job's payload as `terms`, JSON; None = there is nothing to agree.

        `models`: of accounts, that the run uses. The JSON has `parts`, each with a `model` that is
        paid for, or an empty text.

        Called before anything is kept, once for each run; of a batch, for each of its items, whose
        picture in `asked.input` may be an object: `{"store", "key", "etag"}`. The same request may
        be agreed again, with the same idempotency key. Raises PrintroomError to refuse.
        """
        ...

    def begin(self, connection: Connection, job: Job) -> None:
        """Places the hold, in the transaction that enters a fresh job with `terms`, or puts a dead
        one back into the queue: then its hold was given up when it died. `job.id` and `job.events`
        together name the occasion; it may come again if the answer of the commit was lost.

        Raises PrintroomError to refuse: then nothing is entered.
        """
        ...

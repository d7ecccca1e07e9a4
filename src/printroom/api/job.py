"""One request's work: from its place at the gate, through a thread, to its answer.

    Job(service).answer -> what `_work` returns: PrintroomError, whatever give_up said

The thread does the work; the event loop only waits.
"""

from __future__ import annotations

import threading
from asyncio import Future
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from printroom.api.service import Service
from printroom.core.errors import Cancelled

T = TypeVar("T")


class Job(Generic[T]):
    """Work that has been let in; `release` it whatever happens."""

    def __init__(self, service: Service, *, batch: bool = False) -> None:
        """Take a place at the gate. Raises Overloaded."""
        self._service = service
        self._cancel = threading.Event()
        """Set when the work is to be given up; `_work` looks at it."""
        self._why: Exception | None = None
        self.answer: Future[T] = service.loop.create_future()
        """The result, or why there is none."""
        self._context = copy_context()
        """What is known of the request: its work is logged and traced as a part of it."""
        self._place = service.gate.enter(batch=batch, start=self._start)
        service.jobs.add(self)

    def give_up(self, why: Exception) -> None:
        """Stop the work as soon as it can be; `answer` then raises `why`."""
        self._why = why
        self._cancel.set()
        if not self.answer.done() and self._service.gate.withdraw(self._place):
            self.answer.set_exception(why)

    def release(self) -> None:
        """Remove what is left of it on disk."""
        self._service.jobs.discard(self)
        self._clean()

    def _work(self) -> T:
        """The result, made in a thread."""
        raise NotImplementedError

    def _clean(self) -> None:
        """Remove files; they may not be there yet, or any more."""
        raise NotImplementedError

    def _start(self) -> None:
        self._service.hands.do(lambda: self._context.run(self._work), self._done)

    def _done(self, result: Any, error: BaseException | None) -> None:
        self._service.gate.leave(self._place)
        if self.answer.done():  # whoever asked was cancelled and is not interested
            self.release()
        elif error is None:
            self.answer.set_result(result)
        else:
            known = self._why if isinstance(error, Cancelled) and self._why else error
            self.answer.set_exception(known)

"""One picture's work: from its place at the gate, through a thread, to its answer.

    Job(service, source, options, accept).answer -> Enhanced: PrintroomError, whatever give_up said

The thread decodes, drives the engine and encodes; the event loop only waits.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from printroom.api.service import Service
from printroom.core.errors import Cancelled
from printroom.engine.enhancement import Enhanced, EnhanceOptions
from printroom.engine.scheduler import Priority
from printroom.imaging.formats import PNG, Format, format_for_accept, sniff

_SMALL = 512 * 1024
"""Bodies up to this many bytes get their result in memory, in a format that compresses: that holds
little more than what came in, so it stays within some ten times that."""
_COMPRESSING = ("jpeg", "png", "webp", "avif")
_ANYTHING = ("", "*/*", "image/*")


class Job:
    """Work that has been let in; `release` it whatever happens."""

    def __init__(
        self, service: Service, source: bytes | Path, options: EnhanceOptions, accept: str
    ) -> None:
        """Take a place at the gate. Raises Overloaded."""
        self._service = service
        self._source = source
        self._options = options
        self._accept = accept
        self._cancel = threading.Event()
        self._why: Exception | None = None
        self._target: Path | None = None
        self.answer: asyncio.Future[Enhanced] = service.loop.create_future()
        """The finished picture, or why there is none."""
        batch = options.priority is Priority.BATCH
        self._place = service.gate.enter(batch=batch, start=self._start)
        service.jobs.add(self)

    def give_up(self, why: Exception) -> None:
        """Stop the work at the next tile; `answer` then raises `why`."""
        self._why = why
        self._cancel.set()
        if not self.answer.done() and self._service.gate.withdraw(self._place):
            self.answer.set_exception(why)

    def release(self) -> None:
        """Remove the result, if it is a file."""
        self._service.jobs.discard(self)
        if self._target is not None:
            self._service.scratch.discard(self._target)

    def _start(self) -> None:
        self._service.hands.do(self._work, self._done)

    def _work(self) -> Enhanced:
        """In a thread."""
        options = self._options
        head = self._head()
        found = sniff(head)
        if options.format is None and found is not None and self._accept not in _ANYTHING:
            options = replace(options, format=_negotiate(self._accept, found))
        written = options.format or (found.name if found else "")
        if (
            isinstance(self._source, Path)
            or len(self._source) > _SMALL
            or written not in _COMPRESSING
        ):
            self._target = self._service.scratch.path("result")
        service = self._service
        return service.workshop.enhance(
            self._source, self._target, options, cancel=self._cancel, aside=service.hands.aside
        )

    def _head(self) -> bytes:
        if isinstance(self._source, bytes):
            return self._source[:64]
        with self._source.open("rb") as file:
            return file.read(64)

    def _done(self, result: Any, error: BaseException | None) -> None:
        self._service.gate.leave(self._place)
        if self.answer.done():  # whoever asked was cancelled and is not interested
            self.release()
        elif error is None:
            self.answer.set_result(result)
        else:
            known = self._why if isinstance(error, Cancelled) and self._why else error
            self.answer.set_exception(known)


def _negotiate(accept: str, found: Format) -> str | None:
    """The format that `accept` chooses; None where that of the input does."""
    default = found if found.writes else PNG
    chosen = format_for_accept(accept, default)
    return None if chosen is default else chosen.name

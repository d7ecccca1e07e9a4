"""One picture's work: the thread decodes, drives the engine and encodes.

bytes or a scratch file, options, Accept -> Enhanced
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from printroom.api.job import Job
from printroom.api.service import Service
from printroom.engine.enhancement import Enhanced, EnhanceOptions
from printroom.engine.scheduler import Priority
from printroom.imaging.formats import PNG, Format, format_for_accept, sniff

_SMALL = 512 * 1024
"""Bodies up to this many bytes get their result in memory, in a format that compresses: that holds
little more than what came in, so it stays within some ten times that."""
_COMPRESSING = ("jpeg", "png", "webp", "avif")
_ANYTHING = ("", "*/*", "image/*")


class EnhanceJob(Job[Enhanced]):
    """A picture to be enhanced."""

    def __init__(
        self,
        service: Service,
        source: bytes | Path,
        options: EnhanceOptions,
        accept: str,
        account: str,
    ) -> None:
        """Take a place at the gate; `account`: whose own models may be named. Raises Overloaded."""
        self._source = source
        self._options = options
        self._accept, self._account = accept, account
        self._target: Path | None = None
        super().__init__(service, batch=options.priority is Priority.BATCH)

    def _clean(self) -> None:
        if self._target is not None:
            self._service.scratch.discard(self._target)

    def _work(self) -> Enhanced:
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
            self._source,
            self._target,
            options,
            cancel=self._cancel,
            aside=service.hands.aside,
            account=self._account,
        )

    def _head(self) -> bytes:
        if isinstance(self._source, bytes):
            return self._source[:64]
        with self._source.open("rb") as file:
            return file.read(64)


def _negotiate(accept: str, found: Format) -> str | None:
    """The format that `accept` chooses; None where that of the input does."""
    default = found if found.writes else PNG
    chosen = format_for_accept(accept, default)
    return None if chosen is default else chosen.name

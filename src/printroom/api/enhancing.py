"""One picture's work: the thread decodes, drives the engine and encodes.

bytes or a scratch file, options, Accept -> Enhanced

A model that is sold by the run is held for before it runs, and charged before it is answered.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from printroom.api.job import Job
from printroom.api.service import Service
from printroom.catalogue.owned import Unpaid
from printroom.engine.enhancement import Enhanced, EnhanceOptions
from printroom.engine.scheduler import Priority
from printroom.imaging.formats import PNG, Format, format_for_accept, sniff
from printroom.marketplace.terms import Sale

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
        self.sale = Sale()
        """What is paid for it, once it is done."""
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
        try:
            return self._enhanced(options)
        except Unpaid as error:  # from the header: nothing was done yet
            return self._sold(error.model, options)

    def _enhanced(self, options: EnhanceOptions) -> Enhanced:
        service = self._service
        return service.workshop.enhance(
            self._source,
            self._target,
            options,
            cancel=self._cancel,
            aside=service.hands.aside,
            account=self._account,
            paid=self.sale.paid,
        )

    def _sold(self, model: str, options: EnhanceOptions) -> Enhanced:
        workshop, account = self._service.workshop, self._account

        def measure(paid: tuple[str, ...]) -> tuple[int, bool]:
            made = workshop.propose(self._source, options, account, paid)
            return made.width * made.height, True

        with workshop.terms.sale(account, None, [model], measure) as self.sale:
            made = self._enhanced(options)
            self.sale.done(made.width * made.height, made.seconds)
        return made

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

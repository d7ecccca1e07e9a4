"""Spans of work, for whoever follows a run from the request through the queue to its steps.

    tracer_to(None)                          Nowhere: costs nothing
    tracer_to("http://collector:4318")       to a collector, by OTLP        BadOption
    tracer_to("/var/log/spans.jsonl")        lines of JSON in a file        BadOption

The trace of a run follows from its id, so nothing has to be carried through the queue: server and
workers agree on it, and so does whoever looks for it (`trace_of`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from printroom.core.errors import BadOption

Value = str | int | float | bool


class Tracer(Protocol):
    """Where spans go. Safe from many threads."""

    on: bool
    """Whether anybody wants them."""

    def span(
        self,
        name: str,
        facts: Mapping[str, Value] | None = None,
        *,
        run: str | None = None,
        parent: str | None = None,
    ) -> AbstractContextManager[object]:
        """A span around the `with`, inside the one that this thread or task is in.

        `run`: the span belongs to the trace of that run; `parent`: a `traceparent` (W3C) that came
        from elsewhere. An error that leaves the `with` is noted.
        """

    def past(
        self, name: str, began: float, ended: float, facts: Mapping[str, Value], *, run: str
    ) -> None:
        """A span that is over, in the trace of a run; seconds of the epoch."""

    def close(self) -> None:
        """Send what is left."""


class Nowhere:
    """Implements `Tracer`: nothing happens."""

    on = False

    def span(self, *_: object, **__: object) -> AbstractContextManager[object]:
        """No span."""
        return nullcontext()

    def past(self, *_: object, **__: object) -> None:
        """No span."""

    def close(self) -> None:
        """Nothing is left."""


def trace_of(run: str) -> tuple[int, int]:
    """The id of a run's trace, and that of the span that stands for the run as a whole."""
    digest = hashlib.sha256(f"printroom run {run}".encode()).digest()
    return int.from_bytes(digest[:16], "big") or 1, int.from_bytes(digest[16:24], "big") or 1


def tracer_to(place: str | None) -> Tracer:
    """The tracer for a collector's address or a file; None = nowhere. Raises BadOption."""
    if place is None:
        return Nowhere()
    try:
        from printroom.core.otel import OtelTracer
    except ModuleNotFoundError as error:
        reason = f"PRINTROOM_TRACES needs the package {error.name}"
        raise BadOption(reason, "install printroom[otel]") from None
    return OtelTracer(place)

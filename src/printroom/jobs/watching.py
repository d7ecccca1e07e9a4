"""Handlers that are watched: how long jobs waited and took, spans and log lines that say whose.

Watched(handler, tallies, tracer) -> a handler that does the same
"""

from __future__ import annotations

import logging
import time
from typing import Any

from printroom.core.errors import PrintroomError
from printroom.core.logs import about
from printroom.core.tallies import Tallies
from printroom.core.tracing import Tracer, Value
from printroom.jobs.context import Context, Elsewhere, Handler
from printroom.jobs.model import Job

_WELL = ("done", "moved", "cancelled", "lease_lost")
"""Ends that nobody need look at."""
log = logging.getLogger("printroom.jobs")


class Watched:
    """Implements `printroom.jobs.context.Handler`."""

    def __init__(self, handler: Handler, tallies: Tallies, tracer: Tracer) -> None:
        self._handler, self._tallies, self._tracer = handler, tallies, tracer

    def __call__(self, job: Job, context: Context) -> Any:
        """What the handler returns."""
        began, how = time.monotonic(), "done"
        started = job.started_at or job.ready_at
        self._tallies.add(
            "printroom_job_wait_seconds", max(0.0, started - job.ready_at), kind=job.kind
        )
        facts: dict[str, Value] = {
            "job": job.id,
            "kind": job.kind,
            "attempt": job.attempt,
            "account": job.account,
        }
        self._tracer.past("queued", job.ready_at, started, facts, run=job.id)
        with about(run=job.id):
            try:
                with self._tracer.span("attempt", facts, run=job.id):
                    return self._handler(job, context)
            except Elsewhere:
                how = "moved"
                raise
            except BaseException as error:
                how = error.code if isinstance(error, PrintroomError) else "internal_error"
                raise
            finally:
                seconds = time.monotonic() - began
                self._tallies.add("printroom_job_seconds", seconds, kind=job.kind, how=how)
                line = {"kind": job.kind, "attempt": job.attempt, "how": how,
                        "seconds": round(seconds, 4)}  # fmt: skip
                level = logging.INFO if how in _WELL else logging.WARNING
                told = "%s %s: %s in %.3f s", job.kind, job.id, how, seconds
                log.log(level, *told, extra={"facts": line})

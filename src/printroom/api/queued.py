"""The queue in numbers, for Prometheus: how much waits, and for how long.

QueueNumbers(workshop).look() -> counted now, if that was not done a moment ago
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from printroom.core.errors import PrintroomError
from printroom.jobs.backlog import Backlog, backlog
from printroom.workshop import Workshop

FRESH = 2.0
"""Seconds for which a count is good, however many ask."""
ABOUT = "Jobs of all who share the database: delayed, queued, running, dead."
log = logging.getLogger("printroom.api")


class QueueNumbers(Collector):
    """The last count; nothing where the database does not answer."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._lock = threading.Lock()
        self._seen = float("-inf")
        self._last: Backlog | None = None

    def look(self) -> None:
        """Count; may take a while, so call it in a thread."""
        with self._lock:
            if time.monotonic() - self._seen < FRESH:
                return
            try:
                self._last = backlog(self._workshop.queue)
            except PrintroomError as error:
                self._last = None
                log.warning("the queue is not counted: %s", error)
            self._seen = time.monotonic()

    def collect(self) -> Iterator[Metric]:
        """The numbers as Prometheus wants them."""
        last = self._last
        if last is None:
            return
        jobs = GaugeMetricFamily("printroom_jobs", ABOUT, labels=("kind", "state"))
        for (kind, state), count in sorted(last.jobs.items()):
            jobs.add_metric((kind, state), count)
        yield jobs
        yield GaugeMetricFamily(
            "printroom_jobs_oldest_seconds",
            "For how long the job that has waited longest could have been started.",
            value=last.oldest,
        )
        yield GaugeMetricFamily("printroom_job_workers", "Workers that live.", value=last.workers)

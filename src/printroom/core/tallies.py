"""How long things took, counted where they happen: cheap, from any thread, until somebody asks.

    tallies.add("printroom_step_seconds", 0.2, step="denoise")
    tallies.series() -> each histogram with what was counted of it

What a name means is in ABOUT, and nothing else is taken.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
"""Seconds: upper ends; there is one more for what took longer."""
ABOUT: Mapping[str, str] = {
    "printroom_step_seconds": "What a step of a pipeline took; of one that streams, to get ready.",
    "printroom_chain_seconds": "What a picture took through a chain of networks and colours.",
    "printroom_job_wait_seconds": "From when a job could be started to when it was.",
    "printroom_job_seconds": "What an attempt at a job took, by how it ended.",
}
MOST = 1000
"""Series of one histogram; what comes beyond them is counted with empty labels."""

Labels = tuple[tuple[str, str], ...]


@dataclass
class Series:
    """One histogram with one set of labels."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    """By bucket, not added up."""
    total: float = 0.0
    """Seconds in all."""


class Tallies:
    """The histograms of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, dict[Labels, Series]] = {name: {} for name in ABOUT}

    def add(self, name: str, seconds: float, **labels: str) -> None:
        """One more of `name`, which is in ABOUT."""
        key = tuple(sorted(labels.items()))
        with self._lock:
            known = self._known[name]
            if key not in known and len(known) >= MOST:
                key = tuple((label, "") for label, _ in key)
            one = known.setdefault(key, Series())
            one.counts[bisect_left(BUCKETS, seconds)] += 1
            one.total += seconds

    def series(self) -> Iterator[tuple[str, Labels, Series]]:
        """Name, labels, and what was counted so far: copies."""
        with self._lock:
            found = [
                (name, labels, Series(list(one.counts), one.total))
                for name, known in self._known.items()
                for labels, one in known.items()
            ]
        yield from found

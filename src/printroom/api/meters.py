"""What the server has done, for Prometheus: plain numbers counted on the event loop.

    Meters.count(status, seconds)         GET /metrics -> text
    Meters.also(EngineNumbers(floor))     the same, with those of the engine

The numbers become metric objects only when somebody asks; a request costs two additions and a
bisection.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

Gauges = Callable[[], Mapping[str, tuple[str, float]]]
"""Name -> (what it is, its value now). Names that end in `_total` are counters."""


class Meters(Collector):
    """Counts of pictures asked for, by status, and how long each took."""

    def __init__(self, gauges: Gauges) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        self._gauges = gauges
        self._codes: Counter[tuple[int, str]] = Counter()
        self._buckets = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0

    def also(self, numbers: Collector) -> None:
        """Show these numbers, too."""
        self._registry.register(numbers)

    def count(self, status: int, code: str, seconds: float) -> None:
        """A request has been answered; `code` is that of its error, or empty."""
        self._codes[status, code] += 1
        self._buckets[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds += seconds

    def text(self) -> str:
        """All numbers, the process's own among them, as Prometheus reads them."""
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterator[Metric]:
        """The numbers as Prometheus wants them."""
        requests = CounterMetricFamily(
            "printroom_requests",
            "Pictures asked for, by status of the answer and code of the error.",
            labels=("status", "code"),
        )
        for (status, code), number in sorted(self._codes.items()):
            requests.add_metric((str(status), code), number)
        yield requests
        sums = list(accumulate(self._buckets))
        edges = [*map(str, _BUCKETS), "+Inf"]
        yield HistogramMetricFamily(
            "printroom_request_seconds",
            "From the first byte of a request to the last of its answer.",
            buckets=list(zip(edges, sums, strict=True)),
            sum_value=self._seconds,
        )
        for name, (about, value) in self._gauges().items():
            family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield family(name, about, value=value)

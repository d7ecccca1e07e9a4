"""What the engine of a process has done, for Prometheus: tiles, models, steps.

    EngineNumbers(floor), ModelNumbers(residency), TallyNumbers(tallies) -> metrics
    text(floor) -> all of it, and the process's own, as Prometheus reads it

The numbers become metric objects only when somebody asks.
"""

from __future__ import annotations

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

from printroom.core.tallies import ABOUT, BUCKETS, Labels, Series, Tallies
from printroom.engine.floor import Floor
from printroom.engine.residency import Residency
from printroom.engine.resident import Facts
from printroom.engine.scheduler import Snapshot

MODELS = "printroom_models_bytes_limit"
"""The gauge of the bytes that models may take."""
_OF_MODELS: Mapping[str, tuple[str, Callable[[Facts], float]]] = {
    "printroom_model_loads_total": ("Times that it was loaded.", lambda of: of.loads),
    "printroom_model_evictions_total": ("Times that it was let go.", lambda of: of.evictions),
    "printroom_model_load_seconds_total": (
        "What its loads took, with the trial of each.",
        lambda of: of.load_seconds,
    ),
}
_OF_RESIDENTS: Mapping[str, tuple[str, Callable[[Facts], float]]] = {
    "printroom_model_processes": ("Server processes that have it loaded.", lambda _: 1),
    "printroom_model_bytes": ("Bytes it took when it was loaded.", lambda of: of.bytes),
    "printroom_model_left_bytes": ("Bytes that its runs left allocated.", lambda of: of.left),
    "printroom_model_leases": ("Runs that use it now.", lambda of: of.leases),
    "printroom_model_pinned": ("Processes that keep it whatever happens.", lambda of: of.pinned),
    "printroom_model_idle_seconds": ("Since it was last used.", lambda of: of.idle),
}


class ModelNumbers(Collector):
    """Numbers of each model that is loaded; those that count up, of each that ever was."""

    def __init__(self, residency: Residency) -> None:
        self._residency = residency

    def collect(self) -> Iterator[Metric]:
        """The numbers as Prometheus wants them."""
        known = self._residency.facts()
        here = [facts for facts in known if facts.bytes]
        yield GaugeMetricFamily("printroom_models_resident", "Models loaded.", value=len(here))
        most = self._residency.most
        yield GaugeMetricFamily(MODELS, "Bytes that models may take.", value=most)
        for name, (about, value) in _OF_MODELS.items():
            counter = CounterMetricFamily(name, about, labels=("model",))
            for facts in known:
                counter.add_metric((facts.model,), value(facts))
            yield counter
        for name, (about, value) in _OF_RESIDENTS.items():
            gauge = GaugeMetricFamily(name, about, labels=("model",))
            for facts in here:
                gauge.add_metric((facts.model,), value(facts))
            yield gauge


_OF_ENGINE: Mapping[str, tuple[str, Callable[[Snapshot], float]]] = {
    "printroom_tiles_total": ("Tiles computed.", lambda of: of.tiles),
    "printroom_tile_batches_total": ("Batches they came in.", lambda of: of.batches),
    "printroom_tile_halvings_total": ("Tiles cut in two.", lambda of: of.halvings),
    "printroom_tiles_queued": ("Tiles waiting for a worker.", lambda of: of.queued),
    "printroom_runs": ("Pictures whose tiles the engine has.", lambda of: of.runs),
    "printroom_workers": ("Workers.", lambda of: of.workers),
    "printroom_workers_idle": ("Workers with nothing to do.", lambda of: of.idle),
    "printroom_worker_restarts_total": ("Workers that died.", lambda of: of.restarts),
    "printroom_tile_longest_seconds": (
        "What the longest batch of tiles took.",
        lambda of: of.longest,
    ),
    "printroom_worker_busy_seconds_total": (
        "Time that workers spent.",
        lambda of: of.busy_seconds,
    ),
}


class EngineNumbers(Collector):
    """All there is to count of one floor."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._parts = ModelNumbers(floor.residency), TallyNumbers(floor.tallies)

    def collect(self) -> Iterator[Metric]:
        """The numbers as Prometheus wants them."""
        now = self._floor.scheduler.snapshot()
        for name, (about, value) in _OF_ENGINE.items():
            family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield family(name, about, value=value(now))
        for part in self._parts:
            yield from part.collect()


class TallyNumbers(Collector):
    """How long things took."""

    def __init__(self, tallies: Tallies) -> None:
        self._tallies = tallies

    def collect(self) -> Iterator[Metric]:
        """Histograms that have something in them."""
        found: dict[str, list[tuple[Labels, Series]]] = {}
        for name, labels, one in self._tallies.series():
            found.setdefault(name, []).append((labels, one))
        for name, counted in found.items():
            names = [label for label, _ in counted[0][0]]
            family = HistogramMetricFamily(name, ABOUT[name], labels=names)
            for labels, one in counted:
                sums = zip((*map(str, BUCKETS), "+Inf"), accumulate(one.counts), strict=True)
                family.add_metric([value for _, value in labels], list(sums), one.total)
            yield family


def text(floor: Floor) -> str:
    """The numbers of a process that serves nobody."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(EngineNumbers(floor))
    return generate_latest(registry).decode()

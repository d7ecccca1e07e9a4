"""Numbers of several processes as those of one: Prometheus text of each -> Prometheus text.

A counter or histogram is summed over all that ever lived, a gauge over those that live now; a few
gauges have no sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from printroom.runs.reports import Reports

_NOT_SUMMED: dict[str, Callable[[float, float], float]] = {
    "printroom_tile_longest_seconds": max,
    "printroom_model_idle_seconds": min,
    "printroom_jobs": max,
    "printroom_jobs_oldest_seconds": max,
    "printroom_job_workers": max,
    "process_start_time_seconds": min,
    "process_max_fds": min,
}


def _added(one: float, other: float) -> float:
    return one + other


class Totals:
    """Adds up; remembers the dead."""

    def __init__(self) -> None:
        self._past = ""
        """What processes that ended had counted."""

    def bury(self, report: str) -> None:
        """A process has ended; `report` is the last that was heard of it."""
        self._past = _text(_summed([self._past, report], gauges=False))

    def of(self, reports: Iterable[str]) -> str:
        """The numbers of the whole, from the present reports of those that live."""
        return _text(_summed([self._past, *reports]))


class Everything:
    """All processes of a server, and the workers on its data folder."""

    def __init__(self, data: Path) -> None:
        self._totals, self._reports = Totals(), Reports(data)

    def bury(self, report: str) -> None:
        """A process has ended; `report` is the last that was heard of it."""
        self._totals.bury(report)

    def with_workers(self, reports: list[str]) -> str:
        """The numbers of the whole, from the reports of the server's processes. Reads files."""
        alive, ended = self._reports.read()
        for report in ended:
            self._totals.bury(report)
        return self._totals.of([*reports, *alive])


def _summed(texts: Iterable[str], *, gauges: bool = True) -> Iterable[Metric]:
    sums: dict[str, Metric] = {}
    values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
    for text in texts:
        for family in text_string_to_metric_families(text):
            if family.type == "gauge" and not gauges:
                continue
            sums.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            known = values.setdefault(family.name, {})
            add = _NOT_SUMMED.get(family.name, _added)
            for sample in family.samples:
                key = sample.name, tuple(sample.labels.items())
                known[key] = add(known[key], sample.value) if key in known else sample.value
    for name, found in values.items():
        for (sample_name, labels), value in found.items():
            sums[name].add_sample(sample_name, dict(labels), value)
    return sums.values()


class _Found:
    """What `generate_latest` takes for a registry."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _text(families: Iterable[Metric]) -> str:
    return generate_latest(_Found(families)).decode()

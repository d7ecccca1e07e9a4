"""What is shared out among processes, and their numbers added up again."""

from dataclasses import replace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.api.limits import HttpLimits
from printroom.api.shares import shares
from printroom.api.totals import Totals
from printroom.core.settings import Settings

COUNTS = st.integers(1, 200)


@given(COUNTS, COUNTS, COUNTS, st.integers(2, 16))
def test_processes_take_no_more_than_one_would_but_one_each(
    workers: int, running: int, waiting: int, processes: int
) -> None:
    memory = 2**32
    settings = Settings(
        processes=processes,
        workers=workers,
        memory=memory,
        http_running=running,
        http_waiting=waiting,
    )
    parts = shares(settings, HttpLimits(running=running, waiting=waiting, held=memory))
    assert len(parts) == processes
    given_workers = [part.settings.workers or 0 for part in parts]
    given_running = [part.settings.http_running for part in parts]
    given_waiting = [part.settings.http_waiting for part in parts]
    for total, found in (
        (workers, given_workers),
        (running, given_running),
        (waiting, given_waiting),
    ):
        assert sum(found) == max(total, processes)
        assert max(found) - min(found) <= 1
    limits = [part.limits for part in parts if part.limits is not None]
    assert [one.running for one in limits] == given_running
    assert [one.waiting for one in limits] == given_waiting
    assert sum(one.held for one in limits) == memory
    taken = [part.settings.memory for part in parts if part.settings.memory is not None]
    own = psutil.Process().memory_info().rss
    assert memory - 1.1 * own < sum(taken) < memory - 0.9 * own  # the parent has its own


def test_what_is_not_shared_stays() -> None:
    settings = Settings(processes=2, preload=("a/b@1",), memory=2**30, workers=2)
    for part in shares(settings, None):
        assert part.limits is None
        unshared = {"processes": 2, "workers": 2, "memory": 2**30}
        again = replace(part.settings, **unshared, http_running=16, http_waiting=64)
        assert again == settings


REPORT = """\
# HELP done_total Things done.
# TYPE done_total counter
done_total{status="200"} 3.0
# HELP open Things open.
# TYPE open gauge
open 2.0
# HELP printroom_tile_longest_seconds The longest.
# TYPE printroom_tile_longest_seconds gauge
printroom_tile_longest_seconds 0.5
# HELP took_seconds Time.
# TYPE took_seconds histogram
took_seconds_bucket{le="1.0"} 1.0
took_seconds_bucket{le="+Inf"} 2.0
took_seconds_count 2.0
took_seconds_sum 4.0
"""


def number(text: str, name: str) -> float:
    found = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{name} ")]
    assert len(found) == 1
    return float(found[0])


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ('done_total{status="200"}', 6),
        ("open", 4),
        ("printroom_tile_longest_seconds", 0.75),
        ('took_seconds_bucket{le="+Inf"}', 4),
        ("took_seconds_sum", 8),
    ],
)
def test_numbers_are_added_up(name: str, total: float) -> None:
    other = REPORT.replace("seconds 0.5", "seconds 0.75")
    assert number(Totals().of([REPORT, other]), name) == total


def test_the_dead_keep_what_they_counted_and_no_more() -> None:
    totals = Totals()
    totals.bury(REPORT)
    totals.bury("")
    totals.bury(REPORT)
    text = totals.of([REPORT])
    assert number(text, 'done_total{status="200"}') == 9
    assert number(text, "took_seconds_count") == 6
    assert number(text, "open") == 2


def test_one_process_has_the_numbers_it_reports() -> None:
    assert Totals().of([REPORT]) == REPORT

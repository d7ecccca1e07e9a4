"""Rates and places, counted together by all processes of a machine."""

import math
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printroom.accounts import counters
from printroom.accounts.counters import COLUMNS, Counters

HOLDER = """
import sys, time
from pathlib import Path
from printroom.accounts.counters import Counters
counted = Counters(Path(sys.argv[1]))
for _ in range(3):
    assert counted.begin("ann", 10) is not None
print("holding", flush=True)
time.sleep(600)
"""


@pytest.fixture
def page(tmp_path):
    made = Counters(tmp_path)
    yield made
    made.close()


class Clock:
    """In place of the module `time`: it stands until it is moved."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(counters, "time", SimpleNamespace(monotonic=lambda: self.now))


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate=st.floats(0.01, 100),
    burst=st.integers(1, 20),
    pauses=st.lists(st.floats(0, 5), max_size=60),
    name=st.uuids(),
)
def test_never_more_than_the_burst_and_the_rate_allow(page, clock, rate, burst, pauses, name):
    times = []
    for pause in pauses:
        clock.now += pause
        arrival = page.arrive(str(name), rate, burst)
        if arrival.admitted:
            times.append(clock.now)
        else:
            assert arrival.wait > 0
    for first in range(len(times)):
        for last in range(first, len(times)):
            allowed = burst + (times[last] - times[first]) * rate
            assert last - first + 1 <= math.floor(allowed + 1e-3)


def test_who_waits_as_long_as_told_is_admitted(page, clock):
    assert [page.arrive("ann", 2, 3).left for _ in range(3)] == [2, 1, 0]
    refused = page.arrive("ann", 2, 3)
    assert (refused.admitted, refused.wait) == (False, 0.5)
    clock.now += refused.wait
    assert page.arrive("ann", 2, 3).admitted
    assert page.arrive("bob", 2, 3).admitted


def test_a_clock_that_began_anew_locks_nobody_out(page, clock):
    clock.now = 1e9
    for _ in range(3):
        page.arrive("ann", 1, 3)
    clock.now = 5.0
    assert page.arrive("ann", 1, 3).admitted


def test_places_are_given_back(page):
    places = [page.begin("ann", 3) for _ in range(3)]
    assert None not in places
    assert page.begin("ann", 3) is None
    assert page.begin("bob", 3) is not None
    page.end(places.pop())
    assert page.begin("ann", 3) is not None
    assert page.begin("none", 0) is None


def test_processes_count_together(tmp_path):
    one, other = Counters(tmp_path), Counters(tmp_path)
    assert one.arrive("ann", 0.001, 2).admitted
    assert other.arrive("ann", 0.001, 2).admitted
    assert not one.arrive("ann", 0.001, 2).admitted
    place = one.begin("ann", 1)
    assert other.begin("ann", 1) is None
    one.end(place)
    assert other.begin("ann", 1) is not None
    one.close()
    other.close()


def test_what_a_killed_process_held_is_free_when_the_next_starts(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "holding\n"
        beside = Counters(tmp_path)
        assert beside.begin("ann", 3) is None
        holder.send_signal(signal.SIGKILL)
    after = Counters(tmp_path)
    assert [after.begin("ann", 3) is not None for _ in range(4)] == [True, True, True, False]
    beside.close()
    after.close()


def test_more_subjects_than_there_is_room_for_are_forgotten_not_refused(page):
    held = page.begin("held", 1)
    for number in range(12_000):
        assert page.arrive(f"subject {number}", 1000, 1).admitted
    assert page.begin("held", 1) is None
    page.end(held)
    assert page.begin("held", 1) is not None


def test_there_are_columns_for_the_processes_of_a_large_machine():
    assert COLUMNS >= 64

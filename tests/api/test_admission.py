"""The gate's laws, over any order of arrivals, departures and withdrawals."""

from functools import partial
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.api.admission import Gate, Place
from printroom.api.limits import HttpLimits
from printroom.core.errors import Overloaded

RUNNING, WAITING = 4, 3


@given(st.lists(st.sampled_from(["person", "batch", "leave", "withdraw"]), max_size=60))
def test_never_more_than_its_limits_and_nobody_is_forgotten(steps: list[str]) -> None:
    gate = Gate(HttpLimits(running=RUNNING, waiting=WAITING), clock=iter(count()).__next__)
    started: list[int] = []
    inside: list[Place] = []
    for number, step in enumerate(steps):
        if step == "leave":
            if working := [place for place in inside if place.began is not None]:
                inside.remove(working[0])
                gate.leave(working[0])
        elif step == "withdraw":
            if inside and gate.withdraw(inside[-1]):
                assert inside.pop().began is None
        else:
            start = partial(started.append, number)
            try:
                inside.append(gate.enter(batch=step == "batch", start=start))
            except Overloaded as refused:
                assert gate.waiting == WAITING
                assert 1 <= refused.retry_after <= 120
        working = [place for place in inside if place.began is not None]
        waiting = [place for place in inside if place.began is None]
        assert (gate.running, gate.waiting) == (len(working), len(waiting))
        assert gate.running <= RUNNING
        assert gate.waiting <= WAITING
        assert sum(place.batch for place in working) < RUNNING
        if any(not place.batch for place in waiting):
            assert gate.running == RUNNING
        if waiting:
            assert gate.running >= RUNNING - 1
    assert len(started) == len(set(started))


def test_people_go_before_batch_work_that_came_earlier() -> None:
    gate = Gate(HttpLimits(running=2, waiting=9), clock=iter(count()).__next__)
    order: list[str] = []
    places = [
        gate.enter(batch=name.startswith("batch"), start=partial(order.append, name))
        for name in ("batch 1", "batch 2", "person 1", "person 2")
    ]
    gate.leave(places[0])
    gate.leave(places[2])
    assert order == ["batch 1", "person 1", "person 2", "batch 2"]


def test_a_stopping_gate_takes_nobody() -> None:
    gate = Gate(HttpLimits(), clock=iter(count()).__next__)
    gate.check()
    gate.stopping = True
    with pytest.raises(Overloaded, match="stopping"):
        gate.check()

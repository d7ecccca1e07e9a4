"""A caller that waits computes its own tiles, in a worker's place, and nobody else's."""

import threading
from contextlib import contextmanager
from typing import Any

import pytest

Make = Any


class Whose:
    """A session that notes which threads ran it."""

    resident_bytes = 0

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def run(self, batch: Any) -> Any:
        self.threads.append(threading.current_thread())
        return batch * 2

    def close(self) -> None:
        pass


def test_a_lone_tile_is_computed_by_the_caller(scheduler: Make, work: Any) -> None:
    session, engine = Whose(), scheduler(2)
    for _ in range(20):  # a worker that is just about to rest may be quicker
        with engine.run() as run:
            tile = work(session, 3)
            run.wait(run.submit(tile, last=True))
        assert tile.results[0][0, 0, 0, 0] == 6
        if session.threads[-1] is threading.current_thread():
            break
    else:
        raise AssertionError("the workers did them all")
    assert engine.snapshot().idle == 2


def test_with_no_place_free_the_workers_do_it(scheduler: Make, gated: Any, work: Any) -> None:
    session = Whose()
    with scheduler(1) as engine, engine.run() as first, engine.run() as second:
        busy = first.submit(work(gated, 1))
        gated.wait_for(1)
        future = second.submit(work(session, 2), last=True)
        waiter = threading.Thread(target=second.wait, args=(future,))
        waiter.start()
        gated.open()
        waiter.join(60)
        busy.result(60)
        assert future.done()


def test_the_tiles_of_others_are_left_to_the_workers(scheduler: Make, work: Any) -> None:
    session, engine = Whose(), scheduler(1)
    with engine.run() as ours, engine.run() as theirs:
        other = theirs.submit(work(session, 1), last=True)  # first in line, and no worker is awake
        ours.wait(ours.submit(work(session, 2), last=True))
        other.result(60)
    assert threading.current_thread() not in session.threads


def test_a_last_tile_that_nobody_waits_for_is_computed_all_the_same(
    scheduler: Make, work: Any
) -> None:
    tile = work(Whose(), 3)
    with scheduler(1).run() as run:
        run.submit(tile, last=True)
    assert tile.results


def test_a_caller_that_is_interrupted_leaves_its_tile_to_the_workers(
    scheduler: Make, echo: Any, work: Any
) -> None:
    engine = scheduler(1)
    fault = work(echo, 1, faults={"load": KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt), engine.run() as run:
        run.wait(run.submit(fault, last=True))
    with engine.run() as run:
        tile = work(echo, 4)
        run.submit(tile).result(60)
    assert engine.snapshot().idle == 1
    assert tile.results


def test_whoever_waits_steps_aside(scheduler: Make, gated: Any, work: Any) -> None:
    aside: list[str] = []

    @contextmanager
    def step() -> Any:
        aside.append("in")
        yield
        aside.append("out")

    with scheduler(1).run(aside=step) as run:
        future = run.submit(work(gated, 1))
        gated.wait_for(1)
        gated.open()
        run.wait(future)
        assert aside in ([], ["in", "out"])  # the worker may be through already
        future = run.submit(work(gated, 2))
        gated.wait_for(2)
        threading.Timer(0.05, gated.open).start()
        run.rest(future)
    assert aside[-2:] == ["in", "out"]

"""All of these count; none of them measures time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from printroom.core.errors import Cancelled, ModelFailed, Overloaded
from printroom.engine.scheduler import DEATHS, Priority, Scheduler

Make = Callable[..., Scheduler]


def outcome(future: Future[None]) -> BaseException | None:
    return future.exception(timeout=60)


def test_every_work_is_loaded_run_and_stored(scheduler: Make, box: Any, work: Any) -> None:
    works = [work(box(), value) for value in range(200)]
    with scheduler(3).run(in_flight=10) as run:
        futures = [run.submit(one) for one in works]
    assert all(future.done() for future in futures)
    assert all(len(one.results) == 1 for one in works)
    assert all(one.results[0].shape == (1, 1, 4, 4) for one in works)
    assert works[9].results[0][0, 0, 1, 1] == 4  # the mean of 9 9 0 / 9 9 0 / 0 0 0


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_interactive_tiles_pass_a_batch_run_in_progress(
    scheduler: Make, gated: Any, work: Any, workers: int
) -> None:
    """A small picture waits for the tiles being run, one for each worker, and for no others."""
    engine = scheduler(workers)
    with engine.run(Priority.BATCH, in_flight=20) as large, engine.run() as small:
        for _ in range(20):
            large.submit(work(gated, 0))
        gated.wait_for(workers)
        futures = [small.submit(work(gated, 1)) for _ in range(3)]
        gated.open(1000)
        for future in futures:
            future.result(timeout=60)
    assert gated.order[: workers + 3] == [0] * workers + [1] * 3


def test_batch_runs_do_not_starve(scheduler: Make, gated: Any, work: Any) -> None:
    engine = scheduler(1)
    with (
        engine.run(in_flight=1) as opener,
        engine.run(Priority.BATCH, in_flight=200) as slow,
        engine.run(Priority.INTERACTIVE, in_flight=200) as fast,
    ):
        opener.submit(work(gated, -1))
        gated.wait_for(1)
        for _ in range(200):
            slow.submit(work(gated, 0))
            fast.submit(work(gated, 1))
        gated.open(1000)
    while_both = gated.order[1:171]
    assert while_both.count(0) == pytest.approx(170 / 17, abs=1)


def test_weights_share_among_equals(scheduler: Make, gated: Any, work: Any) -> None:
    engine = scheduler(1)
    with (
        engine.run() as opener,
        engine.run(weight=3, in_flight=100) as three,
        engine.run(weight=1, in_flight=100) as one,
    ):
        opener.submit(work(gated, -1))
        gated.wait_for(1)
        for _ in range(100):
            three.submit(work(gated, 3))
            one.submit(work(gated, 1))
        gated.open(1000)
    assert gated.order[1:101].count(3) == pytest.approx(75, abs=1)


def learn_to_batch(engine: Scheduler, session: Any, work: Any) -> None:
    """Serve tiles until the scheduler knows that large batches pay."""
    with engine.run(in_flight=500) as run:
        for _ in range(1000):
            run.submit(work(session, 0))
    assert session.batches[-1] > 1 or max(session.batches) >= 8


def test_tiles_of_different_runs_share_batches_once_learned(
    scheduler: Make, echo: Any, work: Any, held: Any, flat_clock: Any
) -> None:
    engine = scheduler(1, clock=flat_clock)
    learn_to_batch(engine, echo, work)
    before = len(echo.batches)
    blocker = held(echo)
    with engine.run() as first:
        first.submit(blocker)
        blocker.begun.wait(60)
        runs = [engine.run() for _ in range(4)]
        futures = [run.submit(work(echo, 1)) for run in runs]
        blocker.go.set()
    assert [outcome(future) for future in futures] == [None] * 4
    assert echo.batches[before:] == [1, 4]


def test_a_batch_leaves_their_share_to_idle_workers(
    scheduler: Make, echo: Any, work: Any, held: Any, flat_clock: Any
) -> None:
    engine = scheduler(1, clock=flat_clock)
    learn_to_batch(engine, echo, work)
    blocker, before = held(echo), len(echo.batches)
    with engine.run(in_flight=20) as run:
        run.submit(blocker)
        blocker.begun.wait(60)
        engine.workers += 1  # as if another worker were waiting
        for _ in range(8):
            run.submit(work(echo, 1))
        blocker.go.set()
    assert echo.batches[before:] == [1, 4, 2, 1, 1]
    engine.workers -= 1


def test_submit_waits_for_room_and_goes_on(scheduler: Make, gated: Any, work: Any) -> None:
    with scheduler(1).run(in_flight=3) as run:
        submitted: list[int] = []

        def drive() -> None:
            for number in range(10):
                run.submit(work(gated, number))
                submitted.append(number)

        driver = threading.Thread(target=drive)
        driver.start()
        for begun in range(1, 8):
            gated.wait_for(begun)
            assert len(submitted) <= begun + 2  # those finished, and three
            gated.open()
        gated.open(1000)
        driver.join(timeout=60)
        assert submitted == list(range(10))


def test_cancel_frees_what_waits_at_once(scheduler: Make, gated: Any, work: Any) -> None:
    engine = scheduler(1)
    works = [work(gated, number) for number in range(8)]
    with engine.run(in_flight=8) as run:
        futures = [run.submit(one) for one in works]
        gated.wait_for(1)
        run.cancel()
        assert all(isinstance(outcome(future), Cancelled) for future in futures[1:])
        assert engine.snapshot().queued == 0
        gated.open()  # the one in hand ends, and is thrown away
        assert isinstance(outcome(futures[0]), Cancelled)
        with pytest.raises(Cancelled):
            run.submit(work(gated, 9))
    assert gated.order == [0]
    assert engine.snapshot().runs == 0


def test_cancel_wakes_a_driver_that_waits_for_room(scheduler: Make, gated: Any, work: Any) -> None:
    ended: list[BaseException] = []
    with scheduler(1).run(in_flight=1) as run:

        def drive() -> None:
            try:
                for number in range(5):
                    run.submit(work(gated, number))
            except Cancelled as error:
                ended.append(error)

        driver = threading.Thread(target=drive)
        driver.start()
        gated.wait_for(1)
        run.cancel()
        driver.join(timeout=60)
        gated.open()
    assert len(ended) == 1


def test_leaving_by_an_error_cancels_and_waits_for_the_hands(
    scheduler: Make, gated: Any, work: Any
) -> None:
    engine = scheduler(1)
    works = [work(gated, number) for number in range(5)]

    def fail_halfway() -> None:
        with engine.run() as run:
            for one in works:
                run.submit(one)
            gated.wait_for(1)
            threading.Timer(0.05, gated.open).start()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert gated.order == [0]
    assert engine.snapshot().runs == engine.snapshot().queued == 0
    assert engine.snapshot().tiles == 1


@pytest.mark.parametrize("place", ["load", "store"])
@pytest.mark.parametrize("together", [False, True])
def test_a_fault_ends_its_run_and_no_other(
    *, scheduler: Make, echo: Any, work: Any, held: Any, flat_clock: Any, place: str, together: bool
) -> None:
    """Also where the tiles of both share a batch."""
    engine = scheduler(1, clock=flat_clock) if together else scheduler(1)
    if together:
        learn_to_batch(engine, echo, work)
    before = len(echo.batches)
    good, bad, blocker = engine.run(in_flight=30), engine.run(in_flight=30), held(echo)
    with engine.run() as first:
        first.submit(blocker)
        blocker.begun.wait(60)
        fine, faulty = [], []
        for number in range(20):
            faults = {place: ValueError("a broken tile")} if number == 5 else {}
            fine.append(good.submit(work(echo, 1)))
            faulty.append(bad.submit(work(echo, 2, faults=faults)))
        blocker.go.set()
    assert [outcome(future) for future in fine] == [None] * 20
    fault = outcome(faulty[5])
    assert isinstance(fault, ValueError)
    assert {outcome(future) for future in faulty} == {None, fault}
    assert outcome(faulty[-1]) is fault
    with pytest.raises(ValueError, match="broken tile"):
        bad.submit(work(echo, 3))
    assert not together or max(echo.batches[before:]) > 1


def test_a_fault_of_the_network_in_a_shared_batch_is_found(
    scheduler: Make, echo: Any, work: Any, held: Any, flat_clock: Any
) -> None:
    """The batch fails as a whole; alone, only the one at fault does."""

    class Picky(type(echo)):  # type: ignore[misc]
        def run(self, batch: Any) -> Any:
            if (batch == 13).any():
                raise ModelFailed("the network does not like 13")
            return super().run(batch)

    session, engine = Picky(), scheduler(1, clock=flat_clock)
    learn_to_batch(engine, session, work)
    blocker, runs = held(session), [engine.run() for _ in range(4)]
    with engine.run() as first:
        first.submit(blocker)
        blocker.begun.wait(60)
        futures = [run.submit(work(session, 11 + at)) for at, run in enumerate(runs)]
        blocker.go.set()
    ends = [outcome(future) for future in futures]
    assert [type(end) for end in ends] == [type(None), type(None), ModelFailed, type(None)]


def test_a_tile_without_memory_is_halved_until_it_fits(
    scheduler: Make, box: Any, work: Any
) -> None:
    session = box(largest=16)
    large = work(session, 1, shape=(1, 1, 16, 4))
    engine = scheduler(1)
    with engine.run() as run:
        assert outcome(run.submit(large)) is None
    assert (
        session.shapes
        == [(1, 1, 16, 4), (1, 1, 8, 4), *[(1, 1, 4, 4)] * 2, (1, 1, 8, 4)] + [(1, 1, 4, 4)] * 2
    )
    assert engine.snapshot().halvings == 3
    assert engine.snapshot().tiles == 1
    assert not large.results
    assert all(part.results for half in large.halves for part in half.halves)


def test_the_smallest_tile_without_memory_ends_its_run(
    scheduler: Make, box: Any, work: Any
) -> None:
    engine = scheduler(1)
    run = engine.run()
    assert isinstance(outcome(run.submit(work(box(largest=1), 1))), MemoryError)
    with engine.run() as other:
        assert outcome(other.submit(work(box(), 1))) is None


def test_a_tile_waits_for_memory_that_another_holds(scheduler: Make, gated: Any, work: Any) -> None:
    """Memory for one tile at a time: of four workers three find none, and none gives up."""
    taken = threading.Lock()

    class Cramped(type(gated)):  # type: ignore[misc]
        def run(self, batch: Any) -> Any:
            if not taken.acquire(blocking=False):
                raise MemoryError
            try:
                return super().run(batch)
            finally:
                taken.release()

    session, engine = Cramped(), scheduler(4)
    works = [work(session, number, shape=(1, 1, 1, 1)) for number in range(12)]
    with engine.run(in_flight=12) as run:
        futures = [run.submit(one) for one in works]
        for begun in range(1, 13):
            session.wait_for(begun)
            session.open()
    assert [outcome(future) for future in futures] == [None] * 12
    assert all(len(one.results) == 1 for one in works)


def test_a_batch_without_memory_goes_one_by_one(
    scheduler: Make, echo: Any, work: Any, held: Any, flat_clock: Any
) -> None:
    class Small(type(echo)):  # type: ignore[misc]
        full = False

        def run(self, batch: Any) -> Any:
            if self.full and len(batch) > 1:
                raise MemoryError
            return super().run(batch)

    session, engine = Small(), scheduler(1, clock=flat_clock)
    learn_to_batch(engine, session, work)
    session.full, before = True, len(session.batches)
    with engine.run(in_flight=50) as run:
        for _ in range(50):
            run.submit(work(session, 1))
    assert session.batches[before:] == [1] * 50
    assert engine.snapshot().halvings == 0


@pytest.mark.parametrize("place", ["load", "store"])
def test_a_worker_that_dies_is_replaced_and_its_tile_done(
    scheduler: Make, echo: Any, work: Any, held: Any, place: str
) -> None:
    engine = scheduler(2)
    fatal = work(echo, 7, shape=(1, 1, 4, 4), faults={place: SystemExit()})
    with engine.run(in_flight=20) as run:
        futures = [run.submit(work(echo, 1)) for _ in range(10)]
        futures.append(run.submit(fatal))
        futures += [run.submit(work(echo, 1)) for _ in range(10)]
    assert [outcome(future) for future in futures] == [None] * 21
    assert all(half.results for half in fatal.halves)
    assert engine.snapshot().restarts == 1
    both = [held(echo), held(type(echo)())]  # of two sessions: never one batch
    with engine.run() as run:
        for one in both:
            run.submit(one)
        assert all(one.begun.wait(60) for one in both)  # there are two workers again
        for one in both:
            one.go.set()


def test_a_tile_that_kills_every_worker_is_given_up(scheduler: Make, echo: Any, work: Any) -> None:
    class Fatal(type(echo)):  # type: ignore[misc]
        def run(self, batch: Any) -> Any:
            raise SystemExit

    engine = scheduler(2)
    doomed = engine.run()
    assert isinstance(outcome(doomed.submit(work(Fatal(), 1))), ModelFailed)
    assert engine.snapshot().restarts == DEATHS
    with engine.run() as run:
        assert outcome(run.submit(work(echo, 1))) is None


def test_idle_workers_are_those_that_would_take_a_tile(
    scheduler: Make, gated: Any, work: Any
) -> None:
    engine = scheduler(3)
    with engine.run() as run:
        run.submit(work(gated, 0))
        gated.wait_for(1)
        assert engine.idle_workers <= 2
        for _ in range(4):
            run.submit(work(gated, 0))
        assert engine.idle_workers == 0
        gated.open(10)


def test_drain_waits_for_runs_and_refuses_new_ones(scheduler: Make, gated: Any, work: Any) -> None:
    engine = scheduler(1)
    with engine.run() as run:
        run.submit(work(gated, 0))
        assert engine.drain(timeout=0) is False
        with pytest.raises(Overloaded):
            engine.run()
        gated.open(2)
        assert outcome(run.submit(work(gated, 1))) is None
    assert engine.drain() is True


def test_close_cancels_what_is_left_and_may_be_repeated(
    scheduler: Make, gated: Any, work: Any
) -> None:
    engine = scheduler(1)
    run = engine.run()
    futures = [run.submit(work(gated, number)) for number in range(4)]
    gated.wait_for(1)
    gated.open(4)
    engine.close()
    engine.close()
    assert any(isinstance(outcome(future), Cancelled) for future in futures)
    assert all(future.done() for future in futures)
    with pytest.raises(Overloaded):
        engine.run()


def test_many_runs_at_once_lose_nothing(scheduler: Make, box: Any, work: Any) -> None:
    """Eight drivers, half of them cancelled midway; every future ends, every finished tile is
    stored once."""
    engine, session = scheduler(3), box()
    done: dict[int, list[Any]] = {}

    def drive(number: int) -> None:
        works, futures = [work(session, at) for at in range(60)], []
        run = engine.run(Priority.BATCH if number % 3 else Priority.INTERACTIVE, in_flight=7)
        try:
            with run:
                for at, one in enumerate(works):
                    if number % 2 and at == 30:
                        run.cancel()
                    futures.append(run.submit(one))
        except Cancelled:
            pass
        done[number] = list(zip(works, futures, strict=False))

    drivers = [threading.Thread(target=drive, args=(number,)) for number in range(8)]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join(60)
    for number, pairs in done.items():
        assert len(pairs) == (30 if number % 2 else 60)
        for one, future in pairs:
            assert future.done()
            assert len(one.results) <= 1
            assert future.exception() is not None or len(one.results) == 1
    assert len(done) == 8

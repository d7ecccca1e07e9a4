import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import Cancelled, NeedsMemory
from printroom.core.ledger import Crowded, Ledger


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=1, max_size=12))
def test_what_is_granted_never_exceeds_the_total(amounts: list[int]) -> None:
    ledger = Ledger(10)
    held, most, guard = 0, 0, threading.Lock()

    def work(amount: int) -> None:
        nonlocal held, most
        with ledger.reserve(amount):
            with guard:
                held += amount
                most = max(most, held)
            with guard:
                held -= amount

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, amounts))
    assert most <= 10
    assert (ledger.granted, ledger.waiting) == (0, 0)


def test_a_small_run_does_not_pass_a_large_one_that_waits() -> None:
    ledger, order = Ledger(10), list[str]()
    queued = [threading.Event(), threading.Event()]

    def run(name: str, amount: int) -> None:
        with ledger.reserve(amount):
            order.append(name)

    def wait_for(count: int) -> None:
        while ledger.waiting < count:
            queued[0].wait(0.001)

    with ThreadPoolExecutor(2) as pool, ExitStack() as stack:
        stack.enter_context(ledger.reserve(6))
        large = pool.submit(run, "large", 10)
        wait_for(1)
        small = pool.submit(run, "small", 1)
        wait_for(2)
        assert order == []
        stack.close()
        large.result(10), small.result(10)
    assert order == ["large", "small"]


def test_more_than_there_is_is_refused_with_the_figure() -> None:
    with pytest.raises(NeedsMemory, match="11 B") as caught, Ledger(10).reserve(11):
        pass
    assert caught.value.needed == 11


def test_a_cancelled_run_leaves_the_queue() -> None:
    ledger, cancel = Ledger(10), threading.Event()
    cancel.set()
    with ledger.reserve(10), pytest.raises(Cancelled), ledger.reserve(1, cancel):
        pass
    assert (ledger.granted, ledger.waiting) == (0, 0)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 12)), max_size=20), st.integers(0, 12))
def test_what_is_kept_is_counted_with_what_is_granted(
    moves: list[tuple[bool, int]], most: int
) -> None:
    """Kept bytes fit, or are not kept; dropped ones are free again."""
    ledger, held = Ledger(12), list[int]()
    with ledger.reserve(5):
        for keeps, amount in moves:
            if keeps and ledger.keep(amount, most):
                held.append(amount)
            elif not keeps and held:
                ledger.drop(held.pop())
            assert ledger.kept == sum(held) <= min(most, 7)
    for amount in held:
        ledger.drop(amount)
    with ledger.reserve(12):
        assert not ledger.keep(1)


def test_what_is_kept_gives_way_to_a_run() -> None:
    """As much as is short, asked for while the ledger is not locked."""
    asked: list[int] = []

    def make_room(short: int) -> bool:
        asked.append(short)
        ledger.drop(4)
        return True

    ledger = Ledger(10, make_room)
    assert ledger.keep(8)
    with ledger.reserve(7):
        assert (ledger.kept, asked) == (0, [5, 1])


def test_what_is_kept_and_stays_is_in_the_way() -> None:
    """At once when no run holds anything; else the run waits for that one."""
    ledger = Ledger(10)
    assert ledger.keep(6)
    with pytest.raises(Crowded), ledger.reserve(5):
        pass
    later = ledger.reserve(4)
    with ThreadPoolExecutor(1) as pool:
        with ledger.reserve(3):
            waiting = pool.submit(later.__enter__)
            while not ledger.waiting:
                threading.Event().wait(0.001)
        waiting.result(10)
    assert (ledger.granted, ledger.kept) == (4, 6)
    later.__exit__(None, None, None)


@given(st.integers(0, 1000), st.integers(0, 900))
def test_half_leaves_as_much_for_the_next(beside: int, granted: int) -> None:
    ledger = Ledger(1024)
    with ledger.reserve(granted):
        share = ledger.half(beside)
        free = 1024 - beside - granted
        assert 2 * share <= free or share == (1024 - beside) >> 6

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import Cancelled, NeedsMemory
from printroom.core.ledger import Ledger


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

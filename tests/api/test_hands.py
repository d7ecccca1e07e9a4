"""Threads that work for the event loop: one at a time at work, and none idle for want of it."""

import asyncio
import threading

import pytest

from printroom.api.hands import Hands


async def ask(hands, work):
    answer = asyncio.get_running_loop().create_future()

    def done(result, error):
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)

    hands.do(work, done)
    return await answer


@pytest.fixture
async def hands():
    made = Hands(6, 1, asyncio.get_running_loop())
    yield made
    made.close()


async def test_results_and_errors_come_back(hands):
    assert await ask(hands, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await ask(hands, lambda: 1 / 0)


async def test_one_at_a_time_is_at_work(hands):
    at_work, most, lock = 0, 0, threading.Lock()

    def work():
        nonlocal at_work, most
        for _ in range(3):
            with lock:
                at_work += 1
                most = max(most, at_work)
            threading.Event().wait(0.001)
            with lock:
                at_work -= 1
            with hands.aside():
                threading.Event().wait(0.001)

    await asyncio.gather(*(ask(hands, work) for _ in range(20)))
    assert most == 1


async def test_whoever_waits_lets_another_one_work(hands):
    gate = threading.Event()

    def waits():
        with hands.aside():
            gate.wait()

    waiting = [asyncio.ensure_future(ask(hands, waits)) for _ in range(4)]
    assert await ask(hands, lambda: "worked meanwhile") == "worked meanwhile"
    gate.set()
    await asyncio.gather(*waiting)
    assert await asyncio.gather(*(ask(hands, lambda: 1) for _ in range(9))) == [1] * 9


async def test_threads_end_when_closed():
    made = Hands(3, 1, asyncio.get_running_loop())
    assert await ask(made, lambda: threading.current_thread() in made._threads)
    made.close()
    for thread in made._threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in made._threads)

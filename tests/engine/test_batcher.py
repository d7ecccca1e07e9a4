import gc
import random
from collections.abc import Callable
from typing import Any

import pytest
from numpy.typing import NDArray

from printroom.engine.batcher import Batcher

SHAPE = (1, 3, 64, 64)
PLENTY = 1 << 30


class Nothing:
    """A session that is only talked about."""

    resident_bytes = 0

    def run(self, batch: NDArray[Any]) -> NDArray[Any]:
        return batch

    def close(self) -> None:
        pass


def serve(
    batcher: Batcher, session: Nothing, cost: Callable[[int], float], offered: Callable[[], int]
) -> list[int]:
    """2,000 tiles' worth of batches of a device where a batch of n takes `cost(n)` seconds."""
    sizes: list[int] = []
    while sum(sizes) < 2000:
        size = min(batcher.size(session, SHAPE), offered())
        batcher.learn(session, SHAPE, size, cost(size))
        sizes.append(size)
    return sizes


def test_where_batching_loses_it_settles_on_one_quickly() -> None:
    """As measured on a CPU: 126 tiles a second alone, 90 in batches of 8."""
    noise = random.Random(0)
    sizes = serve(
        Batcher(pixels=PLENTY),
        Nothing(),
        lambda n: n / (126 if n == 1 else 100 - n) * noise.uniform(0.9, 1.1),
        lambda: 32,
    )
    assert sum(size for size in sizes if size > 1) <= 60


def test_where_batching_wins_it_climbs_and_stays() -> None:
    batcher, session = Batcher(pixels=PLENTY), Nothing()
    sizes = serve(batcher, session, lambda n: 0.010 + 0.001 * n, lambda: 32)
    assert max(sizes) == 32
    assert sum(sizes) / len(sizes) > 6
    assert batcher.size(session, SHAPE) >= 16


def test_a_batch_has_few_pixels_but_a_tile_may_have_more() -> None:
    """Large batches would take memory that no plan counted on."""
    batcher, session = Batcher(pixels=5 * 64 * 64), Nothing()
    assert max(serve(batcher, session, lambda n: 0.010 + 0.001 * n, lambda: 32)) == 5
    small = Batcher(pixels=60 * 60)
    assert set(serve(small, session, lambda n: 0.010 + 0.001 * n, lambda: 32)) == {1}


def test_it_finds_the_middle() -> None:
    batcher, session = Batcher(pixels=PLENTY), Nothing()
    sizes = serve(batcher, session, lambda n: 0.01 * max(4, n) * (1 + (n > 4)), lambda: 32)
    assert max(sizes[-50:], key=sizes[-50:].count) == 4


def test_a_size_that_was_never_offered_is_not_judged() -> None:
    batcher, session = Batcher(), Nothing()
    serve(batcher, session, lambda n: 0.010 + 0.001 * n, lambda: 1)
    assert batcher.size(session, SHAPE) == 2  # it still asks


def test_a_batch_stays_below_the_longest_time_but_a_tile_may_exceed_it() -> None:
    batcher, session = Batcher(longest=0.1, pixels=PLENTY), Nothing()
    sizes = serve(batcher, session, lambda n: 0.03 + 0.001 * n, lambda: 32)
    assert max(sizes) == 3
    slow = Nothing()
    assert set(serve(Batcher(longest=0.1), slow, lambda n: 0.5 * n, lambda: 32)) == {1}


def test_no_batches_for_long_once_one_found_no_memory() -> None:
    batcher, session = Batcher(), Nothing()
    serve(batcher, session, lambda n: 0.010 + 0.001 * n, lambda: 32)
    batcher.too_large(session, SHAPE)
    assert set(serve(batcher, session, lambda n: 0.010 + 0.001 * n, lambda: 32)) == {1}


def test_sizes_of_tile_are_told_apart_and_sessions_too() -> None:
    batcher, session = Batcher(), Nothing()
    serve(batcher, session, lambda n: 0.010 + 0.001 * n, lambda: 32)
    assert batcher.size(session, (1, 3, 512, 512)) == 1
    assert batcher.size(Nothing(), SHAPE) == 1


def test_pace_is_that_of_the_largest_tiles() -> None:
    batcher, session = Batcher(), Nothing()
    assert batcher.pace(session) is None
    for _ in range(3):
        batcher.learn(session, (1, 3, 8, 8), 1, 0.01)
        batcher.learn(session, (1, 3, 100, 100), 1, 0.02)
    assert batcher.pace(session) == pytest.approx(2e-6)


def test_a_session_that_is_gone_is_forgotten() -> None:
    batcher, session = Batcher(), Nothing()
    serve(batcher, session, lambda n: n, lambda: 32)
    del session
    gc.collect()
    assert not batcher._known

"""Slabs are used again, never while an array lies in them, and cannot be shrunk."""

import gc
import os
import resource

import numpy as np
import pytest

from printroom.core.errors import NeedsMemory
from printroom.isolation.arena import SUPPORTED, Arena

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="no shared memory here")
MIB = 2**20


@pytest.fixture
def arena():
    made = Arena(8 * MIB)
    yield made
    made.close()


def test_a_slab_is_used_again_when_the_last_array_in_it_is_gone(arena):
    hold = arena.hold(MIB)
    number = hold.slab.number
    part = hold.array(np.float32, (10, 10))[2:4, ::2]
    del hold
    other = arena.hold(MIB)
    assert other.slab.number != number
    assert arena.held == 2
    del part
    assert arena.held == 1
    assert arena.hold(MIB).slab.number == number


def test_arrays_lie_where_they_were_asked_for(arena):
    hold = arena.hold(256)
    hold.array(np.uint8, (64,), 64)[:] = 7
    assert hold.whole[64:128].tolist() == [7] * 64
    assert not hold.whole[:64].any()


def test_no_more_than_allowed(arena):
    held = [arena.hold(4 * MIB), arena.hold(4 * MIB)]
    with pytest.raises(NeedsMemory):
        arena.hold(1)
    held.clear()
    assert arena.hold(8 * MIB).slab.size == 8 * MIB
    assert arena.size <= 8 * MIB


def test_a_small_array_does_not_take_a_large_slab(arena):
    del [arena.hold(4 * MIB)][:]
    assert arena.hold(1000).slab.size < MIB


def test_a_slab_cannot_be_resized(arena):
    hold = arena.hold(MIB)
    for size in (0, 2 * MIB):
        with pytest.raises(PermissionError):
            os.ftruncate(hold.slab.fd, size)


def test_what_the_system_refuses_is_an_error(arena):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (arena.hold(1).slab.fd + 5, before[1]))
        with pytest.raises(NeedsMemory, match="cannot be had"):
            held += [arena.hold(1) for _ in range(10)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert arena.hold(1).slab.size > 0


def test_only_its_own_arrays_are_found(arena):
    array = arena.hold(400).array(np.float32, (10, 10))
    assert arena.found(array[1:]) is not None
    assert arena.found(array.copy()) is None
    assert arena.found(np.zeros(3)) is None
    assert Arena(MIB).found(array) is None


def test_closing_gives_back_files_at_once_and_memory_with_the_last_array(open_files):
    gc.collect()  # what others left, and would be closed meanwhile
    before = open_files()
    arena = Arena(8 * MIB)
    array = arena.hold(MIB).array(np.uint8, (MIB,))
    arena.hold(100)
    arena.close()
    array[:] = 3
    assert array.sum() == 3 * MIB
    del array
    gc.collect()
    assert (open_files(), arena.size) == (before, 0)

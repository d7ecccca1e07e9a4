"""Values come back as they went, and no child can make us read what is not its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from printroom.core.errors import BadOption
from printroom.isolation.arena import SUPPORTED, Arena
from printroom.isolation.values import TYPES, pack, unpack
from printroom.isolation.wire import Garbage

arrays = st.sampled_from(sorted(TYPES)).flatmap(
    lambda name: hnp.arrays(name, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
)
plain = st.none() | st.integers() | st.text() | st.lists(st.integers())
values = st.dictionaries(
    st.text(), arrays | plain | st.lists(arrays, min_size=1, max_size=3), max_size=4
)


@pytest.fixture(scope="module", params=["shared", "socket"])
def arena(request):
    if request.param == "socket":
        yield None
    elif not SUPPORTED:
        pytest.skip("no shared memory here")
    else:
        made = Arena(2**28)
        yield made
        made.close()


def back(parcel):
    payload = bytearray(b"".join(part.tobytes() for part in parcel.payload))
    return unpack(parcel.written, payload, parcel.places, parcel.written)


def same(a, b):
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return a == b


@given(sent=values)
def test_values_come_back(arena, sent):
    assert all(same(sent[name], value) for name, value in back(pack(sent, arena)).items())


@pytest.mark.parametrize("turn", [lambda a: a.T, lambda a: a[::2, ::-1], lambda a: a.astype(">f4")])
def test_the_order_in_memory_does_not_matter(arena, turn):
    array = turn(np.arange(35, dtype=np.float32).reshape(5, 7))
    assert np.array_equal(back(pack({"a": array}, arena))["a"], array)


@pytest.mark.parametrize("array", [np.array([object()]), np.array(["a"]), np.zeros(2, complex)])
def test_other_types_are_refused(arena, array):
    with pytest.raises(BadOption):
        pack({"a": array}, arena)


def test_an_array_of_the_arena_is_not_copied():
    if not SUPPORTED:
        pytest.skip("no shared memory here")
    arena = Arena(2**20)
    array = arena.hold(400).array(np.float32, (10, 10))
    again = back(pack({"a": array[2:5]}, arena))["a"]
    array[3, 3] = 7
    assert again[1, 3] == 7
    arena.close()


def ref(**changes):
    return {"a": {"array": {"dtype": "uint8", "shape": [4], "segment": 1, "offset": 0} | changes}}


@pytest.mark.parametrize(
    "written",
    [
        None,
        [],
        {},
        {"a": {"json": 1}, "b": {"json": 1}},
        {"a": 7},
        {"a": {}},
        {"a": {"json": 1, "array": {}}},
        {"a": {"list": [{"list": []}]}},
        {"a": {"list": 3}},
        {"a": {"array": None}},
        ref(dtype="object"),
        ref(dtype=7),
        ref(dtype=["uint8"]),
        ref(shape=4),
        ref(shape=[-4]),
        ref(shape=[True]),
        ref(shape=[4.0]),
        ref(shape=[2**62, 2**62]),
        ref(shape=[1] * 40),
        ref(shape=[65]),
        ref(offset=-1),
        ref(offset=61),
        ref(offset=2**63),
        ref(offset=True),
        ref(offset=1, dtype="float32", shape=[1]),
        ref(segment=2),
        ref(segment="1"),
        ref(segment=True),
        ref(segment=[1]),
        ref(segment=None, shape=[9]),
    ],
)
def test_what_a_child_may_not_write(written):
    with pytest.raises(Garbage):
        unpack(written, bytearray(8), {1: np.zeros(64, np.uint8)}, ["a"])


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "dtype": st.sampled_from(["uint8", "float32", "float64", "O", "i4", ""])
            | st.integers(),
            "shape": st.lists(st.integers(-2, 70), max_size=4),
            "segment": st.none() | st.integers(0, 2),
            "offset": st.integers(-2, 70),
        },
    )
)
def test_whatever_is_written_nothing_outside_is_read(written):
    given_to_it = np.arange(64, dtype=np.uint8)
    try:
        read = unpack({"a": {"array": written}}, bytearray(8), {1: given_to_it}, ["a"])["a"]
    except Garbage:
        return
    assert read.nbytes + written["offset"] <= (8 if written.get("segment") is None else 64)

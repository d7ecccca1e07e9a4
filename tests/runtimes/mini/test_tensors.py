"""Files of arrays: what is written is read, and nothing else is."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from printroom.core.errors import BadModel
from printroom.runtimes.mini.tensors import checked, read, written

ARRAYS = {"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b": np.ones(4, np.float32)}
FILE = written(ARRAYS, {"base": "sha256:0"})


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda name: name != "__metadata__"),
        hnp.arrays(
            st.sampled_from([np.float16, np.float32]), hnp.array_shapes(min_side=0, max_side=4)
        ),
        max_size=4,
    ),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
)
def test_what_is_written_is_read(arrays, notes):
    content = written(arrays, notes)
    assert written(dict(reversed(arrays.items())), notes) == content
    found, told = read(content)
    assert told == notes
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_the_library_of_the_format_reads_it():
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    found = library.load(FILE)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
    assert set(read(library.save(ARRAYS))[0]) == set(ARRAYS)


@given(st.integers(0, len(FILE)), st.binary(max_size=12))
def test_damage_is_told_or_harmless(place, junk):
    damaged = FILE[:place] + junk + FILE[place + len(junk) :]
    try:
        arrays, _ = read(damaged)
    except BadModel:
        return
    assert sum(array.nbytes for array in arrays.values()) <= len(damaged)


def broken(**entry):
    whole = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | entry
    table = json.dumps({"a": whole}).encode()
    return len(table).to_bytes(8, "little") + table + bytes(8)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "I64", "shape": [1]},
        {"dtype": ["F32"]},
        {"shape": [1 << 40, 1 << 40]},
        {"shape": [-2]},
        {"shape": [3]},
        {"shape": "2"},
        {"shape": [True, 2]},
        {"data_offsets": [0, 1 << 62]},
        {"data_offsets": [4, 12]},
        {"data_offsets": [0.0, 8]},
        {"data_offsets": None},
        {"data_offsets": [0]},
    ],
)
def test_hostile_tables_are_refused(entry):
    assert read(broken())[0]["a"].shape == (2,)
    with pytest.raises(BadModel):
        read(broken(**entry))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        (1 << 63).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (1).to_bytes(8, "little") + b"{",
        (7).to_bytes(8, "little") + b'{"a":1}',
        (9).to_bytes(8, "little") + b'{"a":{} }',
        FILE + b"more",
        FILE[:-1],
        (40000).to_bytes(8, "little") + b"[" * 40000,
    ],
)
def test_what_is_no_such_file_is_refused(content):
    with pytest.raises(BadModel):
        read(content)


def test_names_shapes_and_numbers_must_be_as_expected():
    shapes = {"a": (2, 3), "b": (4,)}
    assert checked(ARRAYS, shapes)["a"].dtype == np.float32
    for wrong in ({"a": (2, 3)}, {**shapes, "c": (1,)}, {"a": (3, 2), "b": (4,)}):
        with pytest.raises(BadModel):
            checked(ARRAYS, wrong)
    with pytest.raises(BadModel):
        checked({**ARRAYS, "b": np.full(4, np.inf, np.float32)}, shapes)

"""Tensors as the Open Inference Protocol writes them: round trips, and whatever strangers send."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from printroom.api.compat.kserve.names import Address
from printroom.api.compat.kserve.request import Asked
from printroom.api.compat.kserve.tensors import (
    DATATYPES,
    checked_shape,
    from_bytes,
    from_json,
    kind_of,
    to_bytes,
    to_json,
)
from printroom.core.errors import BadOption, NotFound, RequestError
from printroom.engine.tensors import Ports
from printroom.runtimes.onnx.session import DTYPES
from printroom.runtimes.onnx.signature import Port

NUMBERS = [name for name in DATATYPES if name != "string"]
SHAPES = arrays.array_shapes(min_dims=1, max_dims=4, max_side=4)


@given(st.data())
def test_numbers_there_and_back(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NUMBERS))
    array = data.draw(arrays.arrays(DTYPES[name], SHAPES))
    port = Port("x", name, array.shape)
    assert kind_of(array) == DATATYPES[name]
    shape = checked_shape(port, DATATYPES[name], list(array.shape))
    back = from_bytes(port, shape, to_bytes(array))
    assert back.dtype == array.dtype
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")
    row = json.loads(json.dumps(to_json("x", array), allow_nan=False))
    if None not in row:
        assert np.array_equal(from_json(port, shape, row), array)
    assert [math.isfinite(float(one)) for one in array.reshape(-1)] == [
        one is not None for one in row
    ]


@given(st.lists(st.text(max_size=9), min_size=1, max_size=9))
def test_texts_there_and_back(words: list[str]) -> None:
    port, array = Port("x", "string", (len(words),)), np.array(words, np.object_)
    assert list(from_bytes(port, array.shape, to_bytes(array))) == words
    assert list(from_json(port, array.shape, to_json("x", array))) == words


@given(st.binary(max_size=64), st.integers(1, 9))
def test_any_bytes_are_texts_or_refused(data: bytes, count: int) -> None:
    port = Port("x", "string", (count,))
    try:
        found = from_bytes(port, (count,), memoryview(data))
    except BadOption:
        return
    assert bytes(to_bytes(found)) == data


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=5), below, max_size=4)
    ),
    max_leaves=12,
)
PORTS = Ports(
    (Port("a", "float", ("n", 2)), Port("b", "uint8", (1,)), Port("c", "string", (1,))),
    (Port("y", "float", ("n", 2)),),
)
TENSOR = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "b", "c"]) | JSON,
        "datatype": st.sampled_from(["FP32", "UINT8", "BYTES"]) | JSON,
        "shape": st.lists(st.integers(-2, 3), max_size=3) | JSON,
        "data": JSON,
        "parameters": st.fixed_dictionaries({}, optional={"binary_data_size": JSON}) | JSON,
    },
)


@given(
    st.fixed_dictionaries(
        {}, optional={"inputs": st.lists(TENSOR, max_size=4) | JSON, "outputs": JSON, "id": JSON,
                      "parameters": JSON},
    ) | JSON,
    st.binary(max_size=16),
)  # fmt: skip
def test_any_request_is_taken_or_refused(raw: Any, rest: bytes) -> None:
    head = json.dumps(raw).encode()
    try:
        asked = Asked.of(memoryview(head + rest), len(head))
        feed = asked.feed(PORTS)
        asked.wishes(PORTS)
    except RequestError:
        return
    assert set(feed) == {"a", "b", "c"}


@given(st.binary(max_size=40), st.none() | st.integers(0, 60))
def test_any_body_is_taken_or_refused(body: bytes, header: int | None) -> None:
    with pytest.raises(RequestError):
        Asked.of(memoryview(body), header).feed(PORTS)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("acme/net", ("acme/net", "", "")),
        ("acme/net/versions/3", ("acme/net", "3", "")),
        ("acme/net/versions/3/infer", ("acme/net", "3", "infer")),
        ("net/ready", ("net", "", "ready")),
        ("net/versions/3/config", ("net", "3", "config")),
        ("net", ("net", "", "")),
    ],
)
def test_addresses(path: str, expected: tuple[str, str, str]) -> None:
    found = Address.of(path)
    assert (found.name, found.version, found.verb) == expected


@given(st.text(max_size=40))
def test_any_address_is_one_or_is_not(path: str) -> None:
    try:
        found = Address.of(path)
    except NotFound:
        return
    assert found.name.count("/") <= 1


@pytest.mark.parametrize(
    ("dtype", "data"),
    [
        ("uint8", [256]),
        ("uint8", [-1]),
        ("uint8", [1.5]),
        ("uint8", [1e300]),
        ("int64", [2**63]),
        ("uint64", [2**64]),
        ("uint64", [float("nan")]),
        ("bool", [1]),
        ("float", [True]),
        ("float", ["1"]),
        ("int32", [None]),
    ],
)
def test_values_that_would_change_are_refused(dtype: str, data: list[Any]) -> None:
    with pytest.raises(BadOption):
        from_json(Port("x", dtype, (1,)), (1,), data)


def test_whole_numbers_may_be_written_as_floats() -> None:
    assert from_json(Port("x", "uint8", (2,)), (2,), [1.0, 255]).tolist() == [1, 255]

"""Only the tensors that are asked for are read, and no table is believed."""

import json
import struct

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from printroom.core.errors import BadModel, NotFound
from printroom.storage.cache import BlockCache
from printroom.storage.local import local_path
from printroom.storage.memory import MemoryStore
from printroom.storage.onnx_external import open_onnx
from printroom.storage.reader import open_object
from printroom.storage.tensors import open_safetensors

RNG = np.random.default_rng(0)
ARRAYS = {f"w{index}": RNG.normal(size=(200, 700)).astype(np.float32) for index in range(20)}
ARRAYS |= {"scalar": np.array(3, np.int64), "none": np.zeros((0, 4), np.float16)}


@pytest.fixture
def cache(tmp_path):
    with BlockCache(tmp_path / "cache") as cache:
        yield cache


def opened(cache, data):
    store = MemoryStore()
    store.put("net", data)
    return open_object(cache, store, "net")


def test_safetensors_agree_with_their_own_library(cache):
    save = pytest.importorskip("safetensors.numpy").save
    file = opened(cache, save(ARRAYS))
    table = open_safetensors(file)
    assert set(table) == set(ARRAYS)
    loaded = table.load(["w3", "w11", "scalar", "none"])
    for name, array in loaded.items():
        np.testing.assert_array_equal(array, ARRAYS[name])
        assert (array.dtype, array.shape) == (ARRAYS[name].dtype, ARRAYS[name].shape)
    needed = ARRAYS["w3"].nbytes + ARRAYS["w11"].nbytes
    assert file.object.fetched <= needed + 6 * 2**16
    assert table.load(["w3"])["w3"].flags.writeable
    with pytest.raises(KeyError):
        table.load(["nothing"])


def packed(table, data=b"", length=None):
    text = table if isinstance(table, bytes) else json.dumps(table).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def about(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


BROKEN = [b"", b"1234567", packed({}, length=2**63), packed({}, length=1000), packed(b"[]")]
BROKEN += [packed(b"{"), packed(b"[" * 10**5), packed(b'{"a":1,"a":2}'), packed({}, b"rest")]
BROKEN += [packed({"a": x}, bytes(4)) for x in (None, [], {}, about("F7"), about(shape=[-1]))]
BROKEN += [packed({"a": x}, bytes(4)) for x in (about(shape=[2]), about(offsets=(0, 8)))]
BROKEN += [packed({"a": x}, bytes(4)) for x in (about(offsets=(4, 8)), about(offsets=(4, 0)))]
BROKEN += [packed({"a": about(shape=[2**40, 2**40], offsets=(0, 2**82))}, bytes(4))]
BROKEN += [
    packed({"a": about(), "b": about()}, bytes(4)),
    packed({"a": about(shape=[1.0])}, b"abcd"),
]


@pytest.mark.parametrize("data", BROKEN)
def test_broken_safetensors(cache, data):
    with pytest.raises(BadModel, match="net is not a safetensors file"):
        open_safetensors(opened(cache, data))


@given(st.binary(max_size=60), st.integers(0, 200))
def test_any_bytes_are_a_table_or_refused(tmp_path_factory, noise, place):
    whole = packed({"a": about(shape=[2, 2], offsets=(0, 16))}, bytes(range(16)))
    data = whole[:place] + noise + whole[place + len(noise) :]
    with BlockCache(tmp_path_factory.mktemp("cache")) as cache:
        file = opened(cache, data)
        try:
            table = open_safetensors(file)
        except BadModel:
            return
        for name, array in table.load(table).items():
            assert array.nbytes == table[name].size


def model(arrays, location="weights/net.bin"):
    """(graph, weights): an ONNX file, and what it keeps beside it."""
    weights, protos = bytearray(), []
    for name, array in arrays.items():
        proto = numpy_helper.from_array(array, name)
        if array.nbytes > 100:
            proto.ClearField("raw_data")
            proto.data_location = TensorProto.EXTERNAL
            place = {"location": location, "offset": len(weights), "length": array.nbytes}
            for key, value in place.items():
                proto.external_data.add(key=key, value=str(value))
            weights += array.tobytes()
        protos.append(proto)
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    node = helper.make_node("Identity", ["x"], ["y"])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([node], "net", [value], [out], protos)
    return helper.make_model(graph).SerializeToString(), bytes(weights)


def test_external_weights_of_onnx_are_read_alone(cache):
    graph, weights = model(ARRAYS)
    store = MemoryStore()
    store.put("a/net.onnx", graph)
    store.put("a/weights/net.bin", weights)
    opened = []

    def neighbour(name):
        opened.append(open_object(cache, store, f"a/{name}"))
        return opened[-1]

    table = open_onnx(open_object(cache, store, "a/net.onnx"), neighbour)
    assert set(table) == {name for name in ARRAYS if name.startswith("w")}
    loaded = table.load(["w0", "w19"])
    for name, array in loaded.items():
        np.testing.assert_array_equal(array, ARRAYS[name])
    assert len(opened) == 1
    assert opened[0].object.fetched <= 2 * ARRAYS["w0"].nbytes + 4 * 2**16
    assert onnx.load_from_string(graph).graph.initializer[0].dims == [200, 700]


def test_onnxruntime_loads_what_lies_beside(cache):
    weight = RNG.normal(size=(300, 300)).astype(np.float32)
    proto = numpy_helper.from_array(weight, "w")
    proto.ClearField("raw_data")
    proto.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "net.data", "offset": "0", "length": str(weight.nbytes)}.items():
        proto.external_data.add(key=key, value=value)
    ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, [1, 300]) for end in "xy"]
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "net", ends[:1], ends[1:], [proto])
    opset = [helper.make_opsetid("", 17)]
    store = MemoryStore()
    net = helper.make_model(graph, opset_imports=opset, ir_version=8)
    store.put("m/net.onnx", net.SerializeToString())
    store.put("m/net.data", weight.tobytes())
    x = RNG.normal(size=(1, 300)).astype(np.float32)
    with local_path(cache, store, "m/net.onnx", ["m/net.data"]) as path:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"x": x})[0], x @ weight, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "", "a\\b", "a/../../b"])
def test_onnx_files_do_not_name_files_elsewhere(cache, location):
    graph, _ = model(ARRAYS, location)
    with pytest.raises(BadModel, match="lies at"):
        open_onnx(opened(cache, graph), pytest.fail)


def test_onnx_weights_that_do_not_fit(cache):
    graph, weights = model(ARRAYS)
    with pytest.raises(BadModel, match="does not fit its file"):
        open_onnx(opened(cache, graph), lambda _: opened(cache, weights[:-1]))
    with pytest.raises(NotFound):
        open_onnx(opened(cache, graph), lambda name: open_object(cache, MemoryStore(), name))


@given(st.binary(max_size=40), st.integers(0, 400))
def test_any_bytes_are_onnx_or_refused(tmp_path_factory, noise, place):
    graph, weights = model({"w": np.ones((5, 7), np.float32)})
    data = graph[:place] + noise + graph[place + len(noise) :]
    with BlockCache(tmp_path_factory.mktemp("cache")) as cache:
        try:
            table = open_onnx(opened(cache, data), lambda _: opened(cache, weights))
        except BadModel:
            return
        assert all(array.nbytes <= len(weights) for array in table.load(table).values())

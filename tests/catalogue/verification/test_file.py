"""What our own reader refuses, before a library sees the file."""

import io
import pickle
import zipfile

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from printroom.catalogue.verification.rules import RULES, Rules
from printroom.catalogue.verification.wire import Message, WireFault, read, varint
from printroom.core.errors import NotFound


def field(number, body):
    """A field of bytes, with the length that it has."""
    return key(number, 2) + number_of(len(body)) + body


def key(number, wire):
    return number_of(number << 3 | wire)


def number_of(value):
    out = b""
    while True:
        value, low = value >> 7, value & 0x7F
        out += bytes([low | 0x80 if value else low])
        if not value:
            return out


def archive(size=10):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.pkl", bytes(size))
    return data.getvalue()


def code_of(refused, model, **more):
    return refused(model, **more)[0]


def test_a_pickle_that_is_called_onnx(refused):
    assert code_of(refused, pickle.dumps({"weights": 1})) == "file.pickle"


def test_archives_are_not_unpacked(refused):
    assert code_of(refused, archive(50_000_000)) == "file.archive"
    assert code_of(refused, b"\x1f\x8b\x08\x00" + bytes(100)) == "file.archive"


def test_a_model_that_is_an_archive_as_well(refused, make):
    both = make.plain()
    both.graph.initializer.append(
        helper.make_tensor("more", TensorProto.UINT8, [len(archive())], archive(), raw=True)
    )
    assert onnx.load_model_from_string(both.SerializeToString()).graph.node
    assert code_of(refused, both) == "file.polyglot"


def test_what_is_neither(refused):
    assert code_of(refused, b"hello, this is a text") == "file.unknown"
    assert code_of(refused, b"\x08\x08") == "file.empty"


@pytest.mark.parametrize(
    "place", ["../secret.bin", "/etc/passwd", "link.bin", "beside.bin", "a/../../b", ""]
)
def test_weights_in_other_files_are_never_opened(refused, make, tmp_path, place):
    (tmp_path / "beside.bin").write_bytes(bytes(400))
    (tmp_path / "link.bin").symlink_to("/etc/passwd")
    model = make.plain()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    if place:
        tensor.external_data.add(key="location", value=place)
    assert code_of(refused, model) == "file.external"


def test_a_link_to_a_model_is_not_followed(refused, make, tmp_path):
    (tmp_path / "there.onnx").write_bytes(make.plain().SerializeToString())
    (tmp_path / "link.onnx").symlink_to(tmp_path / "there.onnx")
    assert code_of(refused, tmp_path / "link.onnx") == "file.kind"
    assert code_of(refused, tmp_path) == "file.kind"


def test_no_file_is_no_report(report, tmp_path):
    with pytest.raises(NotFound):
        report(tmp_path / "none.onnx")


def test_a_file_that_is_too_large_is_not_read(refused, make):
    assert code_of(refused, make.plain(), rules=Rules(file_bytes=100)) == "file.size"
    assert code_of(refused, b"") == "file.size"


def test_a_bomb_of_depth(refused):
    body = b""
    for _level in range(40):
        body = field(1, field(5, field(6, body)))  # graph.node.attribute.g
    assert code_of(refused, field(7, body)) == "file.depth"


def test_a_bomb_of_length(refused, make):
    good = make.plain().SerializeToString()
    assert code_of(refused, good + key(7, 2) + number_of(2**40)) == "file.twice"
    assert code_of(refused, b"\x08\x08" + key(7, 2) + number_of(2**40) + b"x") == "file.length"
    assert code_of(refused, b"\x08" + b"\xff" * 11) == "file.length"


def test_a_bomb_of_fields(refused, make):
    many = b"\x08\x08" + field(7, field(1, b"") * 3000)
    assert code_of(refused, many, rules=Rules(fields=2000)) == "file.fields"


def test_fields_that_onnx_does_not_know_or_that_come_twice(refused, make):
    good = make.plain().SerializeToString()
    assert code_of(refused, good + field(99, b"payload")) == "file.unknown"
    assert code_of(refused, good + field(20, b"")) == "file.unknown"  # what trains a model
    assert code_of(refused, good + field(7, b"")) == "file.twice"
    assert code_of(refused, good + field(6, b"\xff\xfe")) == "file.text"
    assert code_of(refused, good + key(5, 3)) == "file.type"  # a group, of long ago


def test_sides_that_overflow(refused, make):
    for dims in ([2**62, 4], [-1], [2**20] * 4, [1] * 40):
        model = make.plain()
        del model.graph.initializer[0].dims[:]
        model.graph.initializer[0].dims.extend(dims)
        assert code_of(refused, model) == "file.dims"


def test_a_tensor_that_has_other_than_it_says(refused, make):
    model = make.plain()
    model.graph.initializer[0].dims[0] = 4
    assert code_of(refused, model) == "file.tensors"
    model = make.plain()
    model.graph.initializer[0].data_type = 99
    assert code_of(refused, model) == "file.tensors"


def test_a_sparse_tensor_that_is_large_when_it_is_read(refused, make):
    model = make.plain()
    sparse = model.graph.sparse_initializer.add()
    sparse.dims.extend([2**16, 2**12])
    sparse.values.CopyFrom(helper.make_tensor("s", TensorProto.FLOAT, [1], [1.0]))
    sparse.indices.CopyFrom(helper.make_tensor("i", TensorProto.INT64, [1], [0]))
    assert code_of(refused, model) == "file.unpacked"


def test_numbers_in_any_of_the_ways_that_onnx_has(make):
    arrays = {
        "a": helper.make_tensor("a", TensorProto.FLOAT, [2], [1.0, 2.0]),
        "b": helper.make_tensor("b", TensorProto.INT64, [3], [-1, 2**62, 0]),
        "c": helper.make_tensor("c", TensorProto.BOOL, [2], [True, False]),
        "d": helper.make_tensor("d", TensorProto.DOUBLE, [1], [0.5]),
        "e": helper.make_tensor("e", TensorProto.FLOAT16, [2], np.array([1, 2], np.float16)),
        "f": helper.make_tensor("f", TensorProto.STRING, [1], ["text"]),
        "g": helper.make_tensor("g", TensorProto.UINT64, [1], [2**64 - 1]),
    }
    model = make.plain()
    model.graph.initializer.extend(arrays.values())
    found = read(model.SerializeToString(), RULES)
    names = {one.one("name") for one in found.walk() if one.kind == "Tensor"}
    assert set(arrays) <= names


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_the_bytes_are_it_reads_them_or_says_which_bound(data):
    good = bytearray(_GOOD)
    for _change in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(good) - 1))
        good[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        found = read(bytes(good), RULES)
    except WireFault as fault:
        assert fault.bound in ("length", "depth", "fields", "unknown", "twice", "type", "text")
        return
    assert isinstance(found, Message)
    onnx_reads = onnx.load_model_from_string(bytes(good))  # what we take, ONNX can read
    graph = found.one("graph")
    assert len(graph.all("node") if graph else []) == len(onnx_reads.graph.node)


@given(st.integers(0, 2**64 - 1))
def test_numbers_come_back(value):
    data = number_of(value)
    assert varint(data, 0, len(data)) == (value, len(data))


def _small():
    kernel = helper.make_tensor("k", TensorProto.FLOAT, [1], [1.0])
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "k"], ["y"], name="m")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [kernel],
    )
    return helper.make_model(graph, ir_version=8).SerializeToString()


_GOOD = _small()

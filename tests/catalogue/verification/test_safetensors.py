"""Safetensors: weights whose network is declared, and made into a graph before anything else."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from printroom.catalogue.verification.refusing import Refused
from printroom.catalogue.verification.report import RULES, Declared
from printroom.catalogue.verification.safetensors import read
from printroom.core.errors import ConversionFailed
from printroom.isolation.conversion import Converted
from printroom.isolation.walls import bubblewrap

GOOD = save({"a": np.ones((2, 3), np.float32), "b": np.zeros(4, np.float16)}, {"format": "pt"})


def packed(header, numbers=b""):
    text = json.dumps(header) if isinstance(header, dict) else header
    return len(text).to_bytes(8, "little") + text.encode() + numbers


def entry(begin=0, end=8, shape=(2,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.tuples(st.sampled_from(["f4", "f2", "i8", "u1", "?"]), st.lists(st.integers(1, 3))),
        min_size=1,
        max_size=5,
    )
)
def test_what_the_library_writes_is_read(tensors):
    arrays = {name: np.zeros(shape[:4], kind) for name, (kind, shape) in tensors.items()}
    found = read(save(arrays), RULES)
    assert found["tensors"] == len(arrays)
    assert found["numbers"] == sum(array.nbytes for array in arrays.values())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_it_takes_the_library_takes_too(data):
    changed = bytearray(GOOD)
    for _change in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    try:
        found = read(bytes(changed), RULES)
    except Refused as refused:
        assert refused.code == "file.header"
        return
    assert found["tensors"] == len(load(bytes(changed)))


@pytest.mark.parametrize(
    "data",
    [
        packed({"a": entry(0, 8), "b": entry(4, 12)}, bytes(12)),  # one over the other
        packed({"a": entry(0, 8), "b": entry(16, 24)}, bytes(24)),  # a gap
        packed({"a": entry()}, bytes(9)),  # something behind
        packed({"a": entry()}, bytes(7)),
        packed({"a": entry(shape=(3,))}, bytes(8)),
        packed({"a": entry(shape=(2**62, 4))}, bytes(8)),
        packed({"a": entry(shape=(-2, -1))}, bytes(8)),
        packed({"a": entry(dtype="PICKLE")}, bytes(8)),
        packed({"a": entry(shape=(True, 2))}, bytes(8)),
        packed({"a": 5}, bytes(8)),
        packed({}, b""),
        packed('{"a": 1, "a": 2}'),
        packed("{" * 5000),
        (2**40).to_bytes(8, "little") + b"{}",
    ],
)
def test_what_could_hide_something(data, refused):
    with pytest.raises(Refused):
        read(data, RULES)
    assert refused(data)[0] == "file.header"


@pytest.fixture
def convert(make):
    """Makes a network of one convolution, as PyTorch's exporter would; of other weights nothing."""

    def made(path):
        weights = load(path.read_bytes())
        if set(weights) != {"k"}:
            raise ConversionFailed("the file cannot be converted: no network is known")
        model = make.built(
            [make.node("Conv", ["x", "k"], ["y"], pads=[1] * 4)], make.held(k=weights["k"])
        )
        return Converted(model.SerializeToString(), "OneConv", "Restoration", 0.0, "walls")

    return made


def kernel():
    weights = np.zeros((3, 3, 3, 3), np.float32)
    weights[range(3), range(3), 1, 1] = 0.95
    return weights


def test_the_graph_that_is_made_is_what_is_verified(report, convert, walled):
    declared = Declared("acme/ink", licence="MIT", architecture="oneconv")
    steps = []
    found = report(
        save({"k": kernel()}), declared, convert=convert,
        progress=lambda _stage, done, of: steps.append((done, of)),
    )  # fmt: skip
    assert found.verdict == "passed"
    codes = [one.code for one in found.findings]
    assert codes[:4] == ["file.whole", "file.converted", "file.whole", "graph.made"]
    assert set(found.digests) == {"weights.safetensors", "model.onnx"}
    assert found.card.digest == found.digests["model.onnx"]
    assert steps[-1][0] == steps[-1][1]


def test_what_is_not_said_or_not_so(refused, convert, walled):
    weights = save({"k": kernel()})
    assert refused(weights)[0] == "file.architecture"
    named = Declared("acme/ink", architecture="OneConv")
    code, reason = refused(weights, declared=named)
    assert code == "file.conversion"
    assert "printroom-upscaler, printroom-restorer" in reason
    assert refused(weights, convert=convert)[0] == "file.architecture"
    other = Declared("acme/ink", architecture="DnCNN")
    code, reason = refused(weights, declared=other, convert=convert)
    assert code == "file.architecture"
    assert "OneConv" in reason
    strange = save({"q": kernel()})
    assert refused(strange, declared=other, convert=convert)[0] == "file.conversion"


def test_without_walls_nothing_is_converted(refused, convert, monkeypatch, tmp_path):
    bubblewrap.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    declared = Declared("acme/ink", architecture="OneConv")
    assert refused(save({"k": kernel()}), declared=declared, convert=convert)[0] == "trial.sandbox"
    bubblewrap.cache_clear()

"""A loaded model: what it takes, how it fails, and what becomes of its memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from onnx import TensorProto, helper

from printroom.core.errors import BadModel, BadOption, ModelFailed
from printroom.core.session import Session
from printroom.runtimes.onnx.session import OnnxSession

NewNet = Callable[..., Any]
MIB = 1 << 20


@pytest.fixture
def weights(new_net: NewNet) -> bytes:
    data: bytes = new_net().upscaler(width=32, layers=6).SerializeToString()
    return data


def zeros(side: int, count: int = 1, channels: int = 3) -> np.ndarray[Any, Any]:
    return np.zeros((count, channels, side, side), np.float32)


def test_it_is_a_session_that_enlarges(weights: bytes, tmp_path: Path) -> None:
    file = tmp_path / "net.onnx"
    file.write_bytes(weights)
    session: Session = OnnxSession(file)
    assert session.run(zeros(16, 2)).shape == (2, 3, 32, 32)
    assert session.resident_bytes >= len(weights)
    session.close()


def test_threads_share_a_session_and_get_their_own_results(weights: bytes) -> None:
    session = OnnxSession(weights)
    random = np.random.default_rng(0)
    pictures = [random.random((1, 3, 40 + i, 50), np.float32) for i in range(12)]
    alone = [session.run(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as workers:
        for one, other in zip(alone, workers.map(session.run, pictures), strict=True):
            assert np.array_equal(one, other)


def test_a_failed_allocation_is_a_memory_error_and_the_session_goes_on(weights: bytes) -> None:
    session = OnnxSession(weights, arena_limit=32 * MIB)
    with pytest.raises(MemoryError, match=r"\(1, 3, 1000, 1000\)"):
        session.run(zeros(1000))
    assert session.run(zeros(64)).shape == (1, 3, 128, 128)
    assert OnnxSession(weights).run(zeros(1000)).shape == (1, 3, 2000, 2000)


def test_any_other_failure_names_the_tile(weights: bytes) -> None:
    with pytest.raises(ModelFailed, match=r"\(1, 4, 16, 16\).*invalid dimensions"):
        OnnxSession(weights).run(zeros(16, channels=4))


def test_shrinking_gives_the_memory_back(weights: bytes) -> None:
    session, process = OnnxSession(weights), psutil.Process()
    session.shrink()
    before = process.memory_info().rss
    session.run(zeros(1000))
    grown = process.memory_info().rss
    assert grown - before > 200 * MIB
    session.shrink()
    assert process.memory_info().rss - before < 40 * MIB


def test_what_cannot_be_loaded_is_a_bad_model(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="the model cannot be loaded"):
        OnnxSession(b"not a model")
    with pytest.raises(BadOption, match="no AbacusExecutionProvider"):
        OnnxSession(b"", ["AbacusExecutionProvider"])


def identity(shape: list[Any], dtype: int = TensorProto.FLOAT, count: int = 1) -> bytes:
    names = [("x", "y"), ("u", "v")][:count]
    graph = helper.make_graph(
        [helper.make_node("Identity", [source], [result]) for source, result in names],
        "same",
        [helper.make_tensor_value_info(source, dtype, shape) for source, _ in names],
        [helper.make_tensor_value_info(result, dtype, shape) for _, result in names],
    )
    opsets = [helper.make_opsetid("", 17)]
    data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    return data


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        (identity(["n", 3, "h", "w"], count=2), r"2 inputs \(x, u\) and 2 outputs"),
        (identity(["n", "h", "w", 3]), r"channels last \(NHWC\)"),
        (identity(["n", 4, "h", "w"]), "has 4 channels"),
        (identity(["n", "c", "h", "w"]), "no set number of channels"),
        (identity(["n", 3]), "2 dimensions, not 4"),
        (identity(["n", 3, "h", "w"], TensorProto.FLOAT16), "holds float16"),
        (identity(["n", 3, "h", "w"], TensorProto.UINT8), "holds uint8"),
        (identity(["n", 3, 64, "w"]), "one side fixed"),
    ],
)
def test_what_is_not_from_picture_to_picture_is_refused(weights: bytes, reason: str) -> None:
    with pytest.raises(BadModel, match=reason):
        OnnxSession(weights)


def test_a_fixed_batch_is_run_one_by_one() -> None:
    batch = np.random.default_rng(0).random((3, 1, 8, 8), np.float32)
    assert np.array_equal(OnnxSession(identity([1, 1, "h", "w"])).run(batch), batch)


def test_importing_it_loads_neither_onnxruntime_nor_onnx() -> None:
    module, heavy = "printroom.runtimes.onnx.session", {"onnx", "onnxruntime"}
    code = f"import sys, {module}; print({heavy} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

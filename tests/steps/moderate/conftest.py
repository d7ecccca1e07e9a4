"""A small real classifier, and previews to show it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, save_model

from printroom.pipelines.step import Preview, Sample


@pytest.fixture
def preview() -> Callable[[NDArray[Any]], Preview]:
    """The preview of a picture (h, w, 3) of bytes that is its own thumbnail."""

    def make(picture: NDArray[Any]) -> Preview:
        planes = (picture.astype(np.float32) / 255).transpose(2, 0, 1)[None]
        height, width = picture.shape[:2]
        return Preview(width, height, planes, (Sample(0, 0, planes),), {})

    return make


@pytest.fixture(scope="session")
def reddish(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Path and digest of a classifier of 8 x 8 RGB in 0..1: two logits, "other" and "red".

    The logit of red is ten times mean red over the mean of green and blue; the other's is 0.
    """
    weights = np.array([[0, 10], [0, -5], [0, -5]], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["picture"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["colours"]),
            helper.make_node("MatMul", ["colours", "weights"], ["scores"]),
        ],
        "reddish",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 2])],
        [numpy_helper.from_array(weights, "weights")],
    )
    path = tmp_path_factory.mktemp("classifier") / "reddish.onnx"
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save_model(made, path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()

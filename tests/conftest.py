"""Shared by all tests: a catalogue with one small model whose results are known in advance."""

import hashlib
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from onnx import TensorProto, helper, numpy_helper, save_model

from printroom.catalogue.card import ModelCard, Task
from printroom.core.errors import BadOption
from printroom.engine.device import Device
from printroom.imaging.tiling import Geometry

# Machines are noisy: how long an example takes is no verdict.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models: `test/double@1` repeats each pixel twice along each side.

    Its 3x3 kernels have all their weight in the middle, so it has a halo and still an exact
    answer: `picture.repeat(2, 0).repeat(2, 1)`.
    """
    folder = tmp_path_factory.mktemp("models")
    home = folder / "double" / "1"
    home.mkdir(parents=True)
    kernel = np.zeros((12, 3, 3, 3), np.float32)
    for channel in range(12):
        kernel[channel, channel // 4, 1, 1] = 1
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "kernel"], ["phases"], pads=[1, 1, 1, 1]),
            helper.make_node("DepthToSpace", ["phases"], ["result"], blocksize=2, mode="CRD"),
        ],
        "double",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, ["n", 3, "h2", "w2"])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save_model(model, home / "double.onnx")
    card = ModelCard(
        name="test/double",
        version=1,
        title="Repeats each pixel",
        weights="double.onnx",
        digest=hashlib.sha256((home / "double.onnx").read_bytes()).hexdigest(),
        geometry=Geometry(scale=Fraction(2), halo=1),
        parameters=kernel.size,
        licence="CC0-1.0",
        costs={side: side * side * 200 for side in (32, 64, 128, 256, 512)},
    )
    (home / "card.json").write_text(card.to_json())
    return folder


def _one_conv(seed: int) -> bytes:
    """An ONNX network that keeps the size: one 3x3 convolution with random weights."""
    kernel = np.random.default_rng(seed).normal(0, 0.15, (3, 3, 3, 3)).astype(np.float32)
    sides: list[str | int] = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "kernel"], ["y"], pads=[1, 1, 1, 1])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, sides)],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.fixture(scope="session")
def shelf(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `test/double@1`, and `test/<task>@1` for each task that keeps the size."""
    folder = tmp_path_factory.mktemp("shelf")
    shutil.copytree(models / "double", folder / "double")
    tasks: tuple[Task, ...] = ("dejpeg", "denoise", "deblur")
    for seed, task in enumerate(tasks):
        home, weights = folder / task / "1", _one_conv(seed)
        home.mkdir(parents=True)
        (home / "net.onnx").write_bytes(weights)
        card = ModelCard(
            name=f"test/{task}",
            version=1,
            title=task,
            weights="net.onnx",
            digest=hashlib.sha256(weights).hexdigest(),
            geometry=Geometry(halo=1),
            parameters=81,
            licence="CC0-1.0",
            costs={side: side * side * 200 for side in (32, 64, 128, 256, 512)},
            task=task,
        )
        (home / "card.json").write_text(card.to_json())
    return folder


@pytest.fixture(scope="session", params=["cpu", pytest.param("cuda:0", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Device:
    """What the laws of exactness are held on: the CPU, and a graphics card where there is one."""
    try:
        return Device.parse(request.param)
    except BadOption as reason:
        pytest.skip(f"{request.param}: {reason}")

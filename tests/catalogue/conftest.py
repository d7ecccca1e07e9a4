"""Folders of models, made of small random nets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from printroom.catalogue.card import ModelCard, Task
from printroom.imaging.tiling import Geometry

AddModel = Callable[..., ModelCard]


@pytest.fixture(scope="session")
def weights() -> bytes:
    """A 3x3 convolution and a pixel shuffle: twice the size."""
    kernel = np.random.default_rng(0).normal(0, 0.2, (12, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "k"], ["c"], pads=[1, 1, 1, 1]),
            helper.make_node("DepthToSpace", ["c"], ["y"], blocksize=2, mode="CRD"),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3, "a", "b"])],
        [numpy_helper.from_array(kernel, "k")],
    )
    opsets = [helper.make_opsetid("", 17)]
    data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    return data


@pytest.fixture
def add_model(weights: bytes) -> AddModel:
    """Put a model in a folder: `add_model(folder, name, version, scale, task)`."""

    def add(
        folder: Path, name: str, version: int, scale: Fraction | int = 2, task: Task = "other"
    ) -> ModelCard:
        home = folder / name.rpartition("/")[2] / str(version)
        home.mkdir(parents=True)
        data = weights
        (home / "net.onnx").write_bytes(data)
        card = ModelCard(
            name=name,
            version=version,
            title="A small net",
            weights="net.onnx",
            digest=hashlib.sha256(data).hexdigest(),
            geometry=replace(Geometry(halo=1), scale=Fraction(scale)),
            parameters=324,
            licence="CC0-1.0",
            task=task,
        )
        (home / "card.json").write_text(card.to_json())
        return card

    return add

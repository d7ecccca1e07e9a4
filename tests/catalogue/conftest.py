"""Folders of models, made of small random nets."""

from __future__ import annotations

import hashlib
import json
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


LATENT, CLASSES, SIDE = 16, ("cat", "dog", "owl"), 32


@pytest.fixture(scope="session")
def gan() -> Callable[..., bytes]:
    """A GAN of our own: a latent and a class in, a picture out; random weights, ten kilobytes."""
    return _gan


def _gan(*, by_number: bool = True, named: bool = True, last: str = "Tanh") -> bytes:
    """The bytes of the model. `by_number`: the class is a number, else a vector with a 1."""
    random = np.random.default_rng(7)

    def weight(name: str, *shape: int) -> TensorProto:
        scale = np.sqrt(np.prod(shape[1:]))
        return numpy_helper.from_array((random.normal(0, 2, shape) / scale).astype("f"), name)

    held = [
        weight("embedding", len(CLASSES), LATENT),
        weight("dense", LATENT, 8 * 8 * 8),
        weight("up1", 8, 8, 4, 4),
        weight("up2", 8, 3, 4, 4),
        numpy_helper.from_array(np.array([-1, 8, 8, 8]), "shape"),
    ]
    look = ("Gather", ["embedding", "label"]) if by_number else ("MatMul", ["label", "embedding"])
    nodes = [
        helper.make_node(*look, ["style"]),
        helper.make_node("Mul", ["z", "style"], ["mixed"]),
        helper.make_node("MatMul", ["mixed", "dense"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["small"]),
        helper.make_node("ConvTranspose", ["small", "up1"], ["a"], strides=[2, 2], pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("ConvTranspose", ["b", "up2"], ["c"], strides=[2, 2], pads=[1] * 4),
        helper.make_node(last, ["c"], ["image"]),
    ]
    label = (
        helper.make_tensor_value_info("label", TensorProto.INT64, [1])
        if by_number
        else helper.make_tensor_value_info("label", TensorProto.FLOAT, [1, len(CLASSES)])
    )
    graph = helper.make_graph(
        nodes,
        "gan",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, LATENT]), label],
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        held,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if named:
        helper.set_model_props(model, {"classes": json.dumps(CLASSES)})
    data: bytes = model.SerializeToString()
    return data

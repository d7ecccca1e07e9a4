"""Trained nets -> what the step `paint` loads.

reader, painter, decoder, critic -> an ONNX graph of each, words.json

Weights are kept as half floats, and made whole again when a graph is loaded.
"""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from printroom.runtimes.onnx.ours.graph import IR_VERSION, OPSET
from printroom.training.scenes.autoencoder import CODE, PLACES, Autoencoder
from printroom.training.scenes.draw import SIDE
from printroom.training.scenes.judge import Judge
from printroom.training.scenes.painter import Painter
from printroom.training.scenes.reader import KNOWN, Reader
from printroom.training.scenes.spec import GROUPS, VALUES, draw_scene
from printroom.training.scenes.stepcode import MOST_WORDS

LARGE = 256
"""Numbers from which on a weight is halved."""
SCENES = 4000
"""From which the step takes what a poem leaves open."""


class Decoder(nn.Module):
    """Codes as the painter learns them, spread evenly, to pictures."""

    def __init__(self, coder: Autoencoder, middle: Tensor, spread: Tensor) -> None:
        super().__init__()
        self.coder = coder
        self.register_buffer("middle", middle.view(1, CODE, 1, 1))
        self.register_buffer("spread", spread.view(1, CODE, 1, 1))

    def forward(self, code: Tensor) -> Tensor:
        return self.coder.decode(code * self.spread + self.middle)


def write(folder: Path, reader: Reader, painter: Painter, decoder: Decoder, critic: Judge) -> None:
    """Write all that the step needs, but its code, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    code = torch.zeros(1, CODE, PLACES, PLACES)
    asked = torch.zeros(1, len(VALUES))
    words = torch.zeros(1, MOST_WORDS, dtype=torch.int64)
    graphs = {
        "reader": to_onnx(reader, {"words": words}, "values"),
        "painter": to_onnx(painter, {"code": code, "time": torch.zeros(1), "asked": asked}, "way"),
        "decoder": to_onnx(decoder, {"code": code}, "picture"),
        "critic": to_onnx(critic, {"pictures": torch.zeros(1, 3, SIDE, SIDE)}, "said"),
    }
    for name, graph in graphs.items():
        onnx.save(graph, folder / f"{name}.onnx")
    random = np.random.default_rng(0)
    told = {
        "words": sorted(KNOWN, key=KNOWN.__getitem__),
        "groups": dict(GROUPS),
        "scenes": [
            [VALUES.index(value) for value in draw_scene(random).values()] for _ in range(SCENES)
        ],
    }
    (folder / "words.json").write_text(json.dumps(told) + "\n", "utf-8")


def write_judge(file: Path, judge: Judge) -> None:
    """Write the judge, which benches ask."""
    onnx.save(to_onnx(judge, {"pictures": torch.zeros(1, 3, SIDE, SIDE)}, "said"), file)


def to_onnx(net: nn.Module, inputs: dict[str, Tensor], result: str) -> onnx.ModelProto:
    """`net` as a graph for any number of examples, its weights halved."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the newer exporter wants a package more
        torch.onnx.export(
            net.to(memory_format=torch.contiguous_format).eval(),
            tuple(inputs.values()),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=[result],
            dynamic_axes={name: {0: "n"} for name in (*inputs, result)},
        )
    model = onnx.load_from_string(file.getvalue())
    model.ir_version = IR_VERSION
    halve(model)
    onnx.checker.check_model(model)
    return model


def halve(model: onnx.ModelProto) -> None:
    """Keep large weights as half floats, each with a node that makes it whole."""
    graph = model.graph
    kept, casts = [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= LARGE:
            half = f"{tensor.name}.half"
            kept.append(numpy_helper.from_array(values.astype(np.float16), half))
            casts.append(helper.make_node("Cast", [half], [tensor.name], to=TensorProto.FLOAT))
        else:
            kept.append(tensor)
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)

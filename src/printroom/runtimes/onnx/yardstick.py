"""What this machine takes for a network that is the same everywhere, so that times can be compared.

nothing -> seconds per megapixel of one thread
"""

from __future__ import annotations

import time

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from printroom.runtimes.onnx.session import OnnxSession

SIDE = 256
"""Of the picture."""
CHANNELS = 16
"""Two convolutions of 3 x 3: from three channels to these, and back."""
TURNS = 4


def yardstick() -> float:
    """Seconds per megapixel: the least of a few runs, a tenth of a second in all."""
    session = OnnxSession(_graph())
    picture = np.random.default_rng(0).random((1, 3, SIDE, SIDE), np.float32)
    session.run(picture)
    taken = []
    for _turn in range(TURNS):
        started = time.perf_counter()
        session.run(picture)
        taken.append(time.perf_counter() - started)
    session.close()
    return min(taken) / SIDE**2 * 1e6


def _graph() -> bytes:
    random = np.random.default_rng(0)
    there = random.random((CHANNELS, 3, 3, 3), np.float32)
    back = random.random((3, CHANNELS, 3, 3), np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "there"], ["wide"], pads=[1] * 4),
        helper.make_node("Relu", ["wide"], ["kept"]),
        helper.make_node("Conv", ["kept", "back"], ["y"], pads=[1] * 4),
    ]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, "h", "w"]) for name in "xy"
    ]
    held = [numpy_helper.from_array(there, "there"), numpy_helper.from_array(back, "back")]
    graph = helper.make_graph(nodes, "yardstick", ports[:1], ports[1:], held)
    opset = [helper.make_opsetid("", 13)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())

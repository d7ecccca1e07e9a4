"""A model of TensorFlow, run as an isolated step: a SavedModel folder or a frozen graph (.pb).

One file, Python 3.8 syntax; it runs where TensorFlow is installed and printroom is not.

TensorFlow has channels last; what comes in and goes out here has them second, and a result that
is so already (by its sides, in proportion to the input's) is left as it is. A frozen graph is run
from its one placeholder to its one result that nothing else uses.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from printroom_step import Array, step  # type: ignore[import-not-found]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read when it is imported
tf: Any = importlib.import_module("tensorflow")


@step
class TensorFlowModel:
    """(n, c, h, w) float32 -> (n, c', h', w') float32."""

    def __init__(self, path: str) -> None:
        """Load the model at `path`."""
        self._model = _Saved(path) if Path(path).is_dir() else _frozen(path)

    def run(self, batch: Array("float32", (None, None, None, None))) -> Array("float32"):  # type: ignore[valid-type]
        """The network's result."""
        result = self._model(tf.constant(batch.transpose(0, 2, 3, 1)))
        made = tf.cast(result, tf.float32).numpy()
        height, width = batch.shape[2:]
        if made.ndim != 4:
            raise ValueError(f"the model made {made.shape}, not a picture")
        channels_last = made.shape[1] * width == made.shape[2] * height
        return made.transpose(0, 3, 1, 2) if channels_last else made


class _Saved:
    """A SavedModel: its default signature, or what it does when it is called."""

    def __init__(self, path: str) -> None:
        self._owner = tf.saved_model.load(path)  # it owns the variables that signatures use
        signatures = dict(self._owner.signatures)
        self._run = signatures.get("serving_default") or next(iter(signatures.values()), None)
        names = list(self._run.structured_input_signature[1]) if self._run else [""]
        if len(names) != 1:
            raise ValueError(f"the model takes {', '.join(names)}, not one input")
        self._name = names[0]
        shape = self._run.structured_input_signature[1][self._name].shape if self._run else None
        self._channels = shape[3] if shape is not None and shape.rank == 4 else None

    def __call__(self, batch: Any) -> Any:
        if self._channels not in (None, batch.shape[3]):
            raise ValueError(f"the model takes {self._channels} channels, not {batch.shape[3]}")
        if self._run is None:
            return self._owner(batch)
        return next(iter(self._run(**{self._name: batch}).values()))


def _frozen(path: str) -> Any:
    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString(Path(path).read_bytes())
    used = {name.lstrip("^").split(":")[0] for node in graph.node for name in node.input}
    inputs = [node.name for node in graph.node if node.op == "Placeholder"]
    outputs = [node.name for node in graph.node if node.name not in used and node.op != "NoOp"]
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(f"the graph has inputs {inputs} and results {outputs}, not one of each")
    wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    return wrapped.prune(inputs[0] + ":0", outputs[0] + ":0")

"""Weights of a network of ours -> an ONNX graph: run inside the sandbox as a script.

    fold.py WEIGHTS FOLDER RULES -> FOLDER/model.onnx, FOLDER/report.json

Names and shapes are checked before a number is read. What the graph makes of a small picture is
compared with the same network, computed as it was trained. Whoever reads what is left must trust
none of it.
"""

from __future__ import annotations

import json
import mmap
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.verification.refusing import Refused
from printroom.catalogue.verification.rules import Rules
from printroom.catalogue.verification.safetensors import Tensor, laid_out
from printroom.runtimes.onnx.ours.graph import graph
from printroom.runtimes.onnx.ours.planes import computed
from printroom.runtimes.onnx.ours.telling import told_apart
from printroom.runtimes.onnx.session import OnnxSession

TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}
SIDE = 16
"""Of the picture that is compared: a multiple of what any of the networks asks for."""


def main() -> None:
    """Ends with a sentence on standard error where the weights are of no network of ours."""
    source, folder, rules = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            tensors = laid_out(data, Rules(**rules))
            network = told_apart({name: one.shape for name, one in tensors.items()})
        except (Refused, ValueError) as error:
            sys.exit(str(error))
        weights = {name: _numbers(data, name, one) for name, one in tensors.items()}
    made = graph(network, network.architecture, weights).SerializeToString()
    picture = np.random.default_rng(0).random((3, SIDE, SIDE)).astype(np.float32)
    result, expected = OnnxSession(made).run(picture[None])[0], computed(network, weights, picture)
    far = float(np.abs(result - expected).max()) / max(1.0, float(np.abs(expected).max()))
    (folder / "model.onnx").write_bytes(made)
    report = {"architecture": network.architecture, "difference": far if np.isfinite(far) else None}
    (folder / "report.json").write_text(json.dumps(report))


def _numbers(data: mmap.mmap, name: str, tensor: Tensor) -> NDArray[Any]:
    if tensor.dtype not in TYPES:
        sys.exit(f"{name[:80]} is {tensor.dtype}, not one of {', '.join(TYPES)}")
    raw = data[tensor.begin : tensor.end]
    values: NDArray[Any] = np.frombuffer(raw, TYPES[tensor.dtype]).reshape(tensor.shape)
    return values.astype(np.float32)


if __name__ == "__main__":
    main()

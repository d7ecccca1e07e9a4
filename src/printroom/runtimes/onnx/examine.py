"""All that can be told of an ONNX file by reading it and trying it on small random pictures.

bytes -> Examined          BadModel
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from onnx import ModelProto

from printroom.imaging.tiling import Geometry
from printroom.runtimes.onnx.geometry import derive
from printroom.runtimes.onnx.parse import parse
from printroom.runtimes.onnx.probe import confirm
from printroom.runtimes.onnx.session import OnnxSession


@dataclass(frozen=True)
class Examined:
    """A model from picture to picture."""

    geometry: Geometry
    """Derived and confirmed."""
    channels: int
    """1 or 3, in and out."""
    parameters: int


def examine(data: bytes) -> Examined:
    """Derive and confirm. Raises BadModel, saying why the model cannot be used."""
    model = parse(data)
    derived = derive(model)
    session = OnnxSession(data)
    try:
        channels = session.signature.channels
        geometry = confirm(session, derived, channels)
    finally:
        session.close()
    return Examined(geometry, channels, parameters_of(model))


def parameters_of(model: ModelProto) -> int:
    """Numbers that the graph keeps."""
    return sum(prod(tensor.dims) for tensor in model.graph.initializer)

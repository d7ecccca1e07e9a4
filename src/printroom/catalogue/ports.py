"""Which ports of an ONNX graph are the picture, and which are beside it.

inputs, outputs -> Reading, its values not read yet        BadModel: not from picture to picture
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from printroom.core.errors import BadModel
from printroom.runtimes.onnx.signature import Port
from printroom.runtimes.reading import Channels, Layout, Numbers, Pixels, Reading

NUMBERS = {"float": "float32", "float16": "float16", "uint8": "uint8"}
REMEDY = (
    "printroom takes models that make a picture from a picture, or from random numbers; what finds "
    "or names things is used by a step that knows its outputs"
)
SHOWN = 6
"""Names in a message."""


def reading_of(inputs: Sequence[Port], outputs: Sequence[Port], output: str = "") -> Reading:
    """The reading as far as ports tell. `output`: which of several results is the picture.

    Further inputs become constants of 1, to be mended. Raises BadModel.
    """
    pictures = [port for port in inputs if _layout(port) is not None]
    if not pictures:
        raise BadModel(f"the model takes no picture, but {_shown(inputs)}", REMEDY)
    source = pictures[0]
    planes = _planes(source)
    layout = cast("Layout", _layout(source))
    results = [port for port in outputs if _fits(port, planes) and output in ("", port.name)]
    if not results:
        raise BadModel(f"the model gives no picture, but {_shown(outputs)}", REMEDY)
    result = results[0]
    channels: Channels = "rgb" if planes == 3 else "grey"
    return Reading(
        input=Pixels("", layout, _numbers(source), channels),
        output=Pixels(
            result.name if len(outputs) > 1 else "",
            _layout(result) or layout,
            _numbers(result),
            channels,
        ),
        constants=tuple((port.name, _neutral(port)) for port in inputs if port is not source),
    )


def _fits(port: Port, planes: int) -> bool:
    return port.shape is None or (_layout(port) is not None and _planes(port) in (planes, 0))


def _layout(port: Port) -> Layout | None:
    """None where it is no picture. A result may leave its channels unsaid."""
    if port.dtype not in NUMBERS or port.shape is None or len(port.shape) != 4:
        return None
    if port.shape[1] in (1, 3):
        return "nchw"
    if port.shape[3] in (1, 3):
        return "nhwc"
    unsaid = not any(isinstance(side, int) for side in port.shape[1:])
    return "nchw" if unsaid else None


def _planes(port: Port) -> int:
    """0 = it does not say."""
    assert port.shape is not None
    side = port.shape[1 if _layout(port) == "nchw" else 3]
    return side if isinstance(side, int) else 0


def _numbers(port: Port) -> Numbers:
    return cast("Numbers", NUMBERS.get(port.dtype, port.dtype))


def _neutral(port: Port) -> float:
    """Raises BadModel for what is no constant."""
    sides = [side for side in port.shape or () if isinstance(side, int)]
    if int(np.prod(sides, dtype=np.int64)) > 4096:
        raise BadModel(f"the model takes {port.name!r} beside the picture", "export it without")
    return 1.0


def _shown(ports: Sequence[Port]) -> str:
    names = ", ".join(f"{port.name} {_sides(port)}" for port in ports[:SHOWN])
    more = f" and {len(ports) - SHOWN} more" if len(ports) > SHOWN else ""
    return f"{len(ports)} of {names}{more}" if len(ports) > 1 else names


def _sides(port: Port) -> str:
    if port.shape is None:
        return "of any shape"
    return "x".join(str(side) if isinstance(side, int) else "?" for side in port.shape)

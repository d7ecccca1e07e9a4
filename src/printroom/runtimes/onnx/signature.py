"""What goes into a model and what comes out: pictures, or we do not take it.

names, element types and shapes of the inputs and outputs -> Signature      BadModel
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from printroom.core.errors import BadModel

Shape = Sequence[int | str | None]
"""Sides of a tensor; a name or None where any length will do."""
REMEDY = "printroom takes models with one float32 input (N, 1 or 3, H, W) and one such output"


@dataclass(frozen=True)
class Port:
    """One input or output, as the graph declares it."""

    name: str
    dtype: str
    """Element type, such as `float`."""
    shape: Shape | None
    """None = the graph does not say."""


@dataclass(frozen=True)
class Signature:
    """A model from picture to picture."""

    input: str
    output: str
    channels: int
    """1 or 3, in and out."""
    batch: int | None
    """The only batch the model takes; None = any."""
    fixed: tuple[int, int] | None
    """(height, width) of the only picture it takes; None = any size."""


def signature(inputs: Sequence[Port], outputs: Sequence[Port]) -> Signature:
    """Raises BadModel, saying which port is not a picture."""
    if len(inputs) != 1 or len(outputs) != 1:
        raise BadModel(
            f"the model has {_count(inputs, 'input')} and {_count(outputs, 'output')}", REMEDY
        )
    source, result = inputs[0], outputs[0]
    shape = _picture(source, "input")
    channels = shape[1]
    if channels not in (1, 3):
        raise BadModel(f"{_named(source, 'input')} has {_channels(shape)}", REMEDY)
    if result.shape is not None:
        given = _picture(result, "output")[1]
        if isinstance(given, int) and given != channels:
            raise BadModel(
                f"the model takes {channels} channels and gives {given}",
                "input and output must have the same number",
            )
    batch, height, width = (side if isinstance(side, int) else None for side in _others(shape))
    if (height is None) != (width is None):
        raise BadModel(f"{_named(source, 'input')} has one side fixed", "export it with both free")
    fixed = None if height is None or width is None else (height, width)
    return Signature(source.name, result.name, int(channels), batch, fixed)


def _picture(port: Port, kind: str) -> Shape:
    if port.dtype != "float":
        raise BadModel(f"{_named(port, kind)} holds {port.dtype}, not float32", REMEDY)
    if port.shape is None or len(port.shape) != 4:
        rank = "no known shape" if port.shape is None else f"{len(port.shape)} dimensions"
        raise BadModel(f"{_named(port, kind)} has {rank}, not 4", REMEDY)
    return port.shape


def _channels(shape: Shape) -> str:
    if shape[3] in (1, 3):
        return "its channels last (NHWC)"
    return f"{shape[1]} channels" if isinstance(shape[1], int) else "no set number of channels"


def _others(shape: Shape) -> tuple[int | str | None, ...]:
    return shape[0], shape[2], shape[3]


def _named(port: Port, kind: str) -> str:
    return f"the {kind} {port.name!r}"


def _count(ports: Sequence[Port], kind: str) -> str:
    names = ", ".join(port.name for port in ports[:4]) + (", ..." if len(ports) > 4 else "")
    return f"{len(ports)} {kind}{'' if len(ports) == 1 else 's'} ({names})"

"""The example of a step: what it is tried on before it takes work.

{"image": "cat.jpg", "strength": 0.5} -> inputs        BadStep: not an input of this step
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadStep, PrintroomError
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.isolation.values import Value
from printroom.pipelines.kinds import Picture
from printroom.pipelines.ports import Port

LARGEST = 4_000_000
"""Pixels of an example's picture."""


def read_example(
    written: Mapping[str, Any], folder: Path, ports: Mapping[str, Port]
) -> dict[str, Value]:
    """Values by port; a picture is a file in `folder`. Raises BadStep."""
    values = {}
    for name, value in written.items():
        if name not in ports:
            raise BadStep(f"the example names the port {name!r}, which the step has not")
        is_picture = isinstance(ports[name].kind, Picture)
        values[name] = _picture(folder, name, value) if is_picture else value
    if missing := [name for name, port in ports.items() if port.required and name not in values]:
        raise BadStep(f"the example says nothing of {', '.join(missing)}", "give each port a value")
    return values


def _picture(folder: Path, name: str, value: object) -> NDArray[np.float32]:
    """(height, width, 3) float32, 0 to 1."""
    if not isinstance(value, str) or not (folder / value).resolve().is_relative_to(
        folder.resolve()
    ):
        raise BadStep(f"the example's {name} {value!r} is no file in the step's folder")
    try:
        with Image.open(folder / value, Limits(pixels=LARGEST)) as image, image.rows() as rows:
            pixels = rows.read(image.height)
    except PrintroomError as error:
        raise BadStep(f"the example's {name} cannot be read: {error}") from error
    colours = pixels[..., : 1 if pixels.shape[2] < 3 else 3]
    scaled = colours.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    return np.broadcast_to(scaled, (*scaled.shape[:2], 3))

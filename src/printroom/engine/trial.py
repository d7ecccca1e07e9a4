"""A model proves itself before it takes pictures: its example, through it, once.

    session, Model -> trial           BadModel: what is wrong, and with which picture
                                      NeedsMemory: there was none for even that

The example is the picture that the card names, if it lies beside the card: its top left corner, as
small as the rest. Without one it is a picture made here, of shades and noise; what draws is asked
for the picture of the seed 0. What comes out must be of the promised size and finite; where the
folder has what should come out, as `<example>.npy` (float32 of that corner), it must be that,
within the tolerance. Running it warms the model up, too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.card import Model
from printroom.core.errors import BadModel, ModelFailed, NeedsMemory, PrintroomError
from printroom.core.session import ModelSession
from printroom.engine.channels import colours
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.imaging.tiling import Geometry, ceil_to, scaled
from printroom.runtimes.onnx.generator import conditions

Planes = NDArray[np.float32]
"""(1, channels, height, width), 0..1."""
SIDE = 64
"""Pixels along the sides of what a model is shown, if it takes so little: enough to have an
inside, and done in some milliseconds."""
LARGEST = 1 << 24
"""Pixels of an example at most, and bytes of the file that holds its result."""
NUMBERS = ("lowlight", "colour")
"""Tasks whose models may answer a thumbnail with numbers for a step, not with a picture."""
CLOSE = 1e-3
"""Of full scale: what results may differ by between machines and providers, at least."""


def trial(session: ModelSession, model: Model) -> None:
    """Run the example, and judge what comes out."""
    card, (name, given, expected) = model.card, _example(session.channels, model)
    try:
        result = session.run(given)
    except ModelFailed as error:
        raise _failed(model, name, error.reason) from error
    except MemoryError as error:
        size = "x".join(map(str, given.shape))
        reason = f"there is no memory to try {card.id} on a picture of {size}"
        raise NeedsMemory(reason, "allow it more, or close other programs", needed=0) from error
    if fault := _fault(result, given, expected, model):
        raise _failed(model, name, fault)


def _fault(result: Planes, given: Planes, expected: Planes | None, model: Model) -> str:
    """What is wrong with a result; empty when nothing is."""
    card, scale = model.card, model.card.geometry.scale
    count, channels, height, width = given.shape
    promised = (count, channels, scaled(height, scale), scaled(width, scale))
    if card.task not in NUMBERS and card.geometry.exact and result.shape != promised:
        return f"it gave {result.shape} where {promised} was due"
    if not result.size:
        return "it gave nothing"
    if not np.isfinite(result).all():
        return f"{np.count_nonzero(~np.isfinite(result)):,} of its values are not finite"
    if expected is None:
        return ""
    if expected.shape != result.shape:
        return f"it gave {result.shape} where its folder has a result of {expected.shape}"
    worst = float(np.abs(result - expected).max())
    allowed = max(CLOSE, card.geometry.tolerance)
    return "" if worst <= allowed else f"its result is {worst:.2g} off, {allowed:g} is allowed"


def _example(channels: int, model: Model) -> tuple[str, Planes, Planes | None]:
    """What the picture is called, the picture, and what should come of it, if that is known."""
    geometry, place = model.card.geometry, _place(model)
    if model.card.reading.generates:
        return "the seed 0", conditions(model.card.reading, 0), None
    if place is None:
        return "a made picture", _made(channels, geometry), None
    try:
        with Image.open(place, Limits(LARGEST)) as image:
            height, width = _size(geometry, image.height, image.width)
            with image.rows() as rows:
                planes = colours(rows.read(height)[:, :width])
    except PrintroomError as error:
        raise _failed(model, place.name, error.reason) from error
    shown = planes if channels == 3 else planes.mean(axis=1, keepdims=True)
    padded = _padded(shown, geometry)
    return place.name, np.ascontiguousarray(padded, np.float32), _expected(place, model)


def _place(model: Model) -> Path | None:
    """The example's file; None where the card has a sentence instead, or nothing."""
    name, folder = model.card.example, model.weights.parent
    if not name or Path(name).name != name:  # a name, never a way to somewhere else
        return None
    place = folder / name
    try:
        inside = place.resolve().parent == folder.resolve()
        return place if inside and place.is_file() else None
    except (OSError, ValueError):
        return None


def _expected(place: Path, model: Model) -> Planes | None:
    file = place.with_name(place.name + ".npy")
    if not file.is_file():
        return None
    try:
        if file.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        return np.asarray(np.load(file, allow_pickle=False), np.float32)
    except (OSError, ValueError, EOFError) as error:
        raise _failed(model, file.name, str(error)) from error


def _size(geometry: Geometry, height: int, width: int) -> tuple[int, int]:
    """Rows and columns of a picture that are shown: of what there is, whole alignments."""
    if geometry.fixed is not None:
        return min(height, geometry.fixed[0]), min(width, geometry.fixed[1])
    side = _side(geometry)
    return min(height, side), min(width, side)


def _side(geometry: Geometry) -> int:
    return ceil_to(max(SIDE, geometry.least), geometry.align)


def _padded(planes: Planes, geometry: Geometry) -> Planes:
    """Of the size that the model takes: a picture that is too small is continued by its border."""
    side = _side(geometry)
    height, width = geometry.fixed or (side, side)
    down, across = height - planes.shape[2], width - planes.shape[3]
    return np.pad(planes, ((0, 0), (0, 0), (0, down), (0, across)), mode="edge")


def _made(channels: int, geometry: Geometry) -> Planes:
    """Shades across, and a little noise."""
    side = _side(geometry)
    height, width = geometry.fixed or (side, side)
    shades = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    noise = np.random.default_rng(0).normal(0, 0.05, (1, channels, height, width))
    return np.clip(shades + noise, 0, 1).astype(np.float32)


def _failed(model: Model, name: str, why: str) -> BadModel:
    return BadModel(f"{model.card.id} failed its trial on {name}: {why}", "use another version")

"""Models that make pictures of random numbers: told by their ports, read by what they make.

ports -> Reading or None          weights, Reading -> the same with its range, and the evidence
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from printroom.catalogue.card import Model
from printroom.catalogue.opening import open_generator
from printroom.catalogue.wishes import Wishes
from printroom.core.errors import BadModel, ModelFailed
from printroom.imaging.encode import Encoder, PictureSpec
from printroom.imaging.formats import format_for
from printroom.imaging.pixels import from_planes
from printroom.runtimes.onnx.generator import Generator
from printroom.runtimes.onnx.signature import Port
from printroom.runtimes.reading import Channels, Classes, Latent, Layout, Pixels, Reading

SEEDS = range(4)
"""That are tried."""
CLASS_NAMES = ("class", "label", "category", "cond")
SCALARS = ("trunc", "sigma", "strength", "scale", "temperature", "psi")
"""In names of inputs that are one number."""
MOST_CLASSES = 100_000
RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
OVER = 0.05
"""Part of a range by which values may lie beyond it."""


@dataclass(frozen=True)
class Drawn:
    """A model that draws, as it was found to be."""

    reading: Reading
    size: tuple[int, int]
    """(height, width)."""
    evidence: str


def reading_of(
    inputs: Sequence[Port], outputs: Sequence[Port], about: Mapping[str, str]
) -> Reading | None:
    """How such a model is read, as far as its ports tell; None where it takes a picture.

    `about`: what the file says of itself; `classes` there is a JSON list of names.
    """
    picture = next((found for port in outputs if (found := _picture(port))), None)
    if picture is None or not inputs or any(_is_picture(port) for port in inputs):
        return None
    latents, constants, classes = [], [], None
    for port in inputs:
        shape = tuple(
            side if isinstance(side, int) and side > 0 else 1 for side in port.shape or ()
        )
        name, size = port.name.lower(), int(np.prod(shape, dtype=np.int64))
        whole = port.dtype.startswith("int")
        if classes is None and (whole or any(word in name for word in CLASS_NAMES)):
            names = _names(about) or (() if whole else tuple(map(str, range(size))))
            form = "index" if whole else "one-hot"
            classes = Classes(port.name, names or ("0",), "index" if form == "index" else "one-hot")
        elif size == 1 or any(word in name for word in SCALARS):
            constants.append((port.name, 1.0))
        else:
            latents.append(Latent(port.name, shape))
    if not latents:
        return None
    return Reading(Pixels(), picture, tuple(constants), tuple(latents), classes)


def tried(data: bytes, reading: Reading, wishes: Wishes) -> Drawn:
    """Count its classes, draw some pictures, and tell from their values what black and white are.

    Raises BadModel when it makes no picture, BadOption when what was wished does not fit.
    """
    reading = _counted(data, reading)
    reading = wishes.applied(reading)
    generator = Generator(data, reading)
    try:
        made = [generator.raw(seed) for seed in SEEDS]
    except ModelFailed as error:
        raise BadModel(f"the model cannot draw: {error.reason}", error.remedy) from error
    finally:
        generator.close()
    low, high = (float(end) for end in (np.min(made), np.max(made)))
    if wishes.output_range is None:
        ends = next((ends for ends in RANGES if _within(low, high, ends)), RANGES[0])
        reading = replace(reading, output=replace(reading.output, range=ends))
    same = all(np.array_equal(made[0], one) for one in made[1:])
    said = f"{len(made)} seeds gave values from {low:.3g} to {high:.3g}"
    said += ", the same picture each time" if same else ", each another picture"
    height, width = made[0].shape[2:]
    ends = reading.output.range
    return Drawn(reading, (height, width), f"{said}: read as {ends[0]:g}..{ends[1]:g}")


def draw_to(model: Model, target: Path, seed: int, shows: str = "") -> None:
    """One picture as a file of the format that its name says, 8 bits.

    Raises BadModel, BadOption, UnknownFormat, Unwritable, ModelFailed.
    """
    container = format_for(target)
    generator = open_generator(model)
    try:
        planes = generator.draw(seed, shows)
    finally:
        generator.close()
    height, width = planes.shape[2:]
    with Encoder(target, PictureSpec(width, height, 3, 8), container) as encoder:
        encoder.write(from_planes(planes, 3, np.uint8))
        encoder.finish()


def _counted(data: bytes, reading: Reading) -> Reading:
    """With a number for each class, where the model is asked by number and names are not known."""
    classes = reading.classes
    if classes is None or classes.form != "index" or classes.names != ("0",):
        return reading

    def runs(count: int) -> bool:
        names = tuple(map(str, range(count)))
        generator = Generator(data, replace(reading, classes=replace(classes, names=names)))
        try:
            generator.raw(0, names[-1])
        except ModelFailed:
            return False
        finally:
            generator.close()
        return True

    most = 1
    while most < MOST_CLASSES and runs(2 * most):
        most *= 2
    low, high = most, 2 * most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if runs(middle) else (low, middle)
    return replace(reading, classes=replace(classes, names=tuple(map(str, range(low)))))


def _within(low: float, high: float, ends: tuple[float, float]) -> bool:
    room = OVER * (ends[1] - ends[0])
    return ends[0] - room <= low and high <= ends[1] + room


def _picture(port: Port) -> Pixels | None:
    """How an output is laid out, if it can be a picture."""
    if port.shape is None or len(port.shape) != 4:
        return None
    places: tuple[tuple[int, Layout], ...] = ((1, "nchw"), (3, "nhwc"))
    for place, layout in places:
        if port.shape[place] in (1, 3):
            channels: Channels = "rgb" if port.shape[place] == 3 else "grey"
            return Pixels(name=port.name, layout=layout, channels=channels)
    return None


def _is_picture(port: Port) -> bool:
    shape = port.shape
    if shape is None or len(shape) != 4:
        return shape is None
    return shape[2] != 1 or shape[3] != 1


def _names(about: Mapping[str, str]) -> tuple[str, ...]:
    """Of classes, as the file has them."""
    try:
        names = json.loads(about.get("classes", ""))
    except (ValueError, RecursionError):
        return ()
    good = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    return tuple(names) if good and len(set(names)) == len(names) <= MOST_CLASSES else ()

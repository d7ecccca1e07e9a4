"""What a picture looks like, in a few numbers: its colours, and where its edges run.

    bytes of a picture -> look_of -> 112 whole numbers, a byte each        NotAPicture
    planes -> look_of_planes -> the same          look -> vector_of -> 112 floats of length 1

A look is coarse on purpose: a grid of 4 x 4 fields, each with its colour and four directions of
edges. It tells ink from oil and day from night, not one face from another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from printroom.core.errors import NotAPicture

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE, FIELDS, DIRECTIONS = 32, 4, 4
"""Pixels of the small picture that is looked at, and fields, along each side."""
LENGTH = FIELDS * FIELDS * (3 + DIRECTIONS)
"""Numbers in a look."""


def look_of(data: bytes) -> bytes:
    """What a picture looks like. Raises NotAPicture."""
    from printroom.imaging.vips import pyvips

    try:
        small = pyvips.Image.thumbnail_buffer(data, SIDE, height=SIDE, size="force")
        return _look(_samples(small))
    except pyvips.Error as error:
        reason = "a picture cannot be looked at"
        raise NotAPicture(reason, str(error).splitlines()[0]) from None


def look_of_planes(planes: NDArray[Any]) -> bytes:
    """What the picture (1, 3, h, w), 0..1, looks like."""
    import numpy as np

    from printroom.imaging.vips import pyvips

    levels = np.rint(np.clip(planes[0, :3], 0, 1) * 255).astype(np.uint8)
    rows = np.ascontiguousarray(levels.transpose(1, 2, 0))
    whole = pyvips.Image.new_from_array(rows).copy(interpretation="srgb")
    return _look(_samples(whole.thumbnail_image(SIDE, height=SIDE, size="force")))


def vector_of(look: bytes) -> NDArray[Any]:
    """A look as a direction: float32."""
    import numpy as np

    vector = np.frombuffer(look, np.int8).astype(np.float32)
    unit: NDArray[Any] = vector / (np.linalg.norm(vector) or 1)
    return unit


def _look(small: NDArray[Any]) -> bytes:
    import numpy as np

    light = small @ np.array([0.299, 0.587, 0.114], np.float32)
    colours = np.stack([light, small[..., 2] - light, small[..., 0] - light], -1) / 255
    down, right = np.gradient(light)
    angle = np.floor((np.arctan2(down, right) % np.pi) / np.pi * DIRECTIONS).astype(int)
    strength = np.hypot(down, right)
    edges = [np.where(angle % DIRECTIONS == one, strength, 0) for one in range(DIRECTIONS)]
    parts = (_fields(colours - colours.mean((0, 1)) / 2), np.sqrt(_fields(np.stack(edges, -1))))
    units = [part / (np.linalg.norm(part) or 1) for part in parts]
    look: bytes = np.rint(np.concatenate(units) * 127).astype(np.int8).tobytes()
    return look


def _samples(image: Any) -> NDArray[Any]:
    """The picture as (SIDE, SIDE, 3) floats, 0 to 255."""
    import numpy as np

    image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=255)
    return np.asarray(image.numpy(), np.float32)


def _fields(values: NDArray[Any]) -> NDArray[Any]:
    """Means over the fields of the grid, in a row."""
    step = SIDE // FIELDS
    means: NDArray[Any] = values.reshape(FIELDS, step, FIELDS, step, -1).mean((1, 3))
    return means.reshape(-1)

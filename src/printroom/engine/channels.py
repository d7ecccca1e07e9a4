"""Rows of pictures of 1 to 4 bands, and the planes that links of 1 or 3 channels take.

    rows  -> show()    -> (items, channels, h, w) -> a model            -> reveal()  -> rows
    rows  -> colours() -> (1, 3, h, w)            -> a step for colours -> coloured() -> rows

Rows come in two forms. Whole numbers, as pictures are stored: (h, w, bands) uint8 or uint16.
And between links, lines of floats: (h, bands, w) float32, 0..1, neither rounded nor clipped, the
colour multiplied by alpha, so that nothing is lost where it is faint.

A model of one channel is shown the planes of a colour picture one by one, and those of a grey
picture once. Alpha is shown to models as a grey picture of its own, and to steps for colours not at
all: it passes by.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from printroom.engine.work import Planes
from printroom.imaging.pixels import FAINTEST, from_planes, to_planes

Rows = NDArray[Any]
"""(rows, columns, bands) uint8 or uint16, or (rows, bands, columns) float32."""
FLOATS: np.dtype[Any] = np.dtype(np.float32)
THIRD = np.float32(1 / 3)


def dtype_of(bits: int) -> np.dtype[Any]:
    """The type of samples of 8, 16 or 32 bits."""
    return FLOATS if bits == 32 else np.dtype(f"u{bits // 8}")


def empty(rows: int, columns: int, bands: int, dtype: np.dtype[Any]) -> Rows:
    """Room for rows of either form."""
    shape = (rows, bands, columns) if dtype == FLOATS else (rows, columns, bands)
    return np.empty(shape, dtype)


def columns(rows: Rows, which: slice | NDArray[np.intp]) -> Rows:
    """Some columns of rows of either form: a view, where they are a slice."""
    return rows[..., which] if rows.dtype == FLOATS else rows[:, which]


def has_alpha(bands: int) -> bool:
    """Whether the last of so many bands is alpha."""
    return bands in {2, 4}


def items(bands: int, channels: int) -> int:
    """How many pictures of `channels` a picture of `bands` is shown as; alpha is one of its own."""
    pictures = 1 + has_alpha(bands)
    return pictures if channels == 3 or bands < 3 else 3 * pictures


def show(rows: Rows, channels: int) -> Planes:
    """What a model of 1 or 3 `channels` takes."""
    if rows.dtype == FLOATS:
        bands, planes = rows.shape[1], _planes(rows)
    else:
        bands, planes = rows.shape[2], to_planes(rows)
    if channels == 3:
        return planes
    return planes[:, :1] if bands < 3 else planes.reshape(-1, 1, *planes.shape[2:])


def reveal(planes: Planes, bands: int, dtype: DTypeLike) -> Rows:
    """Rows of what a model gave, of the form that `dtype` says."""
    count, channels, *sides = planes.shape
    if channels == 1 and bands < 3:
        planes = np.broadcast_to(planes, (count, 3, *sides))
    elif channels == 1:
        planes = planes.reshape(count // 3, 3, *sides)  # a tile at the border may be empty
    return _lines(planes, bands) if dtype == FLOATS else from_planes(planes, bands, dtype)


def colours(rows: Rows) -> Planes:
    """The colour alone, not multiplied by alpha; grey three times over."""
    if rows.dtype != FLOATS:
        bands = rows.shape[2]
        return to_planes(rows[..., :-1] if has_alpha(bands) else rows)
    bands = rows.shape[1]
    planes = _planes(rows[:, :-1] if has_alpha(bands) else rows)
    if has_alpha(bands):
        planes /= np.maximum(_opacity(rows), FAINTEST)
    return planes


def coloured(planes: Planes, under: Rows, dtype: DTypeLike) -> Rows:
    """Rows with the colours of `planes` (1, 3, h, w) and the alpha of `under`, of the same size."""
    floats = under.dtype == FLOATS
    bands = under.shape[1 if floats else 2]
    if not has_alpha(bands):
        return reveal(planes, bands, dtype)
    height, width = planes.shape[2:]
    rows = empty(height, width, bands, np.dtype(dtype))
    if dtype != FLOATS:
        rows[..., :-1] = reveal(planes, bands - 1, dtype)
        rows[..., -1] = np.rint(_opacity(under) * np.float32(np.iinfo(dtype).max))
        return rows
    np.multiply(reveal(planes, bands - 1, dtype), _opacity(under)[:, None], out=rows[:, :-1])
    rows[:, -1] = alpha(under)
    return rows


def alpha(rows: Rows) -> NDArray[np.float32]:
    """Alpha (h, w) of rows that have it; of lines as it is, not clipped."""
    if rows.dtype == FLOATS:
        return np.asarray(rows[:, -1])
    return np.asarray(rows[..., -1] * np.float32(1 / np.iinfo(rows.dtype).max))


def _opacity(rows: Rows) -> NDArray[np.float32]:
    """Alpha (h, w), in 0..1."""
    return np.asarray(np.clip(alpha(rows), 0, 1))


def lines_of(planes: Planes) -> Rows:
    """Lines of an array (1, 1..4, h, w) as steps have it, its colour not multiplied by alpha."""
    lines = np.array(planes[0].transpose(1, 0, 2), np.float32)
    if has_alpha(planes.shape[1]):
        lines[:, :-1] *= _opacity(lines)[:, None]
    return lines


def _planes(lines: Rows) -> Planes:
    """Like `to_planes`, of lines."""
    height, bands, width = lines.shape
    clear = has_alpha(bands)
    planes = np.empty((1 + clear, 3, height, width), np.float32)
    for channel in range(3):
        planes[0, channel] = lines[:, min(channel, bands - clear - 1)]
    if clear:
        planes[1] = lines[:, -1]
    return planes


def _lines(planes: Planes, bands: int) -> Rows:
    """Like `from_planes`, to lines. A view where nothing needs to be computed."""
    if bands == 3:
        return np.asarray(planes[0].transpose(1, 0, 2))
    height, width = planes.shape[2:]
    lines = np.empty((height, bands, width), np.float32)
    if bands == 4:
        lines[:, :3] = planes[0].transpose(1, 0, 2)
    else:
        lines[:, 0] = _grey(planes[0])
    if has_alpha(bands):
        lines[:, -1] = _grey(planes[1])
    return lines


def _grey(planes: Planes) -> NDArray[np.float32]:
    """The mean of three planes (3, h, w)."""
    return np.asarray((planes[0] + planes[1] + planes[2]) * THIRD)

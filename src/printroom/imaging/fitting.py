"""Rows as a format can hold them: fewer bits, no alpha.

rows (n, W, bands) -> fitted() -> rows
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.imaging.formats import Format


@dataclass(frozen=True)
class PictureSpec:
    """Shape of a picture to be written."""

    width: int
    height: int
    bands: int
    """1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha."""
    depth: int
    """Bits per sample, 8 or 16."""

    @property
    def alpha(self) -> bool:
        """Whether the last band is alpha."""
        return self.bands in {2, 4}

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a sample."""
        return np.dtype(np.uint8 if self.depth == 8 else np.uint16)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row, unencoded."""
        return self.width * self.bands * self.depth // 8

    @property
    def raw_bytes(self) -> int:
        """Bytes of the picture, unencoded."""
        return self.row_bytes * self.height


def fitted_spec(spec: PictureSpec, container: Format) -> PictureSpec:
    """The shape in which `format` holds a picture of shape `spec`."""
    bands = spec.bands - 1 if spec.alpha and not container.alpha else spec.bands
    return replace(spec, bands=bands, depth=spec.depth if max(container.depths) > 8 else 8)


def fitted(rows: NDArray[Any], spec: PictureSpec) -> NDArray[Any]:
    """Rows with the bands and depth of `spec`: alpha is laid on white, 16 bit rounded to 8."""
    if rows.shape[2] > spec.bands:
        rows = _on_white(rows)
    if rows.dtype == np.uint16 and spec.depth == 8:
        # round(v * 255 / 65535) in whole numbers, exact for every v
        return ((rows.astype(np.uint32) * 255 + 32895) >> 16).astype(np.uint8)
    return rows


def _on_white(rows: NDArray[Any]) -> NDArray[Any]:
    white = float(np.iinfo(rows.dtype).max)
    alpha = rows[..., -1:] * np.float32(1 / white)
    flat = white + (rows[..., :-1] - np.float32(white)) * alpha
    return np.asarray(np.rint(flat), rows.dtype)

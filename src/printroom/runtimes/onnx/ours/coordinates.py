"""Squares of pixels as one, in coordinates where pictures have little in common between channels.

(12,) red, green and blue of four places <-> Haar's sums and differences of grey and two opponents
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FOLD = 2
"""Side of the squares of pixels that a net at scale 1 takes as one."""
FOLDED = 3 * FOLD**2
"""Samples of such a square."""
Array = NDArray[np.float32]


def changes() -> tuple[Array, Array]:
    """(12, 12) what changes coordinates on the way in, places first, and out, colours first."""
    haar = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], np.float32) / 2
    colours = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]], np.float32)
    colours /= np.linalg.norm(colours, axis=1, keepdims=True)
    basis: Array = np.einsum("ap,bc->abpc", haar, colours).reshape(FOLDED, FOLD**2, 3)
    shown = basis.transpose(0, 2, 1).reshape(FOLDED, FOLDED).T
    return _amplified() * basis.reshape(FOLDED, FOLDED), shown


def _amplified() -> Array:
    """(12, 1): how much stronger each coordinate is seen, about as photographs need it."""
    gains = np.ones((4, 3), np.float32)
    gains[1:] *= 8
    gains[:, 1:] *= 2
    return gains.reshape(-1, 1)

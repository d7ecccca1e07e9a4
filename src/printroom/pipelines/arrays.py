"""What tensors are made of: types of numbers, and shapes in which None stands for any length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WIDTHS = {"uint": (8, 16, 32, 64), "int": (8, 16, 32, 64), "float": (16, 32, 64)}
DTYPES = ("bool", *(f"{name}{width}" for name, widths in _WIDTHS.items() for width in widths))


def numeric(value: Any, dtype: str | None) -> NDArray[Any]:
    """`value` as an array of numbers of that type. Raises ValueError."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError("is not an array") from None
    if array.dtype.kind not in "biuf":
        raise ValueError("is not an array of numbers")
    return array if dtype is None or array.dtype == dtype else _cast(array, dtype)


def same_shape(wanted: Sequence[int | None], given: Sequence[int | None]) -> bool:
    """Whether a shape can be both."""
    pairs = zip(wanted, given, strict=False)
    return len(wanted) == len(given) and all(a == b or None in (a, b) for a, b in pairs)


def shown(shape: Sequence[int | None]) -> str:
    """For people: `(1, any)`."""
    return f"({', '.join('any' if axis is None else str(axis) for axis in shape)})"


def _cast(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        cast = array.astype(dtype)
    exact = cast.dtype.kind != "f"
    if not (np.array_equal(cast, array) if exact else np.isfinite(cast).all()):
        raise ValueError(f"has numbers that {dtype} cannot hold")
    return cast

"""What goes into a collection, checked: a direction, and what it stands for.

JSON, picture or vector -> Item            BadOption NotAPicture
numbers -> unit -> float32 of length 1     BadOption
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.imaging.image import Image
from printroom.imaging.likeness import look_of, vector_of
from printroom.imaging.limits import Limits

PAYLOAD = 4096
"""Characters of a payload, as JSON."""
LONGEST = 2048
"""Numbers in a vector."""
PIXELS = 40 * 10**6
"""Of a picture that is looked at."""


@dataclass(frozen=True)
class Item:
    """One, ready to be kept."""

    payload: str
    """JSON."""
    vector: bytes
    """float32, of length 1."""
    id: str = field(default_factory=lambda: f"itm_{secrets.token_hex(16)}")

    @classmethod
    def of_picture(cls, payload: Any, data: bytes) -> Item:
        """Of the look of a picture. Raises BadOption, PictureError."""
        return cls(written(payload), looked(data).tobytes())

    @classmethod
    def of_vector(cls, payload: Any, numbers: Sequence[float] | NDArray[Any]) -> Item:
        """Of a vector of one's own. Raises BadOption."""
        return cls(written(payload), unit(numbers).tobytes())


def written(payload: Any) -> str:
    """A payload as JSON. Raises BadOption."""
    try:
        text = json.dumps(payload, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise BadOption("a payload is no JSON", str(error)[:200]) from None
    if len(text) > PAYLOAD:
        raise BadOption(f"a payload has {len(text)} characters", f"{PAYLOAD} are the most")
    return text


def looked(data: bytes) -> NDArray[Any]:
    """The look of a picture, as a direction. Raises PictureError."""
    with Image.open(data, Limits(PIXELS)):  # what it promises is judged first
        return vector_of(look_of(data))


def unit(numbers: Sequence[float] | NDArray[Any]) -> NDArray[Any]:
    """A vector made as long as 1. Raises BadOption for one that has no direction."""
    vector = np.asarray(numbers, np.float64).ravel()
    if not 1 <= vector.size <= LONGEST:
        raise BadOption(f"a vector has {vector.size} numbers", f"1 to {LONGEST} are taken")
    largest = float(np.abs(vector).max())
    if not np.isfinite(largest) or not largest:
        raise BadOption("a vector has no direction", "give numbers that are not all zero")
    scaled = vector / largest
    whole: NDArray[Any] = (scaled / np.linalg.norm(scaled)).astype(np.float32)
    return whole

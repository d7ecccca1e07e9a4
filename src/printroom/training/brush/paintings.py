"""The twelve paintings that come with `stylise`, drawn anew.

    python -m printroom.training.brush.paintings FOLDER -> FOLDER/night.webp ...

The same painter draws the same painting, to the bit on one machine. What each makes people feel is
in `paintings.csv` beside them, written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from printroom.training.brush import inks, landscapes, moods, planes
from printroom.training.brush.ground import Array, Random, bytes_of

MOST_BYTES = 60_000
"""Of a file."""
SEED = 1
PAINTERS: dict[str, Callable[[Random], Array]] = {
    painter.__name__: painter
    for painter in (
        *(landscapes.night, landscapes.noon, landscapes.haze),
        *(moods.wild, moods.blossom, moods.howl),
        *(inks.veil, planes.facets, inks.dusk),
        *(inks.surge, planes.rays, inks.spill),
    )
}
"""By the name of what they paint."""


def painted(name: str, seed: int = SEED) -> Array:
    """(480, 640, 3) uint8."""
    picture = PAINTERS[name](np.random.default_rng(seed))
    return bytes_of(picture)


def packed(picture: Array) -> bytes:
    """As WebP, as good as `MOST_BYTES` allow."""
    for quality in range(92, 20, -4):
        wish = [cv2.IMWRITE_WEBP_QUALITY, quality]
        data = bytes(cv2.imencode(".webp", picture[..., ::-1], wish)[1])
        if len(data) <= MOST_BYTES:
            break
    return data


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in PAINTERS:
        data = packed(painted(name))
        (folder / f"{name}.webp").write_bytes(data)
        sys.stdout.write(f"{name} {len(data)} bytes\n")

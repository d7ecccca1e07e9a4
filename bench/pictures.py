"""Pictures for the benches, made in a child process and kept in the cache.

    side in pixels -> JPEG file

All sides show the same block of 2,000 x 2,000 pixels, cut or repeated, so that a megapixel costs
as much to decode and encode in a small picture as in a huge one. The block is made of what photos
are made of: smooth shading, structure at many sizes, edges and grain. There is no metadata, which
peers would drop and printroom keeps. As a script:

    python -m bench.pictures SIDE FILE
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bench import cache
from bench.processes import checked

BLOCK = 2000
"""Side of the repeated block in pixels."""


def jpeg(side: int) -> Path:
    """A baseline JPEG (quality 90) of `side` x `side` pixels."""
    path = cache.folder() / f"picture-{side}.jpg"
    if not path.exists():
        part = path.with_name(f"part-{path.name}")
        checked([sys.executable, "-m", "bench.pictures", str(side), str(part)])
        part.replace(path)
    return path


def block() -> Any:
    """The pyvips image that all pictures are cut from."""
    import pyvips

    layers = []
    for band in range(3):
        shape = pyvips.Image.perlin(BLOCK, BLOCK, cell_size=250, seed=10 + band) * 60
        structure = pyvips.Image.perlin(BLOCK, BLOCK, cell_size=20, seed=20 + band) * 25
        cells = pyvips.Image.worley(BLOCK, BLOCK, cell_size=100, seed=30) * 0.8
        edges = (pyvips.Image.perlin(BLOCK, BLOCK, cell_size=125, seed=40) > 0) * 0.2
        grain = pyvips.Image.gaussnoise(BLOCK, BLOCK, sigma=3, mean=0, seed=50 + band)
        layers.append(shape + structure + cells + edges + grain + 90)
    joined = layers[0].bandjoin(layers[1:]).cast("uchar").copy(interpretation="srgb")
    return joined.copy_memory()


def make(side: int, path: Path) -> None:
    """Write the picture, streaming."""
    times = -(-side // BLOCK)
    picture = block().replicate(times, times).crop(0, 0, side, side)
    picture.jpegsave(str(path), Q=90, interlace=False, keep="none")


if __name__ == "__main__":
    make(int(sys.argv[1]), Path(sys.argv[2]))

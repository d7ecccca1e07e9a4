"""All metrics of two picture files, of any size, in one pass over each.

    two files -> Comparison               PictureError NotFound BadOption
              -> map of the difference    UnknownFormat Unwritable DiskFull

Memory grows with a picture's width, not its height.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.imaging.encode import Encoder, PictureSpec
from printroom.imaging.formats import format_for
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.metrics import ms_ssim
from printroom.metrics.fsim import FsimStream, FsimTiles, TileStream, shrink_factor
from printroom.metrics.gmsd import GmsdStream
from printroom.metrics.heat import HeatMap
from printroom.metrics.ms_ssim import MsSsimStream
from printroom.metrics.pixels import SMALLEST, colour, grey
from printroom.metrics.psnr import PsnrStream
from printroom.metrics.ssim import SsimStream
from printroom.metrics.strips import strip_rows

FSIM_PIXELS = 2**21
"""Pixels that FSIM may keep after shrinking, about 300 MiB of filters and responses: passed only by
pictures over 20 times longer than wide."""


@dataclass(frozen=True)
class Comparison:
    """What the metrics say about a picture; None where one does not apply, and `notes` says why."""

    psnr: float | None
    """dB over all colour samples; None = infinite, the pictures are equal."""
    ssim: float | None
    """-1..1; 1 = equal."""
    ms_ssim: float | None
    """0..1; 1 = equal."""
    gmsd: float | None
    """0..1; 0 = equal."""
    fsim: float | None
    """0..1; 1 = equal."""
    fsimc: float | None
    """0..1; 1 = equal."""
    fsim_tiles: FsimTiles | None
    """FSIM of the tiles of 512 x 512 pixels, which a large picture's own value hides."""
    notes: dict[str, str]
    """Name of a metric that is None -> the reason."""

    def as_json(self) -> dict[str, Any]:
        """Plain values by name; `notes` only where there are any."""
        values = asdict(self)
        if not self.notes:
            del values["notes"]
        return values


def compare(
    reference: Path, picture: Path, map_to: Path | None = None, limits: Limits | None = None
) -> Comparison:
    """All metrics of `picture` against `reference`; `map_to` names a file for the map, if wanted.

    PSNR is taken over grey or RGB samples with the depth's own peak; the others from 0..255, to
    which 16 bit is scaled without rounding. An alpha band is left out. Raises BadOption when the
    pictures differ in size, channels or depth.
    """
    with Image.open(reference, limits) as first, Image.open(picture, limits) as second:
        _check_alike((reference, first), (picture, second))
        heat = None if map_to is None else _heat(picture, second)
        streams = _Streams(first.height, first.width, 255 if first.depth == 8 else 65535, heat)
        # Opened before the work: a place that cannot be written is known at once.
        with nullcontext() if heat is None or map_to is None else _encoder(map_to, heat) as encoder:
            for a, b in _strips(first, second):
                streams.add(a, b)
            result = streams.result()
            if heat is not None and encoder is not None:
                encoder.write(heat.picture())
                encoder.finish()
    return result


class _Streams:
    """The metrics that apply to pictures of one size, fed together."""

    def __init__(self, height: int, width: int, peak: float, heat: HeatMap | None) -> None:
        self._notes = _refusals(height, width)
        self._psnr = PsnrStream(peak)
        self._ms_ssim = None if "ms_ssim" in self._notes else MsSsimStream()
        alone = None if "ssim" in self._notes else SsimStream()
        self._ssim = alone if self._ms_ssim is None else self._ms_ssim
        self._gmsd = None if "gmsd" in self._notes else GmsdStream()
        self._fsim = None if "fsim" in self._notes else FsimStream(height, width)
        self._tiles = None if "fsim_tiles" in self._notes else TileStream(height, width)
        self._heat = heat

    def add(self, a: NDArray[Any], b: NDArray[Any]) -> None:
        self._psnr.add(a, b)
        grey_a, grey_b = grey(a), grey(b)
        if self._ssim is not None:
            similarity = self._ssim.add(grey_a, grey_b)
            if self._heat is not None:
                self._heat.add(similarity)
        if self._gmsd is not None:
            self._gmsd.add(grey_a, grey_b)
        colour_a, colour_b = colour(a), colour(b)
        if self._fsim is not None:
            self._fsim.add(colour_a, colour_b)
        if self._tiles is not None:
            self._tiles.add(colour_a, colour_b)

    def result(self) -> Comparison:
        notes = dict(self._notes)
        psnr = self._psnr.result()
        if math.isinf(psnr):
            notes["psnr"] = "infinite: the pictures are equal"
        fsim, fsimc = (None, None) if self._fsim is None else self._fsim.result()
        return Comparison(
            psnr=None if math.isinf(psnr) else psnr,
            ssim=None if self._ssim is None else self._ssim.ssim,
            ms_ssim=None if self._ms_ssim is None else self._ms_ssim.result(),
            gmsd=None if self._gmsd is None else self._gmsd.result(),
            fsim=fsim,
            fsimc=fsimc,
            fsim_tiles=None if self._tiles is None else self._tiles.result(),
            notes=notes,
        )


def _refusals(height: int, width: int) -> dict[str, str]:
    """Metrics that say nothing about a picture of that size, with the reason."""
    notes: dict[str, str] = {}
    side = min(height, width)
    if side < SMALLEST:
        reason = f"needs {SMALLEST} pixels on the short side, the pictures have {side}"
        notes |= dict.fromkeys(("ssim", "gmsd", "fsim", "fsimc", "fsim_tiles"), reason)
    elif height * width // shrink_factor(height, width) ** 2 > FSIM_PIXELS:
        reason = f"{width:,} x {height:,} is too long a picture to shrink to a side of 256"
        notes |= dict.fromkeys(("fsim", "fsimc"), reason)
    if side < ms_ssim.SMALLEST:
        notes["ms_ssim"] = (
            f"needs {ms_ssim.SMALLEST} pixels on the short side, the pictures have {side}"
        )
    return notes


def _check_alike(*pictures: tuple[Path, Image]) -> None:
    """Raise BadOption naming both files and both figures when the pictures do not compare."""
    for what, figures, remedy in (
        ("size", [f"{i.width:,} x {i.height:,} pixels" for _, i in pictures], "resize one"),
        ("channels", [_BANDS[i.bands] for _, i in pictures], "convert one"),
        ("depth", [f"{i.depth} bit" for _, i in pictures], "convert one"),
    ):
        if figures[0] != figures[1]:
            one, other = (f"{path} has {f}" for (path, _), f in zip(pictures, figures, strict=True))
            raise BadOption(f"the pictures differ in {what}: {one}, {other}", remedy)


_BANDS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGB and alpha"}


def _strips(first: Image, second: Image) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Rows of both pictures together, alpha left out: (n, W, 1 or 3)."""
    bands = 3 if first.bands >= 3 else 1
    step = strip_rows(first.width)
    readers = first.rows(), second.rows()
    try:
        for _ in range(0, first.height, step):
            a, b = (np.ascontiguousarray(reader.read(step)[..., :bands]) for reader in readers)
            yield a, b
    finally:
        for reader in readers:
            reader.close()


def _heat(path: Path, picture: Image) -> HeatMap:
    if min(picture.height, picture.width) < SMALLEST:
        raise BadOption(
            f"{path} has {picture.width} x {picture.height} pixels: a map needs {SMALLEST} a side",
            "leave --map out",
        )
    return HeatMap(picture.height, picture.width)


def _encoder(path: Path, heat: HeatMap) -> Encoder:
    return Encoder(path, PictureSpec(heat.width, heat.height, 3, 8), format_for(path))

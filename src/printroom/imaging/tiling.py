"""How an output is cut into tiles, and what each tile must see of the input.

    Geometry (of a model) + size of a picture + size of a tile -> TileGrid -> rows of Tiles

Law: for every f whose receptive field fits the halo, and that keeps to the alignment, f applied
tile by tile equals f applied to the whole picture, bit for bit. It holds because a window stops at
the border of the picture (there f pads as it would have done) and everywhere else carries the full
halo, whose results are cut away; nothing is blended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Region(NamedTuple):
    """A rectangle of pixels, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


@dataclass(frozen=True)
class Geometry:
    """What tiling must know of a model: derived from the graph, confirmed by a probe, not typed."""

    scale: Fraction = Fraction(1)
    """Output pixels per input pixel, along each side."""
    halo: int = 0
    """Input pixels that a result may depend on beyond its own; a multiple of `align`."""
    align: int = 1
    """Origins of windows, and sides of whole pictures, are multiples of this many input pixels."""
    exact: bool = True
    """Whether tiled equals untiled. Never claimed wrongly; may be missing where it would hold."""
    fixed: tuple[int, int] | None = None
    """(height, width) of the only input the model takes; None = any size. Never exact."""
    why: str = ""
    """Why the model is not exact, for people; empty where it is."""
    tolerance: float = 0.0
    """Largest difference between tiled and untiled on a CPU, for values 0..1; 0 = the same bits."""
    least: int = 1
    """Smallest side, in input pixels, that the model is shown, in a window or as a whole.

    Smaller pictures are mirrored up to it. Below it a model may fail (a reflection inside it needs
    pixels to reflect), or onnxruntime adds up in another order.
    """


class Tile(NamedTuple):
    """One piece of work: read `window`, run the model, keep `crop` of the result as `core`."""

    core: Region
    """The tile's own share, in input pixels."""
    window: Region
    """What the model must see, in input pixels of the padded picture."""
    crop: Region
    """Where the core's result lies within the window's result, in output pixels."""
    target: Region
    """Where it belongs in the whole output, in output pixels."""


def ceil_to(value: int, step: int) -> int:
    """The smallest multiple of `step` that is at least `value`."""
    return -(-value // step) * step


def scaled(length: int, scale: Fraction) -> int:
    """`length` pixels enlarged, rounded down; an order faster than int(length * scale)."""
    return length * scale.numerator // scale.denominator


@dataclass(frozen=True)
class TileGrid:
    """A picture of `width` x `height` input pixels, cut for a model."""

    width: int
    height: int
    geometry: Geometry
    tile_width: int
    """Width of a core in input pixels; rounded up to the alignment, at least `least`."""
    tile_height: int

    @property
    def padded_width(self) -> int:
        """Width that the model is shown: the engine mirrors the picture up to the alignment."""
        return self._padded(self.width, 1)

    @property
    def padded_height(self) -> int:
        return self._padded(self.height, 0)

    @property
    def out_width(self) -> int:
        return scaled(self.width, self.geometry.scale)

    @property
    def out_height(self) -> int:
        return scaled(self.height, self.geometry.scale)

    @property
    def columns(self) -> int:
        return -(-self.width // self._core(1))

    @property
    def rows(self) -> int:
        return -(-self.height // self._core(0))

    def __len__(self) -> int:
        return self.rows * self.columns

    def __iter__(self) -> Iterator[list[Tile]]:
        """Rows from top to bottom, each a list of tiles from left to right."""
        return (self.row(index) for index in range(self.rows))

    def row(self, index: int) -> list[Tile]:
        """The tiles of row `index`; all share top and bottom of core and window."""
        vertical = self._span(0, index)
        return [self._tile(self._span(1, column), vertical) for column in range(self.columns)]

    def _padded(self, side: int, axis: int) -> int:
        fixed = self.geometry.fixed
        padded = ceil_to(max(side, self.geometry.least), self.geometry.align)
        return padded if fixed is None else max(padded, fixed[axis])

    def _core(self, axis: int) -> int:
        fixed, halo = self.geometry.fixed, self.geometry.halo
        if fixed is not None:
            return max(self.geometry.align, fixed[axis] - 2 * halo)
        side = self.tile_width if axis else self.tile_height
        return ceil_to(max(side, self.geometry.least), self.geometry.align)

    def _span(self, axis: int, index: int) -> tuple[int, int, int, int]:
        """Core start and end, window start and end along one axis."""
        side = self.width if axis else self.height
        padded = self.padded_width if axis else self.padded_height
        core = self._core(axis)
        start, end = index * core, min((index + 1) * core, side)
        if self.geometry.fixed is not None:
            size = self.geometry.fixed[axis]
            first = min(max(0, start - self.geometry.halo), padded - size)
            return start, end, first, first + size
        halo = self.geometry.halo
        last = min(ceil_to(end, self.geometry.align) + halo, padded)
        least = ceil_to(self.geometry.least, self.geometry.align)
        first = max(0, min(start - halo, last - least))
        return start, end, first, max(last, first + least)

    def _tile(self, across: tuple[int, int, int, int], down: tuple[int, int, int, int]) -> Tile:
        left, right, window_left, window_right = across
        top, bottom, window_top, window_bottom = down
        scale = self.geometry.scale
        target = Region(*[scaled(side, scale) for side in (left, top, right, bottom)])
        x, y = scaled(window_left, scale), scaled(window_top, scale)
        crop = Region(target.left - x, target.top - y, target.right - x, target.bottom - y)
        return Tile(
            core=Region(left, top, right, bottom),
            window=Region(window_left, window_top, window_right, window_bottom),
            crop=crop,
            target=target,
        )

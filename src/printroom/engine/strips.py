"""Rows of a picture in memory: what one row of tiles reads, and what it writes.

    read(n) -> pixels, mirrored up to the alignment -> TileWork, in a worker -> result

Both ends are rows of either form (`channels`). BrokenPicture comes from `read`; ModelFailed: the
network gave a result of the wrong shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import ModelFailed
from printroom.core.session import Session
from printroom.engine.channels import (
    Rows,
    coloured,
    colours,
    columns,
    dtype_of,
    empty,
    reveal,
    show,
)
from printroom.engine.plan import TilePlan
from printroom.engine.work import Planes
from printroom.imaging.tiling import Geometry, Region, Tile, TileGrid, ceil_to, scaled

Read = Callable[[int], Rows]
"""Gives the next rows, in order from the top: one at least, at most as many as it is asked for.
They are valid until it is called again."""
CHUNK_BYTES = 1 << 20
"""Rows are read in pieces of about this size, so that what the reader gives stays small."""
PIECE = 1 << 15
"""Output pixels made at once out of floats: few enough for the processor's cache."""
NOTHING = np.zeros(0, np.intp)
SMALLEST = 16
"""Sides of a core that is not halved again, in input pixels."""


def reflected(start: int, end: int, side: int) -> NDArray[np.intp]:
    """Where positions `start` to `end` of an axis are found: past `side` it runs backwards.

    >>> reflected(2, 8, 4).tolist()
    [2, 3, 2, 1, 0, 1]
    """
    if side == 1:
        return np.zeros(end - start, np.intp)
    around = np.arange(start, end) % (2 * side - 2)
    return np.minimum(around, 2 * side - 2 - around)


def row_of(grid: TileGrid, index: int) -> list[Tile]:
    """The tiles of a row, the widest first, the first row's as high as the next ones'.

    Frameworks keep the blocks they allocate: those of the largest window serve every other, while
    windows that grow a little each leave the blocks of the last behind.
    """
    tiles = sorted(grid.row(index), key=lambda tile: -tile.window.width)
    if index > 0 or grid.rows < 3 or grid.geometry.fixed is not None:
        return tiles
    bottom = min(grid.padded_height, tiles[0].window.bottom + grid.geometry.halo)
    return [tile._replace(window=tile.window._replace(bottom=bottom)) for tile in tiles]


class Strip:
    """Buffers for one row of tiles, filled again for a later row once its tiles are done."""

    def __init__(self, plan: TilePlan, first: Tile) -> None:
        """Buffers as large as any row of the plan's grid needs; `first` is its first tile."""
        self.plan, self.grid = plan, plan.grid
        self.dtype = dtype_of(plan.made)
        """Of the result's samples."""
        self.tiles: Sequence[Tile] = ()
        self.futures: list[Future[None]] = []
        """One for each tile submitted."""
        grid, geometry = plan.grid, plan.grid.geometry
        mirrored = grid.padded_height - grid.height
        window = max(first.window.height, first.core.height + 2 * geometry.halo, 2 * mirrored + 1)
        rows = min(grid.padded_height, window + geometry.align)
        self._pixels = empty(rows, grid.padded_width, plan.bands, dtype_of(plan.given))
        self._top = self._bottom = 0
        """Rows of the picture that are held."""
        lines = -scaled(-first.core.height, geometry.scale)
        self._result = empty(lines, grid.out_width, plan.bands, self.dtype)

    def fill(self, tiles: Sequence[Tile], above: Strip | None, read: Read) -> None:
        """Hold what a row of `tiles` needs: from the strip above what it has, the rest is read.

        `above` may be this strip itself.
        """
        self.tiles, self.futures = tiles, []
        height, (_, top, _, bottom) = self.grid.height, tiles[0].window
        mirror = reflected(height, bottom, height) if bottom > height else NOTHING
        start, end = min([top, *mirror.tolist()]), min(bottom, height)
        kept = 0
        if above is not None:
            end = max(end, above._bottom)
            kept = above._bottom - start
            self._pixels[:kept] = above._pixels[start - above._top :][:kept]
        self._top, self._bottom = start, end
        self._read(read, kept)
        if len(mirror):
            held = end - start
            self._pixels[held : held + len(mirror)] = self._pixels[mirror - start]

    def window(self, region: Region) -> Rows:
        """Pixels of the padded picture."""
        rows = slice(region.top - self._top, region.bottom - self._top)
        return columns(self._pixels[rows], slice(region.left, region.right))

    def place(self, target: Region, below: int, rows: Rows) -> None:
        """Put down a part of the result: `rows`, as many rows `below` the top of `target`."""
        start = target.top - self.tiles[0].target.top + below
        lines = self._result[start : start + len(rows)]
        columns(lines, slice(target.left, target.right))[:] = rows

    @property
    def result(self) -> Rows:
        """The row's share of the result, once all tiles are placed; valid until the next `fill`."""
        return self._result[: self.tiles[0].target.height]

    def _read(self, read: Read, start: int) -> None:
        width, end = self.grid.width, self._bottom - self._top
        chunk = max(16, CHUNK_BYTES // self._pixels[0].nbytes)
        row = start
        while row < end:
            given = read(min(chunk, end - row))
            columns(self._pixels[row : row + len(given)], slice(width))[:] = given
            row += len(given)
        padded = self.grid.padded_width
        if padded > width:
            fresh, mirror = self._pixels[start:end], reflected(width, padded, width)
            columns(fresh, slice(width, padded))[:] = columns(fresh, mirror)


@dataclass(frozen=True)
class TileWork:
    """One tile of a strip, as the scheduler's Work."""

    session: Session
    strip: Strip
    tile: Tile
    shape: tuple[int, int, int, int] = field(init=False)
    cost: float = field(init=False)

    def __post_init__(self) -> None:
        window, plan = self.tile.window, self.strip.plan
        count = plan.items
        object.__setattr__(self, "shape", (count, plan.channels, window.height, window.width))
        object.__setattr__(self, "cost", float(count * window.height * window.width))

    def load(self) -> Planes:
        rows, plan = self.strip.window(self.tile.window), self.strip.plan
        return colours(rows) if plan.colour else show(rows, plan.channels)

    def store(self, result: Planes) -> None:
        scale = self.strip.grid.geometry.scale
        count, channels, height, width = self.shape
        promised = (count, channels, scaled(height, scale), scaled(width, scale))
        if result.shape != promised:
            raise ModelFailed(f"the network gave {result.shape} where {promised} was due")
        left, top, right, bottom = self.tile.crop
        step = max(1, PIECE // max(1, right - left))
        for start in range(top, bottom, step):
            piece = result[:, :, start : min(start + step, bottom), left:right]
            self.strip.place(self.tile.target, start - top, self._rows(piece, start - top))

    def _rows(self, piece: Planes, below: int) -> Rows:
        """Rows of a piece of the result that begins so many rows `below` the top of the target."""
        plan, strip = self.strip.plan, self.strip
        if not plan.colour:
            return reveal(piece, plan.bands, strip.dtype)
        left, top, right, _ = self.tile.core
        place = Region(left, top + below, right, top + below + piece.shape[2])
        return coloured(piece, strip.window(place), strip.dtype)

    def halve(self) -> list[TileWork]:
        """Two tiles that cut this one's core across its longer side; none for a fixed shape."""
        geometry = self.strip.grid.geometry
        if geometry.fixed is not None:
            return []
        left, top, right, bottom = self.tile.core
        down = self.tile.core.height >= self.tile.core.width
        start, end = (top, bottom) if down else (left, right)
        middle = start + (end - start) // 2 // geometry.align * geometry.align
        if end - start <= max(SMALLEST, 2 * geometry.least) or middle == start:
            return []
        cores = (
            (Region(left, top, right, middle), Region(left, middle, right, bottom))
            if down
            else (Region(left, top, middle, bottom), Region(middle, top, right, bottom))
        )
        return [replace(self, tile=_within(self.tile, core, geometry)) for core in cores]


def _within(tile: Tile, core: Region, geometry: Geometry) -> Tile:
    """The tile of `core`, a part of `tile`'s core; its window is a part of `tile`'s window."""
    halo, scale, outer = geometry.halo, geometry.scale, tile.window
    least = ceil_to(geometry.least, geometry.align)

    def span(axis: int) -> tuple[int, int]:
        """Start and end along one axis: the core and its halo, and no less than the model takes."""
        start, end = core[axis], core[axis + 2]
        whole = end == tile.core[axis + 2]
        last = outer[axis + 2] if whole else min(outer[axis + 2], end + halo)
        first = max(outer[axis], min(start - halo, last - least))
        return first, min(outer[axis + 2], max(last, first + least))

    (left, right), (top, bottom) = span(0), span(1)
    target = Region(*(scaled(side, scale) for side in core))
    x, y = scaled(left, scale), scaled(top, scale)
    crop = Region(target.left - x, target.top - y, target.right - x, target.bottom - y)
    return Tile(core, Region(left, top, right, bottom), crop, target)

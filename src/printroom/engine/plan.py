"""How to cut a picture: the tiles with the best throughput whose whole process fits the memory.

    picture, geometry, costs, workers, budget -> TilePlan        NeedsMemory EmptyPicture

Larger tiles waste less on halos, up to what the model's costs were measured for; memory, the time
one tile may take, and workers that would stand idle push the other way. What a run takes is

    base + codecs + slack + input strips + output strips + workers x (cost of the tile + its floats)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import ceil, inf, log2, prod

import psutil

from printroom.core.errors import EmptyPicture, NeedsMemory
from printroom.engine.batcher import BATCH_PIXELS
from printroom.engine.channels import items
from printroom.imaging.encode import PictureSpec
from printroom.imaging.tiling import Geometry, TileGrid, ceil_to

SIDES = (32, 48, 64, 80, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640, 768, 896, 1024)
"""Sides of cores that are looked at; each is then evened out over the picture."""
STEP = 16
"""Sides of tiles are multiples of it: the fewer shapes, the more tiles share batches and blocks."""
PACE = 3e-6
"""Seconds per input pixel of a model that was not timed yet; few are slower on one CPU."""
TILE_SECONDS = 1e-4
"""What a tile takes beside its pixels: a change of threads, and the framework's call."""
WORTH = 1e-3
"""Seconds of work that an idle worker must save: less is not worth the change of threads."""
NEAR = 1.01
"""Of cuts that take at most this much longer than the fastest, the one of least memory is taken."""
MARGIN = 0.8
"""Part of the longest time allowed that a tile is planned to take."""
MIB = 1 << 20
SLACK = 48 * MIB
"""What allocators and threads keep beyond what they were asked for; 25 to 45 MiB were seen."""

_SELF = psutil.Process()

Costs = tuple[tuple[int, int], ...]
"""(side of a square tile, bytes a worker needs for it), by side."""
UNMEASURED: Costs = ((256, 256 * 256 * 4096),)
"""Costs of a model whose card has none: generous."""


@dataclass(frozen=True)
class TilePlan:
    """A picture, cut."""

    grid: TileGrid
    bands: int
    """1 to 4, of the picture."""
    depth: int
    """Bits per sample, 8 or 16."""
    channels: int
    """1 or 3, of the model."""
    strips: int
    """Rows of tiles in progress at once."""
    bytes: int
    """What the whole process is expected to take at its peak."""

    @property
    def in_flight(self) -> int:
        """Tiles that may be open at once: those of the strips in progress."""
        return self.strips * self.grid.columns


@dataclass(frozen=True)
class Room:
    """What a run may use."""

    workers: int
    """Threads that run tiles."""
    budget: int
    """Bytes for the whole process."""
    base: int
    """Bytes the process takes without this run: models loaded, no tile run yet."""
    idle: int = 0
    """Workers with nothing to do at this moment; a picture is cut so that each has a part."""
    codecs: int = 0
    """Bytes that decoder and encoder hold beside the strips."""
    video: int | None = None
    """Bytes of video memory for tiles; None where they are computed in RAM."""
    longest: float = inf
    """Seconds that a tile may take."""
    pace: float | None = None
    """Seconds per input pixel, as the scheduler saw it; None = not yet."""


def default_budget() -> int:
    """Bytes for the whole process when nobody said: a quarter of the free memory, up to 2 GiB."""
    return int(min(psutil.virtual_memory().available // 4, 2048 * MIB))


def resident() -> int:
    """Bytes of memory this process occupies now."""
    return int(_SELF.memory_info().rss)


def plan(
    spec: PictureSpec, channels: int, geometry: Geometry, costs: Mapping[int, int], room: Room
) -> TilePlan:
    """Cut the picture of `spec`, as it came in, for a model of `channels`.

    `costs`: side of a square tile in input pixels -> bytes one worker needs for it. Raises
    NeedsMemory when even the smallest tiles do not fit, with the figure that would be enough, and
    EmptyPicture when the result would have no pixels.
    """
    pace = 2.0 ** (ceil(2 * log2(room.pace)) / 2) if room.pace else PACE
    measured = tuple(sorted(costs.items())) or UNMEASURED
    return _plan(spec, channels, geometry, measured, replace(room, pace=pace))


@lru_cache(maxsize=256)  # a server sees the same sizes again and again; hence few different paces
def _plan(
    spec: PictureSpec, channels: int, geometry: Geometry, costs: Costs, room: Room
) -> TilePlan:
    width, height = spec.width, spec.height
    if int(width * geometry.scale) < 1 or int(height * geometry.scale) < 1:
        raise EmptyPicture(f"{width} x {height} pixels leave none at scale {geometry.scale}")
    candidates = [
        _candidate(
            TilePlan(grid, spec.bands, spec.depth, channels, _strips(grid, room), 0), costs, room
        )
        for grid in _grids(width, height, geometry, costs)
    ]
    fitting = [(key, made) for key, made in candidates if made.bytes <= room.budget]
    if not fitting:
        needed = min(made.bytes for _, made in candidates)
        raise NeedsMemory(
            f"a picture {width:,} pixels wide does not fit {room.budget / MIB:.0f} MiB",
            f"allow at least {ceil(needed / MIB)} MiB",
            needed=needed,
        )
    excess, fastest = min(key for key, _ in fitting)
    near = [made for key, made in fitting if key[0] == excess and key[1] <= NEAR * fastest]
    return min(near, key=lambda made: made.bytes)


def _grids(width: int, height: int, geometry: Geometry, costs: Costs) -> Iterator[TileGrid]:
    """The ways to cut that are looked at, no larger than what was measured."""
    if geometry.fixed is not None:
        yield TileGrid(width, height, geometry, *geometry.fixed[::-1])
        return
    largest = max(side for side, _ in costs)
    cores = [side for side in SIDES if side <= largest] or SIDES[:1]
    across, down = ({ceil(length / side) for side in cores} for length in (width, height))
    for columns, rows in product(sorted(across), sorted(down)):
        sides = (ceil_to(ceil(width / columns), STEP), ceil_to(ceil(height / rows), STEP))
        yield TileGrid(width, height, geometry, *sides)


def _strips(grid: TileGrid, room: Room) -> int:
    """Enough that while one is written out, the others have a tile for each worker."""
    return min(grid.rows, max(2, 1 + ceil(room.workers / grid.columns)))


def _candidate(plan: TilePlan, costs: Costs, room: Room) -> tuple[tuple[float, float], TilePlan]:
    """How it compares, less is better: (by how much tiles are too large, time); and its bytes."""
    grid, count, pace = plan.grid, items(plan.bands, plan.channels), room.pace or PACE
    wide, high = _window(grid)
    pixels, hands = wide * high * count, min(room.workers, len(grid))
    network = hands * _cost(max(pixels, BATCH_PIXELS), costs)
    floats = hands * pixels * plan.channels * (1 + ceil(grid.geometry.scale**2)) * 4
    needed = room.base + room.codecs + SLACK + plan.strips * _strip_bytes(plan, high) + floats
    excess = max(0.0, pixels - MARGIN * room.longest / pace)
    if room.video is None:
        needed += network
    else:
        excess += max(0, network - room.video)
    return (excess, _time(grid, count, room.idle, pace)), replace(plan, bytes=needed)


def _time(grid: TileGrid, count: int, idle: int, pace: float) -> float:
    """Pixels that the busiest worker computes; what a tile takes besides is counted in pixels."""
    sides = ((grid.padded_width, grid.columns), (grid.padded_height, grid.rows))
    work = count * prod(side + 2 * grid.geometry.halo * (parts - 1) for side, parts in sides)
    hands = min(idle, int(grid.width * grid.height * count * pace / WORTH))
    turns = ceil(len(grid) / max(1, hands))
    return turns * (work / len(grid) + TILE_SECONDS / pace)


def _window(grid: TileGrid) -> tuple[int, int]:
    """Width and height of the largest window."""
    halo, align, fixed = grid.geometry.halo, grid.geometry.align, grid.geometry.fixed
    if fixed is not None:
        return fixed[1], fixed[0]
    return (
        min(grid.padded_width, ceil_to(grid.tile_width, align) + 2 * halo),
        min(grid.padded_height, ceil_to(grid.tile_height, align) + 2 * halo),
    )


def _strip_bytes(plan: TilePlan, window: int) -> int:
    """Rows of the picture, and of the result."""
    grid = plan.grid
    lines = ceil(min(grid.tile_height + grid.geometry.align, grid.height) * grid.geometry.scale)
    rows = min(grid.padded_height, window + grid.geometry.align)
    samples = rows * grid.padded_width + lines * grid.out_width
    return samples * plan.bands * plan.depth // 8


def _cost(area: int, costs: Costs) -> int:
    """Bytes for the network, linear in the area between measured sides, and beyond them."""
    areas = [side * side for side, _ in costs]
    at = bisect_left(areas, area)
    if at == 0:
        return costs[0][1]
    if at == len(costs):
        return costs[-1][1] * area // areas[-1]
    (_, low), (_, high) = costs[at - 1 : at + 1]
    return low + (high - low) * (area - areas[at - 1]) // (areas[at] - areas[at - 1])

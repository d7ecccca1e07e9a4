"""How to cut a picture for a chain of links: the least time whose whole process fits the memory.

    picture, parts of the chain, workers, budget -> Plan        NeedsMemory EmptyPicture

Larger tiles waste less on halos, up to what the model's costs were measured for; memory, the time
one tile may take, and workers that would stand idle push the other way. What a run takes is

    base + codecs + slack + for each link: its strips + workers x (cost of its tile + its floats)

Each model keeps the memory of its tiles to itself, so the links add up. They compete for the
memory, then: each link's ways to be cut are thinned to those that buy time with bytes, and the
chain's are the sums of one of each.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from itertools import product
from math import ceil, inf, log2, prod
from typing import NamedTuple

import psutil

from printroom.core.errors import EmptyPicture, NeedsMemory
from printroom.engine.batcher import BATCH_PIXELS
from printroom.engine.channels import items
from printroom.imaging.encode import PictureSpec
from printroom.imaging.tiling import Geometry, TileGrid, ceil_to

SIDES = (32, 48, 64, 80, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640, 768, 896, 1024)
"""Sides of cores that are looked at, for chains every second of them; each is then evened out over
the picture."""
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
WORTHWHILE = 0.997
"""A way to cut that takes more memory is kept only if it takes less than this part of the time."""
MIB = 1 << 20
SLACK = 48 * MIB
"""What allocators and threads keep beyond what they were asked for; 25 to 45 MiB were seen."""

_SELF = psutil.Process()

Costs = tuple[tuple[int, int], ...]
"""(side of a square tile, bytes a worker needs for it), by side."""
UNMEASURED: Costs = ((256, 256 * 256 * 4096),)
"""Costs of a model whose card has none: generous."""


@dataclass(frozen=True)
class Part:
    """A link of a chain, as far as planning goes."""

    geometry: Geometry
    channels: int
    """1 or 3, of what it takes."""
    costs: Costs = UNMEASURED
    pace: float | None = None
    """Seconds per input pixel, as the scheduler saw it; None = not yet."""
    colour: bool = False
    """Whether it changes colours alone: alpha passes by."""

    @classmethod
    def of_model(
        cls, geometry: Geometry, channels: int, costs: Mapping[int, int], pace: float | None = None
    ) -> Part:
        """`costs`: side of a square tile in input pixels -> bytes one worker needs for it."""
        return cls(geometry, channels, tuple(sorted(costs.items())) or UNMEASURED).at(pace)

    def at(self, pace: float | None) -> Part:
        """The same at another pace, which is rounded: of few paces, plans can be kept."""
        rounded = 2.0 ** (ceil(2 * log2(pace)) / 2) if pace else None
        return self if rounded == self.pace else replace(self, pace=rounded)


@dataclass(frozen=True)
class TilePlan:
    """A picture, cut for one link."""

    grid: TileGrid
    bands: int
    """1 to 4, of the picture."""
    channels: int
    """1 or 3, of what the link takes."""
    given: int
    """Bits per sample of the rows that come in: 8, 16, or 32 for floats."""
    made: int
    """Bits per sample of the rows that go out."""
    strips: int
    """Rows of tiles in progress at once."""
    colour: bool = False
    """Whether alpha passes by."""

    @property
    def items(self) -> int:
        """Pictures that a tile is shown as."""
        return 1 if self.colour else items(self.bands, self.channels)


@dataclass(frozen=True)
class Plan:
    """A picture, cut for every link of a chain."""

    links: tuple[TilePlan, ...]
    bytes: int
    """What the whole process is expected to take at its peak."""
    seconds: float
    """What the tiles are expected to take, with the workers that were idle."""

    @property
    def tiles(self) -> int:
        return sum(len(link.grid) for link in self.links)

    @property
    def in_flight(self) -> int:
        """Tiles that may be open at once: those of the strips in progress."""
        return sum(link.strips * link.grid.columns for link in self.links)


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


class _Way(NamedTuple):
    """One way to cut, for one link or for several in a row."""

    bytes: int
    excess: float
    """By how much tiles are larger than they may be; less is better."""
    seconds: float
    links: tuple[TilePlan, ...]


def default_budget() -> int:
    """Bytes for the whole process when nobody said: a quarter of the free memory, up to 2 GiB."""
    return int(min(psutil.virtual_memory().available // 4, 2048 * MIB))


def resident() -> int:
    """Bytes of memory this process occupies now."""
    return int(_SELF.memory_info().rss)


@lru_cache(maxsize=256)  # a server sees the same sizes again and again
def plan(
    spec: PictureSpec, parts: tuple[Part, ...], room: Room, bits: tuple[int, int] | None = None
) -> Plan:
    """Cut the picture of `spec`, as it came in, for a chain of at least one link.

    `bits`: of the samples that come in and go out, 32 = floats; None = the picture's. Raises
    NeedsMemory when even the smallest tiles do not fit, with the figure that would be enough, and
    EmptyPicture when the result would have no pixels.
    """
    before = room.base + room.codecs + SLACK
    fronts = [_thinned(_ways(*link, room, len(parts))) for link in _links(spec, parts, bits)]
    least = before + sum(front[0].bytes for front in fronts)
    if least > room.budget:
        raise NeedsMemory(
            f"a picture {spec.width:,} pixels wide does not fit {room.budget / MIB:.0f} MiB",
            f"allow at least {ceil(least / MIB)} MiB",
            needed=least,
        )
    chosen = _chosen(fronts, room.budget - before)
    return Plan(chosen.links, before + chosen.bytes, chosen.seconds)


def _links(
    spec: PictureSpec, parts: Sequence[Part], bits: tuple[int, int] | None
) -> Iterator[tuple[TilePlan, Part]]:
    """Each part with the picture that reaches it, not cut yet."""
    width, height = spec.width, spec.height
    first, last = bits or (spec.depth, spec.depth)
    for index, part in enumerate(parts):
        grid = TileGrid(width, height, part.geometry, width, height)
        if grid.out_width < 1 or grid.out_height < 1:
            raise EmptyPicture(
                f"{width} x {height} pixels leave none at scale {part.geometry.scale}"
            )
        given, made = first if not index else 32, last if index == len(parts) - 1 else 32
        yield TilePlan(grid, spec.bands, part.channels, given, made, 0, part.colour), part
        width, height = grid.out_width, grid.out_height


def _ways(link: TilePlan, part: Part, room: Room, links: int) -> Iterator[_Way]:
    """The ways to cut one of so many `links`."""
    pace = part.pace or PACE
    for grid in _grids(link.grid, part.costs, SIDES if links == 1 else SIDES[::2]):
        # Enough that while one is written out, the others have a tile for each worker.
        busy = min(grid.rows, max(2, 1 + ceil(room.workers / grid.columns)))
        # Among others, one will do: while it waits, theirs are in work.
        for strips in {busy, 1} if links > 1 else {busy}:
            cut = replace(link, grid=grid, strips=strips)
            yield _way(cut, part, room, pace, links)


def _grids(whole: TileGrid, costs: Costs, sides: Sequence[int]) -> Iterator[TileGrid]:
    """The grids that are looked at, with tiles no larger than what was measured."""
    width, height, geometry = whole.width, whole.height, whole.geometry
    if geometry.fixed is not None:
        yield TileGrid(width, height, geometry, *geometry.fixed[::-1])
        return
    largest = max(side for side, _ in costs)
    cores = [side for side in sides if side <= largest] or sides[:1]
    across, down = ({ceil(length / side) for side in cores} for length in (width, height))
    for columns, rows in product(sorted(across), sorted(down)):
        core = (ceil_to(ceil(width / columns), STEP), ceil_to(ceil(height / rows), STEP))
        yield TileGrid(width, height, geometry, *core)


def _way(cut: TilePlan, part: Part, room: Room, pace: float, links: int) -> _Way:
    grid, count = cut.grid, cut.items
    wide, high = _window(grid)
    pixels, hands = wide * high * count, min(room.workers, len(grid))
    network = hands * network_bytes(max(pixels, BATCH_PIXELS), part.costs)
    floats = hands * pixels * cut.channels * (1 + ceil(grid.geometry.scale**2)) * 4
    needed = cut.strips * _strip_bytes(cut, high) + floats
    excess = max(0.0, pixels - MARGIN * room.longest / pace)
    if room.video is None:
        needed += network
    else:
        excess += max(0, network - room.video // links)
    return _Way(needed, excess, _seconds(cut, room.idle, pace), (cut,))


def _seconds(cut: TilePlan, idle: int, pace: float) -> float:
    """What the busiest worker needs."""
    grid = cut.grid
    sides = ((grid.padded_width, grid.columns), (grid.padded_height, grid.rows))
    halos = [side + 2 * grid.geometry.halo * (parts - 1) for side, parts in sides]
    work = cut.items * prod(halos)
    hands = max(1, min(idle, int(grid.width * grid.height * cut.items * pace / WORTH)))
    tile = work / len(grid) * pace + TILE_SECONDS
    turns = ceil(len(grid) / hands)
    if cut.strips == 1 and grid.rows > 1:  # at its end somebody waits for the others' last tile
        turns += ceil(grid.rows * (1 - 1 / hands) / 2)
    return turns * tile


def _window(grid: TileGrid) -> tuple[int, int]:
    """Width and height of the largest window."""
    halo, align, fixed = grid.geometry.halo, grid.geometry.align, grid.geometry.fixed
    if fixed is not None:
        return fixed[1], fixed[0]
    return (
        min(grid.padded_width, ceil_to(grid.tile_width, align) + 2 * halo),
        min(grid.padded_height, ceil_to(grid.tile_height, align) + 2 * halo),
    )


def _strip_bytes(cut: TilePlan, window: int) -> int:
    """Rows of the picture, and of the result."""
    grid = cut.grid
    lines = ceil(min(grid.tile_height + grid.geometry.align, grid.height) * grid.geometry.scale)
    rows = min(grid.padded_height, window + grid.geometry.align)
    bits = rows * grid.padded_width * cut.given + lines * grid.out_width * cut.made
    return bits * cut.bands // 8


def network_bytes(area: int, costs: Costs) -> int:
    """Bytes for the network, linear in the area between measured sides, and beyond them."""
    areas = [side * side for side, _ in costs]
    at = bisect_left(areas, area)
    if at == 0:
        return costs[0][1]
    if at == len(costs):
        return costs[-1][1] * area // areas[-1]
    (_, low), (_, high) = costs[at - 1 : at + 1]
    return low + (high - low) * (area - areas[at - 1]) // (areas[at] - areas[at - 1])


def _thinned(ways: Iterable[_Way]) -> list[_Way]:
    """Those that buy something with their bytes, the smallest first."""
    kept: list[_Way] = []
    for way in sorted(ways, key=lambda way: way[:3]):
        best = kept[-1] if kept else None
        if (
            best is None
            or way.excess < best.excess
            or (way.excess == best.excess and way.seconds < WORTHWHILE * best.seconds)
        ):
            kept.append(way)
    return kept


def _chosen(fronts: Sequence[list[_Way]], most: int) -> _Way:
    """The best way for the whole chain within `most` bytes; those of the least bytes fit."""
    fastest = reduce(_both, map(_cheapest, fronts))
    if fastest.bytes <= most:
        return fastest
    joined = fronts[0]
    for front in fronts[1:]:
        pairs = product(joined, front)
        joined = _thinned(_both(a, b) for a, b in pairs if a.bytes + b.bytes <= most)
    return _cheapest([way for way in joined if way.bytes <= most])


def _both(first: _Way, second: _Way) -> _Way:
    """A way for two stretches of links, as one for both."""
    return _Way(
        first.bytes + second.bytes,
        first.excess + second.excess,
        first.seconds + second.seconds,
        first.links + second.links,
    )


def _cheapest(ways: Sequence[_Way]) -> _Way:
    """Of those that are about as fast as the fastest, the smallest."""
    best = min(ways, key=lambda way: way[1:3])
    near = [way for way in ways if way.excess == best.excess and way.seconds <= NEAR * best.seconds]
    return min(near, key=lambda way: way.bytes)

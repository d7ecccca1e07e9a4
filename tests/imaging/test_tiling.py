"""Laws of the grid: cores cover the picture once, windows hold what cores need."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.imaging.tiling import Geometry, TileGrid, ceil_to


@st.composite
def grids(draw: st.DrawFn, fixed: bool = False) -> TileGrid:
    align = draw(st.integers(1, 8))
    scale = Fraction(draw(st.integers(1, 4)), draw(st.sampled_from([1, align])))
    halo, sides = align * draw(st.integers(0, 5)), st.integers(1, 100)
    least = draw(st.integers(1, 40))
    room = st.integers(2 * halo + 8, 2 * halo + 90)
    size = (draw(room), draw(room)) if fixed else None
    geometry = Geometry(scale, halo, 1 if fixed else align, fixed=size, least=least)
    tiles = st.integers(4, 100)
    return TileGrid(draw(sides), draw(sides), geometry, draw(tiles), draw(tiles))


@settings(deadline=None)
@given(st.one_of(grids(), grids(fixed=True)))
def test_cores_and_targets_cover_everything_once(grid: TileGrid) -> None:
    cores = np.zeros((grid.height, grid.width), int)
    targets = np.zeros((grid.out_height, grid.out_width), int)
    tiles = [tile for row in grid for tile in row]
    for tile in tiles:
        cores[tile.core.top : tile.core.bottom, tile.core.left : tile.core.right] += 1
        targets[tile.target.top : tile.target.bottom, tile.target.left : tile.target.right] += 1
        assert (tile.crop.width, tile.crop.height) == (tile.target.width, tile.target.height)
    assert (cores == 1).all()
    assert (targets == 1).all()
    assert len(tiles) == len(grid)


@settings(deadline=None)
@given(grids())
def test_windows_hold_the_halo_or_stop_at_the_border(grid: TileGrid) -> None:
    align, halo = grid.geometry.align, grid.geometry.halo
    for tile in (tile for row in grid for tile in row):
        core, window = tile.core, tile.window
        assert window.left <= max(0, core.left - halo)
        assert window.top <= max(0, core.top - halo)
        assert window.right >= min(grid.padded_width, ceil_to(core.right, align) + halo)
        assert window.bottom >= min(grid.padded_height, ceil_to(core.bottom, align) + halo)


@settings(deadline=None)
@given(grids())
def test_windows_are_aligned_and_large_enough(grid: TileGrid) -> None:
    for tile in (tile for row in grid for tile in row):
        assert all(side % grid.geometry.align == 0 for side in tile.window)
        assert min(tile.window.width, tile.window.height) >= grid.geometry.least
        assert tile.window.left >= 0 <= tile.window.top
        assert tile.window.right <= grid.padded_width
        assert tile.window.bottom <= grid.padded_height


@settings(deadline=None)
@given(grids(fixed=True))
def test_windows_of_a_fixed_model_have_its_size(grid: TileGrid) -> None:
    for tile in (tile for row in grid for tile in row):
        assert (tile.window.height, tile.window.width) == grid.geometry.fixed


@settings(deadline=None)
@given(grids())
def test_rows_only_look_down(grid: TileGrid) -> None:
    """A window begins no higher than the one above it, so that strips can roll."""
    tops = [row[0].window.top for row in grid]
    assert tops == sorted(tops)

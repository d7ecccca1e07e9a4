from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from printroom.core.errors import EmptyPicture, NeedsMemory
from printroom.engine.plan import MIB, Part, Plan, Room, TilePlan, default_budget, plan, resident
from printroom.imaging.encode import PictureSpec
from printroom.imaging.tiling import Geometry

COSTS = {64: 20 * MIB, 128: 40 * MIB, 256: 130 * MIB, 512: 520 * MIB}
X2 = Geometry(Fraction(2), halo=8)
PLENTY = 1 << 40


def part(geometry: Geometry = X2, pace: float | None = None) -> Part:
    return Part.of_model(geometry, 3, COSTS, pace)


def cut_for(width: int, height: int, room: Room, *parts: Part, bands: int = 3) -> Plan:
    return plan(PictureSpec(width, height, bands, 8), parts, room)


def cut(width: int, height: int, room: Room, one: Part | None = None, bands: int = 3) -> TilePlan:
    """For a single link."""
    return cut_for(width, height, room, one or part(), bands=bands).links[0]


def room(**changes: Any) -> Room:
    return Room(**{"workers": 2, "budget": PLENTY, "base": 100 * MIB, "idle": 2} | changes)


@given(
    width=st.integers(1, 20_000),
    height=st.integers(1, 20_000),
    bands=st.integers(1, 4),
    budget=st.integers(100 * MIB, 4096 * MIB),
    workers=st.integers(1, 16),
    halo=st.integers(0, 32),
)
def test_a_plan_fits_its_budget_or_says_what_would_be_enough(
    *, width: int, height: int, bands: int, budget: int, workers: int, halo: int
) -> None:
    one = part(Geometry(Fraction(2), halo=halo))
    space = room(budget=budget, workers=workers)
    needed = 0
    try:
        needed = cut_for(width, height, space, one, bands=bands).bytes
    except NeedsMemory as error:
        space = room(budget=error.needed, workers=workers)
        needed = cut_for(width, height, space, one, bands=bands).bytes
        assert needed > budget
    assert needed <= space.budget


def test_the_refusal_names_the_figure() -> None:
    with pytest.raises(NeedsMemory, match=r"100 MiB: allow at least [12]\d\d MiB"):
        cut(20_000, 20_000, room(budget=100 * MIB))


def test_more_memory_never_means_more_waste() -> None:
    def waste(budget: int) -> float:
        grid = cut(20_000, 20_000, room(budget=budget * MIB)).grid
        return sum(tile.window.width * tile.window.height for tile in grid.row(grid.rows // 2)) / (
            20_000 * grid.row(grid.rows // 2)[0].core.height
        )

    wastes = [waste(budget) for budget in (350, 450, 700, 1500, 3000)]
    assert all(more <= less * 1.02 for less, more in pairwise(wastes))
    assert wastes[0] > wastes[-1] + 0.05


def test_memory_depends_on_the_width_not_on_the_height() -> None:
    low, high = (
        cut_for(4000, height, room(budget=600 * MIB), part()) for height in (4_000, 400_000)
    )
    assert high.bytes <= 1.01 * max(low.bytes, 600 * MIB)


@given(st.integers(256, 600), st.integers(256, 600), st.sampled_from([1, 2, 4, 8]))
def test_a_lone_picture_has_a_part_for_each_idle_worker(width: int, height: int, idle: int) -> None:
    made = cut(width, height, room(workers=8, idle=idle))
    assert len(made.grid) >= idle
    assert made.strips * made.grid.columns >= idle


def test_a_picture_that_is_hardly_any_work_is_not_cut() -> None:
    assert len(cut(64, 64, room(), part(pace=4e-8)).grid) == 1
    assert len(cut(64, 64, room(), part(pace=1e-6)).grid) == 2


def test_nothing_is_cut_for_workers_that_are_busy() -> None:
    assert len(cut(400, 400, room(idle=0)).grid) == 1


@given(st.integers(1, 5000), st.integers(1, 5000), st.floats(1e-7, 1e-5))
def test_no_tile_is_planned_to_take_too_long(width: int, height: int, pace: float) -> None:
    made = cut(width, height, room(idle=0, longest=0.25), part(pace=pace))
    windows = [tile.window for tile in made.grid.row(0)]
    assert max(one.width * one.height for one in windows) * pace <= 0.25


def test_a_model_that_is_always_too_slow_gets_the_smallest_tiles() -> None:
    made = cut(1000, 1000, room(longest=0.25), part(pace=1e-2))
    assert made.grid.tile_width <= 32 >= made.grid.tile_height


def test_alpha_is_an_item_of_its_own() -> None:
    budget = room(budget=600 * MIB)
    plain, alpha = cut(20_000, 20_000, budget), cut(20_000, 20_000, budget, bands=4)
    assert alpha.grid.tile_width * alpha.grid.tile_height < (
        plain.grid.tile_width * plain.grid.tile_height
    )


def test_narrow_pictures_have_strips_for_all_workers() -> None:
    made = cut(64, 20_000, room(workers=8, idle=8))
    assert made.grid.columns * (made.strips - 1) >= 8


def test_a_model_of_one_size_sets_the_tile() -> None:
    made = cut(
        1000, 1000, room(), part(Geometry(Fraction(2), halo=8, exact=False, fixed=(96, 128)))
    )
    assert {(tile.window.width, tile.window.height) for tile in made.grid.row(3)} == {(128, 96)}


def test_no_pixels_left() -> None:
    with pytest.raises(EmptyPicture):
        cut(1, 100, room(), part(Geometry(Fraction(1, 2))))


def test_a_card_without_costs_is_planned_for_with_care() -> None:
    spec = PictureSpec(5000, 5000, 3, 8)
    made = plan(spec, (Part.of_model(X2, 3, {}),), room(budget=2048 * MIB)).links[0]
    assert made.grid.tile_width * made.grid.tile_height <= 256 * 256


@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([1, 4, 32]))
def test_tiles_cover_the_picture(width: int, height: int, align: int) -> None:
    geometry = Geometry(Fraction(2), halo=align * 2, align=align)
    made = cut(width, height, room(), part(geometry))
    assume(len(made.grid) < 400)
    area = sum(tile.core.width * tile.core.height for row in made.grid for tile in row)
    assert area == width * height


def test_the_default_budget_is_a_part_of_what_is_free() -> None:
    assert 0 < default_budget() <= 2048 * MIB
    assert resident() > 10 * MIB

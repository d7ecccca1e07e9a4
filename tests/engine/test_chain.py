"""The law of chains: streamed link by link in strips, a picture comes out as if each link had seen
the whole of it, in floats, one after the other, bit for bit."""

import threading
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from printroom.core.errors import BrokenPicture, Cancelled, NeedsMemory
from printroom.engine.channels import coloured, colours, columns, empty, reveal, show
from printroom.engine.plan import MIB, Part, Plan, Room, TilePlan, plan
from printroom.engine.scheduler import Scheduler
from printroom.engine.stream import stream
from printroom.imaging.encode import PictureSpec
from printroom.imaging.pixels import from_planes, to_planes
from printroom.imaging.tiling import Geometry, TileGrid

Rows = NDArray[Any]
Planes = NDArray[Any]


class Shifts:
    """A network in numpy: weighted sums of shifted copies, leaky, then enlarged or thinned out.

    Black beyond the border, as convolutions pad; every sum is in the same order wherever a tile
    lies, so tiles are exact.
    """

    resident_bytes = 0

    def __init__(self, seed: int, radius: int, scale: Fraction, largest: float = np.inf) -> None:
        random = np.random.default_rng(seed)
        side = 2 * radius + 1
        self.weights = random.normal(0, 1 / side, (side, side)).astype(np.float32)
        self.radius, self.scale, self.largest = radius, scale, largest

    def run(self, batch: Planes) -> Planes:
        if batch.size > self.largest:
            raise MemoryError(f"no memory for {batch.shape}")
        height, width = batch.shape[2:]
        padded = np.pad(batch, ((0, 0), (0, 0), *((self.radius,) * 2,) * 2))
        total = np.full_like(batch, 0.2)
        for (down, right), weight in np.ndenumerate(self.weights):
            total += weight * padded[:, :, down : down + height, right : right + width]
        total = np.where(total < 0, total * np.float32(0.1), total)
        if self.scale < 1:
            step = self.scale.denominator
            return np.asarray(total[:, :, ::step, ::step])
        return total.repeat(int(self.scale), 2).repeat(int(self.scale), 3)

    def close(self) -> None:
        pass


class Link(NamedTuple):
    """A session and what tiling knows of it."""

    session: Any
    geometry: Geometry
    channels: int = 3
    colour: bool = False


def link(seed: int, scale: Fraction, radius: int, align: int, least: int, kind: str) -> Link:
    align = max(align, scale.denominator)
    halo = -(-radius // align) * align
    colour = kind == "colour" and scale == 1
    channels = 1 if kind == "grey" else 3
    geometry = Geometry(scale, halo=halo, align=align, least=least)
    return Link(Shifts(seed, radius, scale), geometry, channels, colour)


links = st.builds(
    link,
    seed=st.integers(0, 99),
    scale=st.sampled_from([Fraction(1), Fraction(1), Fraction(2), Fraction(1, 2)]),
    radius=st.integers(0, 3),
    align=st.sampled_from([1, 1, 2, 4]),
    least=st.sampled_from([1, 1, 7]),
    kind=st.sampled_from(["colours", "grey", "colour"]),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Scheduler]:
    with Scheduler(2) as made:
        yield made


def planned(picture: Rows, chain: Sequence[Link], tiles: Any, strips: Any, made: int = 0) -> Plan:
    height, width, bands = picture.shape
    given, cuts = picture.dtype.itemsize * 8, []
    last = made or given
    for index, one in enumerate(chain):
        sides = (
            max(tiles[index % len(tiles)][axis], (width, height)[axis] // 8) for axis in (0, 1)
        )
        grid = TileGrid(width, height, one.geometry, *sides)
        made = last if index == len(chain) - 1 else 32
        count = min(strips[index % len(strips)], grid.rows)
        cuts.append(TilePlan(grid, bands, one.channels, given, made, count, one.colour))
        width, height, given = grid.out_width, grid.out_height, 32
    return Plan(tuple(cuts), 0, 0)


def reader(picture: Rows, step: int = 1 << 30) -> Callable[[int], Rows]:
    """Gives at most `step` rows at once."""
    left = [picture]

    def read(count: int) -> Rows:
        count = min(count, step)
        rows, left[0] = left[0][:count], left[0][count:]
        return rows

    return read


def streamed(
    engine: Scheduler, picture: Rows, chain: Sequence[Link], cut: Plan, step: int = 1 << 30
) -> Rows:
    rows: list[Rows] = []
    with engine.run(in_flight=cut.in_flight) as run:
        sessions = [one.session for one in chain]
        stream(reader(picture, step), lambda part: rows.append(part.copy()), cut, sessions, run)
    return np.concatenate(rows)


def whole(rows: Rows, one: Link, cut: TilePlan) -> Rows:
    """The whole picture through one link at once, mirrored up to what it takes."""
    grid = cut.grid
    across = 2 if rows.dtype == np.float32 else 1
    pads = [(0, 0)] * 3
    pads[0] = (0, grid.padded_height - grid.height)
    pads[across] = (0, grid.padded_width - grid.width)
    padded = np.pad(rows, pads, mode="reflect")
    made = np.dtype({8: np.uint8, 16: np.uint16, 32: np.float32}[cut.made])
    if one.colour:
        result = coloured(one.session.run(colours(padded)), padded, made)
    else:
        result = reveal(one.session.run(show(padded, one.channels)), cut.bands, made)
    return columns(result[: grid.out_height], slice(grid.out_width))


def noise(width: int, height: int, bands: int, dtype: Any) -> Rows:
    random = np.random.default_rng(width * 1000 + height)
    return random.integers(0, np.iinfo(dtype).max + 1, (height, width, bands), dtype)


@pytest.mark.parametrize("kind", ["colours", "grey"])
def test_a_tile_that_has_no_result_is_no_matter(engine: Scheduler, kind: str) -> None:
    """Thinned out, the last of an odd number of columns leaves nothing."""
    chain = [link(0, Fraction(1, 2), 0, 1, 1, kind)]
    picture = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    cut = planned(picture, chain, [(1, 1)], [1], made=8)
    assert streamed(engine, picture, chain, cut).shape[1:] == (4, 3)


@given(
    chain=st.lists(links, min_size=1, max_size=4),
    width=st.integers(9, 50),
    height=st.integers(9, 50),
    bands=st.integers(1, 4),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    tiles=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=4),
    strips=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    step=st.sampled_from([1, 3, 1 << 30]),
)
@settings(max_examples=120)
def test_a_chain_equals_its_links_one_after_the_other(
    engine: Scheduler, *, chain: list[Link], width: int, height: int, **options: Any
) -> None:
    while sum(one.geometry.scale < 1 for one in chain) > 2:
        chain.pop()
    picture = noise(width, height, options["bands"], options["dtype"])
    cut = planned(picture, chain, options["tiles"], options["strips"])
    expected = picture
    for one, part in zip(chain, cut.links, strict=True):
        expected = whole(expected, one, part)
    result = streamed(engine, picture, chain, cut, options["step"])
    assert result.dtype == picture.dtype
    np.testing.assert_array_equal(result, expected)


def test_without_alpha_a_chain_is_the_plain_composition_of_its_nets(engine: Scheduler) -> None:
    """What anybody would write: floats from one net to the next, rounded at the end."""
    nets = [Shifts(seed, 2, Fraction(scale)) for seed, scale in enumerate((1, 2, 1))]
    chain = [Link(net, Geometry(net.scale, halo=2)) for net in nets]
    picture = noise(61, 47, 3, np.uint8)
    planes = to_planes(picture)
    for net in nets:
        planes = net.run(planes)
    result = streamed(engine, picture, chain, planned(picture, chain, [(17, 9)], [2]))
    np.testing.assert_array_equal(result, from_planes(planes, 3, np.uint8))


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_whole_numbers_become_lines_of_floats_and_come_back(engine: Scheduler, bands: int) -> None:
    """Through a link that changes nothing, on the way to a scratch file and from it."""
    same = Link(Shifts(0, 0, Fraction(1)), Geometry(), colour=True)
    same.session.run = lambda batch: batch
    picture = noise(30, 40, bands, np.uint16)
    lines = streamed(engine, picture, [same], planned(picture, [same], [(9, 9)], [2], made=32))
    assert (lines.dtype, lines.shape) == (np.float32, (40, bands, 30))
    grid = TileGrid(30, 40, Geometry(), 16, 16)
    back = Plan((TilePlan(grid, bands, 3, 32, 16, 2, colour=True),), 0, 0)
    result = streamed(engine, lines, [same], back)
    seen = picture[..., -1:] > 0 if bands in {2, 4} else np.ones((40, 30, 1), bool)
    np.testing.assert_array_equal(result * seen, picture * seen)


def test_alpha_passes_a_step_for_colours_untouched(engine: Scheduler) -> None:
    bright = Link(Shifts(0, 0, Fraction(1)), Geometry(), colour=True)
    bright.session.run = lambda batch: batch * np.float32(0.5)
    picture = noise(30, 40, 4, np.uint8)
    chain = [bright, bright]
    result = streamed(engine, picture, chain, planned(picture, chain, [(9, 9)], [2]))
    np.testing.assert_array_equal(result[..., 3], picture[..., 3])
    clear = picture[..., 3] > 127
    quarter = np.abs(result[clear][:, :3] - picture[clear][:, :3] / 4.0)
    assert quarter.max() <= 0.51


def test_halved_tiles_of_a_chain_give_the_same_bits(engine: Scheduler) -> None:
    small, free = (
        [
            Link(Shifts(seed, 2, Fraction(2, seed), largest), Geometry(Fraction(2, seed), halo=2))
            for seed in (1, 2)
        ]
        for largest in (3 * 30 * 30, np.inf)
    )
    picture = noise(80, 70, 4, np.uint8)
    cut = planned(picture, small, [(64, 50)], [2])
    before = engine.snapshot().halvings
    result = streamed(engine, picture, small, cut)
    assert engine.snapshot().halvings > before
    np.testing.assert_array_equal(result, streamed(engine, picture, free, cut))


def test_no_memory_in_any_link_ends_the_run(engine: Scheduler) -> None:
    chain = [Link(Shifts(0, 1, Fraction(1), most), Geometry(halo=1)) for most in (np.inf, 10)]
    picture = noise(80, 70, 3, np.uint8)
    with pytest.raises(NeedsMemory):
        streamed(engine, picture, chain, planned(picture, chain, [(32, 32)], [2]))
    assert engine.snapshot().queued == engine.snapshot().runs == 0


def test_few_rows_are_read_ahead(engine: Scheduler) -> None:
    """When a strip is written, no more was read than the strips of all links hold."""
    chain = [Link(Shifts(seed, 2, Fraction(1)), Geometry(halo=2)) for seed in range(3)]
    picture = noise(20, 600, 3, np.uint8)
    cut = planned(picture, chain, [(20, 75)], [2])
    read, given, written, ahead = reader(picture), 0, 0, []

    def count(rows: int) -> Rows:
        nonlocal given
        given += rows
        return read(rows)

    def write(rows: Rows) -> None:
        nonlocal written
        ahead.append(given - written)
        written += len(rows)

    with engine.run(in_flight=cut.in_flight) as run:
        stream(count, write, cut, [one.session for one in chain], run)
    assert (given, written) == (600, 600)
    assert max(ahead) <= 3 * (2 * 75 + 2 * 2)


def test_progress_counts_the_tiles_of_all_links(engine: Scheduler) -> None:
    chain = [Link(Shifts(0, 1, Fraction(2)), Geometry(Fraction(2), halo=1))] * 2
    picture = noise(40, 50, 3, np.uint8)
    cut, told = planned(picture, chain, [(16, 16)], [2]), []
    with engine.run(in_flight=cut.in_flight) as run:
        stream(
            reader(picture),
            lambda rows: None,
            cut,
            [one.session for one in chain],
            run,
            progress=lambda done, tiles: told.append((done, tiles)),
        )
    assert told == [(done, cut.tiles) for done in range(1, cut.tiles + 1)]


def test_an_error_of_the_reader_ends_the_chain(engine: Scheduler) -> None:
    chain = [Link(Shifts(0, 1, Fraction(1)), Geometry(halo=1))] * 3
    picture = noise(60, 300, 3, np.uint8)
    cut = planned(picture, chain, [(16, 38)], [2])
    read, left = reader(picture), [200]

    def broken(rows: int) -> Rows:
        left[0] -= rows
        if left[0] < 0:
            raise BrokenPicture("cut off")
        return read(rows)

    with pytest.raises(BrokenPicture), engine.run(in_flight=cut.in_flight) as run:
        stream(broken, lambda rows: None, cut, [one.session for one in chain], run)
    assert engine.snapshot().queued == engine.snapshot().runs == 0


def test_a_chain_is_cancelled_from_another_thread(engine: Scheduler, gated: Any) -> None:
    chain = [Link(Shifts(0, 1, Fraction(1)), Geometry(halo=1)), Link(gated, Geometry())]
    picture = noise(30, 300, 3, np.uint8)
    cut = planned(picture, chain, [(16, 38)], [2])
    run = engine.run(in_flight=cut.in_flight)

    def stop() -> None:
        gated.wait_for(2)
        run.cancel()
        gated.open(2)

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(Cancelled), run:
        stream(reader(picture), lambda rows: None, cut, [one.session for one in chain], run)
    stopper.join(60)
    assert engine.snapshot().runs == 0


@given(
    parts=st.lists(
        st.builds(
            Part.of_model,
            geometry=st.builds(
                Geometry, st.sampled_from([Fraction(1), Fraction(2)]), st.integers(0, 16)
            ),
            channels=st.just(3),
            costs=st.just({64: 10 * MIB, 256: 40 * MIB, 512: 140 * MIB}),
        ),
        min_size=1,
        max_size=4,
    ),
    width=st.integers(1, 20_000),
    height=st.integers(1, 20_000),
    budget=st.integers(100, 3000),
)
@settings(max_examples=25)
def test_a_plan_of_a_chain_fits_its_budget_or_says_what_would_be_enough(
    parts: list[Part], width: int, height: int, budget: int
) -> None:
    spec, chain = PictureSpec(width, height, 3, 8), tuple(parts)
    room = Room(workers=2, budget=budget * MIB, base=100 * MIB, idle=2)
    try:
        made = plan(spec, chain, room)
    except NeedsMemory as error:
        assert error.needed > room.budget
        made = plan(spec, chain, Room(workers=2, budget=error.needed, base=100 * MIB, idle=2))
        assert made.bytes <= error.needed
    else:
        assert made.bytes <= room.budget
    for before, after in zip(made.links, made.links[1:], strict=False):
        assert (before.made, after.given) == (32, 32)
        assert (after.grid.width, after.grid.height) == (
            before.grid.out_width,
            before.grid.out_height,
        )
    assert (made.links[0].given, made.links[-1].made) == (8, 8)


def test_lines_of_floats_lie_row_by_row() -> None:
    assert empty(4, 7, 3, np.dtype(np.float32)).shape == (4, 3, 7)
    assert empty(4, 7, 3, np.dtype(np.uint8)).shape == (4, 7, 3)

"""The law: streamed by strips and tiles, a picture comes out as if the model had seen it whole."""

import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from printroom.core.errors import BrokenPicture, Cancelled, DiskFull, ModelFailed, NeedsMemory
from printroom.engine.channels import items, reveal, show
from printroom.engine.device import Device
from printroom.engine.plan import Plan, TilePlan
from printroom.engine.scheduler import Scheduler
from printroom.engine.stream import stream
from printroom.engine.strips import reflected
from printroom.imaging.tiling import Geometry, TileGrid
from printroom.runtimes.onnx.session import CPU, OnnxSession

Rows = NDArray[Any]


class Net(NamedTuple):
    """A model and what is known of it."""

    session: Any
    channels: int
    geometry: Geometry


def conv(name: str, source: str, result: str, side: int, stride: int = 1) -> Any:
    return helper.make_node(
        "Conv", [source, name], [result], pads=[side // 2] * 4, strides=[stride] * 2
    )


def onnx_net(
    nodes: list[Any],
    weights: Mapping[str, tuple[int, ...]],
    channels: int,
    sides: tuple[Any, Any],
    arena_limit: int = 0,
    providers: Any = CPU,
) -> OnnxSession:
    """A network of `nodes` from "x" to "y", with random weights of the shapes given."""
    random = np.random.default_rng(0)
    tensors = [
        numpy_helper.from_array(random.normal(0, 0.3, shape).astype(np.float32), name)
        for name, shape in weights.items()
    ]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", channels, *sides])
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", channels, None, None])
    graph = helper.make_graph(nodes, "net", [given], [made], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return OnnxSession(model.SerializeToString(), providers, arena_limit=arena_limit)


def upscaler(
    channels: int,
    sides: tuple[Any, Any] = (None, None),
    arena_limit: int = 0,
    providers: Any = CPU,
) -> OnnxSession:
    nodes = [
        conv("a", "x", "1", 5),
        helper.make_node("Relu", ["1"], ["2"]),
        conv("b", "2", "3", 3),
        helper.make_node("DepthToSpace", ["3"], ["y"], blocksize=2, mode="CRD"),
    ]
    weights = {"a": (16, channels, 5, 5), "b": (channels * 4, 16, 3, 3)}
    return onnx_net(nodes, weights, channels, sides, arena_limit, providers)


def restorer(providers: Any) -> OnnxSession:
    nodes = [
        helper.make_node("SpaceToDepth", ["x"], ["1"], blocksize=4),
        conv("a", "1", "2", 3),
        helper.make_node("DepthToSpace", ["2"], ["y"], blocksize=4, mode="DCR"),
    ]
    return onnx_net(nodes, {"a": (48, 48, 3, 3)}, 3, (None, None), providers=providers)


def shrinker(providers: Any) -> OnnxSession:
    nodes = [conv("a", "x", "y", 3, stride=2)]
    return onnx_net(nodes, {"a": (3, 3, 3, 3)}, 3, (None, None), providers=providers)


@pytest.fixture(scope="module")
def nets(device: Device) -> dict[str, Net]:
    """Scales 2, 1 and 1/2, alignments 1, 4 and 2; one of a single channel."""
    on = device.providers
    return {
        "x2": Net(upscaler(3, providers=on), 3, Geometry(Fraction(2), halo=3)),
        "x2 grey": Net(upscaler(1, providers=on), 1, Geometry(Fraction(2), halo=3)),
        "x1": Net(restorer(on), 3, Geometry(Fraction(1), halo=4, align=4)),
        "half": Net(shrinker(on), 3, Geometry(Fraction(1, 2), halo=2, align=2)),
        "least": Net(upscaler(3, providers=on), 3, Geometry(Fraction(2), halo=6, least=7)),
    }


@pytest.fixture(scope="module")
def engine() -> Any:
    with Scheduler(2) as made:
        yield made


class Paper:
    """Takes rows, and counts them."""

    def __init__(self) -> None:
        self.rows: list[Rows] = []

    def write(self, rows: Rows) -> None:
        self.rows.append(rows.copy())

    @property
    def picture(self) -> Rows:
        return np.concatenate(self.rows)


def reader(picture: Rows) -> Callable[[int], Rows]:
    left = [picture]

    def read(count: int) -> Rows:
        rows, left[0] = left[0][:count], left[0][count:]
        return rows

    return read


def planned(picture: Rows, net: Net, tile: tuple[int, int], strips: int = 2) -> Plan:
    height, width, bands = picture.shape
    grid = TileGrid(width, height, net.geometry, *tile)
    depth = picture.dtype.itemsize * 8
    link = TilePlan(grid, bands, net.channels, depth, depth, min(strips, grid.rows))
    return Plan((link,), 0, 0)


def streamed(engine: Scheduler, picture: Rows, net: Net, plan: Plan) -> Rows:
    paper = Paper()
    with engine.run(in_flight=plan.in_flight) as run:
        stream(reader(picture), paper.write, plan, [net.session], run)
    return paper.picture


def untiled(picture: Rows, net: Net, grid: TileGrid) -> Rows:
    """The whole picture at once, mirrored up to what the model takes."""
    height, width, bands = picture.shape
    sides = ((0, grid.padded_height - height), (0, grid.padded_width - width), (0, 0))
    result = net.session.run(show(np.pad(picture, sides, mode="reflect"), net.channels))
    return reveal(result, bands, picture.dtype)[: grid.out_height, : grid.out_width]


def noise(width: int, height: int, bands: int, dtype: Any) -> Rows:
    random = np.random.default_rng(width * 1000 + height)
    return random.integers(0, np.iinfo(dtype).max + 1, (height, width, bands), dtype)


@given(
    name=st.sampled_from(["x2", "x2 grey", "x1", "half", "least"]),
    width=st.integers(2, 70),
    height=st.integers(2, 70),
    bands=st.integers(1, 4),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    tile=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    strips=st.integers(2, 4),
)
@settings(max_examples=150, deadline=None)
def test_streamed_equals_untiled_bit_for_bit(
    engine: Scheduler,
    nets: dict[str, Net],
    device: Device,
    name: str,
    width: int,
    height: int,
    **options: Any,
) -> None:
    net = nets[name]
    picture = noise(width, height, options["bands"], options["dtype"])
    tile = max(options["tile"][0], width // 8), max(options["tile"][1], height // 8)
    plan = planned(picture, net, tile, options["strips"])
    result = streamed(engine, picture, net, plan)
    assert result.dtype == picture.dtype
    levels = ceil(device.tolerance * np.iinfo(picture.dtype).max)  # 0 on a CPU: the same bits
    difference = result.astype(int) - untiled(picture, net, plan.links[0].grid)
    assert np.abs(difference).max(initial=0) <= levels


@pytest.mark.parametrize("side", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_tiny_pictures(
    engine: Scheduler, nets: dict[str, Net], device: Device, side: tuple[int, int]
) -> None:
    for name in ("x2", "x1", "least"):
        picture = noise(*side, 3, np.uint8)
        plan = planned(picture, nets[name], (8, 8))
        result = streamed(engine, picture, nets[name], plan).astype(int)
        expected = untiled(picture, nets[name], plan.links[0].grid)
        np.testing.assert_allclose(result, expected, rtol=0, atol=ceil(device.tolerance * 255))


@pytest.mark.parametrize("side", [(5, 9), (24, 32), (60, 50), (33, 100)])
def test_a_model_of_one_size_is_shown_that_size_only(
    engine: Scheduler, side: tuple[int, int]
) -> None:
    net = Net(upscaler(3, (32, 24)), 3, Geometry(Fraction(2), halo=3, exact=False, fixed=(32, 24)))
    free = Net(upscaler(3), 3, Geometry(Fraction(2), halo=3))
    picture = noise(*side, 3, np.uint8)
    plan = planned(picture, net, (1, 1))
    result = streamed(engine, picture, net, plan)
    np.testing.assert_array_equal(result, untiled(picture, free, plan.links[0].grid))


@pytest.mark.parametrize("tile", [(64, 64), (100, 40), (33, 97)])
def test_halved_tiles_give_the_same_bits(
    engine: Scheduler, box: Any, tile: tuple[int, int]
) -> None:
    """Memory for some 40 x 40 pixels: tiles are halved, and halved again, none is skipped."""
    net = Net(box(largest=3 * 42 * 42), 3, Geometry(Fraction(2), halo=1))
    free = Net(box(), 3, net.geometry)
    picture = noise(150, 120, 4, np.uint8)
    before = engine.snapshot().halvings
    result = streamed(engine, picture, net, planned(picture, net, tile))
    assert engine.snapshot().halvings > before
    np.testing.assert_array_equal(
        result, untiled(picture, free, planned(picture, net, tile).links[0].grid)
    )


def test_halves_are_never_smaller_than_the_model_takes(engine: Scheduler, box: Any) -> None:
    """There is memory for 20 x 20 pixels, but the model wants 30 a side: the run must give up."""
    session = box(largest=3 * 20 * 20)
    net = Net(session, 3, Geometry(Fraction(2), halo=1, least=30))
    picture = noise(150, 120, 3, np.uint8)
    with pytest.raises(NeedsMemory):
        streamed(engine, picture, net, planned(picture, net, (100, 100)))
    assert min(min(shape[2:]) for shape in session.shapes) >= 30


def test_a_real_arena_that_is_full_halves_the_tiles(engine: Scheduler) -> None:
    """onnxruntime itself refuses to allocate; the result is that of an unlimited session."""
    geometry = Geometry(Fraction(2), halo=3)
    tight = Net(upscaler(3, arena_limit=5 << 20), 3, geometry)
    free = Net(upscaler(3), 3, geometry)
    picture = noise(400, 400, 3, np.uint8)
    plan, before = planned(picture, tight, (200, 200)), engine.snapshot().halvings
    result = streamed(engine, picture, tight, plan)
    assert engine.snapshot().halvings > before
    np.testing.assert_array_equal(result, untiled(picture, free, plan.links[0].grid))


def test_no_memory_at_all_is_said_so(engine: Scheduler, box: Any) -> None:
    net = Net(box(largest=10), 3, Geometry(Fraction(2), halo=1))
    picture = noise(100, 100, 3, np.uint8)
    with pytest.raises(NeedsMemory):
        streamed(engine, picture, net, planned(picture, net, (64, 64)))
    assert engine.snapshot().queued == 0


def test_every_row_arrives_once_in_order_with_progress(
    engine: Scheduler, nets: dict[str, Net]
) -> None:
    picture = noise(50, 90, 3, np.uint8)
    plan = planned(picture, nets["x2"], (16, 16))
    paper, told = Paper(), []
    with engine.run(in_flight=plan.in_flight) as run:
        stream(
            reader(picture),
            paper.write,
            plan,
            [nets["x2"].session],
            run,
            progress=lambda done, tiles: told.append((done, tiles)),
        )
    assert [len(rows) for rows in paper.rows] == [32] * 5 + [20]
    assert told == [(done, 24) for done in range(1, 25)]


def test_few_rows_are_read_ahead(engine: Scheduler, nets: dict[str, Net]) -> None:
    """When a strip is written, no more was read than the strips in progress need."""
    picture = noise(20, 400, 3, np.uint8)
    plan = planned(picture, nets["x2"], (20, 16))
    given, ahead = 0, []
    read, written = reader(picture), 0

    def count(rows: int) -> Rows:
        nonlocal given
        given += rows
        return read(rows)

    def write(rows: Rows) -> None:
        nonlocal written
        ahead.append(given - written)
        written += len(rows) // 2

    with engine.run(in_flight=plan.in_flight) as run:
        stream(count, write, plan, [nets["x2"].session], run)
    assert given == 400
    assert max(ahead) <= 2 * 16 + 3


@pytest.mark.parametrize("error", [BrokenPicture("cut off"), OSError("no such thing")])
def test_an_error_of_the_reader_ends_the_run(
    engine: Scheduler, nets: dict[str, Net], error: Exception
) -> None:
    picture = noise(60, 300, 3, np.uint8)
    read, left = reader(picture), [100]

    def broken(rows: int) -> Rows:
        left[0] -= rows
        if left[0] < 0:
            raise error
        return read(rows)

    plan = planned(picture, nets["x2"], (16, 16))
    with pytest.raises(type(error)), engine.run(in_flight=plan.in_flight) as run:
        stream(broken, Paper().write, plan, [nets["x2"].session], run)
    assert engine.snapshot().queued == engine.snapshot().runs == 0


def test_an_error_of_the_sink_ends_the_run(engine: Scheduler, nets: dict[str, Net]) -> None:
    picture = noise(60, 300, 3, np.uint8)
    plan = planned(picture, nets["x2"], (16, 16))

    def full(rows: Rows) -> None:
        raise DiskFull("the disk is full")

    with pytest.raises(DiskFull), engine.run(in_flight=plan.in_flight) as run:
        stream(reader(picture), full, plan, [nets["x2"].session], run)
    assert engine.snapshot().queued == engine.snapshot().runs == 0


def test_a_result_of_the_wrong_size_is_a_failure_of_the_model(engine: Scheduler, box: Any) -> None:
    net = Net(box(), 3, Geometry(Fraction(1), halo=1))
    picture = noise(30, 30, 3, np.uint8)
    with pytest.raises(ModelFailed):
        streamed(engine, picture, net, planned(picture, net, (16, 16)))


def test_cancelled_from_another_thread(engine: Scheduler, gated: Any) -> None:
    net = Net(gated, 3, Geometry(Fraction(1)))
    picture = noise(30, 300, 3, np.uint8)
    plan = planned(picture, net, (16, 16))
    run = engine.run(in_flight=plan.in_flight)

    def stop() -> None:
        gated.wait_for(2)
        run.cancel()
        gated.open(2)

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(Cancelled), run:
        stream(reader(picture), Paper().write, plan, [net.session], run)
    stopper.join(60)
    assert len(gated.order) == 2


@given(st.integers(1, 20), st.integers(0, 60))
def test_reflection_is_that_of_numpy(side: int, more: int) -> None:
    line = np.arange(side)
    expected = np.pad(line, (0, more), mode="reflect")[side:]
    np.testing.assert_array_equal(reflected(side, side + more, side), expected)


@pytest.mark.parametrize(("bands", "channels"), [(b, c) for b in (1, 2, 3, 4) for c in (1, 3)])
def test_items_are_what_is_shown(bands: int, channels: int) -> None:
    shown = show(noise(4, 4, bands, np.uint8), channels)
    assert shown.shape == (items(bands, channels), channels, 4, 4)
    back = reveal(shown, bands, np.uint8)
    assert back.shape == (4, 4, bands)
    if bands in {1, 3}:
        np.testing.assert_array_equal(back, noise(4, 4, bands, np.uint8))

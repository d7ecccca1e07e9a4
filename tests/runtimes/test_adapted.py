"""Models with habits of their own behind the house's contract: the same results, tiled or not."""

from fractions import Fraction

import numpy as np
import pytest

from printroom.imaging.bicubic import bicubic
from printroom.imaging.tiling import Geometry, TileGrid
from printroom.runtimes.adapted import AdaptedSession, enlarged, fitting
from printroom.runtimes.onnx.geometry import derive
from printroom.runtimes.onnx.probe import run_tiled, run_whole
from printroom.runtimes.onnx.session import OnnxSession
from printroom.runtimes.reading import Pixels, Reading


def picture(height, width, seed=0):
    return np.random.default_rng(seed).random((1, 3, height, width), np.float32)


def reading(**fields):
    return Reading(Pixels(**fields), Pixels(**fields))


def adapted(model, way, scale):
    return AdaptedSession(OnnxSession(model.SerializeToString()), way, Fraction(scale))


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (2, 5), (9, 7)])
def test_colour_is_enlarged_as_papers_do_it(scale, size):
    planes = picture(*size)
    wanted = bicubic(planes[0].transpose(1, 2, 0), scale).transpose(2, 0, 1)
    assert np.abs(enlarged(planes, scale)[0] - wanted).max() < 1e-5


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_net_of_luma_is_the_same_in_tiles_bit_for_bit(new_net, scale):
    model = new_net(channels=1).upscaler(scale, layers=1)
    way = reading(channels="y", range=(0, 255), mean=(3,))
    geometry = fitting(derive(model), way)
    session = adapted(model, way, scale)
    for size in ((60, 47), (3, 20), (33, 64)):
        grid = TileGrid(size[1], size[0], geometry, 16, 11)
        shown = picture(*size)
        assert np.array_equal(run_whole(session, shown, grid), run_tiled(session, shown, grid))


def test_bicubic_colour_needs_its_own_halo():
    way = reading(channels="y")
    assert fitting(Geometry(Fraction(2), 0), way).halo == 2
    assert fitting(Geometry(Fraction(2), 0, align=4), way).halo == 4
    assert fitting(Geometry(Fraction(2), 8), way).halo == 8
    assert fitting(Geometry(Fraction(1), 0), way).halo == 0
    assert fitting(Geometry(Fraction(2), 0), reading(channels="grey")).halo == 0


@pytest.mark.parametrize(
    "fields", [{"channels": "bgr"}, {"range": (-1, 1), "deviation": (2, 3, 4)}]
)
def test_a_net_of_colour_is_the_same_in_tiles_bit_for_bit(new_net, fields):
    model = new_net().upscaler(2)
    session, geometry = adapted(model, reading(**fields), 2), derive(model)
    grid, shown = TileGrid(47, 60, geometry, 16, 11), picture(60, 47)
    assert np.array_equal(run_whole(session, shown, grid), run_tiled(session, shown, grid))


def test_a_net_that_sees_blue_first_gives_what_it_gave(new_net):
    model = new_net().upscaler(2)
    plain = OnnxSession(model.SerializeToString())
    session = adapted(model, reading(channels="bgr"), 2)
    shown = picture(20, 18)
    blue_first = np.ascontiguousarray(shown[:, ::-1])
    assert np.array_equal(session.run(shown), plain.run(blue_first)[:, ::-1])
    assert session.channels == 3
    assert session.resident_bytes > 0


def test_planes_alone_are_shown_alone(new_net):
    session = adapted(new_net(channels=1).upscaler(2), reading(channels="grey", range=(0, 9)), 2)
    assert session.channels == 1
    assert session.run(picture(12, 12)[:, :1]).shape == (1, 1, 24, 24)
    session.shrink()
    session.close()


def test_colour_beside_luma_is_enlarged_by_whole_numbers_only(new_net):
    with pytest.raises(ValueError, match="3/2"):
        adapted(new_net(channels=1).upscaler(2), reading(channels="y"), Fraction(3, 2))

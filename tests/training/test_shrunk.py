"""Pairs made on the device show what the field measures, as pairs made one by one do."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from printroom.core.errors import BadOption  # noqa: E402
from printroom.imaging.bicubic import bicubic  # noqa: E402
from printroom.training.augment import WAYS, turned  # noqa: E402
from printroom.training.shrunk import Shrunk, kernel_of, shrunk, tiles_of  # noqa: E402
from printroom.training.sources import Pictures  # noqa: E402


@pytest.fixture
def rough(random):
    return random.integers(0, 256, (200, 180, 3), np.uint8)


@pytest.mark.parametrize("scale", [2, 4])
def test_it_shrinks_as_matlab_does_away_from_borders(rough, scale):
    shown = torch.from_numpy(rough[:160, :160].astype(np.float32)).permute(2, 0, 1)[None]
    found = shrunk(shown, kernel_of(scale))[0].permute(1, 2, 0).numpy()
    aligned = rough[scale // 2 : 160, scale // 2 : 160]  # its pixels begin half a pixel inside
    whole = bicubic(aligned, 1 / scale)[1:][:, 1:]
    side = found.shape[0]
    assert side == 160 // scale - 3
    np.testing.assert_allclose(found[2:-2, 2:-2], whole[2 : side - 2, 2 : side - 2], atol=1e-3)


@pytest.mark.parametrize("scale", [2, 4])
def test_the_small_patch_is_the_large_one_shrunk(rough, scale, random):
    make = Shrunk.of(Pictures([rough]), 24, scale)
    small, large = make.batch(8, random)
    assert small.shape == (8, 3, 24, 24)
    assert large.shape == (8, 3, 24 * scale, 24 * scale)
    for source, target in zip(small, large, strict=True):
        whole = bicubic(target.permute(1, 2, 0).numpy(), 1 / scale)
        whole = np.clip(np.rint(whole * 255), 0, 255) / 255
        inner = slice(2, -2)  # beyond it, only the small patch knows what was outside
        close = np.abs(source.permute(1, 2, 0).numpy() - whole)[inner, inner]
        assert close.max() < 1.01 / 255
        assert (close > 1e-6).mean() < 0.01


def test_any_place_and_turn_is_drawn(random):
    rows, columns = np.mgrid[:80, :80].astype(np.uint8)
    make = Shrunk.of(Pictures([np.stack([rows, columns, rows], 2)]), 24, 2)
    drawn = np.concatenate([make.batch(40, random)[1].numpy() for _ in range(4)])
    shown = np.rint(drawn[:, :2].transpose(0, 2, 3, 1) * 255).astype(int)
    corners = shown.min((1, 2))
    assert len(np.unique(corners, axis=0)) > 100
    assert (corners.min(0) < 6).all()
    assert (corners.max(0) > 22).all()  # of 80, less 48, less what the kernel sees beyond
    place = np.stack(np.mgrid[:48, :48], 2)
    for way in range(WAYS):
        alike = (shown - corners[:, None, None] == turned(place, way)).all((1, 2, 3))
        assert alike.sum() > 5, way


def test_the_same_chance_gives_the_same_batch(rough):
    make = Shrunk.of(Pictures([rough]), 24, 2)
    one, other = (make.batch(3, np.random.default_rng(5)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert not torch.equal(one[0], make.batch(3, np.random.default_rng(6))[0])


def test_pictures_are_drawn_as_often_as_they_say(random):
    flat = {level: np.full((80, 80, 3), level, np.uint8) for level in (10, 90, 170)}
    large = np.full((160, 320, 3), 250, np.uint8)
    pictures = Pictures([flat[10], large], [flat[90], flat[170]], leaf_share=0.4)
    shares = {int(picture[0, 0, 0]): chance for picture, chance in pictures.chances()}
    assert shares == pytest.approx({10: 0.3, 250: 0.3, 90: 0.2, 170: 0.2})
    target = Shrunk.of(pictures, 24, 2).batch(4000, random)[1]
    levels = np.rint(target[:, 0, 0, 0].numpy() * 255).astype(int)
    for level, share in shares.items():
        assert (levels == level).mean() == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("by_size", [False, True])
def test_drawn_pictures_alone_are_drawn_alike(by_size):
    leaves = [np.zeros((80, 80, 3), np.uint8)] * 4
    chances = [chance for _, chance in Pictures([], leaves, by_size=by_size).chances()]
    assert chances == pytest.approx([1 / 4] * 4)


@pytest.mark.parametrize("by_size", [False, True])
def test_chances_are_those_of_drawing_one(random, by_size):
    sides = (32, 64, 128)
    pictures = Pictures([np.zeros((side, side, 3), np.uint8) for side in sides], by_size=by_size)
    drawn = [len(pictures.draw(random)) for _ in range(4000)]
    for picture, chance in pictures.chances():
        assert drawn.count(len(picture)) / 4000 == pytest.approx(chance, abs=0.04)


def test_of_several_tiles_the_one_with_most_detail_is_taken(random):
    flat = np.full((80, 80, 3), 128, np.uint8)
    rough = random.integers(0, 256, (80, 80, 3), np.uint8)
    pictures = Pictures([flat, flat, rough])
    shares = []
    for tries in (1, 6):
        target = Shrunk.of(pictures, 24, 2, tries).batch(600, random)[1]
        shares.append(float((target.std((1, 2, 3)) > 0).float().mean()))
    assert shares[0] == pytest.approx(1 / 3, abs=0.08)
    assert shares[1] > 0.85


@given(st.integers(20, 90), st.integers(20, 90), st.integers(5, 20))
def test_tiles_cover_a_picture(height, width, side):
    picture = np.zeros((height, width, 3), np.uint8)
    tiles = list(tiles_of(picture, side))
    for tile in tiles:
        assert tile.shape == (side, side, 3)
        tile[:] = 1
    assert picture.min() >= 1
    assert len(tiles) == -(-height // side) * -(-width // side)


def test_odd_scales_are_refused(rough):
    with pytest.raises(BadOption, match="3"):
        Shrunk.of(Pictures([rough]), 24, 3)

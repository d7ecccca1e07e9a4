"""Patches: both show the same place, and the grid of blocks falls anywhere."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.training.degradations.compose import Chain  # noqa: E402
from printroom.training.degradations.compress import Jpeg, from_bytes  # noqa: E402
from printroom.training.degradations.resize import Resize  # noqa: E402
from printroom.training.pairs import Degraded, batch  # noqa: E402
from printroom.training.sources import Pictures  # noqa: E402


@pytest.fixture
def pictures(photo):
    return Pictures([np.rint(photo * 255).astype(np.uint8)])


def test_without_faults_the_two_are_equal(pictures, random):
    source, target = batch(Degraded(pictures, Chain(), 24), 3, random)
    assert source.shape == (3, 3, 24, 24)
    torch.testing.assert_close(source, target)


@pytest.mark.parametrize("scale", [2, 4])
def test_a_small_patch_shows_the_place_of_the_large_one(pictures, random, scale):
    make = Degraded(pictures, Resize(1 / scale, "area"), 8 // scale * 2, scale)
    for _ in range(8):
        source, target = make(random)
        side = source.shape[0]
        means = target.reshape(side, scale, side, scale, 3).mean((1, 3))
        np.testing.assert_allclose(source, means, atol=1.01 / 255)


def test_the_blocks_of_a_jpeg_fall_anywhere_in_the_patches(random):
    ramp = np.tile(np.arange(96, dtype=np.uint8) * 2, (96, 1))
    make = Degraded(Pictures([np.repeat(ramp[..., None], 3, 2)]), Jpeg(5), 32)
    edges = set()
    for _ in range(40):
        source, _ = make(random)
        steps = np.abs(np.diff(source[..., 0].mean(0)))
        edges.add(int(np.argmax(steps)) % 8)
    assert len(edges) >= 6


def test_grey_patches_get_their_own_faults(pictures, random):
    make = Degraded(pictures, Jpeg(5), 24, greys=1, grey_faults=Chain())
    source, target = make(random)
    np.testing.assert_array_equal(target[..., 0], target[..., 2])
    np.testing.assert_allclose(source, target, atol=0.51 / 255)


def test_the_same_chance_gives_the_same_patches(pictures):
    make = Degraded(pictures, Jpeg(30), 24)
    one, other = (make(np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_of_several_crops_the_one_with_most_detail_is_taken(random):
    flat = np.full((64, 64, 3), 128, np.uint8)
    rough = random.integers(0, 256, (64, 64, 3), np.uint8)
    shown = []
    for tries in (1, 6):
        make = Degraded(Pictures([flat, flat, rough]), Chain(), 16, tries=tries)
        shown.append(np.mean([make(random)[1].std() > 0 for _ in range(60)]))
    assert shown[0] < 0.6
    assert shown[1] > 0.75


def test_a_picture_without_faults_stays_bytes(pictures, random):
    source, _ = Degraded(pictures, Chain(), 24)(random)
    np.testing.assert_array_equal(source, from_bytes(np.rint(source * 255).astype(np.uint8)))

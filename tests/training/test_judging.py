"""Scores are those of the field, whatever the net is."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.metrics.psnr import luma, psnr  # noqa: E402
from printroom.training.degradations.compress import Jpeg  # noqa: E402
from printroom.training.degradations.noise import GaussianNoise  # noqa: E402
from printroom.training.judging import EQUAL, exam, pictures_of, restored  # noqa: E402


@pytest.fixture
def bytes_of(photo):
    return np.rint(photo * 255).astype(np.uint8)


def test_a_net_that_does_nothing_scores_what_its_input_does(bytes_of):
    test = exam("noise", [bytes_of, bytes_of[::-1]], GaussianNoise(25))
    assert test.score(lambda batch: batch) == test.before()
    assert 20 < test.before() < 21  # 10 log10(255^2 / 25^2) = 20.17, a little more by clipping


def test_pictures_that_come_out_equal_count_a_finite_score(bytes_of):
    test = exam("clean", [bytes_of], GaussianNoise(0))
    assert test.before() == EQUAL


def test_luma_and_borders_are_those_of_super_resolution(bytes_of):
    test = exam("jpeg", [bytes_of], Jpeg(10), border=4, over="luma")
    source = test.pairs[0][0]
    inner = (slice(4, -4), slice(4, -4))
    assert test.before() == psnr(luma(bytes_of)[inner], luma(source)[inner])


def test_grey_is_measured_over_the_full_range(bytes_of):
    picture = np.repeat(bytes_of[..., 1:2], 3, axis=2)
    test = exam("jpeg", [picture], Jpeg(10), over="grey")
    assert test.before() == pytest.approx(psnr(picture[..., 0], test.pairs[0][0][..., 0]))


def test_results_beyond_the_range_are_cut(bytes_of):
    assert restored(lambda batch: batch * 3 - 1, bytes_of).max() == 255


def test_a_test_set_that_is_not_at_hand_has_no_pictures(tmp_path):
    assert pictures_of(tmp_path, "nowhere") == []

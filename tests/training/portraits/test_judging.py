"""The judge is right about drawn people, and the bench says what it found."""

import numpy as np
import pytest

from printroom.core.errors import BadOption
from printroom.runtimes.generation import STYLES
from printroom.training.portraits.judging import Judge
from printroom.training.portraits.look import OURS, look
from printroom.training.portraits.people import somebody
from printroom.training.portraits.styles import render


@pytest.mark.parametrize("side", [32, 64])
def test_a_judge_knows_whom_the_renderer_drew(side):
    judge, random = Judge(side), np.random.default_rng(8)
    gallery = [somebody(random) for _ in range(100)]
    for style in STYLES:
        found = []
        for who in range(20):
            verdicts = judge([render(gallery[who], style, look(OURS, random), side)])
            right = verdicts.styles[0] == STYLES.index(style)
            found.append((verdicts.first(gallery, who)[0], right, verdicts.portraits[0]))
        first, right, portraits = np.mean(found, axis=0)
        assert first >= (0.6 if side == 32 else 0.8), style
        assert right >= 0.85, style
        assert portraits >= 0.9, style


def test_noise_and_halves_are_no_portraits():
    judge, random = Judge(32), np.random.default_rng(9)
    noise = [random.integers(0, 256, (32, 32, 3), np.uint8) for _ in range(5)]
    faces = [render(somebody(random), "photo", look(OURS, random), 32) for _ in range(10)]
    upside_down = [face[::-1] for face in faces]
    assert judge([*noise, *upside_down]).portraits.mean() < 0.15


def test_there_are_judges_of_two_sizes():
    with pytest.raises(BadOption):
        Judge(48)

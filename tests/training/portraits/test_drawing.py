"""The renderer: the same numbers are the same picture, and what is fixed of a person is seen."""

from dataclasses import replace

import numpy as np
import pytest

from printroom.runtimes.generation import STYLES
from printroom.training.portraits.album import POSES, album
from printroom.training.portraits.clutter import clutter, spoilt
from printroom.training.portraits.look import OTHER, OURS, look
from printroom.training.portraits.people import CHOICES, MEASURES, Person, caption, somebody
from printroom.training.portraits.styles import render

PLAIN = Person(1, 1, 0, 1, 0, 0, 1, 0.5, 0.5, 0.5, 0.5)


def apart(a, b):
    return np.abs(a.astype(int) - b.astype(int)).mean()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("side", [32, 64])
def test_a_picture_depends_on_its_numbers_alone(style, side):
    how = look(OURS, np.random.default_rng(1))
    picture = render(PLAIN, style, how, side)
    assert picture.shape == (side, side, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, render(PLAIN, style, how, side))
    assert 15 < picture.std() < 120
    for name in CHOICES:
        if style == "pencil" and name == "eyes":
            continue  # drawn with one pencil
        other = replace(PLAIN, **{name: (getattr(PLAIN, name) + 1) % CHOICES[name]})
        assert apart(render(other, style, how, side), picture) > 0, name
    for name in MEASURES:
        assert apart(render(replace(PLAIN, **{name: 1.0}), style, how, side), picture) > 0, name


def test_every_person_and_look_can_be_drawn():
    random = np.random.default_rng(2)
    for turn in range(40):
        for within in (OURS, OTHER):
            picture = render(somebody(random), STYLES[turn % 5], look(within, random), 32)
            assert picture.std() > 10


def test_captions_leave_words_out():
    random = np.random.default_rng(3)
    whole = caption(PLAIN, "comic", random, drop=0)
    assert caption(PLAIN, "comic", random, drop=1) == "a comic of a person"
    some = [len(caption(PLAIN, "comic", random, drop=0.5)) for _ in range(20)]
    assert min(some) < max(some) < len(whole) + 1


def test_an_album_is_drawn_once(tmp_path):
    first = album(tmp_path, 3, 2, seed=4)
    assert first.small.shape == (3, len(POSES), 32, 32, 3)
    assert first.large.shape == (2, len(POSES), 64, 64, 3)
    files = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = album(tmp_path, 3, 2, seed=4)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files
    assert again.people == first.people
    np.testing.assert_array_equal(again.large, first.large)
    assert album(tmp_path, 3, 2, seed=5).people != first.people


def test_clutter_and_what_was_spoilt_are_pictures():
    random = np.random.default_rng(6)
    photo = render(PLAIN, "photo", look(OURS, random), 32)
    for _ in range(30):
        for made in (clutter(random), spoilt(photo, random)):
            assert made.shape == (32, 32, 3)
            assert made.dtype == np.uint8
        assert apart(made, photo) > 3

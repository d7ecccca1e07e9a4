"""Drawn scenes: the same from the same chance, at any size, and each part to be seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.training.scenes.data import marks_of, one, scene_of, scenes
from printroom.training.scenes.draw import draw
from printroom.training.scenes.spec import BODIES, GROUPS, VALUES, draw_scene

NEEDS = {"boat": {"water": "pond"}, "fireflies": {"time": "night"}, "lantern": {"time": "night"}}
PLAIN = {"time": "day", "season": "summer"}


def drawn(scene, seed=3, side=64):
    return draw(scene, np.random.default_rng(seed), side)


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_parts_of_a_scene_go_together(seed):
    scene = draw_scene(np.random.default_rng(seed))
    assert scene
    assert all(scene[group] in GROUPS[group] for group in scene)
    assert ("time" in scene) == ("season" in scene)
    assert "body" not in scene or scene["body"] in BODIES[scene["time"]]
    assert scene.get("thing") != "boat" or "water" in scene
    assert scene.get("weather") != "snow" or scene["season"] == "winter"
    assert scene_of(marks_of(scene)) == scene


def test_the_same_chance_draws_the_same():
    for number in range(3):
        assert np.array_equal(one(5, number)[0], one(5, number)[0])
    assert not np.array_equal(one(5, 0)[0], one(6, 0)[0])


@pytest.mark.parametrize("side", [17, 64, 200])
def test_a_scene_is_drawn_at_any_size(side):
    pictures = [drawn(draw_scene(np.random.default_rng(seed)), seed, side) for seed in range(3)]
    assert {picture.shape for picture in pictures} == {(side, side, 3)}
    assert all(picture.dtype == np.uint8 for picture in pictures)


def test_a_larger_drawing_shows_the_same():
    scene = {"time": "dusk", "season": "autumn", "land": "mountain", "body": "sun"}
    small, large = drawn(scene), drawn(scene, side=256)
    shrunk = large.reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert np.abs(shrunk - small).mean() < 6


@pytest.mark.parametrize("value", [v for v in VALUES if v not in ("day", "summer", "lantern")])
def test_each_value_is_to_be_seen(value):
    group = next(group for group, values in GROUPS.items() if value in values)
    without = PLAIN | NEEDS.get(value, {})
    if group == "body" and value != "sun":
        without |= {"time": "night"}
    changed = np.abs(drawn(without | {group: value}).astype(int) - drawn(without))
    assert (changed.max(2) > 12).mean() > 0.002


def test_scenes_are_drawn_once_and_kept(tmp_path):
    first = scenes(tmp_path, 3, 0)
    (tmp_path / "pictures.npy").touch()
    again = scenes(tmp_path, 2, 0)
    assert np.array_equal(first.pictures[:2], again.pictures)
    assert np.array_equal(first.marks[:2], again.marks)
    assert np.array_equal(first.pictures[2], one(0, 2)[0])
    more = scenes(tmp_path, 4, 0)
    assert np.array_equal(more.pictures[:3], first.pictures)


def test_a_drawing_that_was_killed_is_begun_again(tmp_path):
    (tmp_path / "pictures.part").write_bytes(b"half of it")
    assert len(scenes(tmp_path, 2, 0).pictures) == 2
    assert not (tmp_path / "pictures.part").exists()

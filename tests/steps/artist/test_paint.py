"""The step `paint`, in the environment that it brings."""

import numpy as np
import pytest
import pyvips

from printroom.core.errors import EnvironmentFailed, PrintroomError
from printroom.core.settings import Settings
from printroom.steps.bundled import bundled
from printroom.workshop import Workshop

pytestmark = pytest.mark.skipif("paint" not in bundled(), reason="paint has no weights here")
POEM = "autumn evening\na crow on the bare branch\nwatches the moon rise"
PIPELINE = """
name: painted
inputs:
  poem: text
  seed: {type: number, integer: true, low: 0, high: 2147483647, default: 0}
  size: {type: choice, of: [128, 256, 512], default: 128}
steps:
  it: {use: paint, with: {poem: $poem, seed: $seed, size: $size}}
outputs: {image: $it.image, seen: $it.seen}
"""


@pytest.fixture(scope="module")
def paint(tmp_path_factory):
    """poem, seed, size -> (pixels, seen), in one process that is kept."""
    folder = tmp_path_factory.mktemp("paint")
    file = folder / "painted.yaml"
    file.write_text(PIPELINE)
    with Workshop(Settings(data=folder / "data", workers=1)) as workshop:
        graph = workshop.graph(file)
        numbers = iter(range(1000))

        def run(poem, **inputs):
            into = folder / str(next(numbers))
            made = workshop.run_pipeline(graph, {"poem": poem} | inputs, into)
            return pyvips.Image.new_from_file(str(made["image"])).numpy(), made["seen"]

        try:
            run("moon")
        except EnvironmentFailed as error:
            pytest.skip(f"the environment cannot be had here: {error}")
        yield run


def test_the_same_poem_and_seed_are_the_same_picture(paint):
    first, seen = paint(POEM, seed=4)
    again, _ = paint(POEM, seed=4)
    other, _ = paint(POEM, seed=5)
    assert first.shape == (128, 128, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert {"autumn", "moon", "birds"} <= set(seen.split(", "))


def test_other_poems_are_other_pictures(paint):
    poems = ["summer sea at noon", "snow on the dark city", "grief", "joy", "red"]
    pictures = [paint(poem)[0].astype(int) for poem in poems]
    for place, one in enumerate(pictures):
        for other in pictures[place + 1 :]:
            assert np.abs(one - other).mean() > 12


def test_the_same_words_in_another_order_are_another_picture(paint):
    one, seen = paint("moon over the river")
    other, same = paint("river under the moon")
    assert seen == same
    assert not np.array_equal(one, other)


def test_a_larger_picture_is_the_same_enlarged(paint):
    small, _ = paint(POEM)
    large, _ = paint(POEM, size=256)
    assert large.shape == (256, 256, 3)
    shrunk = large.reshape(128, 2, 128, 2, 3).mean((1, 3))
    assert np.abs(shrunk - small).mean() < 4


@pytest.mark.parametrize("poem", ["", " \n\n", "\u0000\ufffd\u202e", "12345 \u86d9", "a" * 9_999])
def test_any_text_is_painted(paint, poem):
    picture, seen = paint(poem)
    assert picture.shape == (128, 128, 3)
    assert seen == ""


def test_a_long_text_is_refused(paint):
    with pytest.raises(PrintroomError, match="50000 characters: give at most 10000"):
        paint("x" * 50_000)
    assert "moon" in paint("moon")[1]

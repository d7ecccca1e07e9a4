"""Folders of photographs: broken ones are counted, empty folders refused."""

import numpy as np
import pytest
import pyvips

from printroom.core.errors import NotFound
from printroom.training.photos import read_folders


def write(path, bands, side=9):
    random = np.random.default_rng(bands)
    array = random.integers(0, 256, (side, side + 1, bands), dtype=np.uint8)
    pyvips.Image.new_from_array(array).write_to_file(str(path))
    return array


def test_colour_is_kept_grey_repeated_alpha_dropped(tmp_path):
    colour = write(tmp_path / "a.png", 3)
    grey = write(tmp_path / "b.png", 1)
    write(tmp_path / "c.png", 4)
    photos = read_folders([tmp_path], multiple=2)
    assert photos.names == ["a.png", "b.png", "c.png"]
    assert {picture.shape for picture in photos.pictures} == {(8, 10, 3)}
    np.testing.assert_array_equal(photos.pictures[0], colour[:8])
    np.testing.assert_array_equal(photos.pictures[1], np.repeat(grey[:8], 3, axis=2))


def test_broken_pictures_are_skipped_and_named(tmp_path):
    write(tmp_path / "good.png", 3)
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    (tmp_path / "notes.txt").write_text("not looked at")
    photos = read_folders([tmp_path])
    assert photos.names == ["good.png"]
    assert [skipped.split(":")[0] for skipped in photos.skipped] == ["bad.png"]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_file_that_ends_too_soon_is_broken(tmp_path, suffix):
    write(tmp_path / "good.png", 3)
    write(tmp_path / f"cut{suffix}", 3, side=99)
    data = (tmp_path / f"cut{suffix}").read_bytes()
    (tmp_path / f"cut{suffix}").write_bytes(data[: len(data) // 2])
    photos = read_folders([tmp_path])
    assert photos.names == ["good.png"]
    assert len(photos.skipped) == 1


def test_nothing_to_read_is_an_error(tmp_path):
    with pytest.raises(NotFound, match="no readable picture"):
        read_folders([tmp_path])
    with pytest.raises(NotFound, match="no folder"):
        read_folders([tmp_path / "missing"])

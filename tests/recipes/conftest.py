"""Photographs to learn from, small and few."""

import pytest
import pyvips
from skimage import data


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder with nine small photographs, and a broken one."""
    folder = tmp_path_factory.mktemp("photos")
    coffee = pyvips.Image.new_from_array(data.coffee(), interpretation="srgb")
    for place in range(9):
        photo = coffee.crop(45 * place, 25 * place, 150, 136)
        photo.write_to_file(str(folder / f"{place}.png"))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    return folder

"""The beginning of a user's step: a folder that works as it is written.

folder -> step.py, step.toml, test_step.py in it          BadOption Unwritable
"""

from __future__ import annotations

import sys
from pathlib import Path

from printroom.core.errors import BadOption, Unwritable
from printroom.pipelines.declare import NAME
from printroom.pipelines.step_toml import FILE

_STEP = '''"""A step that printroom runs in an environment of its own."""

import numpy as np
from printroom_step import Number, Picture, step


@step
def soften(image: Picture, strength: Number(0, 1) = 0.5) -> Picture:
    """Softens a picture: mixes each pixel with its neighbours."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = image.shape[:2]
    near = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return ((1 - strength) * image + strength * np.mean(near, axis=0)).astype(np.float32)
'''
_TOML = """name = "{name}"
entry = "step.py"
python = "{python}"
requirements = ["numpy"]

[resources]
cpu = 1
memory = "1GB"
# gpu = 0.5             # a part of a graphics card, or a whole number of them
# mig = "1g.10gb"       # or a slice of one
# image = "host/name:1" # for clusters

[limits]
timeout = 300           # seconds that a run may take
"""
_TEST = '''"""Run with: python -m pytest"""

import numpy as np
from step import soften


def test_an_even_picture_stays_as_it_is():
    grey = np.full((6, 8, 3), 0.5, np.float32)
    assert np.allclose(soften(grey), grey)


def test_a_lone_bright_pixel_is_shared_with_its_neighbours():
    picture = np.zeros((5, 5, 3), np.float32)
    picture[2, 2] = 1
    softened = soften(picture, strength=1.0)
    assert softened.shape == picture.shape
    assert np.allclose(softened[1:4, 1:4], 1 / 9)
'''


def write_template(folder: Path, vendored: Path) -> list[Path]:
    """Write a working step into `folder`, a new one or an empty one; returns its files.

    `vendored`: the file that steps import, which is laid beside them so that tests and editors
    find it. Raises BadOption for a folder that is in use or cannot name a step, Unwritable.
    """
    name = folder.resolve().name.lower().replace("_", "-")
    if not NAME.fullmatch(name):
        raise BadOption(f"{folder.name!r} cannot name a step", "take letters, digits and dashes")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadOption(f"{folder} is there already", "name a new folder")
    toml = _TOML.format(name=name, python=f"3.{sys.version_info.minor}")
    texts = {"step.py": _STEP, FILE: toml, "test_step.py": _TEST}
    try:
        texts[vendored.name] = vendored.read_text("utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (folder / file).write_text(text, "utf-8")
    except OSError as error:
        raise Unwritable(f"{folder} cannot be written", error.strerror or str(error)) from error
    return [folder / file for file in texts]

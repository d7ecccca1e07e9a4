"""Previews as the engine gives them, of photographs that scikit-image bundles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray

from printroom.engine.preview import survey
from printroom.engine.rasters import Raster
from printroom.pipelines.step import Preview
from printroom.training.degradations.compress import from_bytes, to_bytes
from printroom.training.photos import read_rgb

Look = Callable[[NDArray[Any]], Preview]


@pytest.fixture(scope="session")
def preview() -> Look:
    """The preview of a picture (h, w, 3) in 0..1, saved in 8 bits."""

    def make(picture: NDArray[Any]) -> Preview:
        saved = from_bytes(to_bytes(picture))
        return survey(Raster.of_lines(np.ascontiguousarray(saved.transpose(0, 2, 1))), lambda: None)

    return make


@pytest.fixture(scope="session")
def photos() -> dict[str, NDArray[np.float32]]:
    """Three photographs without a fault, in 0..1."""
    folder = Path(skimage.__file__).parent / "data"
    names = ("astronaut.png", "coffee.png", "rocket.jpg")
    return {name: from_bytes(read_rgb(folder / name)) for name in names}

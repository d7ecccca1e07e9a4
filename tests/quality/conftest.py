"""Procedural pictures in folders, and methods whose results are known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Folder = Callable[..., Path]


@pytest.fixture
def scene() -> Callable[..., Pixels]:
    """`scene(seed, height, width, bands)`: discs and ramps of many colours, uint8."""

    def paint(seed: int = 0, height: int = 64, width: int = 80, bands: int = 3) -> Pixels:
        random = np.random.default_rng(seed)
        y, x = np.mgrid[:height, :width].astype(np.float64)
        slopes = random.uniform(-0.5, 0.5, (2, 3))
        picture = 120 + y[..., None] * slopes[0] + x[..., None] * slopes[1]
        for _ in range(30):
            place = random.uniform(0, 1, 2) * (height, width)
            inside = np.hypot(y - place[0], x - place[1]) < random.uniform(3, 12)
            picture[inside] = random.uniform(20, 235, 3)
        pixels = np.clip(picture, 10, 245).astype(np.uint8)
        return pixels if bands == 3 else np.ascontiguousarray(pixels[..., 1:2])

    return paint


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """`folder({name: pixels or bytes}, "set")`: write them as files and return where."""

    def write(files: Mapping[str, Any], name: str = "set") -> Path:
        home = tmp_path / name
        home.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            data = content
            if not isinstance(content, bytes):
                coded = content[..., ::-1] if content.shape[2] == 3 else content
                suffix = Path(file).suffix if Path(file).suffix.isascii() else ".png"
                data = bytes(cv2.imencode(suffix, coded)[1])
            (home / file).write_bytes(data)
        return home

    return write


@dataclass(frozen=True)
class Told:
    """A method whose result somebody else computes."""

    name: str
    function: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    parameters: int | None = None

    def restore(self, picture: NDArray[np.float32], strength: float | None) -> NDArray[np.float32]:
        return self.function(picture)


@pytest.fixture
def method() -> Callable[..., Told]:
    """`method(name, function)`."""
    return Told

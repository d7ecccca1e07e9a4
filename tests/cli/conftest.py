"""The command as users run it: a child process, with the test models on its catalogue."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.imaging.vips import pyvips

Printroom = Callable[..., subprocess.CompletedProcess[str]]
Starter = Callable[..., subprocess.Popen[str]]
Photo = Callable[..., NDArray[Any]]


@pytest.fixture
def start(models: Path, tmp_path: Path) -> Starter:
    """Start `printroom WORDS...` in `tmp_path`; further keywords go to Popen."""
    environment = {
        "PATH": os.environ["PATH"],
        "PRINTROOM_MODELS": str(models),
        "PRINTROOM_DATA": str(tmp_path / "data"),
    }

    def run(*words: str | Path, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "printroom", *map(str, words)]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment,
            text=True,
            **options,
        )

    return run


@pytest.fixture
def printroom(start: Starter) -> Printroom:
    """Run `printroom WORDS...` in `tmp_path` to its end."""

    def run(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        with start(*words, **options) as process:
            out, trouble = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, out, trouble)

    return run


@pytest.fixture
def photo() -> Photo:
    """Write a picture of noise to a path; returns its pixels (H, W, 3)."""

    def write(path: Path, width: int = 40, height: int = 30) -> NDArray[Any]:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        pyvips.Image.new_from_array(pixels).copy(interpretation="srgb").write_to_file(str(path))
        return pixels

    return write

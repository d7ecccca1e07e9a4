"""The pipeline `artist`: three steps in three environments make a work, and the same one again."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from printroom.core.errors import EnvironmentFailed
from printroom.imaging.vips import pyvips
from printroom.isolation.environments import Environments
from printroom.isolation.folder import StepSource
from printroom.pipelines.step_toml import read_manifest
from printroom.steps.bundled import bundled

pytestmark = pytest.mark.slow
STEPS = ("write", "paint", "stylise")
Printroom = Callable[..., str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the three environments are made."""
    place = tmp_path_factory.mktemp("atelier")
    for name in STEPS:
        source = StepSource.of(bundled()[name].folder)
        try:
            Environments(place / "data/environments").get(source.environment)
        except EnvironmentFailed as error:
            pytest.skip(f"the environment of {name} cannot be had here: {error}")
    return place


@pytest.fixture
def printroom(place: Path) -> Printroom:
    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "printroom", *words],
            cwd=place, env=os.environ | {"PRINTROOM_DATA": str(place / "data")},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_environments_differ() -> None:
    packages = [read_manifest(bundled()[name].folder).requirements for name in STEPS]
    assert len(set(packages)) == len(STEPS)


def test_a_seed_makes_the_same_work_again(printroom: Printroom, place: Path) -> None:
    made = json.loads(printroom("run", "artist", "-p", "theme=rain", "-o", "out", "--json"))
    assert len(made["poem"].split("\n")) == 3
    assert made["painting"]
    assert made["emotion"]
    large, brushed = (place / made[name] for name in ("picture", "artwork"))
    assert sides(large) == sides(brushed) == (512, 512)
    assert pixels(large) != pixels(brushed)
    words = ["-p", "theme=rain", "-p", f"seed={made['seed']}", "-o", "again", "--json"]
    again = json.loads(printroom("run", "artist", *words))
    for name in ("poem", "painting", "emotion", "seed"):
        assert again[name] == made[name], name
    for name in ("picture", "artwork"):
        assert pixels(place / again[name]) == pixels(place / made[name]), name


def sides(path: Path) -> tuple[int, int]:
    picture = pyvips.Image.new_from_file(str(path))
    return picture.width, picture.height


def pixels(path: Path) -> bytes:
    return bytes(pyvips.Image.new_from_file(str(path)).write_to_memory())

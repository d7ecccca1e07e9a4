"""Three frameworks in three environments make one picture: `examples/three-worlds`, as it ships.

Takes some 500 MB of packages, fetched once by uv and kept in its cache.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from printroom.core.errors import EnvironmentFailed
from printroom.imaging.vips import pyvips
from printroom.isolation.environments import Environments
from printroom.isolation.folder import StepSource

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "src/printroom/samples/cat.jpg"
Printroom = Callable[..., str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example and a photo, where the environments that it asks for can be made."""
    place = tmp_path_factory.mktemp("journey")
    shutil.copytree(ROOT / "examples/three-worlds", place, dirs_exist_ok=True)
    shutil.copy(PHOTO, place / "photo.jpg")
    for name in ("ink", "print"):
        try:
            Environments(place / "data/environments").get(StepSource.of(place / name).environment)
        except EnvironmentFailed as error:
            pytest.skip(f"the environment of {name} cannot be had here: {error}")
    return place


@pytest.fixture(scope="module")
def environment(place: Path) -> dict[str, str]:
    return os.environ | {"PRINTROOM_DATA": str(place / "data"), "PRINTROOM_MEMORY": "2GB"}


@pytest.fixture
def printroom(place: Path, environment: dict[str, str]) -> Printroom:
    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "printroom", *words],
            cwd=place, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def pixels(data: Path | bytes) -> Any:
    data = data.read_bytes() if isinstance(data, Path) else data
    return pyvips.Image.new_from_buffer(data, "").numpy().astype(np.float64)


def test_three_steps_in_three_environments_make_one_picture(
    printroom: Printroom, place: Path
) -> None:
    made = json.loads(
        printroom("run", "three-worlds.yaml", "-i", "photo.jpg", "-o", "out", "--json")
    )
    assert re.fullmatch(r"PyTorch \S+, Python 3\.11\.\d+", made["drawn_by"])
    assert re.fullmatch(r"TensorFlow \S+, Python 3\.12\.\d+", made["printed_by"])
    printed = pixels(place / made["image"])
    photo = pixels(PHOTO).repeat(2, 0).repeat(2, 1)
    assert printed.shape == photo.shape
    assert np.abs(printed - photo).mean() > 10  # the tones are others
    saturation = [np.ptp(one, axis=2).mean() for one in (photo, printed)]
    assert saturation[1] < saturation[0]
    structure = np.corrcoef(photo.mean(2).ravel(), printed.mean(2).ravel())[0, 1]
    assert structure > 0.8  # and it is still that photo


def test_the_same_step_serves_a_second_pipeline(printroom: Printroom, place: Path) -> None:
    """Published, both pin one and the same copy, and go on without the folders."""
    for file in ("three-worlds.yaml", "drawings.yaml"):
        printroom("pipelines", "publish", file)
    uses = [
        step["use"]
        for name in ("three-worlds@1", "drawings@1")
        for step in json.loads(printroom("pipelines", "show", name, "--json"))["steps"].values()
    ]
    large, first, _, second = uses
    assert (large, first) == ("upscale", second)
    shutil.rmtree(place / "ink")
    photos = ["-i", "images=photo.jpg", "-i", "images=photo.jpg"]
    printroom("run", "drawings@1", *photos, "-o", "drawn")
    one, two = (pixels(place / f"drawn/images-{number}.jpg") for number in (1, 2))
    np.testing.assert_array_equal(one, two)
    assert one.mean() < pixels(PHOTO).mean()  # ink darkens
    homes = [home for home in (place / "data/environments").iterdir() if (home / "bin").is_dir()]
    assert len(homes) == 2


def test_it_is_served(printroom: Printroom, place: Path, environment: dict[str, str]) -> None:
    with served(place, environment) as address, PHOTO.open("rb") as photo:
        answer = httpx.post(
            f"{address}/v1/pipelines/three-worlds",
            files={"image": photo},
            data={"tone": "cyan", "lines": "1"},
            headers={"accept": "image/png"},
            timeout=300,
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-printroom-pipeline"] == "three-worlds@1"
        printed = pixels(answer.content)
        assert printed.shape == (600, 902, 3)
        assert printed[..., 2].mean() > printed[..., 0].mean()  # cyan ink: more blue than red


@contextmanager
def served(place: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of a server, ready."""
    command = [sys.executable, "-m", "printroom", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=place, env=environment, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        found = re.search(r"http://[\d.:]+", child.stdout.readline())
        try:
            assert found
            yield found[0]
        finally:
            child.terminate()

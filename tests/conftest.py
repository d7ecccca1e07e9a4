"""Shared by all tests: a catalogue with one small model whose results are known in advance."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from onnx import TensorProto, helper, numpy_helper, save_model

from printroom.catalogue.card import ModelCard, Task
from printroom.core.errors import BadOption, NotFound
from printroom.core.settings import Settings
from printroom.database.own_server import OwnServer
from printroom.engine.device import Device
from printroom.imaging.tiling import Geometry
from printroom.pipelines.spec import PipelineSpec
from printroom.workshop import Workshop

# Machines are noisy: how long an example takes is no verdict.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres() -> Iterator[OwnServer]:
    """A PostgreSQL server on loopback, in which tests make databases of their own."""
    try:
        started = OwnServer.start()
    except (NotFound, ModuleNotFoundError) as reason:
        pytest.skip(f"PostgreSQL: {reason}")
    with started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    server: OwnServer = request.getfixturevalue("postgres")
    return server.create()


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models: `test/double@1` repeats each pixel twice along each side.

    Its 3x3 kernels have all their weight in the middle, so it has a halo and still an exact
    answer: `picture.repeat(2, 0).repeat(2, 1)`.
    """
    folder = tmp_path_factory.mktemp("models")
    home = folder / "double" / "1"
    home.mkdir(parents=True)
    kernel = np.zeros((12, 3, 3, 3), np.float32)
    for channel in range(12):
        kernel[channel, channel // 4, 1, 1] = 1
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "kernel"], ["phases"], pads=[1, 1, 1, 1]),
            helper.make_node("DepthToSpace", ["phases"], ["result"], blocksize=2, mode="CRD"),
        ],
        "double",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, ["n", 3, "h2", "w2"])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save_model(model, home / "double.onnx")
    card = ModelCard(
        name="test/double",
        version=1,
        title="Repeats each pixel",
        weights="double.onnx",
        digest=hashlib.sha256((home / "double.onnx").read_bytes()).hexdigest(),
        geometry=Geometry(scale=Fraction(2), halo=1),
        parameters=kernel.size,
        licence="CC0-1.0",
        costs={side: side * side * 200 for side in (32, 64, 128, 256, 512)},
    )
    (home / "card.json").write_text(card.to_json())
    return folder


def _one_conv(seed: int) -> bytes:
    """An ONNX network that keeps the size: one 3x3 convolution with random weights."""
    kernel = np.random.default_rng(seed).normal(0, 0.15, (3, 3, 3, 3)).astype(np.float32)
    sides: list[str | int] = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "kernel"], ["y"], pads=[1, 1, 1, 1])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, sides)],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.fixture(scope="session")
def shelf(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `test/double@1`, and `test/<task>@1` for each task that keeps the size."""
    folder = tmp_path_factory.mktemp("shelf")
    shutil.copytree(models / "double", folder / "double")
    tasks: tuple[Task, ...] = ("dejpeg", "denoise", "deblur")
    for seed, task in enumerate(tasks):
        home, weights = folder / task / "1", _one_conv(seed)
        home.mkdir(parents=True)
        (home / "net.onnx").write_bytes(weights)
        card = ModelCard(
            name=f"test/{task}",
            version=1,
            title=task,
            weights="net.onnx",
            digest=hashlib.sha256(weights).hexdigest(),
            geometry=Geometry(halo=1),
            parameters=81,
            licence="CC0-1.0",
            costs={side: side * side * 200 for side in (32, 64, 128, 256, 512)},
            task=task,
        )
        (home / "card.json").write_text(card.to_json())
    return folder


DRAW = '''
import time

import numpy as np
from printroom.pipelines.ports import Picture
from printroom.pipelines.step import Step


class Draw(Step):
    """Draws the bytes of a text as columns of grey, each lighter by the seed."""

    name = "draw"

    def run(
        self, context, prompt: str, width: int = 40, height: int = 30, seed: int = 0
    ) -> Picture:
        row = np.resize(np.frombuffer(prompt.encode(), np.uint8), width).astype(np.float32)
        planes = np.broadcast_to((row + seed) / 255, (1, 3, height, width))
        return np.ascontiguousarray(planes, np.float32)
'''
PIPELINES = [
    """
    name: draw
    title: Draws a text
    inputs:
      prompt: text
      width: {type: number, integer: true, default: 40}
      height: {type: number, integer: true, default: 30}
      seed: {type: number, integer: true, default: 0}
    steps:
      drawn: {use: draw, with: {prompt: $prompt, width: $width, height: $height, seed: $seed}}
    """,
    """
    name: large
    inputs: {image: picture}
    steps:
      large: {use: upscale, with: {image: $image, net: test/double}}
    """,
    """
    name: count
    inputs: {text: text}
    steps:
      seen: {use: letters, with: {text: $text}}
    outputs: {letters: $seen.result}
    """,
    """
    name: nap
    inputs: {seconds: number}
    steps:
      slept: {use: nap, with: {seconds: $seconds}}
    outputs: {seconds: $slept.result}
    """,
]
LETTERS = '''


class Letters(Step):
    """Counts letters."""

    name = "letters"

    def run(self, context, text: str) -> int:
        return len(text)


class Nap(Step):
    """Takes its time."""

    name = "nap"

    def run(self, context, seconds: float) -> float:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            context.check()
            time.sleep(0.01)
        return seconds
'''


@pytest.fixture(scope="session")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an installed package that offers three steps."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "drawing_steps.py").write_text(DRAW + LETTERS)
    about = folder / "drawing-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: drawing\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[printroom.steps]\ndraw = drawing_steps:Draw\nletters = drawing_steps:Letters\n"
        "nap = drawing_steps:Nap\n"
    )
    return folder


@pytest.fixture(scope="session")
def drawings(tmp_path_factory: pytest.TempPathFactory, models: Path, drawing: Path) -> Path:
    """A data folder with published pipelines."""
    data = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(drawing))
        with Workshop(Settings(data=data, models=(models,), workers=1)) as workshop:
            for text in PIPELINES:
                workshop.shelf.publish(PipelineSpec.from_yaml(textwrap.dedent(text)))
    return data


@pytest.fixture(scope="session")
def serving(models: Path, drawing: Path) -> Callable[..., AbstractContextManager[str]]:
    """Data folder, settings -> the address of `printroom serve` with a worker beside it."""

    @contextmanager
    def start(data: Path, **settings: str) -> Iterator[str]:
        environment = os.environ | {
            "PRINTROOM_DATA": str(data),
            "PRINTROOM_MODELS": str(models),
            "PRINTROOM_PRELOAD": "test/double@1",
            "PRINTROOM_WORKERS": "1",
            "PYTHONPATH": str(drawing),
            **{f"PRINTROOM_{name.upper()}": value for name, value in settings.items()},
        }
        command = [sys.executable, "-m", "printroom", "serve", "--port", "0"]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                found = re.search(r"http://[\d.:]+", process.stdout.readline())
                assert found, "the server did not start"
                yield found[0]
            finally:
                process.terminate()

    return start


@pytest.fixture(scope="session", params=["cpu", pytest.param("cuda:0", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Device:
    """What the laws of exactness are held on: the CPU, and a graphics card where there is one."""
    try:
        return Device.parse(request.param)
    except BadOption as reason:
        pytest.skip(f"{request.param}: {reason}")

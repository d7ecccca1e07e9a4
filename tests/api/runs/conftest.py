"""A server with a worker beside it, on either kind of database."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import httpx
import numpy as np
import psutil
import pytest

from printroom.core.settings import Settings
from printroom.imaging.vips import pyvips
from printroom.pipelines.spec import PipelineSpec
from printroom.workshop import Workshop

DOUBLE = """
name: double
inputs:
  image: picture
steps:
  up:
    use: upscale
    with: {image: $image, net: test/double@1, scale: 2}
"""


class Installation:
    """`printroom serve` and `printroom work` as child processes; all gone when left."""

    def __init__(self, data: Path, models: Path, **settings: str) -> None:
        self.data = data
        self.environment = os.environ | {
            "PRINTROOM_DATA": str(data),
            "PRINTROOM_MODELS": str(models),
            "PRINTROOM_PRELOAD": "test/double@1",
            "PRINTROOM_WORKERS": "1",
            "PRINTROOM_MEMORY": "1GiB",
            "PRINTROOM_JOBS_LEASE": "2",
            "PRINTROOM_OUTBOUND_ALLOW": "127.0.0.1",
            **{f"PRINTROOM_{name.upper()}": value for name, value in settings.items()},
        }
        self.processes: list[subprocess.Popen[str]] = []
        self.clients: list[httpx.Client] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.close()
        for process in self.processes:
            if process.poll() is None:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()
            process.communicate()

    def run(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """A child that has said it is ready."""
        more = {f"PRINTROOM_{name.upper()}": value for name, value in settings.items()}
        process = subprocess.Popen(
            [sys.executable, "-m", "printroom", *arguments],
            env=self.environment | more,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        assert process.stdout is not None
        process.said = process.stdout.readline()  # type: ignore[attr-defined]
        assert process.said, f"{arguments} did not start"
        return process

    def serve(self, **settings: str) -> httpx.Client:
        """A server; a client for it."""
        process = self.run("serve", "--port", "0", **settings)
        found = re.search(r"http://\S+?:\d+", process.said)
        assert found
        self.server = process
        self.clients.append(httpx.Client(base_url=found[0], timeout=90))
        return self.clients[-1]

    def stop(self, process: subprocess.Popen[str], number: int = signal.SIGTERM) -> int:
        """Its exit status."""
        process.send_signal(number)
        return process.wait(90)


def publish(data, models, text=DOUBLE, url=None):
    """Publish a pipeline in the database at `url`; None = that of the data folder."""
    with Workshop(Settings(data=data, models=(models,), database_url=url)) as workshop:
        return workshop.shelf.publish(PipelineSpec.from_yaml(text)).id


@pytest.fixture(scope="session")
def shared(tmp_path_factory, models):
    """A server with its worker on SQLite, for tests that leave it as it is."""
    data = tmp_path_factory.mktemp("data")
    publish(data, models)
    with Installation(data, models) as installation:
        installation.client = installation.serve()
        yield installation


@pytest.fixture
def client(shared):
    return shared.client


def png(width=24, height=16, seed=0):
    """A picture's bytes, and its samples."""
    samples = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    image = pyvips.Image.new_from_memory(samples.tobytes(), width, height, 3, "uchar")
    return image.write_to_buffer(".png"), samples


def pixels(data):
    """The samples of a picture's bytes."""
    image = pyvips.Image.new_from_buffer(data, "")
    found = np.frombuffer(image.write_to_memory(), np.uint8)
    return found.reshape(image.height, image.width, image.bands)


def upload(client, data, name="cat.png"):
    """The id of a file."""
    answer = client.post("/v1/files", files={"file": (name, data, "image/png")})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def eventually(look, seconds=60):
    """What `look` returns once it is true."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def tools():
    """What tests do with servers and pictures."""
    return SimpleNamespace(
        Installation=Installation, publish=publish, png=png, pixels=pixels, upload=upload,
        eventually=eventually,
    )  # fmt: skip

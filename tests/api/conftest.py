"""A real server as a child process on a loopback port, and pictures to send it."""

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import httpx
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, save_model

from printroom.catalogue.card import ModelCard
from printroom.imaging.tiling import Geometry
from printroom.imaging.vips import pyvips

_CODE = """
import sys
from printroom.api.limits import HttpLimits
from printroom.api.serve import serve
from printroom.core.settings import Settings
serve(Settings.read(), "127.0.0.1", 0, HttpLimits({limits}))
"""


class Server:
    """`printroom serve` with bounds of its own; a context manager, ready when entered."""

    def __init__(self, models: str, data: Path, processes: int, limits: dict[str, Any]) -> None:
        self.data = data
        environment = os.environ | {
            "PRINTROOM_MODELS": models,
            "PRINTROOM_DATA": str(data),
            "PRINTROOM_PRELOAD": "test/double@1",
            "PRINTROOM_WORKERS": "1",
            "PRINTROOM_PROCESSES": str(processes),
            "PRINTROOM_HTTP_WORKER": "0",  # who needs one starts it
        }
        code = _CODE.format(limits=", ".join(f"{name}={value}" for name, value in limits.items()))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found is None:
            self.process.kill()
            raise AssertionError(f"the server did not start: {self.process.communicate()[1]}")
        self.port = int(found[1])
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop(signal.SIGKILL)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal and wait; exit code and what stood on stderr."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        stderr = self.process.stderr
        text = "" if stderr is None or stderr.closed else self.process.communicate(timeout=60)[1]
        return self.process.wait(timeout=60), text

    def enhance(self, picture: bytes | Iterator[bytes], **query: str | int) -> httpx.Response:
        """POST the picture."""
        return self.client.post("/v1/images/enhance", content=picture, params=query)

    def metric(self, name: str) -> float:
        """A number of `/metrics`."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.client.get("/metrics").text, re.M)
        assert found, f"there is no metric {name}"
        return float(found[1])

    def children(self) -> list[psutil.Process]:
        """The server's processes, where there are several."""
        return psutil.Process(self.process.pid).children()

    def wait_for(self, name: str, value: float) -> None:
        """Return once the metric has that value."""
        end = time.monotonic() + 60
        while (now := self.metric(name)) != value:
            assert time.monotonic() < end, f"{name} is {now}, not {value}"
            time.sleep(0.02)

    def wait_for_scratch(self) -> None:
        """Return once something is on disk."""
        end = time.monotonic() + 60
        while not self.scratch():
            assert time.monotonic() < end, "nothing was written to disk"
            time.sleep(0.02)

    def scratch(self) -> list[str]:
        """Names of the files kept for requests at the moment."""
        files = (path for path in (self.data / "tmp").rglob("*") if path.is_file())
        return sorted(path.name for path in files if path.name != "lock")


Serve = Callable[..., Server]


@pytest.fixture(scope="session")
def slow_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `test/slow@1`, x2, which takes seconds for a picture of 512 x 512."""
    folder = tmp_path_factory.mktemp("slow")
    home = folder / "slow" / "1"
    home.mkdir(parents=True)
    widths = [3, *[48] * 5, 12]
    random = np.random.default_rng(0)
    kernels = [
        random.normal(0, 0.01, (after, before, 3, 3)).astype(np.float32)
        for before, after in pairwise(widths)
    ]
    names = ["image", *(f"hidden{index}" for index in range(len(kernels)))]
    nodes = [
        helper.make_node("Conv", [names[i], f"kernel{i}"], [names[i + 1]], pads=[1, 1, 1, 1])
        for i in range(len(kernels))
    ]
    nodes.append(helper.make_node("DepthToSpace", [names[-1]], ["result"], blocksize=2, mode="CRD"))
    graph = helper.make_graph(
        nodes,
        "slow",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, ["n", 3, "h2", "w2"])],
        [numpy_helper.from_array(kernel, f"kernel{i}") for i, kernel in enumerate(kernels)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save_model(model, home / "slow.onnx")
    card = ModelCard(
        name="test/slow",
        version=1,
        title="Takes its time",
        weights="slow.onnx",
        digest=hashlib.sha256((home / "slow.onnx").read_bytes()).hexdigest(),
        geometry=Geometry(scale=Fraction(2), halo=len(kernels)),
        parameters=sum(kernel.size for kernel in kernels),
        licence="CC0-1.0",
        costs={side: side * side * 800 for side in (32, 64, 128)},
    )
    (home / "card.json").write_text(card.to_json())
    return folder


@pytest.fixture(scope="session")
def start(
    models: Path, slow_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Server]:
    """Make a server with the given HttpLimits, on a data folder of its own unless one is named.

    `more`: further folders with models.

    Of several processes, each has one worker and its part of the limits.
    """
    folders = os.pathsep.join([str(models), str(slow_models)])

    def make(
        data: Path | None = None, processes: int = 1, more: tuple[Path, ...] = (), **limits: Any
    ) -> Server:
        known = os.pathsep.join([folders, *map(str, more)])
        return Server(known, data or tmp_path_factory.mktemp("data"), processes, limits)

    return make


@pytest.fixture(scope="session")
def server(start: Serve) -> Iterator[Server]:
    """One server for all tests that leave it as they found it."""
    with start(body=12 * 2**20, pixels=10**6, idle=1.5, log=True) as server:
        yield server


@pytest.fixture
def send() -> Iterator[Callable[..., socket.socket]]:
    """Send bytes to a server and do not wait for an answer; the sockets are closed afterwards."""
    sockets = []

    def connect(server: Server, data: bytes) -> socket.socket:
        sockets.append(socket.create_connection(("127.0.0.1", server.port), timeout=120))
        sockets[-1].sendall(data)
        return sockets[-1]

    yield connect
    for client in sockets:
        client.close()


@pytest.fixture
def post() -> Callable[..., bytes]:
    """A picture -> the bytes of a request to enhance it."""

    def request(picture: bytes, query: str = "") -> bytes:
        head = (
            f"POST /v1/images/enhance?{query} HTTP/1.1\r\n"
            f"Host: localhost\r\nContent-Length: {len(picture)}\r\n\r\n"
        )
        return head.encode() + picture

    return request


@pytest.fixture
def long_work(post: Callable[..., bytes]) -> bytes:
    """A request that takes the server seconds."""
    smooth = np.linspace(0, 255, 768 * 768).astype(np.uint8).reshape(768, 768, 1).repeat(3, 2)
    picture = pyvips.Image.new_from_array(smooth).copy(interpretation="srgb")
    return post(picture.write_to_buffer(".png"), "model=test/slow@1")


@pytest.fixture(scope="session")
def pixels() -> NDArray[Any]:
    """A small picture (30, 40, 3) of noise."""
    return np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Pixels (H, W, 3) -> bytes of a picture in the format of that suffix."""

    def write(pixels: NDArray[Any], suffix: str = ".png", **options: Any) -> bytes:
        picture = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
        return bytes(picture.write_to_buffer(suffix, **options))

    return write


@pytest.fixture(scope="session")
def picture(encode: Callable[..., bytes], pixels: NDArray[Any]) -> bytes:
    """`pixels` as PNG."""
    return encode(pixels)


@pytest.fixture(scope="session")
def decode() -> Callable[[bytes], NDArray[Any]]:
    """Bytes of a picture -> pixels."""

    def read(data: bytes) -> NDArray[Any]:
        pixels: NDArray[Any] = pyvips.Image.new_from_buffer(data, "").numpy()
        return pixels

    return read

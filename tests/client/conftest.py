"""A real server with a worker, and one that breaks connections on the way."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import numpy as np
import pytest

from printroom.client import Client
from printroom.imaging.vips import pyvips


@pytest.fixture(scope="session")
def url(
    serving: Callable[..., Any], drawings: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a server with the pipelines `draw`, `large`, `count` and `enhance`, the
    smallest generator of people, and the training set `few`.
    """
    folder = tmp_path_factory.mktemp("client")
    shutil.copytree(drawings, folder / "data")
    few = folder / "sets" / "few"
    few.mkdir(parents=True)
    random = np.random.default_rng(1)
    for place in range(6):
        coarse = random.integers(0, 256, (9, 8, 3), np.uint8)
        picture = pyvips.Image.new_from_array(coarse, interpretation="srgb").resize(10)
        picture.write_to_file(str(few / f"{place}.png"))
    sets = str(folder / "sets")
    with serving(folder / "data", people_base="mini-32", training_data=sets) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url) as client:
        yield client


class Breaking:
    """Passes connections on to a server, and cuts each one after some bytes of its answers."""

    def __init__(self, url: str, after: Callable[[int], int | None]) -> None:
        """`after`: number of a connection -> bytes of answers that pass; None = all."""
        self.connections = 0
        self._after = after
        self._target = urlsplit(url).hostname, urlsplit(url).port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                left = self._after(self.connections)
                threading.Thread(target=self._serve, args=(client, left), daemon=True).start()

    def _serve(self, client: socket.socket, left: int | None) -> None:
        with client, socket.create_connection(self._target) as server:
            there = threading.Thread(target=self._pass, args=(client, server, None), daemon=True)
            there.start()
            self._pass(server, client, left)
            there.join()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket, left: int | None) -> None:
        with suppress(OSError):
            while (data := source.recv(4096)) and (left is None or left > 0):
                target.sendall(data if left is None else data[:left])
                left = None if left is None else left - len(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def breaking(url: str) -> Iterator[Callable[..., Breaking]]:
    """Number of a connection -> bytes that pass; a server that breaks."""
    made: list[Breaking] = []

    def start(after: Callable[[int], int | None]) -> Breaking:
        made.append(Breaking(url, after).__enter__())
        return made[-1]

    yield start
    for one in made:
        one.__exit__()


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of noise, 40 x 30."""
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    pyvips.Image.new_from_array(pixels).copy(interpretation="srgb").write_to_file(str(path))
    return path

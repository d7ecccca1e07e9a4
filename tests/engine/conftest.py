"""Small real parts: sessions that compute with numpy, works on plain arrays, gates for both."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.core.settings import Settings
from printroom.engine.floor import Floor
from printroom.engine.flow import Desk
from printroom.engine.order import Order
from printroom.engine.plan import resident
from printroom.engine.scheduler import Scheduler

Planes = NDArray[Any]


class BoxSession:
    """Mean of the 3x3 neighbourhood, black outside, each pixel repeated twice: halo 1, scale 2."""

    resident_bytes = 0
    scale = 2

    def __init__(self, largest: float = float("inf")) -> None:
        self.largest = largest
        """Input samples above which there is no memory."""
        self.shapes: list[tuple[int, ...]] = []

    def run(self, batch: Planes) -> Planes:
        self.shapes.append(batch.shape)
        if batch.size > self.largest:
            raise MemoryError(f"no memory for {batch.shape}")
        height, width = batch.shape[2:]
        padded = np.pad(batch, ((0, 0), (0, 0), (1, 1), (1, 1)))
        total = np.zeros_like(batch)
        for down in range(3):
            for right in range(3):
                total += padded[:, :, down : down + height, right : right + width]
        mean: Planes = total / np.float32(9)
        return mean.repeat(self.scale, 2).repeat(self.scale, 3)

    def close(self) -> None:
        pass


class GatedSession:
    """Doubles what it is given, one batch for each time the test opens the gate.

    `order` lists the first sample of each tile, in the order in which they were begun.
    """

    resident_bytes = 0

    def __init__(self) -> None:
        self.order: list[float] = []
        self.batches: list[int] = []
        self._gate = threading.Semaphore(0)
        self._begun = threading.Condition()

    def run(self, batch: Planes) -> Planes:
        with self._begun:
            self.order += batch[:, 0, 0, 0].tolist()
            self.batches.append(len(batch))
            self._begun.notify_all()
        assert self._gate.acquire(timeout=60)
        return batch * 2

    def open(self, batches: int = 1) -> None:
        """Let so many batches through."""
        self._gate.release(batches)

    def wait_for(self, tiles: int) -> None:
        """Until so many tiles were begun."""
        with self._begun:
            assert self._begun.wait_for(lambda: len(self.order) >= tiles, timeout=60)

    def close(self) -> None:
        pass


class ArrayWork:
    """A tile of plain numbers, which remembers its result; `fault` is raised where it says."""

    def __init__(
        self,
        session: Any,
        value: float,
        *,
        cost: float = 1.0,
        shape: tuple[int, int, int, int] = (1, 1, 2, 2),
        faults: dict[str, BaseException] | None = None,
    ) -> None:
        self.session, self.value, self.cost, self.shape = session, value, cost, shape
        self.faults = faults or {}
        self.results: list[Planes] = []
        self.halves: list[ArrayWork] = []

    def load(self) -> Planes:
        if "load" in self.faults:
            raise self.faults["load"]
        return np.full(self.shape, self.value, np.float32)

    def store(self, result: Planes) -> None:
        if "store" in self.faults:
            raise self.faults["store"]
        self.results.append(result)

    def halve(self) -> Sequence["ArrayWork"]:
        count, channels, height, width = self.shape
        if height < 2:
            return []
        shape = (count, channels, height // 2, width)
        self.halves = [ArrayWork(self.session, self.value, shape=shape) for _ in range(2)]
        return self.halves


class HeldWork(ArrayWork):
    """Holds its worker, before the session, until `go` is set."""

    def __init__(self, session: Any) -> None:
        super().__init__(session, 0)
        self.begun, self.go = threading.Event(), threading.Event()

    def load(self) -> Planes:
        self.begun.set()
        assert self.go.wait(60)
        return super().load()


class EchoSession:
    """Gives back what it is given, and notes the sizes of its batches."""

    resident_bytes = 0

    def __init__(self) -> None:
        self.batches: list[int] = []

    def run(self, batch: Planes) -> Planes:
        self.batches.append(len(batch))
        return batch

    def close(self) -> None:
        pass


@pytest.fixture
def flat_clock() -> Callable[[], float]:
    """By it every batch takes one second whatever its size, so that batching always pays."""
    ticks = itertools.count()
    return lambda: float(next(ticks))


@pytest.fixture
def echo() -> EchoSession:
    return EchoSession()


@pytest.fixture
def held() -> type[HeldWork]:
    return HeldWork


@pytest.fixture
def box() -> type[BoxSession]:
    return BoxSession


@pytest.fixture
def gated() -> GatedSession:
    return GatedSession()


@pytest.fixture
def work() -> type[ArrayWork]:
    return ArrayWork


@pytest.fixture
def scheduler() -> Iterator[Callable[..., Scheduler]]:
    """Makes schedulers, closed at the end; no thread of theirs may be left."""
    before = set(threading.enumerate())
    made: list[Scheduler] = []

    def make(*args: Any, **options: Any) -> Scheduler:
        made.append(Scheduler(*args, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert not set(threading.enumerate()) - before


@pytest.fixture(scope="module")
def floor(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """Two workers, and a gigabyte for them."""
    data = tmp_path_factory.mktemp("data")
    made = Floor(Settings(data=data, models=(shelf,), workers=2, memory=resident() + (1 << 30)))
    yield made
    made.close()


@pytest.fixture
def desk(floor: Floor) -> Iterator[Desk]:
    with closing(Desk(floor, Order())) as made:
        yield made

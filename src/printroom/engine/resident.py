"""One model, loaded or not: what links hold on to while its weights come and go.

    batch -> Resident.run -> result         loaded again if it was let go: what loading raises
    Resident.facts() -> Facts               what there is to know of it now

All state belongs to the `Residency` that made it, and is changed under that one's lock.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from printroom.catalogue.card import Model
from printroom.core.session import ModelSession

if TYPE_CHECKING:
    from printroom.engine.residency import Residency

UNMEASURED = 3
"""Bytes that a model takes for each byte of its weights, before it was loaded: what onnxruntime
was seen to take of large ones."""
SESSION = 2 << 20
"""Bytes that a session takes beside weights, at most."""


@dataclass(frozen=True)
class Facts:
    """A model that is loaded, or was."""

    model: str
    """Its id."""
    bytes: int
    """By which the process grew when it was loaded; of a model in a process of its own, all that
    that takes. 0 = it is not loaded."""
    left: int
    """Bytes that its runs left allocated, as seen when it last ran alone."""
    leases: int
    """Runs that use it now."""
    pinned: bool
    idle: float
    """Seconds since it was last used; 0 = in use."""
    loads: int
    evictions: int
    load_seconds: float
    """What all its loads took, with the trial of each."""


class Flight:
    """One loading, which others may wait for."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.error: BaseException | None = None

    def end(self, error: BaseException | None = None) -> None:
        """Tell whoever waits."""
        self.error = error
        self.over.set()


class Resident:
    """Implements `printroom.core.session.ModelSession`."""

    def __init__(self, house: Residency, model: Model) -> None:
        self._house = house
        self.model = model
        self.session: ModelSession | None = None
        self.flight: Flight | None = None
        """The loading in progress, or the one that failed last while it was leased."""
        self.leases = 0
        self.pinned = False
        self.bytes = 0
        """As measured at the last load; 0 = it never was."""
        self.sure = False
        """Whether nothing else was going on while it was measured."""
        self.reserved = 0
        """Bytes that the ledger keeps for it now."""
        self.left = 0
        self.used = 0.0
        self.loads = self.evictions = 0
        self.load_seconds = 0.0
        self._channels, self._weights = 0, _size(model)

    @property
    def here(self) -> bool:
        """Whether it is loaded, or on its way."""
        return self.session is not None or (
            self.flight is not None and not self.flight.over.is_set()
        )

    @property
    def in_process(self) -> bool:
        """Whether its memory is this process's own."""
        return self.model.in_process

    @property
    def expected(self) -> int:
        """Bytes that loading it will take: what it took, or a guess from its weights."""
        return self.bytes or UNMEASURED * self._weights

    @property
    def certain(self) -> int:
        """Bytes that it takes without doubt: as measured, or its weights."""
        return self.bytes if self.sure else self._weights

    @property
    def resident_bytes(self) -> int:
        """Bytes that it took when it was loaded last."""
        return self.bytes

    @property
    def channels(self) -> int:
        """What `run` takes and gives: 3, or 1. Known once it was loaded."""
        return self._channels

    def run(self, batch: NDArray[Any]) -> NDArray[Any]:
        """(N, C, H, W) -> (N, C, H * scale, W * scale). Safe from many threads.

        Whoever holds a lease is sure that it is loaded; for others it is loaded if need be.
        """
        session = self._house.enter(self)
        try:
            return session.run(batch)
        finally:
            self._house.leave((self,))

    def shrink(self) -> None:
        """Give back what earlier runs left allocated."""
        self._house.shrink((self,))

    def close(self) -> None:
        """Let it go, unless it is in use."""
        self._house.let_go((self,))

    def arrived(self, session: ModelSession, seconds: float, *, sure: bool) -> None:
        """Under the house's lock: it is loaded; `sure`: nothing else went on meanwhile."""
        self.session, self.flight = session, None
        self._channels, self.left = session.channels, 0
        if sure or not self.sure:
            size = session.resident_bytes
            self.bytes = size if sure else believable(self.model, size)
            self.sure = sure
        self.loads += 1
        self.load_seconds += seconds

    def facts(self, now: float) -> Facts:
        """Under the house's lock."""
        return Facts(
            model=self.model.label,
            bytes=self.bytes if self.session is not None else 0,
            left=self.left if self.session is not None else 0,
            leases=self.leases,
            pinned=self.pinned,
            idle=0.0 if self.leases else max(0.0, now - self.used),
            loads=self.loads,
            evictions=self.evictions,
            load_seconds=self.load_seconds,
        )


def believable(model: Model, size: int) -> int:
    """Bytes by which the process grew while `model` was loaded, less what must be others' doing."""
    if not model.in_process:
        return size
    return min(size, UNMEASURED * _size(model) + SESSION)


def _size(model: Model) -> int:
    """Bytes of the weights, a file or a folder; by their number where they are not here yet."""
    path = model.weights
    try:
        if path.is_dir():
            return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return path.stat().st_size
    except OSError:
        return 4 * model.card.parameters

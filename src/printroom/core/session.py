"""The contract between the engine and any framework: a loaded model that turns tiles into tiles."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray


class Session(Protocol):
    """A model with its weights loaded, ready to run on one device."""

    @property
    def resident_bytes(self) -> int:
        """Bytes the weights occupy, measured at load."""

    def run(self, batch: NDArray[Any]) -> NDArray[Any]:
        """(N, C, H, W) float32 -> (N, C', H * scale, W * scale) float32. Safe from many threads.

        Raises MemoryError when the device cannot allocate, ModelFailed for anything else.
        """

    def close(self) -> None:
        """Give the memory back. The session must not be used afterwards."""


class ModelSession(Session, Protocol):
    """A model of the catalogue: whatever its own habits are, it takes sRGB from 0 to 1."""

    @property
    def channels(self) -> int:
        """What `run` takes and gives: 3 = red, green, blue; 1 = one plane at a time."""

    def shrink(self) -> None:
        """Give back what earlier runs left allocated. For when the model is idle."""

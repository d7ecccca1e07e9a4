"""The engine between arrays: what `enhance` does, less opening, decoding, encoding and writing.

    (H, W, 3) uint8 -> plan, strips, scheduler, session -> (2H, 2W, 3) uint8

Memory is the default; what this process takes already counts, as it does in `enhance`.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from printroom.core.settings import Settings
from printroom.engine.plan import Part, Plan, Room, plan, resident
from printroom.engine.stream import stream
from printroom.imaging.encode import PictureSpec
from printroom.runtimes.onnx.session import OnnxSession
from printroom.workshop import Workshop


class Engine:
    """The net that doubles, loaded, and workers waiting; ends with the `with`."""

    def __init__(self, workers: int) -> None:
        self._workshop = Workshop(Settings(workers=workers))
        self.model = self._workshop.floor.best(2)
        self._session = OnnxSession(self.model.weights, self._workshop.device.providers)
        budget = self._workshop.budget
        self._room = Room(workers=workers, budget=budget, base=resident(), idle=workers)

    def plan(self, picture: NDArray[Any]) -> Plan:
        """How `picture` is cut, as `enhance` would on an idle machine."""
        height, width, bands = picture.shape
        card, channels = self.model.card, self._session.signature.channels
        spec = PictureSpec(width, height, bands, 8)
        return plan(spec, (Part.of_model(card.geometry, channels, card.costs),), self._room)

    def describe(self, picture: NDArray[Any]) -> str:
        grid = self.plan(picture).links[0].grid
        return f"engine at tile {grid.tile_width} x {grid.tile_height}"

    def run(self, picture: NDArray[Any]) -> NDArray[Any]:
        """The whole picture through the engine."""
        cut = self.plan(picture)
        source, sink = _Source(picture), _Sink(cut)
        with self._workshop.scheduler.run(in_flight=cut.in_flight) as run:
            stream(source.read, sink.write, cut, (self._session,), run)
        return sink.picture

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._workshop.close()
        self._session.close()


class _Source:
    """Rows of an array, in order."""

    def __init__(self, picture: NDArray[Any]) -> None:
        self._picture, self._next = picture, 0

    def read(self, rows: int) -> NDArray[Any]:
        self._next += rows
        return self._picture[self._next - rows : self._next]


class _Sink:
    """Collects rows."""

    def __init__(self, cut: Plan) -> None:
        last = cut.links[-1]
        self.picture = np.empty((last.grid.out_height, last.grid.out_width, last.bands), np.uint8)
        self._next = 0

    def write(self, rows: NDArray[Any]) -> None:
        self.picture[self._next : self._next + len(rows)] = rows
        self._next += len(rows)

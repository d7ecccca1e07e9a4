"""A model of a stranger, run by onnxruntime in a process of its own, behind walls.

It runs in this printroom's own Python, so that the model is read as it is everywhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from printroom_step import Array, step  # type: ignore[import-not-found]

from printroom.runtimes.onnx.generator import Generator
from printroom.runtimes.onnx.session import OnnxSession
from printroom.runtimes.reading import Reading, needs_refit


@step
class OnnxModel:
    """(n, c, h, w) float32 -> (n, c, h', w') float32; (1, 1, 1, n) of one that draws."""

    def __init__(self, path: str, reading: dict[str, Any], threads: int) -> None:
        """Load the graph at `path`, with the ports of the house."""
        found = Reading.of(reading)
        weights: Path | bytes = Path(path)
        self._session: OnnxSession | Generator
        if found.generates:
            self._session = Generator(weights, found, threads=threads)
            return
        if needs_refit(found):
            from printroom.runtimes.onnx.refit import refit

            weights = refit(Path(path).read_bytes(), found)
        self._session = OnnxSession(weights, threads=threads)

    def run(self, batch: Array("float32", (None, None, None, None))) -> Array("float32"):  # type: ignore[valid-type]
        """The picture, before its values are read."""
        return self._session.run(batch)

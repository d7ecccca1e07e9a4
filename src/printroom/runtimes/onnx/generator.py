"""A model that makes a picture of random numbers, and of the name of what it is to show.

    weights, Reading -> Generator        BadModel BadOption
    seed, class -> (1, 3, h, w)          BadOption ModelFailed MemoryError

The numbers are those of `numpy.random.RandomState(seed)`, whose streams never change, and which
published seeds of such networks mean: the same seed is the same picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadModel, BadOption, ModelFailed
from printroom.runtimes.adapted import meant
from printroom.runtimes.onnx.session import CPU, NO_MEMORY, Provider, load
from printroom.runtimes.reading import Classes, Latent, Reading

SEEDS = 2**32
"""Seeds are below this."""
DTYPES = {
    "float": np.float32,
    "float16": np.float16,
    "double": np.float64,
    "int64": np.int64,
    "int32": np.int32,
}
"""Types of inputs that can be filled."""


class Generator:
    """Loaded, and ready to draw. Safe from many threads."""

    def __init__(
        self, weights: Path | bytes, reading: Reading, providers: Sequence[Provider] = CPU
    ) -> None:
        """Raises BadModel when the model's inputs are not those of the reading."""
        self._session = load(weights, providers)
        self._reading = reading
        ports = self._session.get_inputs()
        self._types = {
            port.name: port.type.removeprefix("tensor(").removesuffix(")") for port in ports
        }
        self._shapes = {port.name: port.shape or [] for port in ports}
        classes = (reading.classes.name,) if reading.classes else ()
        named = (*(one.name for one in reading.latents), *dict(reading.constants), *classes)
        if set(named) != set(self._types) or len(set(named)) < len(named):
            raise BadModel(
                f"the model takes {', '.join(self._types)}, its reading names {', '.join(named)}",
                "mend the reading",
            )
        if odd := set(self._types.values()) - set(DTYPES):
            raise BadModel(f"the model takes {', '.join(sorted(odd))}", "use another model")
        outputs = [port.name for port in self._session.get_outputs()]
        self._output = reading.output.name or outputs[0]

    def draw(self, seed: int, shows: str = "") -> NDArray[np.float32]:
        """(1, 3, h, w) float32, sRGB 0..1, unclipped.

        `shows`: the name of a class; empty = the first. Raises BadOption, ModelFailed, MemoryError.
        """
        planes = meant(self.raw(seed, shows), self._reading.output)
        return np.ascontiguousarray(np.broadcast_to(planes, (1, 3, *planes.shape[2:])))

    def raw(self, seed: int, shows: str = "") -> NDArray[np.float32]:
        """(1, 1 or 3, h, w) as the model means it, before its range is read."""
        if not 0 <= seed < SEEDS:
            raise BadOption(f"{seed} is no seed", f"it may be from 0 to {SEEDS - 1}")
        try:
            result = np.asarray(self._session.run([self._output], self._feed(seed, shows))[0])
        except BadOption:
            raise
        except Exception as error:  # onnxruntime's classes share no other base
            if isinstance(error, MemoryError) or any(sign in str(error) for sign in NO_MEMORY):
                raise MemoryError("no memory to draw") from error
            reason = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
            raise ModelFailed("the model failed to draw", reason) from error
        if self._reading.output.layout == "nhwc" and result.ndim == 4:
            result = result.transpose(0, 3, 1, 2)
        if result.ndim != 4 or result.shape[:2] != (1, self._reading.output.planes):
            raise ModelFailed(f"the model made {result.shape}, which is no picture")
        return result.astype(np.float32)

    def close(self) -> None:
        """Give the memory back."""
        del self._session

    def _feed(self, seed: int, shows: str) -> dict[str, Any]:
        random = np.random.RandomState(seed)
        feed = {one.name: self._as(one.name, drawn(random, one)) for one in self._reading.latents}
        for name, value in self._reading.constants:
            shape = [side if isinstance(side, int) else 1 for side in self._shapes[name]]
            feed[name] = self._as(name, np.full(shape, value))
        if (classes := self._reading.classes) is not None:
            one = chosen(classes, shows)
            if classes.form == "index" and len(self._shapes[classes.name]) == 2:
                one = one[:, None]
            feed[classes.name] = self._as(classes.name, one)
        elif shows:
            raise BadOption(f"the model draws one thing only, not {shows!r}", "name no class")
        return feed

    def _as(self, name: str, value: NDArray[Any]) -> NDArray[Any]:
        return value.astype(DTYPES[self._types[name]])


def drawn(random: np.random.RandomState, latent: Latent) -> NDArray[np.float64]:
    """The numbers of one latent."""
    if latent.distribution == "normal":
        return random.standard_normal(latent.shape)
    return random.uniform(-1, 1, latent.shape)


def chosen(classes: Classes, shows: str) -> NDArray[np.float32]:
    """What stands for a class: (1,) its number, or (1, classes) with a 1. Raises BadOption."""
    if shows and shows not in classes.names:
        offered = ", ".join(classes.names[:20]) + (", ..." if len(classes.names) > 20 else "")
        raise BadOption(f"the model knows no {shows!r}", f"it knows {offered}")
    number = classes.names.index(shows) if shows else 0
    if classes.form == "index":
        return np.array([number], np.float32)
    return np.eye(len(classes.names), dtype=np.float32)[number : number + 1]

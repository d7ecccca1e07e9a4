"""A model that makes a picture of random numbers, and of the name of what it is to show.

    weights, Reading -> Generator                   BadModel BadOption
    seed, class -> conditions -> (1, 1, 1, n)       BadOption
    (1, 1, 1, n) -> Generator.run -> (1, c, h, w)   ModelFailed MemoryError

The numbers are those of `numpy.random.RandomState(seed)`, whose streams never change, and which
published seeds of such networks mean: the same seed is the same picture. What a picture is made of
is one array, so that such a model runs wherever others do: behind walls, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
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


def conditions(reading: Reading, seed: int, shows: str = "") -> NDArray[np.float32]:
    """(1, 1, 1, n): the numbers of all latents, and the number of the class behind them.

    `shows`: the name of a class; empty = the first. Raises BadOption.
    """
    if not 0 <= seed < SEEDS:
        raise BadOption(f"{seed} is no seed", f"it may be from 0 to {SEEDS - 1}")
    random = np.random.RandomState(seed)
    parts = [drawn(random, one).ravel() for one in reading.latents]
    if reading.classes is not None:
        parts.append(np.array([number_of(reading.classes, shows)]))
    elif shows:
        raise BadOption(f"the model draws one thing only, not {shows!r}", "name no class")
    return np.concatenate(parts).astype(np.float32)[None, None, None]


class Generator:
    """Loaded, and ready to draw. Safe from many threads."""

    def __init__(
        self,
        weights: Path | bytes,
        reading: Reading,
        providers: Sequence[Provider] = CPU,
        *,
        threads: int = 1,
    ) -> None:
        """Raises BadModel when the model's inputs are not those of the reading."""
        self._session = load(weights, providers, threads)
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
        return shown(self.raw(seed, shows), self._reading)

    def raw(self, seed: int, shows: str = "") -> NDArray[np.float32]:
        """(1, 1 or 3, h, w) as the model means it, before its range is read."""
        return self.run(conditions(self._reading, seed, shows))

    def run(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """What `raw` gives, of `conditions`. Raises ModelFailed, MemoryError."""
        feed = self._feed(np.asarray(batch, np.float32).ravel())
        try:
            result = np.asarray(self._session.run([self._output], feed)[0])
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

    def _feed(self, numbers: NDArray[np.float32]) -> dict[str, Any]:
        feed, at = dict[str, Any](), 0
        classes = self._reading.classes
        if numbers.size != size_of(self._reading):
            raise ModelFailed(f"the model is drawn from {size_of(self._reading)} numbers")
        for one in self._reading.latents:
            size = prod(one.shape)
            feed[one.name] = self._as(one.name, numbers[at : at + size].reshape(one.shape))
            at += size
        for name, value in self._reading.constants:
            shape = [side if isinstance(side, int) else 1 for side in self._shapes[name]]
            feed[name] = self._as(name, np.full(shape, value))
        if classes is not None:
            one_class = chosen(classes, int(numbers[at]))
            if classes.form == "index" and len(self._shapes[classes.name]) == 2:
                one_class = one_class[:, None]
            feed[classes.name] = self._as(classes.name, one_class)
        return feed

    def _as(self, name: str, value: NDArray[Any]) -> NDArray[Any]:
        return value.astype(DTYPES[self._types[name]])


def size_of(reading: Reading) -> int:
    """How many numbers a picture is made of: the last axis of `conditions`."""
    return sum(prod(one.shape) for one in reading.latents) + (reading.classes is not None)


def shown(planes: NDArray[Any], reading: Reading) -> NDArray[np.float32]:
    """What a model made, as (1, 3, h, w) float32, sRGB 0..1, unclipped."""
    planes = meant(planes, reading.output)
    return np.ascontiguousarray(np.broadcast_to(planes, (1, 3, *planes.shape[2:])))


def drawn(random: np.random.RandomState, latent: Latent) -> NDArray[np.float64]:
    """The numbers of one latent."""
    if latent.distribution == "normal":
        return random.standard_normal(latent.shape)
    return random.uniform(-1, 1, latent.shape)


def number_of(classes: Classes, shows: str) -> int:
    """The number of a class; empty = the first. Raises BadOption."""
    if shows and shows not in classes.names:
        offered = ", ".join(classes.names[:20]) + (", ..." if len(classes.names) > 20 else "")
        raise BadOption(f"the model knows no {shows!r}", f"it knows {offered}")
    return classes.names.index(shows) if shows else 0


def chosen(classes: Classes, number: int) -> NDArray[np.float32]:
    """What stands for a class: (1,) its number, or (1, classes) with a 1."""
    if classes.form == "index":
        return np.array([number], np.float32)
    return np.eye(len(classes.names), dtype=np.float32)[number : number + 1]

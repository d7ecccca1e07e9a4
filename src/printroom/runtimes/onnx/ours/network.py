"""What a network is: convolutions by name, and a walk through them.

    weights by name -> kernels -> kernels and biases, as they ship
    Network, Operations, picture -> walk -> result

A convolution NAME has NAME.weight (outputs, inputs * side²), its kernel as a matrix, and NAME.bias
(outputs). Odd kernels with as many inputs as outputs also pass each channel on as it is, which the
matrix leaves out. One that is `whole` has its kernel, NAME (outputs, inputs, side, side), alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

LAYERS, CHANNELS = 64, 512
"""Most of each."""
Array = NDArray[np.float32]
Weights = Mapping[str, Array]
Shapes = Mapping[str, tuple[int, ...]]
T = TypeVar("T")


@dataclass(frozen=True)
class Convolution:
    """The size of one."""

    inputs: int
    outputs: int
    side: int = 3
    stride: int = 1
    whole: bool = False

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of its kernel."""
        return self.outputs, self.inputs, self.side, self.side

    @property
    def passes(self) -> bool:
        """Whether it passes each channel on."""
        return not self.whole and self.inputs == self.outputs and self.side % 2 == 1

    @property
    def reach(self) -> int:
        """Zeros at each border. Even kernels look at whole squares only."""
        return self.side // 2 if self.side % 2 else 0

    def passing(self) -> Array:
        """The kernel that passes on, or zeros."""
        kernel = np.zeros(self.shape, np.float32)
        if self.passes:
            kernel[range(self.outputs), range(self.inputs), self.side // 2, self.side // 2] = 1
        return kernel


class Operations(Protocol[T]):
    """What is done to values on a walk."""

    def convolved(self, name: str, value: T) -> T:
        """By the convolution `name`."""

    def active(self, value: T) -> T:
        """Through a leaky ReLU; see `SLOPE`."""

    def smaller(self, value: T, scale: int) -> T:
        """(c, s h, s w) -> (s² c, h, w): a place in all channels, then the next."""

    def larger(self, value: T, scale: int) -> T:
        """(c s², h, w) -> (c, s h, s w): a channel in all places, then the next."""

    def sum(self, one: T, other: T) -> T:
        """Of two."""


SLOPE = 0.1
"""Of the leaky ReLU below zero."""


class Network(ABC):
    """One of the networks, of a certain size."""

    scale: int
    """How much larger its pictures become; their samples are RGB in 0..1."""

    @property
    @abstractmethod
    def architecture(self) -> str:
        """Its name."""

    @property
    @abstractmethod
    def ends(self) -> tuple[str, str] | None:
        """The convolutions that see and show squares of pixels in other `coordinates`, if any."""

    @property
    @abstractmethod
    def convolutions(self) -> dict[str, Convolution]:
        """All of them, by name, as they are come to."""

    @abstractmethod
    def walk(self, on: Operations[T], picture: T) -> T:
        """(n, 3, h, w) -> (n, 3, s h, s w)."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of each of its weights, by name."""
        found: dict[str, tuple[int, ...]] = {}
        for name, one in self.convolutions.items():
            if one.whole:
                found[name] = one.shape
            else:
                found[f"{name}.weight"] = one.outputs, one.inputs * one.side**2
                found[f"{name}.bias"] = (one.outputs,)
        return found

    def kernels(self, weights: Weights) -> dict[str, tuple[Array, Array]]:
        """Name -> kernel and bias of each convolution, in coordinates that were learnt in."""
        found: dict[str, tuple[Array, Array]] = {}
        for name, one in self.convolutions.items():
            if one.whole:
                found[name] = weights[name], np.zeros(one.outputs, np.float32)
            else:
                kernel = weights[f"{name}.weight"].reshape(one.shape) + one.passing()
                found[name] = kernel, weights[f"{name}.bias"]
        return found


def refuse_others(network: Network, given: Shapes) -> None:
    """Raises ValueError where the shapes `given` are not those of `network`."""
    wanted = network.shapes
    for name in sorted(wanted.keys() | given.keys()):
        if wanted.get(name) != given.get(name):
            expected, found = (_shown(some.get(name)) for some in (wanted, given))
            raise ValueError(f"{name[:80]} is {found}, and {network.architecture} has {expected}")


def count_of(shapes: Shapes, prefix: str) -> int:
    """How many convolutions `prefix`.0, .1, ... there are, at most one more than `LAYERS`."""
    names = (f"{prefix}.{place}.bias" for place in range(LAYERS + 1))
    return sum(1 for name in names if name in shapes)


def _shown(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else str(list(shape))

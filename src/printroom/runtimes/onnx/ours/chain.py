"""Chains of 3x3 convolutions, beside interpolation or beside the picture itself.

(3, h, w) -> chain + interpolation -> shuffled -> (3, s h, s w)            `printroom-upscaler`
(3, h, w) -> squares of pixels -> chain -> shuffled -> + picture           `printroom-restorer`
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from printroom.runtimes.onnx.ours.coordinates import FOLD, FOLDED
from printroom.runtimes.onnx.ours.network import (
    CHANNELS,
    LAYERS,
    Convolution,
    Network,
    Operations,
    Shapes,
    T,
    count_of,
    refuse_others,
)

UPSCALER, RESTORER = "printroom-upscaler", "printroom-restorer"
PREFIX, SKIP = "chain.layers", "skip"
SIDE = 5
"""Of the kernel that interpolates."""
SCALES = (2, 3, 4)


@dataclass(frozen=True)
class Chain(Network):
    """An upscaler, or at scale 1 a restorer."""

    scale: int
    channels: int
    layers: int
    """Convolutions between the first and the last."""

    @property
    def architecture(self) -> str:
        return UPSCALER if self.scale > 1 else RESTORER

    @property
    def ends(self) -> tuple[str, str] | None:
        return None if self.scale > 1 else (self._name(0), self._name(self.layers + 1))

    @property
    def convolutions(self) -> dict[str, Convolution]:
        first, last = (3, 3 * self.scale**2) if self.scale > 1 else (FOLDED, FOLDED)
        sizes = [first, *[self.channels] * (self.layers + 1), last]
        found = {
            self._name(place): Convolution(*pair) for place, pair in enumerate(pairwise(sizes))
        }
        return found | ({SKIP: Convolution(3, last, SIDE, whole=True)} if self.scale > 1 else {})

    def walk(self, on: Operations[T], picture: T) -> T:
        value = picture if self.scale > 1 else on.smaller(picture, FOLD)
        for place in range(self.layers + 1):
            value = on.active(on.convolved(self._name(place), value))
        value = on.convolved(self._name(self.layers + 1), value)
        if self.scale > 1:
            return on.larger(on.sum(value, on.convolved(SKIP, picture)), self.scale)
        return on.sum(picture, on.larger(value, FOLD))

    def _name(self, place: int) -> str:
        return f"{PREFIX}.{place}"


def chain_of(shapes: Shapes) -> Chain:
    """The chain whose weights have those names and shapes. Raises ValueError."""
    skip, scale = shapes.get(SKIP), 1
    if skip is not None:
        scale = next((one for one in SCALES if skip[:1] == (3 * one**2,)), 0)
        if not scale:
            raise ValueError(f"skip is {list(skip)}, which enlarges by none of {SCALES}")
    channels, layers = (*shapes[f"{PREFIX}.0.weight"], 0)[0], count_of(shapes, PREFIX) - 2
    if not (0 <= layers <= LAYERS - 2 and 0 < channels <= CHANNELS):
        reason = f"{layers + 2} convolutions of {channels} channels"
        raise ValueError(f"there are {reason}: up to {LAYERS} of up to {CHANNELS} are taken")
    found = Chain(scale, channels, layers)
    refuse_others(found, shapes)
    return found

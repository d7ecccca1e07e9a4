"""A U-Net that mends: it sees far, at the cost of a plain chain that does not.

    (3, h, w) -> squares of pixels -> 3x3s -> halved -> 3x3s -> halved -> 3x3s
    + picture <- shuffled          <- 3x3s <- doubled + <- 3x3s <- doubled +      `printroom-unet`

Levels at a half, a quarter and an eighth of the resolution; what a level saw on the way down is
added on the way up. Halving is a convolution of 2x2 by 2, doubling one of 1x1 and a shuffle, so
that tiles come out exact (Ronneberger et al. 2015, without what looks at a whole picture).
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

UNET = "printroom-unet"
LEVELS = 3
ALIGN = FOLD * 2 ** (LEVELS - 1)
"""What the sides of pictures are multiples of."""
FIRST, LAST, DOWN, UP = "first", "last", "going_down", "going_up"
HALVE, DOUBLE = "halving", "doubling"


@dataclass(frozen=True)
class UNet(Network):
    """Levels as deep on the way down as on the way up; the lowest is passed once."""

    widths: tuple[int, ...]
    """Channels of each level, the highest first."""
    depths: tuple[int, ...]
    """3x3 convolutions of each, each way."""
    scale = 1
    architecture = UNET
    ends = FIRST, LAST

    @property
    def convolutions(self) -> dict[str, Convolution]:
        found = {FIRST: Convolution(FOLDED, self.widths[0])}
        for number, (width, depth) in enumerate(zip(self.widths, self.depths, strict=True)):
            for way in (DOWN, UP) if number < LEVELS - 1 else (DOWN,):
                names = (f"{way}.{number}.{place}" for place in range(depth))
                found |= {name: Convolution(width, width) for name in names}
        for number, (upper, lower) in enumerate(pairwise(self.widths)):
            found[f"{HALVE}.{number}"] = Convolution(upper, lower, side=2, stride=2)
            found[f"{DOUBLE}.{number}"] = Convolution(lower, 4 * upper, side=1)
        return found | {LAST: Convolution(self.widths[0], FOLDED)}

    def walk(self, on: Operations[T], picture: T) -> T:
        def convolved(name: str, value: T) -> T:
            return on.active(on.convolved(name, value))

        def through(way: str, number: int, value: T) -> T:
            for place in range(self.depths[number]):
                value = convolved(f"{way}.{number}.{place}", value)
            return value

        beside: list[T] = []
        value = through(DOWN, 0, convolved(FIRST, on.smaller(picture, FOLD)))
        for number in range(1, LEVELS):
            beside.append(value)
            value = through(DOWN, number, convolved(f"{HALVE}.{number - 1}", value))
        for number in reversed(range(LEVELS - 1)):
            doubled = on.larger(on.convolved(f"{DOUBLE}.{number}", value), 2)
            value = through(UP, number, on.active(on.sum(doubled, beside.pop())))
        return on.sum(picture, on.larger(on.convolved(LAST, value), FOLD))


def unet_of(shapes: Shapes) -> UNet:
    """The U-Net whose weights have those names and shapes. Raises ValueError."""
    names = [FIRST, *(f"{HALVE}.{number}" for number in range(LEVELS - 1))]
    widths = tuple((*shapes.get(f"{name}.bias", ()), 0)[0] for name in names)
    depths = tuple(count_of(shapes, f"{DOWN}.{number}") for number in range(LEVELS))
    if not (all(0 < width <= CHANNELS for width in widths) and max(depths) <= LAYERS):
        reason = f"levels of {list(widths)} channels and {list(depths)} convolutions"
        raise ValueError(f"there are {reason}: up to {CHANNELS} and {LAYERS} are taken")
    found = UNet(widths, depths)
    refuse_others(found, shapes)
    return found

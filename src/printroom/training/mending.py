"""What recipes of nets that mend have in common: the U-Net, its options, and patches that fit it.

Mending -> fitting -> the net of a recipe      BadOption: patches that it cannot halve
pictures -> aligned -> pictures that it can
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from printroom.core.errors import BadOption
from printroom.runtimes.onnx.ours.unet import ALIGN, LEVELS
from printroom.training.nets import Net, make_unet
from printroom.training.photos import cropped
from printroom.training.release import MakeNet
from printroom.training.sources import Array
from printroom.training.trainer import Options


@dataclass(frozen=True)
class Mending(Options):
    """What a run may vary."""

    layers: int = 3
    upper: int = 2
    """3x3 convolutions of the upper level each way, the dearest; `layers` are those below."""
    batch: int = 8
    rate: float = 0.01


def fitting(options: Mending) -> MakeNet:
    """Makes the U-Net of `options`. Raises BadOption for patches that it cannot halve."""
    if options.patch % ALIGN:
        raise BadOption(
            f"patches of {options.patch} pixels cannot be halved {LEVELS} times",
            f"give --patch a multiple of {ALIGN}",
        )

    def net(_: int, channels: int, layers: int) -> Net:
        return make_unet(channels, layers, options.upper)

    return net


def aligned(pictures: Iterable[Array]) -> list[Array]:
    """`pictures` without what is over sides that the net can halve. Views."""
    return [cropped(picture, ALIGN) for picture in pictures]

"""Nets as PyTorch exports them, with height and width free: shapes are computed in the graph."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from printroom.runtimes.onnx.examine import examine

torch = pytest.importorskip("torch", reason="wants the extra `train`")
nn = torch.nn
Module: Any = nn.Module

pytestmark = [
    pytest.mark.slow,
    # the exporter that needs nothing but torch is the old one, and says so at every turn
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]


class Hourglass(Module):  # type: ignore[misc]
    """Down to a quarter and up again, padded inside to a multiple of four and cut back."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1)
        self.down = nn.Conv2d(8, 8, 4, stride=4)
        self.up = nn.ConvTranspose2d(8, 8, 4, stride=4)

    def forward(self, x: Any) -> Any:
        height, width = x.shape[-2:]
        padded = nn.functional.pad(x, (0, (4 - width % 4) % 4, 0, (4 - height % 4) % 4))
        first = self.first(padded)
        return self.last(first + self.up(self.down(first)))[:, :, :height, :width]


class Attention(Module):  # type: ignore[misc]
    """Weighs channels by their mean over the whole picture."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.weigh = nn.Conv2d(3, 12, 3, padding=1), nn.Conv2d(12, 12, 1)

    def forward(self, x: Any) -> Any:
        x = self.conv(x)
        x = x * self.weigh(nn.functional.adaptive_avg_pool2d(x, 1)).sigmoid()
        return nn.functional.pixel_shuffle(x, 2)


def conv(given: int, wanted: int, **options: Any) -> Any:
    return nn.Conv2d(given, wanted, 3, padding=1, **options)


def shuffled() -> Any:
    return nn.Sequential(conv(3, 16), nn.PReLU(16), conv(16, 27), nn.PixelShuffle(3))


def unshuffled() -> Any:
    inner = [conv(12, 16), nn.SiLU(), conv(16, 12)]
    return nn.Sequential(nn.PixelUnshuffle(2), *inner, nn.PixelShuffle(2))


def resized(**options: Any) -> Callable[[], Any]:
    return lambda: nn.Sequential(nn.Upsample(scale_factor=2, **options), conv(3, 3))


def reflected() -> Any:
    return nn.Sequential(nn.ReflectionPad2d(4), nn.Conv2d(3, 8, 9), nn.GELU(), conv(8, 3))


@pytest.mark.parametrize(
    ("build", "scale", "halo", "align"),
    [
        (shuffled, 3, 2, 1),
        (unshuffled, 1, 4, 2),
        (resized(mode="nearest"), 2, 1, 1),
        (resized(mode="bilinear"), 2, 1, 1),
        (resized(mode="bicubic"), 2, 2, 1),
        (reflected, 1, 5, 1),
        (Hourglass, 1, 8, 4),
    ],
)
def test_exact(build: Callable[[], Any], scale: int, halo: int, align: int) -> None:
    geometry = examine(exported(build())).geometry
    assert geometry.exact, geometry.why
    assert geometry.tolerance == 0
    assert (geometry.scale, geometry.halo, geometry.align) == (Fraction(scale), halo, align)


@pytest.mark.parametrize(
    ("build", "operator"),
    [(Attention, "GlobalAveragePool"), (resized(mode="bilinear", align_corners=True), "Resize")],
)
def test_not_exact(build: Callable[[], Any], operator: str) -> None:
    geometry = examine(exported(build())).geometry
    assert not geometry.exact
    assert operator in geometry.why
    assert geometry.scale == 2


def exported(net: Any) -> bytes:
    file = io.BytesIO()
    free = {0: "n", 2: "h", 3: "w"}
    torch.onnx.export(
        net.eval(),
        torch.zeros(1, 3, 32, 48),
        file,
        input_names=["x"],
        output_names=["y"],
        dynamic_axes={"x": free, "y": {0: "n", 2: "h2", 3: "w2"}},
        opset_version=17,
        dynamo=False,
    )
    return file.getvalue()

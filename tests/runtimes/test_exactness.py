"""The law of tiling: a model in tiles equals the model on the whole picture.

Random nets, pictures and tiles; bit for bit where every operator is in `BIT_EQUAL`, within
`LOOSE` elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from onnx import ModelProto

from printroom.engine.device import Device
from printroom.imaging.tiling import TileGrid
from printroom.runtimes.onnx.geometry import derive
from printroom.runtimes.onnx.probe import difference, run_tiled, run_whole
from printroom.runtimes.onnx.rules import BIT_EQUAL, LOOSE
from printroom.runtimes.onnx.session import OnnxSession

KEEP = ["Relu", "LeakyRelu", "Abs", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Erf", "Gelu"]
VARY = ["Elu", "Selu", "Celu", "Softplus", "Softsign", "Mish", "Exp", "Sin", "Cos"]


@dataclass
class Sketch:
    """A net in the making: its last tensor, and where it stands."""

    net: Any
    draw: st.DrawFn
    tensor: str = "x"
    channels: int = 3
    scale: Fraction = Fraction(1)

    def of(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def then(self, op: str, *others: str, **attributes: Any) -> None:
        self.tensor = self.net.node(op, [self.tensor, *others], **attributes)

    # -- layers that keep the scale

    def conv(self) -> None:
        kernel, dilation = self.of(1, 2, 3, 5), self.of(1, 1, 2, 3)
        group = self.channels if self.of(False, False, True) else 1
        wanted = self.channels if group > 1 else self.of(1, 3, 8, 16, 17)
        total = dilation * (kernel - 1)
        top, left = (self.draw(st.integers(0, total)) for _ in "yx")
        self.tensor = self.net.conv(
            self.tensor,
            self.channels,
            wanted,
            kernel,
            dilations=[dilation] * 2,
            group=group,
            pads=[top, left, total - top, total - left],
        )
        self.channels = wanted

    def same(self) -> None:
        wanted = self.of(4, 8)
        weight = self.net.weights(wanted, self.channels, 3, 2)
        self.then("Conv", weight, auto_pad=self.of("SAME_UPPER", "SAME_LOWER"))
        self.channels = wanted

    def bordered(self) -> None:
        pad = self.of(1, 2)
        pads = self.net.constant([0, 0, pad, pad, 0, 0, pad, pad], "int64")
        self.then("Pad", pads, mode=self.of("reflect", "edge", "constant"))
        weight = self.net.weights(6, self.channels, 2 * pad + 1, 2 * pad + 1)
        self.then("Conv", weight)
        self.channels = 6

    def shifted(self) -> None:
        pads = self.net.constant([0, 0, self.of(1, 2), 0, 0, 0, 0, self.of(1, 3)], "int64")
        self.then("Pad", pads, mode=self.of("edge", "constant"))
        numbers = [[0, self.of(1, 2)], [2**31, 2**31], [2, 3]]
        sizes = [self.net.constant(number, "int64") for number in numbers]
        if self.of(True, False):  # cut what was added: first rows go, the last columns stay
            self.then("Slice", *sizes)
        weight = self.net.weights(4, self.channels, 1, 1)
        self.then("Conv", weight)
        self.channels = 4

    def pool(self) -> None:
        mode = {"count_include_pad": self.of(0, 1)} if self.of(True, False) else None
        op = "MaxPool" if mode is None else "AveragePool"
        self.then(op, kernel_shape=[3, 3], pads=[1, 1, 1, 1], **(mode or {}))

    def activate(self) -> None:
        self.then(self.of(*KEEP))

    def vary(self) -> None:
        self.then(self.of(*VARY))

    def slopes(self) -> None:
        slopes = self.net.random.random((self.channels, 1, 1))
        self.then(self.of("PRelu", "Mul", "Add", "Max"), self.net.constant(slopes))

    def over_channels(self) -> None:
        self.then("Softmax", axis=1)

    def normalise(self) -> None:
        self.then("Transpose", perm=[0, 2, 3, 1])
        ones = self.net.constant(np.ones(self.channels))
        self.then("LayerNormalization", ones, axis=-1, epsilon=0.1)
        self.then("Transpose", perm=[0, 3, 1, 2])

    def skip(self) -> None:
        before, given = self.tensor, self.channels
        self.conv()
        self.activate()
        if self.channels == given and self.of(True, False):
            self.then("Add", before)
        else:
            self.then("Concat", before, axis=1)
            self.channels += given

    def halves(self) -> None:
        self.tensor = self.net.conv(self.tensor, self.channels, 8)
        self.then("Slice", *(self.net.constant([n], "int64") for n in (2, 6, 1)))
        self.channels = 4

    # -- layers that change it

    def stride(self) -> None:
        step, kernel = self.of(2, 3), self.of(2, 3, 4)
        total = max(kernel - step, self.draw(st.integers(max(0, kernel - step), kernel - 1)))
        top = self.draw(st.integers(0, total))
        pads = [top, top, total - top, total - top]
        self.tensor = self.net.conv(
            self.tensor, self.channels, 8, kernel, strides=[step] * 2, pads=pads
        )
        self.channels, self.scale = 8, self.scale / step

    def shrink(self) -> None:
        op = self.of("MaxPool", "AveragePool")
        self.then(op, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=self.of(0, 1))
        self.scale /= 2

    def unshuffle(self) -> None:
        self.then("SpaceToDepth", blocksize=2)
        self.channels, self.scale = self.channels * 4, self.scale / 2

    def shuffle(self) -> None:
        self.tensor = self.net.conv(self.tensor, self.channels, 16, 1)
        self.then("DepthToSpace", blocksize=2, mode=self.of("DCR", "CRD"))
        self.channels, self.scale = 4, self.scale * 2

    def transposed(self) -> None:
        kernel, pads, extra = self.of(
            (2, [0, 0, 0, 0], 0), (4, [1, 1, 1, 1], 0), (3, [1, 1, 1, 1], 1), (3, [0, 0, 1, 1], 0)
        )
        weight = self.net.weights(self.channels, 6, kernel, kernel)
        self.then("ConvTranspose", weight, strides=[2, 2], pads=pads, output_padding=[extra, extra])
        self.channels, self.scale = 6, self.scale * 2

    def resize(self, scale: float = 2) -> None:
        scales = self.net.constant([1, 1, scale, scale])
        way = self.of("half_pixel", "asymmetric", "pytorch_half_pixel")
        self.then(
            "Resize",
            "",
            scales,
            mode=self.of("nearest", "linear", "cubic"),
            coordinate_transformation_mode=way,
        )
        self.scale *= Fraction(scale)

    def odd_resize(self) -> None:
        self.resize(self.of(3.0, 1.5))


UP = ["shuffle", "transposed", "resize"]
DOWN = ["stride", "shrink", "unshuffle"]
EQUAL = ["conv", "same", "bordered", "pool", "activate", "slopes", "skip", "halves"]
OTHER = ["vary", "over_channels", "normalise", "odd_resize"]


@st.composite
def nets(draw: st.DrawFn, new_net: Callable[..., Any], others: list[str]) -> ModelProto:
    """One to six layers and a convolution to three channels."""
    sketch = Sketch(new_net(seed=draw(st.integers(0, 99))), draw)
    layers = draw(st.lists(st.sampled_from(EQUAL + UP + DOWN + others), min_size=1, max_size=6))
    for layer in layers:
        small, large = sketch.scale < Fraction(1, 3), sketch.scale > 3
        if not (small and layer in DOWN) and not (large and layer in [*UP, "odd_resize"]):
            getattr(sketch, layer)()
    sketch.tensor = sketch.net.conv(sketch.tensor, sketch.channels, 3, 3)
    note(f"{layers}")
    model: ModelProto = sketch.net.model(sketch.tensor)
    return model


def largest_difference(
    model: ModelProto, data: st.DataObject, device: Device
) -> tuple[float, float]:
    """(what tiling changed, what it may change) for a random picture and tile."""
    geometry = derive(model)
    note(f"{geometry}")
    assert geometry.exact, geometry.why
    sides = st.integers(1, 70)
    width, height = data.draw(sides, "width"), data.draw(sides, "height")
    tile_width, tile_height = data.draw(sides, "tile width"), data.draw(sides, "tile height")
    grid = TileGrid(width, height, geometry, tile_width, tile_height)
    assume(grid.out_width and grid.out_height)
    picture = np.random.default_rng(0).random((1, 3, height, width), np.float32)
    session = OnnxSession(model.SerializeToString(), device.providers)
    whole, tiled = run_whole(session, picture, grid), run_tiled(session, picture, grid)
    assert whole.shape == (1, 3, grid.out_height, grid.out_width)
    return difference(whole, tiled), max(geometry.tolerance, device.tolerance)


@pytest.mark.slow
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_tiled_equals_untiled_bit_for_bit(
    new_net: Callable[..., Any], device: Device, data: st.DataObject
) -> None:
    model = data.draw(nets(new_net, []))
    assert {node.op_type for node in model.graph.node} <= BIT_EQUAL
    found, tolerance = largest_difference(model, data, device)
    assert tolerance == device.tolerance  # 0 on a CPU
    assert found <= tolerance


@pytest.mark.slow
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_other_operators_keep_within_the_tolerance(
    new_net: Callable[..., Any], device: Device, data: st.DataObject
) -> None:
    found, tolerance = largest_difference(data.draw(nets(new_net, OTHER)), data, device)
    assert tolerance in (0.0, LOOSE)
    assert found <= tolerance

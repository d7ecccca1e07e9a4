"""Costs are what a process really grows by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from printroom.core.errors import ModelFailed
from printroom.imaging.tiling import Geometry
from printroom.runtimes.onnx.cost import measure


@pytest.mark.slow
def test_costs_grow_with_the_area_and_hold_the_tensors(
    new_net: Callable[..., Any], tmp_path: Path
) -> None:
    weights = tmp_path / "net.onnx"
    weights.write_bytes(new_net().upscaler(width=32, layers=4).SerializeToString())
    costs = measure(weights, (128, 256), Geometry(align=3))
    assert list(costs) == [129, 258]
    for side, cost in costs.items():
        layer = side * side * 32 * 4
        assert 2 * layer < cost < 6 * layer


def test_where_all_tiles_are_too_small_the_least_is_measured(
    new_net: Callable[..., Any], tmp_path: Path
) -> None:
    weights = tmp_path / "net.onnx"
    weights.write_bytes(new_net().upscaler(width=16, layers=2).SerializeToString())
    assert list(measure(weights, (32, 64), Geometry(align=8, least=36))) == [72]


def test_a_model_that_does_not_load_has_no_costs(tmp_path: Path) -> None:
    weights = tmp_path / "net.onnx"
    weights.write_bytes(b"not a model")
    with pytest.raises(ModelFailed, match="could not be measured"):
        measure(weights, (64,))

"""Models of other people, given by path."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from printroom.catalogue.importing import import_onnx
from printroom.core.errors import BadModel, NotFound

FOREIGN = Path(__file__).parents[3] / "shared" / "models"
foreign = pytest.mark.skipif(not FOREIGN.is_dir(), reason="the foreign models are not here")


@pytest.mark.slow
def test_a_file_becomes_a_model_and_is_not_measured_twice(weights: bytes, tmp_path: Path) -> None:
    file, cache = tmp_path / "My Net.onnx", tmp_path / "cache"
    file.write_bytes(weights)
    model = import_onnx(file, cache)
    card, geometry = model.card, model.card.geometry
    assert (card.id, card.parameters, card.licence) == ("local/my-net@1", 324, "unknown")
    assert (geometry.scale, geometry.halo, geometry.exact) == (Fraction(2), 1, True)
    assert card.costs[256] > 256 * 256 * 12 * 4
    made = model.weights.stat().st_mtime_ns
    file.rename(tmp_path / "other.onnx")
    again = import_onnx(tmp_path / "other.onnx", cache)
    assert again == model
    assert again.weights.stat().st_mtime_ns == made
    assert len(list(cache.glob("*/*"))) == 1


def test_what_is_no_model_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.onnx"):
        import_onnx(tmp_path / "none.onnx", tmp_path / "cache")
    file = tmp_path / "photo.onnx"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    with pytest.raises(BadModel, match="not an ONNX model"):
        import_onnx(file, tmp_path / "cache")
    assert not list(tmp_path.glob("cache/*/*"))


@foreign
@pytest.mark.slow
def test_a_model_of_fixed_size(tmp_path: Path) -> None:
    model = import_onnx(FOREIGN / "subpixel_onnx" / "super_resolution.onnx", tmp_path)
    geometry = model.card.geometry
    assert (geometry.scale, geometry.fixed, geometry.exact) == (Fraction(3), (224, 224), False)
    assert list(model.card.costs) == [224]


@foreign
@pytest.mark.parametrize(
    ("file", "reason"),
    [("yunet/yunet_n_dynamic.onnx", "12 outputs"), ("ultraface/version-RFB-320.onnx", "2 outputs")],
)
def test_detectors_are_refused(tmp_path: Path, file: str, reason: str) -> None:
    with pytest.raises(BadModel, match=reason):
        import_onnx(FOREIGN / file, tmp_path)

"""The weights that ship are what their cards say, and small."""

import json

import pytest

from printroom.core.errors import BadModel, BadOption
from printroom.runtimes.mini.tensors import written
from printroom.runtimes.mini.weights import FOLDER, RANK, weights_in, weights_of


@pytest.mark.parametrize("size", [32, 64])
def test_a_card_says_what_they_are(size):
    weights = weights_of(size)
    card = json.loads((FOLDER / f"portraits-{size}.json").read_text())
    assert weights.digest == card["digest"]
    assert weights.side == size
    assert sum(array.size for array in weights.arrays.values()) == card["parameters"] < 12e6
    assert card["command"].startswith("printroom train portraits")
    shapes = weights.learnt
    assert all(
        shape[1 if name.endswith("thin") else 0] == RANK
        for name, shape in shapes.items()
        if name != "person"
    )


def test_both_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.safetensors")) <= 20 << 20


def test_what_is_no_generator_is_refused(tmp_path):
    with pytest.raises(BadOption):
        weights_of(48)
    path = tmp_path / "other.safetensors"
    path.write_bytes(written({}, {}))
    with pytest.raises(BadModel):
        weights_in(path)

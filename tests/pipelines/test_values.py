from pathlib import Path

import pytest

from printroom.core.errors import BadOption
from printroom.pipelines.notation import port_from
from printroom.pipelines.values import parsed, taken

INPUTS = {
    "image": port_from("picture"),
    "scale": port_from({"type": "choice", "of": [1, 2, 4], "default": 2}),
    "names": port_from({"type": "list", "item": "text", "default": []}),
    "loud": port_from({"type": "flag", "default": False}),
}


def test_values_are_coerced_and_defaults_left_to_the_pipeline() -> None:
    assert taken(INPUTS, {"image": b"...", "scale": 4.0}) == {"image": b"...", "scale": 4}


def test_texts_are_read_by_the_kind_of_their_input() -> None:
    texts = {"image": ["a=b.jpg"], "scale": ["4"], "names": ["x, y"], "loud": ["yes"]}
    assert parsed(INPUTS, texts) == {
        "image": Path("a=b.jpg"), "scale": 4, "names": ["x", "y"], "loud": True,
    }  # fmt: skip
    assert parsed(INPUTS, {"image": ["a"], "names": ["x, y", "z"]})["names"] == ["x, y", "z"]


def test_all_that_is_wrong_with_values_is_told() -> None:
    with pytest.raises(BadOption) as error:
        taken(INPUTS, {"scale": 3, "scael": 1, "names": "a"})
    for words in ("scale: 3 is not one of", "'scael'", "names: 'a' is not a list", "image: a pic"):
        assert words in str(error.value)
    with pytest.raises(BadOption, match="several values for one"):
        parsed(INPUTS, {"image": ["a", "b"]})

"""What somebody knows of a model and says: texts are understood, or refused with an example."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.catalogue.wishes import (
    Wishes,
    read_classes,
    read_constant,
    read_numbers,
    read_range,
    read_size,
)
from printroom.core.errors import BadOption
from printroom.runtimes.reading import Pixels, Reading

numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(numbers, numbers)
def test_ranges_are_understood(low: float, high: float) -> None:
    assert read_range(f"{low!r}..{high!r}") == (low, high)


@given(st.lists(numbers, min_size=1, max_size=3))
def test_numbers_are_understood(values: list[float]) -> None:
    assert read_numbers(",".join(map(repr, values))) == tuple(values)


@given(st.text(max_size=30))
def test_any_text_is_understood_or_refused(text: str) -> None:
    for reader in (read_range, read_numbers, read_constant, read_size, read_classes):
        try:
            reader(text)
        except BadOption as error:
            assert error.reason


@pytest.mark.parametrize("text", ["0x4", "4", "99999x4", "-1x4"])
def test_odd_sizes_are_refused(text: str) -> None:
    with pytest.raises(BadOption):
        read_size(text)


def test_names_of_classes_may_be_the_lines_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("tabby cat\n\nowl\n")
    assert read_classes(str(tmp_path / "names.txt")) == ("tabby cat", "owl")
    assert read_classes("cat, dog") == ("cat", "dog")


def test_what_is_said_takes_the_place_of_what_was_known() -> None:
    known = Reading(Pixels(range=(0, 255)), constants=(("sigma", 1.0),))
    said = Wishes(channels="bgr", mean=(1.0,), constants=(("sigma", 0.5),)).applied(known)
    assert said.input == Pixels(channels="bgr", range=(0, 255), mean=(1.0,))
    assert said.output == Pixels(channels="bgr")
    assert said.constants == (("sigma", 0.5),)
    assert Wishes().applied(known) == known
    for wrong in (
        Wishes(channels="cmyk"),
        Wishes(input_range=(1, 1)),
        Wishes(constants=(("x", 1.0),)),
        Wishes(classes=("cat",)),
    ):
        with pytest.raises(BadOption, match="cannot be read so"):
            wrong.applied(known)


def test_what_is_not_said_is_left_to_be_found_out() -> None:
    assert Wishes().free() == {"channels", "input", "output"}
    assert Wishes(channels="rgb", mean=(0.0,)).free() == {"output"}

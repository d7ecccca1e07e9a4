import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from printroom.core.errors import BadOption
from printroom.core.sizes import format_size, parse_size

UNITS = {
    "": 1,
    "B": 1,
    "K": 2**10,
    "KB": 10**3,
    "KiB": 2**10,
    "MiB": 2**20,
    "GB": 10**9,
    "T": 2**40,
}


@given(st.integers(1, 10**9), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " "]))
def test_an_amount_is_its_number_times_its_unit(number: int, unit: str, gap: str) -> None:
    assert parse_size(f"{number}{gap}{unit}") == number * UNITS[unit]
    assert parse_size(f"{number}{gap}{unit.lower()}") == number * UNITS[unit]


@given(st.integers(1, 2**50))
@example(2**30 - 1)
@example(2**50 - 1)
def test_what_is_shown_is_enough_and_hardly_more(size: int) -> None:
    shown = parse_size(format_size(size))
    assert size <= shown <= size * 1.1
    assert format_size(shown) == format_size(size)


@pytest.mark.parametrize(
    "text", ["", "MiB", "-1M", "0", "0.1B", "1.5.2G", "12 parsecs", "٣MB", "1e9"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadOption, match="512MiB"):
        parse_size(text)

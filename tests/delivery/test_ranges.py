"""Ranges are what RFC 9110 says, for any header whatever."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.delivery.ranges import MOST, Unsatisfiable, ranges

SPEC = st.one_of(
    st.builds("{}-{}".format, st.integers(0, 40), st.integers(0, 40)),
    st.builds("{}-".format, st.integers(0, 40)),
    st.builds("-{}".format, st.integers(0, 40)),
)


def bytes_of(spec, size):
    """The positions that one well-formed spec names, by the words of the standard."""
    first, last = spec.split("-")
    if not first:
        return set(range(max(0, size - int(last)), size))
    return {at for at in range(size) if int(first) <= at and (not last or at <= int(last))}


@given(st.lists(SPEC, min_size=1, max_size=6), st.integers(0, 30))
def test_the_parts_have_the_bytes_that_were_asked_for_each_once(specs, size):
    header = "bytes=" + ", ".join(specs)
    backwards = any(a and b and int(a) > int(b) for a, b in (spec.split("-") for spec in specs))
    wanted = set().union(*(bytes_of(spec, size) for spec in specs))
    if backwards:
        assert ranges(header, size) is None
    elif not wanted:
        with pytest.raises(Unsatisfiable):
            ranges(header, size)
    else:
        parts = ranges(header, size)
        every = [at for start, end in parts for at in range(start, end)]
        assert sorted(every) == sorted(wanted)
        ends = sorted(parts)
        assert all(before[1] < after[0] for before, after in pairwise(ends))


@given(st.text(max_size=40), st.integers(0, 100))
def test_any_text_at_all_is_ranges_or_ignored(text, size):
    for header in (text, f"bytes={text}"):
        try:
            parts = ranges(header, size)
        except Unsatisfiable:
            continue
        for start, end in parts or []:
            assert 0 <= start < end <= size


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=1", "bytes=a-b", "items=0-1"),
        *("bytes=0-1-2", "bytes=1-0", "bytes=0-1;2-3", "bytes=\u0660-\u0661", "bytes=+1-2"),
        f"bytes={'0-1,' * (MOST + 1)}",
    ],
)
def test_what_is_no_range_is_ignored(header):
    assert ranges(header, 10) is None


def test_the_first_place_of_parts_that_meet_is_kept():
    assert ranges("bytes=50-59,0-9,60-69,5-12", 100) == [(50, 70), (0, 13)]


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=-0", "bytes=10-20,99-"])
def test_what_lies_beyond_the_end_cannot_be_had(header):
    with pytest.raises(Unsatisfiable):
        ranges(header, 10)

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from printroom.pipelines import kinds
from printroom.pipelines.kinds import Kind
from printroom.pipelines.notation import KINDS, NEEDED, port_from, port_to
from printroom.pipelines.ports import Port

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ENDS = st.none() | st.floats(-1e6, 1e6)
SCALARS = TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()


@st.composite
def numbers(draw: st.DrawFn) -> kinds.Number:
    low, high = draw(ENDS), draw(ENDS)
    if low is not None and high is not None:
        low, high = sorted((low, high))
    return kinds.Number(low, high, draw(st.booleans()))


def choices() -> st.SearchStrategy[kinds.Choice]:
    unique = st.lists(SCALARS, min_size=1, unique_by=lambda one: (isinstance(one, bool), one))
    return unique.map(lambda of: kinds.Choice(tuple(of)))


PLAIN: st.SearchStrategy[Kind] = st.one_of(
    st.sampled_from([kinds.Picture(), kinds.Text(), kinds.Flag(), kinds.Model(), kinds.Model("x")]),
    numbers(),
    choices(),
    st.builds(
        kinds.Tensor,
        st.none() | st.lists(st.none() | st.integers(0, 9), max_size=4).map(tuple),
        st.sampled_from([None, "float32", "uint8"]),
    ),
)
ANY_KIND = PLAIN | PLAIN.map(kinds.ListOf)
VALUES: st.SearchStrategy[Any] = st.one_of(
    SCALARS,
    st.none(),
    st.binary(),
    st.just(Path("a.png")),
    st.just(float("nan")),
    st.fractions(),
    st.dictionaries(TEXTS, st.integers(), max_size=2),
    st.lists(SCALARS, max_size=3),
    st.lists(st.lists(st.floats(0, 1), min_size=2, max_size=2), max_size=2),
)


@given(ANY_KIND)
def test_what_is_written_of_a_kind_is_read_as_the_same(kind: Kind) -> None:
    assert port_from(port_to(Port(kind))) == Port(kind)
    assert port_from(port_to(Port(kind, optional=True, default=None))).optional


@given(ANY_KIND, VALUES)
def test_a_value_is_taken_once_and_for_all_or_refused(kind: Kind, value: Any) -> None:
    try:
        taken = kind.coerce(value)
    except ValueError as reason:
        assert str(reason).split()[0] in ("is", "has")
    else:
        np.testing.assert_equal(kind.coerce(taken), taken)


@given(ANY_KIND, ANY_KIND, VALUES)
def test_kinds_that_share_a_value_do_not_refuse_each_other(
    kind: Kind, given_kind: Kind, value: Any
) -> None:
    assume(not isinstance(given_kind, kinds.Picture | kinds.Tensor | kinds.ListOf))
    try:
        kind.coerce(given_kind.coerce(value))
    except ValueError:
        return
    assume(not isinstance(kind, kinds.Tensor))  # takes a number as an array without axes
    assert kind.refuses(given_kind) == ""


@given(ANY_KIND)
def test_every_kind_takes_its_own(kind: Kind) -> None:
    assert kind.refuses(kind) == ""
    assert kind.refuses(kinds.ListOf(kinds.ListOf(kind))) != ""


@given(SCALARS)
def test_a_choice_is_found_again_by_its_text(one: Any) -> None:
    assert kinds.Choice((one,)).parse(str(one)) == one


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_from_its_text(number: float) -> None:
    assert kinds.Number().parse(repr(number)) == float(number)


@given(PLAIN, st.text())
def test_a_text_of_the_command_line_is_read_or_refused(kind: Kind, text: str) -> None:
    try:
        kind.parse(text)
    except ValueError as reason:
        assert str(reason).split()[0] in ("is", "has")


def test_numbers_of_other_kinds_become_plain_ones() -> None:
    assert type(kinds.Number().coerce(np.float32(0.5))) is float
    assert type(kinds.Number(integer=True).coerce(np.int64(3))) is int
    assert kinds.Number().coerce(Fraction(1, 4)) == 0.25
    assert kinds.Flag().coerce(np.True_) is True


@pytest.mark.parametrize("value", [True, "1", float("inf"), 10**400, 1.5, -1, 4, None, 1j])
def test_what_is_no_whole_number_from_0_to_3_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^is "):
        kinds.Number(0, 3, integer=True).coerce(value)


def test_true_is_not_one() -> None:
    with pytest.raises(ValueError, match="not one of 1, 2"):
        kinds.Choice((1, 2)).coerce(True)


def test_a_text_is_no_picture_lest_a_caller_name_a_file() -> None:
    with pytest.raises(ValueError, match="not a picture"):
        kinds.Picture().coerce("/etc/passwd")
    assert kinds.Picture().parse("photo.jpg") == Path("photo.jpg")


def test_a_tensor_has_its_shape_and_type() -> None:
    tensor = kinds.Tensor((1, None), "float32")
    assert tensor.coerce([[1, 2]]).dtype == np.float32
    for wrong in ([1, 2], [["a"]], [[1], [2, 3]], "x"):
        with pytest.raises(ValueError, match=r"^(is|has) "):
            tensor.coerce(wrong)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("photo", "no kind"),
        (3, "write one of"),
        ({"type": "choice"}, "needs 'of'"),
        ({"type": "choice", "of": []}, "choice of nothing"),
        ({"type": "choice", "of": [1, 1.0]}, "twice"),
        ({"type": "choice", "of": "ab"}, "not a list"),
        ({"type": "list"}, "needs 'item'"),
        ({"type": "number", "low": "0"}, "not a number"),
        ({"type": "number", "low": 3, "high": 1}, "no number"),
        ({"type": "number", "of": [1]}, "'of' does not belong"),
        ({"type": "text", "default": 3}, "default 3 is not a text"),
        ({"type": "text", "optional": 1}, "neither true nor false"),
        ({"type": "tensor", "dtype": "object"}, "no type of numbers"),
        ({"type": "tensor", "dtype": "nonsense"}, "no type of numbers"),
        ({"type": "tensor", "shape": [-1]}, "length of an axis"),
    ],
)
def test_a_kind_that_is_badly_written_is_refused(written: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        port_from(written)


def test_lists_are_not_nested_without_end() -> None:
    deep: Any = "text"
    for _ in range(50):
        deep = {"type": "list", "item": deep}
    with pytest.raises(ValueError, match="too deep"):
        port_from(deep)


def test_the_words_of_a_kind_are_its_fields() -> None:
    for name, (kind, words) in KINDS.items():
        assert kind.name == name
        assert set(words) == set(getattr(kind, "__dataclass_fields__", {})) - {"name"}
        assert NEEDED.get(name) in {None, *words}

"""The language of conditions, against Python as a second source."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.pipelines import kinds
from printroom.pipelines.conditions import Condition
from printroom.pipelines.kinds import Kind
from printroom.pipelines.parsing import MOST_CHARACTERS, parse, parse_ref
from printroom.pipelines.refs import Ref

KINDS: dict[Ref, Kind] = {
    Ref(None, "n"): kinds.Number(),
    Ref(None, "t"): kinds.Text(),
    Ref(None, "yes"): kinds.Flag(),
    Ref(None, "scale"): kinds.Choice((1, 2, 4)),
    Ref(None, "names"): kinds.ListOf(kinds.Text()),
    Ref(None, "image"): kinds.Picture(),
    Ref("some-step", "sigma"): kinds.Number(),
}
VALUES: dict[Ref, Any] = {
    Ref(None, "n"): 3,
    Ref(None, "t"): "a",
    Ref(None, "yes"): True,
    Ref(None, "scale"): 2,
    Ref(None, "names"): ["a", "b"],
    Ref("some-step", "sigma"): 0.5,
}
AS_PYTHON = {str(ref): repr(value) for ref, value in VALUES.items()}
NUMBERS = st.integers(-9, 9).map(str) | st.sampled_from(
    ["$n", "$scale", "$some-step.sigma", "0.5", "-.5", "1e1", "2."]
)
TEXTS = st.sampled_from(["$t", '"a"', "'b'", '"$t and [1"', "''"])
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
SPACE = st.sampled_from([" ", "  ", "\n"])


def _joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


def _text(text: str) -> st.SearchStrategy[str]:
    return st.just(text)


COMPARED = st.one_of(
    _joined(NUMBERS.filter(lambda one: one != "$scale"), SPACE, SIGNS, SPACE, NUMBERS).filter(
        lambda text: "$scale" not in text
    ),
    _joined(_text("$scale"), SIGNS, st.sampled_from(["1", "2", "4", "$n"])),
    _joined(TEXTS, st.sampled_from(["==", " != "]), TEXTS),
    _joined(TEXTS, st.sampled_from([" in ", " not in "]), st.sampled_from(["$names", "['a', $t]"])),
    st.sampled_from(["$yes", "true", "false", "$yes == true", "$n in [1, 2, 3]"]),
)
CONDITIONS = st.recursive(
    COMPARED,
    lambda inner: st.one_of(
        _joined(_text("("), inner, _text(")")),
        _joined(_text("not "), inner),
        _joined(inner, SPACE, st.sampled_from(["and", "or"]), SPACE, inner),
    ),
    max_leaves=8,
)


def _python(text: str) -> Any:
    for name in sorted(AS_PYTHON, key=len, reverse=True):
        if f'"{name}' not in text:
            text = text.replace(name, AS_PYTHON[name])
    text = text.replace("true", "True").replace("false", "False").replace("\n", " ")
    return eval(text)


def _checked(text: str) -> Condition:
    return Condition.checked(text, KINDS.__getitem__)


@given(CONDITIONS.filter(lambda text: '"$t' not in text))
def test_a_condition_means_what_it_would_mean_in_python(text: str) -> None:
    condition = _checked(text)
    assert condition.holds(VALUES) == bool(_python(text))
    assert set(condition.refs) <= set(KINDS)


@given(st.text() | st.text("$n.t()[]<>=! \"'andornti019,-"))
def test_any_text_is_a_condition_or_refused_in_words(text: str) -> None:
    try:
        _checked(text)
    except (ValueError, KeyError) as error:
        assert str(error)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$n == $t", "number cannot be compared with a text"),
        ("$image == 1", "picture cannot be compared"),
        ("$t < 'b'", "has no order"),
        ("$yes > 1", "cannot be compared"),
        ("$n", "neither true nor false"),
        ("not $t", "neither true nor false"),
        ("$yes and $n", "neither true nor false"),
        ("$t in 'abc'", "not a list"),
        ("$n in $names", "cannot be compared"),
        ("$n in [1, 'a']", "beside a"),
        ("$scale == 3", "3 is not one of 1, 2, 4"),
        ("$scale in [1, 8]", "8 is not one of 1, 2, 4"),
        ("", "it ends where"),
        ("$n >", "it ends where"),
        ("($yes", "the end of \\("),
        ("$yes)", r"'\)' stands where"),
        ("$yes $yes", "'\\$yes' stands where"),
        ("1 < 2 < 3", "'<' stands where"),
        ("$n == 08x", "'0' stands where"),
        ("__import__('os')", "'__import__' stands where"),
        ("$n == 'a", '"\'" stands where'),
        ("$yes not $yes", "'in' after 'not'"),
        ("[]", "stands where"),
        ("$a.b.c == 1", "no reference"),
        ("(" * 30 + "$yes" + ")" * 30, "levels"),
        ("not " * 30 + "$yes", "levels"),
        ("$yes or " * 200 + "$yes", f"{MOST_CHARACTERS} characters"),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        _checked(text)


def test_and_binds_tighter_than_or() -> None:
    condition = _checked("true or false and false")
    assert condition.holds({})
    assert not _checked("(true or false) and false").holds({})


def test_references_are_listed_once_in_order() -> None:
    condition = _checked("$n > 1 and ($some-step.sigma < $n or $t in ['x', $t])")
    assert condition.refs == (Ref(None, "n"), Ref("some-step", "sigma"), Ref(None, "t"))


@given(st.text())
def test_a_reference_is_read_as_it_is_shown_or_refused(text: str) -> None:
    try:
        ref = parse_ref(f"${text}")
    except ValueError:
        return
    assert str(ref) == f"${text}"


def test_the_tree_is_the_same_for_the_same_text() -> None:
    assert parse("$n > 1") is parse("$n > 1")

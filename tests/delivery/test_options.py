"""What may be done to a picture is written in one way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import BadOption
from printroom.delivery.options import (
    QUALITIES,
    SIDES,
    Crop,
    Options,
    parse_options,
    parse_presets,
)

NUMBER = st.integers(1, 5000)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "c": st.builds(
            "{},{},{},{}".format, *[st.integers(0, 99), st.integers(0, 99)], NUMBER, NUMBER
        ),
        "w": NUMBER.map(str),
        "h": NUMBER.map(str),
        "fit": st.sampled_from(["contain", "cover"]),
        "q": st.integers(1, 100).map(str),
        "f": st.sampled_from(["auto", "jpeg", "png", "webp", "avif"]),
    },
)


@given(PARTS, st.randoms())
def test_one_picture_has_one_spelling(given_parts, random):
    parts = [f"{name}:{value}" for name, value in given_parts.items()]
    options = parse_options(parts)
    random.shuffle(parts)
    assert parse_options(parts) == options
    assert parse_options(options.parts()) == options
    assert parse_options(options.parts()).parts() == options.parts()


@given(st.integers(1, 10**5))
def test_sizes_fall_into_buckets(size):
    found = parse_options([f"w:{size}"]).width
    assert found in SIDES
    assert found >= size or found == SIDES[-1]
    assert all(side < size for side in SIDES if side < found)


def test_qualities_fall_into_buckets():
    found = {parse_options([f"q:{quality}"]).quality for quality in range(1, 101)}
    assert found == set(QUALITIES)


@pytest.mark.parametrize(
    "part",
    [
        *("", "w", "w:", "w:0", "w:-1", "w:01", "w:1.5", "w:\u0663", "w:1000000", "x:1", "q:0"),
        *("q:101", "f:gif", "fit:fill", "c:1,2,3", "c:1,2,0,4", "c:a,b,c,d", "c:-1,0,1,1"),
        *("p:none", "W:1"),
    ],
)
def test_what_is_no_option_is_refused(part):
    with pytest.raises(BadOption):
        parse_options([part])


def test_nothing_is_said_twice():
    with pytest.raises(BadOption, match="twice"):
        parse_options(["w:1", "w:2"])


@given(st.lists(st.text(max_size=12), max_size=4))
def test_any_text_is_options_or_refused(parts):
    try:
        options = parse_options(parts)
    except BadOption:
        return
    assert parse_options(options.parts()) == options


def test_a_preset_stands_for_its_options():
    presets = parse_presets("thumb=w:320/h:320/fit:cover; cut=c:0,0,9,9")
    assert presets == {"thumb": Options(None, 320, 320, "cover"), "cut": Options(Crop(0, 0, 9, 9))}
    assert parse_options(["p:thumb"], presets) == presets["thumb"]
    assert parse_options(["p:thumb", "q:80"], presets).parts() == [
        "fit:cover", "h:320", "q:80", "w:320"
    ]  # fmt: skip
    for wrong in ("thumb", "Thumb=w:1", "thumb=w", "thumb=y:1"):
        with pytest.raises(BadOption):
            parse_presets(wrong)


def test_what_has_no_effect_is_left_out():
    assert parse_options(["fit:cover", "w:100"]).parts() == ["w:128"]
    assert parse_options(["f:png", "q:80"]).parts() == ["f:png"]
    assert parse_options(["f:auto", "fit:contain"]).parts() == []

"""How models are read: descriptions that survive their file, and refuse what makes no sense."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from printroom.runtimes.adapted import joined, meant, read, split
from printroom.runtimes.reading import Classes, Latent, Pixels, Reading

numbers = st.floats(-300, 300, allow_nan=False, width=32)
ranges = st.tuples(numbers, numbers).filter(lambda ends: ends[1] - ends[0] > 0.01)


@st.composite
def pixels(draw, planes):
    """Any way to lay out a picture of 1 or 3 planes, luma left out."""
    count = st.sampled_from([0, 1, planes])
    mean = draw(count.flatmap(lambda n: st.lists(st.floats(-3, 3), min_size=n, max_size=n)))
    deviation = draw(count.flatmap(lambda n: st.lists(st.floats(0.1, 9), min_size=n, max_size=n)))
    return Pixels(
        name=draw(st.sampled_from(["", "x"])),
        layout=draw(st.sampled_from(["nchw", "nhwc"])),
        numbers=draw(st.sampled_from(["float32", "float16", "uint8"])),
        channels=draw(st.sampled_from(["rgb", "bgr"])) if planes == 3 else "grey",
        range=draw(ranges),
        mean=tuple(mean),
        deviation=tuple(deviation),
    )


@st.composite
def readings(draw):
    planes = draw(st.sampled_from([1, 3]))
    classes = draw(st.none() | st.just(Classes("c", ("cat", "dog"), "index")))
    latents = draw(st.sampled_from([(), (Latent("z", (1, 8), "uniform"),)]))
    constants = tuple(draw(st.dictionaries(st.sampled_from("ab"), st.floats(-9, 9))).items())
    return Reading(draw(pixels(planes)), draw(pixels(planes)), constants, latents, classes)


@given(readings())
def test_a_reading_survives_json(reading):
    assert Reading.of(json.loads(json.dumps(reading.raw()))) == reading


@given(
    st.sampled_from([1, 3]).flatmap(
        lambda planes: st.tuples(
            pixels(planes),
            arrays.arrays(np.float32, (2, planes, 3, 4), elements=st.floats(0, 1, width=32)),
        )
    )
)
def test_what_is_read_means_what_was_given(case):
    way, planes = case
    back = meant(read(planes, way), way)
    scale = max(1.0, *(abs(offset) / factor for factor, offset in way.scales))
    assert np.abs(back - planes).max() <= 1e-5 * scale


@given(arrays.arrays(np.float32, (1, 3, 4, 5), elements=st.floats(0, 1, width=32)))
def test_luma_and_colour_are_the_picture(planes):
    assert np.abs(joined(*split(planes)) - planes).max() < 1e-5


def test_luma_of_grey_is_the_grey_and_has_no_colour():
    grey = np.linspace(0, 1, 32, dtype=np.float32).reshape(1, 1, 4, 8)
    luma, colour = split(np.broadcast_to(grey, (1, 3, 4, 8)))
    assert np.abs(luma - grey).max() < 1e-6
    assert np.abs(colour).max() < 1e-6


def test_values_are_laid_out_as_the_model_has_them():
    red = np.zeros((1, 3, 1, 1), np.float32)
    red[0, 0] = 1
    assert read(red, Pixels(channels="bgr", range=(0, 255))).ravel().tolist() == [0, 0, 255]
    assert read(red, Pixels(range=(-1, 1))).ravel().tolist() == [1, -1, -1]
    imagenet = Pixels(mean=(0.5, 0.25, 0.0), deviation=(0.5, 0.5, 1.0))
    assert read(red, imagenet).ravel().tolist() == [1, -0.5, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": "cmyk"},
        {"layout": "nwch"},
        {"range": (1.0, 0.0)},
        {"range": (0.0, float("nan"))},
        {"mean": (0.0, 0.0)},
        {"deviation": (0.0,)},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"none|not"):
        Pixels(**wrong)


def test_inputs_and_outputs_go_together():
    with pytest.raises(ValueError, match="channels"):
        Reading(Pixels(), Pixels(channels="grey"))
    with pytest.raises(ValueError, match="luma"):
        Reading(Pixels(channels="y"), Pixels(channels="grey"))
    with pytest.raises(ValueError, match="no colours"):
        Reading.of({"colours": 3})
    with pytest.raises(ValueError, match="shape"):
        Latent("z", (1, 1 << 30))
    assert Reading.of({}).plain

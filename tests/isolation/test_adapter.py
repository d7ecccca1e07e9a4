"""An isolated step in a pipeline: planes in, planes out, transparency beside."""

import threading

import numpy as np
import pytest

from printroom.core.errors import Cancelled, StepFailed
from printroom.isolation.adapter import step_type
from printroom.isolation.pictures import to_array, to_planes
from printroom.pipelines.registry import Registry
from printroom.pipelines.step import Step

DOUBLE = """
    from printroom_step import {kind} as Picture, progress, step

    @step
    def double(image: Picture, times: int = 2) -> Picture:
        '''Repeats each pixel.'''
        progress(1, 1)
        return image.repeat(times, 0).repeat(times, 1)
"""


class Context:
    """As much of a step's context as a run asks for."""

    def __init__(self):
        self.told, self.cancelled = [], threading.Event()

    def progress(self, done, total):
        self.told.append((done, total))

    def check(self):
        if self.cancelled.is_set():
            raise Cancelled("cancelled")


@pytest.fixture
def planes():
    return np.random.default_rng(0).normal(0.5, 0.5, (1, 3, 6, 5)).astype(np.float32)


def registered(opened, kind):
    isolated = opened(DOUBLE.format(kind=kind), requirements=["numpy"])
    return Registry().register(step_type(isolated))


def test_it_is_registered_like_any_step(opened):
    step = registered(opened, "Picture")
    assert (step.name, step.description) == ("tried", "Repeats each pixel.")
    assert list(step.inputs) == ["image", "times"]
    assert isinstance(step.factory(), Step)


def test_floats_pass_unrounded_and_unclipped(opened, planes):
    context = Context()
    result = registered(opened, "Picture").factory().run(context, image=planes, times=3)
    assert np.array_equal(result, planes.repeat(3, 2).repeat(3, 3))
    assert context.told == [(1, 1)]


def test_levels_are_rounded(opened, planes):
    result = registered(opened, "Picture8").factory().run(Context(), image=planes)
    assert (
        np.abs(result - np.clip(planes, 0, 1).repeat(2, 2).repeat(2, 3)).max() <= 0.5 / 255 + 1e-6
    )


def test_transparency_passes_by(opened, planes):
    alpha = np.linspace(0, 1, 30, dtype=np.float32).reshape(1, 1, 6, 5)
    step = registered(opened, "Picture").factory()
    sent = np.concatenate([planes, alpha], 1)
    assert np.array_equal(step.run(Context(), image=sent, times=1), sent)
    result = step.run(Context(), image=sent, times=2)
    assert result.shape == (1, 4, 12, 10)
    assert np.abs(result[0, 3, ::2, ::2] - alpha[0, 0]).max() < 0.1


def test_a_cancelled_context_stops_it(opened, planes):
    context = Context()
    context.cancelled.set()
    with pytest.raises(Cancelled):
        registered(opened, "Picture").factory().run(context, image=planes)


def test_several_results_are_named(opened, planes):
    isolated = opened(
        """
        from typing import NamedTuple
        from printroom_step import Array, List, Picture, step

        class Parts(NamedTuple):
            pictures: List(Picture)
            means: Array("float32")
            note: str

        @step
        def split(images: List(Picture)) -> Parts:
            return Parts(images[::-1], images[0].mean((0, 1)), "done")
        """,
        requirements=["numpy"],
    )
    result = step_type(isolated).factory().run(Context(), images=[planes, planes + 1])
    assert [
        np.array_equal(a, b) for a, b in zip(result.pictures, [planes + 1, planes], strict=True)
    ]
    assert np.allclose(result.means, planes.mean((0, 2, 3)), atol=1e-6)
    assert result.note == "done"


def test_what_is_no_picture_is_the_steps_error(opened, planes):
    isolated = opened(
        """
        from printroom_step import Picture, step

        @step
        def flat(image: Picture) -> Picture:
            return image.ravel()
        """,
        requirements=["numpy"],
    )
    with pytest.raises(StepFailed, match="no picture"):
        step_type(isolated).factory().run(Context(), image=planes)


def test_grey_pictures_become_colour():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    planes = to_planes(grey)
    assert planes.shape == (1, 3, 3, 4)
    assert np.array_equal(to_array(planes, "uint8"), np.repeat(grey[..., None], 3, 2))

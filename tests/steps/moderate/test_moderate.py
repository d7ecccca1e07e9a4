import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from printroom.core.errors import BadModel, BadOption
from printroom.steps.builtin import builtin
from printroom.steps.moderate.moderate import Moderate

MODELS = Path(__file__).parents[4] / "shared" / "models"
RED = np.full((40, 60, 3), (200, 20, 20), np.uint8)
BLACK = np.zeros((40, 60, 3), np.uint8)


@pytest.fixture
def step(reddish):
    """The step, bound to the classifier."""

    def make(**more):
        path, digest = reddish
        known = {"model": str(path), "digest": digest, "classes": "other, red", "flag": "red"}
        return Moderate(**known | {"width": 8, "height": 8, "scores": "logits"} | more)

    return make


def test_unbound_it_says_that_nothing_was_checked(preview):
    verdict = Moderate().look(None, preview(RED))
    assert verdict.answer == "not checked"
    assert not verdict.review
    assert json.loads(verdict.probabilities) == {}


def test_a_flagged_class_over_the_threshold_is_for_a_person(step, preview):
    logit = 10 * (200 - 20) / 255
    expected = 1 / (1 + math.exp(-logit))
    verdict = step().look(None, preview(RED))
    assert (verdict.answer, verdict.review) == ("review", True)
    assert json.loads(verdict.probabilities)["red"] == pytest.approx(expected, abs=1e-3)
    assert "red" in verdict.reason
    assert step(flag="other").look(None, preview(RED)).answer == "not flagged"


def test_the_threshold_itself_counts(step, preview):
    assert step(threshold=0.5).look(None, preview(BLACK)).answer == "review"  # both are even
    assert step(threshold=0.51).look(None, preview(BLACK)).answer == "not flagged"


def test_the_reading_says_how_pixels_are_shown(step, preview):
    def red(**more):
        return json.loads(step(**more).look(None, preview(RED)).probabilities)["red"]

    assert red(order="bgr") < 0.5
    assert red(order="rgb") > 0.5
    twice = 1 / (1 + math.exp(-10 * 2 * 180 / 255))  # -1..1 is twice as wide as 0..1
    assert red(span="-1..1") == pytest.approx(twice, abs=1e-3)
    assert red(scores="sigmoid") == pytest.approx(1 / (1 + math.exp(-10 * 180 / 255)), abs=1e-3)


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"digest": "0" * 64}, BadModel, "digest"),
        ({"model": "nowhere.onnx"}, BadModel, "digest"),
        ({"model": "nul\0byte"}, BadModel, "digest"),
        ({"classes": "one,two,three", "flag": "one"}, BadModel, "classes"),
        ({"classes": ""}, BadOption, "classes"),
        ({"flag": "blue"}, BadOption, "blue"),
        ({"flag": ""}, BadOption, "flag"),
        ({"outputs": "boxes"}, BadModel, "boxes"),
        ({"scores": "probabilities"}, BadModel, "logits"),
        ({"width": 9}, Exception, "failed"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(step, preview, more, error, words):
    with pytest.raises(error, match=words):
        step(**more).look(None, preview(RED))


def test_a_file_that_is_no_model_is_refused(step, preview, tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("not a network")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(BadModel, match="cannot be loaded"):
        step(model=str(path), digest=digest).look(None, preview(RED))


def test_a_file_that_changed_is_not_run(step, preview, reddish, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(reddish[0].read_bytes() + b"\0")
    with pytest.raises(BadModel, match="digest"):
        step(model=str(path)).look(None, preview(RED))


def test_it_is_on_the_menu():
    assert set(builtin().get("moderate").outputs) == {
        "answer",
        "review",
        "reason",
        "probabilities",
    }


def test_a_face_detector_tells_a_portrait_from_a_lawn(preview):
    path = MODELS / "ultraface" / "version-RFB-320.onnx"
    if not path.is_file():
        pytest.skip("the detector is not at hand")
    step = Moderate(
        model=str(path),
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        classes="background,face",
        flag="face",
        threshold=0.7,
        width=320,
        height=240,
        span="-1..1",
        outputs="scores",
    )
    assert step.look(None, preview(skimage.data.astronaut()[::2, ::2])).answer == "review"
    lawn = np.repeat(skimage.data.grass()[::2, ::2, None], 3, 2)
    assert step.look(None, preview(lawn)).answer == "not flagged"

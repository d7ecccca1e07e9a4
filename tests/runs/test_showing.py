"""What is told of a run while it is done: small pictures of what its steps give, and lines."""

import base64
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.logs import telling, told
from printroom.engine.glimpse import LARGEST, LONGEST, Glimpse, as_webp, glimpsed
from printroom.imaging.encode import PictureSpec
from printroom.imaging.vips import pyvips
from printroom.runs.following import LETTERS, LINES
from printroom.runs.options import Output
from printroom.runs.runs import Asked, Runs
from printroom.runs.view import event_json

CHAIN = """
name: chain
inputs: {image: picture}
steps:
  up: {use: upscale, with: {image: $image, net: test/double@1, scale: 2}}
  again: {use: upscale, with: {image: $up.image, net: test/double@1, scale: 2}}
outputs: {image: $again.image}
"""


@pytest.fixture
def runs(workshop):
    return Runs(workshop)


@given(st.integers(1, 700), st.integers(1, 700), st.data())
@settings(max_examples=40, deadline=None)
def test_a_glimpse_is_the_same_however_rows_come(width, height, data):
    """It has rows and columns of the picture, and no others, whatever pieces it came in."""
    rows = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    seen = []
    glimpse, top = Glimpse(PictureSpec(width, height, 3, 8), seen.append), 0
    while top < height:
        count = data.draw(st.integers(1, height))
        glimpse(rows[top : top + count])
        top += count
    (planes,) = seen
    assert max(planes.shape[2:]) <= LONGEST
    assert min(planes.shape[2:]) >= 1
    whole = rows.transpose(2, 0, 1)[None].astype(np.float32) / 255
    assert np.allclose(planes, glimpsed(whole), atol=1e-6)
    if max(width, height) <= LONGEST:
        assert np.allclose(planes, whole, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 3, 256, 256), (1, 1, 256, 3), (1, 3, 1, 1)])
def test_a_preview_is_small_even_of_noise(shape):
    planes = np.random.default_rng(0).random(shape, np.float32)
    planes[..., 0] = np.nan
    data = as_webp(planes)
    assert len(data) <= LARGEST
    assert pyvips.Image.new_from_buffer(data, "").width >= 1


def test_each_step_shows_its_picture_once(runs, workshop, tools):
    target = tools.publish(workshop, CHAIN)
    data, samples = tools.png(300, 200)
    asked = {"image": f"data:image/png;base64,{base64.b64encode(data).decode()}"}
    with tools.working(workshop):
        job = runs.submit(Asked("acme", target, asked, Output(previews=True))).job
        done = runs.wait("acme", job.id, 60)
        quiet = runs.submit(Asked("acme", target, asked)).job
        runs.wait("acme", quiet.id, 60)
    assert done.state == "done"
    events = [event_json(event) for event in runs.events("acme", job.id)]
    seen = [one["data"] for one in events if one["type"] == "preview"]
    shown = {one["step"]: one["image"] for one in seen}
    assert [one["step"] for one in seen] == ["up", "again"]
    for image in shown.values():
        kind, _, text = image.partition(",")
        assert kind == "data:image/webp;base64"
        small = tools.pixels(base64.b64decode(text))
        assert max(small.shape[:2]) == LONGEST
        assert abs(float(small.mean()) - float(samples.mean())) < 8
    assert "preview" not in [event.kind for event in runs.events("acme", quiet.id)]


CHATTY = """
import sys
from printroom_step import step

@step
def chatty(text: str, lines: float) -> str:
    for number in range(int(lines)):
        print(text, number, file=sys.stderr if number % 2 else sys.stdout)
    if text == "wrong":
        raise ValueError("that is wrong")
    return text
"""
TALK = """
name: talk
inputs: {text: text, lines: number}
steps:
  say: {use: chatty, with: {text: $text, lines: $lines}}
outputs: {text: $say.result}
"""


@pytest.fixture
def talk(workshop, tools, tmp_path):
    """The id of a pipeline whose step prints."""
    folder = tmp_path / "chatty"
    folder.mkdir()
    (folder / "step.py").write_text(CHATTY)
    head = f'name = "chatty"\nentry = "step.py"\npython = "3.{sys.version_info[1]}"\n'
    (folder / "step.toml").write_text(head + '[example]\ntext = "a"\nlines = 1\n')
    workshop.add_step(folder)
    return tools.publish(workshop, TALK)


def test_what_a_step_prints_is_told_within_bounds(runs, workshop, tools, talk, monkeypatch):
    monkeypatch.setenv("PRINTROOM_SECRET_KEY", "opensesame")
    with tools.working(workshop):
        ids = [
            runs.submit(Asked("acme", talk, {"text": text, "lines": lines})).job.id
            for text, lines in (("opensesame " + "x" * 2000, 3), ("hello", 5 * LINES), ("wrong", 2))
        ]
        ended = [runs.wait("acme", one, 60) for one in ids]
    few, many, failed = (
        [event.data for event in runs.events("acme", one) if event.kind == "log"] for one in ids
    )
    assert {one["step"] for one in few + many} == {"say"}
    # Whoever is first is told what it says of its example as well.
    assert len([one for one in few if one["text"] != "a 0"]) == 3
    assert all(len(one["text"]) <= LETTERS for one in few)
    assert not any("opensesame" in one["text"] for one in few)
    assert len(many) == LINES
    assert many[-1]["text"] == "(no more is kept)"
    said = [one["text"] for one in failed]
    assert {"wrong 0", "wrong 1", "ValueError: that is wrong"} <= set(said)
    assert not any(str(workshop.settings.data) in text for text in said)
    # That the step fails is the inputs' fault: it would fail again.
    assert [(one.state, one.attempt) for one in ended][2] == ("dead", 1)
    assert ended[2].error_code == "step_failed"


def test_work_in_this_process_says_what_it_likes():
    lines = []
    with telling(lines.append):
        told("3 faces")
    told("nobody hears this")
    assert lines == ["3 faces"]

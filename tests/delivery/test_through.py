"""Presets that name a pipeline: made once, for whatever sizes are asked of it."""

import textwrap

import numpy as np
import pytest

from printroom.assets.assets import New
from printroom.core.errors import BadLink, BadOption, NotFound
from printroom.core.settings import Settings
from printroom.delivery.answering import Request
from printroom.delivery.options import Options, parse_options, parse_presets
from printroom.imaging.vips import pyvips
from printroom.pipelines.spec import PipelineSpec
from printroom.workshop import Workshop

DOUBLE = """
name: double
inputs: {photo: picture}
steps:
  large: {use: upscale, with: {image: $photo, net: test/double}}
outputs: {image: $large.image}
"""
PRESETS = "large=x:double@1/f:png; card=x:double@1/w:64/f:png; lost=x:nothing@1"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory, models):
    data = tmp_path_factory.mktemp("through")
    settings = Settings(data=data, models=(models,), workers=1, presets=PRESETS)
    with Workshop(settings, serving=True) as made:
        made.shelf.publish(PipelineSpec.from_yaml(textwrap.dedent(DOUBLE)))
        yield made


@pytest.fixture
def digest(workshop, picture):
    data = picture(48, 32)
    return workshop.assets.add(New("local", data, "upload", "photo.png")).digest


def seen(workshop, address):
    path, _, query = address.partition("?")
    answer = workshop.delivery.whole(Request("GET", path, query, {}))
    assert answer.status == 200
    body = b"".join(
        part if isinstance(part, bytes) else part.content.read(part.start, part.size)
        for part in answer.parts
    )
    return pyvips.Image.new_from_buffer(body, "").numpy(), dict(answer.headers)[b"etag"]


def kept(workshop):
    """What pipelines made."""
    there = (workshop.settings.data / "variants/through").glob("??/*")
    return sorted(file for file in there if file.name != ".lock")


def test_a_preset_sends_a_picture_through_a_pipeline_once(workshop, digest, picture):
    address, _ = workshop.delivery.link(digest, "local", 60, options="p:large")
    large, tag = seen(workshop, address)
    before = pyvips.Image.new_from_buffer(picture(48, 32), "").numpy()
    assert np.array_equal(large, before.repeat(2, 0).repeat(2, 1))
    (file,) = kept(workshop)
    small, other = seen(workshop, workshop.delivery.link(digest, "local", 60, options="p:card")[0])
    assert small.shape == (43, 64, 3)
    assert other != tag
    assert kept(workshop) == [file]
    assert not list((workshop.settings.data / "variants/through/tmp").glob("work-*"))


def test_only_what_a_preset_names_can_be_set_to_work(workshop, digest):
    presets = parse_presets(PRESETS)
    assert parse_options(["x:double@1", "w:64"], presets) == Options(width=64, through="double@1")
    assert parse_options(["x:double@1"], presets).parts() == ["x:double@1"]
    for parts in (["x:enhance"], ["x:double"], ["x:double@2"]):
        with pytest.raises(BadOption, match="in no preset"):
            parse_options(parts, presets)
    with pytest.raises(BadOption):
        parse_options(["x:double@1"])
    for wrong in ("a=x:", "a=x:../b", "a=x:Double", "a=x:a@0", "a=x:me/double"):
        with pytest.raises(BadOption):
            parse_presets(wrong)
    address, _ = workshop.delivery.link(digest, "local", 60, options="p:large")
    with pytest.raises(BadLink):
        seen(workshop, address.replace("double@1", "enhance"))


def test_a_preset_whose_pipeline_is_gone_says_so(workshop, digest):
    address, _ = workshop.delivery.link(digest, "local", 60, options="p:lost")
    with pytest.raises(NotFound, match="nothing"):
        seen(workshop, address)

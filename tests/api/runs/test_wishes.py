"""How results are written and called, and pipelines that come with their request."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.imaging.image import Image
from printroom.imaging.vips import pyvips
from printroom.runs.naming import Source, result_name, stem_of

DRAFT = {
    "name": "twice",
    "inputs": {"image": "picture"},
    "steps": {"up": {"use": "upscale", "with": {"image": "$image", "net": "test/double@1"}}},
}
PASSWORDS = {"type": "picture", "default": "/etc/passwd"}


def made(client, file, **body):
    """The picture that a run makes, as the run says, and its bytes with their headers."""
    body = {"target": "double", "input": {"image": file}, **body}
    run = client.post("/v1/runs", json=body, headers={"prefer": "wait"}).json()
    assert run["status"] == "succeeded", run
    picture = run["output"]["image"]
    return run, picture, client.get(f"/v1/files/{picture['file']}/content")


def signed():
    """A picture with EXIF: who made it, whose it is, and with what."""
    image = pyvips.Image.new_from_array(np.full((48, 64, 3), 99, np.uint8)).copy(
        interpretation="srgb"
    )
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Copyright", "Ann")
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Artist", "Bea")
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Make", "Camera")
    return image.write_to_buffer(".jpg")


@pytest.mark.parametrize(
    ("metadata", "kept"), [("keep", "ABC"), ("copyright", "AB"), ("strip", "")]
)
def test_metadata_as_on_the_hot_path(client, tools, tmp_path, metadata, kept):
    data = signed()
    file = tools.upload(client, data, "signed.jpg")
    _, _, content = made(client, file, output={"metadata": metadata})
    query = {"model": "test/double@1", "metadata": metadata}
    hot = client.post("/v1/images/enhance", params=query, content=data).content
    for found in (content.content, hot):
        with Image.open(found) as image:
            exif = image.metadata.exif or b""
        said = {"A": b"Ann", "B": b"Bea", "C": b"Camera"}
        assert {letter for letter, text in said.items() if text in exif} == set(kept)


def test_quality_and_format(client, tools):
    file = tools.upload(client, tools.png(200, 200)[0], "holiday.PNG")
    sizes = []
    for quality in (5, 95):
        run, picture, content = made(client, file, output={"format": "webp", "quality": quality})
        assert (picture["media_type"], picture["name"]) == ("image/webp", "holiday-2x.webp")
        assert 'filename="holiday-2x.webp"' in content.headers["content-disposition"]
        sizes.append(len(content.content))
    assert 2 * sizes[0] < sizes[1]
    known = {"name": "holiday.PNG", "media_type": "image/png", "width": 200, "height": 200}
    assert run["files"] == {file: known}
    for wrong in ({"quality": 0}, {"quality": 101}, {"metadata": "some"}, {"format": "heic"}):
        body = {"target": "double", "input": {"image": file}, "output": wrong}
        assert client.post("/v1/runs", json=body).status_code == 422


@pytest.mark.parametrize(
    "name", ['../../etc/pass"wd.png', "a\r\nset-cookie: x.png", "ﬁ 😀.png", "."]
)
def test_hostile_names_harm_nobody(client, tools, name):
    answer = client.post("/v1/files", content=tools.png()[0], params={"name": name})
    _, picture, content = made(client, answer.json()["id"])
    assert "/" not in picture["name"]
    assert picture["name"].endswith(".png")
    assert "set-cookie" not in content.headers
    said = content.headers["content-disposition"]
    assert re.fullmatch(r"[ -~]+", said)
    assert "etc/" not in said


@given(st.text(max_size=300))
def test_a_stem_names_a_file_anywhere(name):
    stem = stem_of(name)
    assert len(stem) <= 120
    assert not re.search(r'[<>:"|?*/\\\x00-\x1f]', stem)
    assert stem.strip(". ") == stem


@pytest.mark.parametrize(
    ("source", "output", "only", "name"),
    [
        (Source("a", 10, 20), "image", True, "a-4x.png"),
        (Source("a", 10, 10), "image", True, "a-mend.png"),
        (Source("a"), "image", True, "a-mend.png"),
        (Source(), "image", True, "mend.png"),
        (Source("a", 10, 20), "mask-2", False, "a-mask-2.png"),
        (Source(), "mask", False, "mend-mask.png"),
    ],
)
def test_results_are_called_after_their_source(source, output, only, name):
    assert result_name(source, "ann/mend@3", output, ".png", (40, 80), only=only) == name


def test_a_pipeline_may_come_with_its_request(client, tools):
    data, samples = tools.png()
    file = tools.upload(client, data)
    quote = client.post("/v1/quotes", json={"pipeline": DRAFT, "input": {"image": file}}).json()
    assert quote["target"] == "draft"
    body = {"pipeline": DRAFT, "input": {"image": file}}
    for headers in ({"prefer": "wait"}, {}):
        run = client.post("/v1/runs", json=body, headers=headers).json()
        done = client.get(run["urls"]["get"], headers={"prefer": "wait"}).json()
        assert (done["status"], done["target"]) == ("succeeded", "draft")
        content = client.get(f"/v1/files/{done['output']['image']['file']}/content").content
        assert (tools.pixels(content) == samples.repeat(2, 0).repeat(2, 1)).all()
    assert run["id"] in [
        one["id"] for one in client.get("/v1/runs", params={"target": "draft"}).json()["data"]
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"pipeline": DRAFT, "target": "double"}, "bad_option"),
        ({"pipeline": {**DRAFT, "steps": {}}}, "bad_pipeline"),
        ({"pipeline": {}}, "bad_pipeline"),
        ({"pipeline": {**DRAFT, "title": "x" * 100_000}}, "bad_pipeline"),
        ({"pipeline": {**DRAFT, "inputs": {"image": PASSWORDS}}}, "bad_pipeline"),
    ],
)  # fmt: skip
def test_a_draft_is_checked_like_what_is_published(client, body, code):
    answer = client.post("/v1/runs", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == code

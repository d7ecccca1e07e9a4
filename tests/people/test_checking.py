"""Pictures are looked at: what is refused says why, and the same one counts once."""

import hashlib
import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from PIL import Image as Pillow

from printroom.core.errors import BadOption
from printroom.people.checking import Checker, opened
from printroom.people.faces import Faces
from printroom.people.likeness import kept, odd_ones
from printroom.people.looks import SAME, alike, look_of
from printroom.runtimes.mini.generator import mini

from .conftest import photos, png


@pytest.fixture(scope="module")
def generator():
    made = mini(32)
    yield made
    made.close()


@pytest.fixture(scope="module")
def reddish():
    """A classifier of 8 x 8 RGB in 0..1: the logits of "other", which is 0, and of "red"."""
    weights = np.array([[0, 10], [0, -5], [0, -5]], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["picture"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["colours"]),
            helper.make_node("MatMul", ["colours", "weights"], ["scores"]),
        ],
        "reddish",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 2])],
        [numpy_helper.from_array(weights, "weights")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return made.SerializeToString()


@pytest.fixture(scope="module")
def checker(generator):
    return Checker(generator, Faces(None))


def verdicts(seen):
    return {one.code: one.verdict for one in seen.findings}


def test_a_good_picture_passes_and_says_that_nobody_looked_for_a_face(checker, ann):
    seen = checker.look(ann[0])
    assert seen.good
    assert verdicts(seen)["sharpness"] == "passed"
    assert verdicts(seen)["face"] == "unchecked"


@pytest.mark.parametrize(
    "data", [b"", b"just some text", b"\xff\xd8\xff\xe0cut", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_picture_is_refused(checker, data):
    seen = checker.look(data)
    assert verdicts(seen) == {"picture": "refused"}
    assert not seen.good


def test_a_cut_picture_is_refused(checker, ann):
    assert not checker.look(ann[0][: len(ann[0]) // 2]).good


def test_what_is_too_small_is_refused(checker):
    assert verdicts(checker.look(png(np.zeros((31, 200, 3), np.uint8)))) == {"size": "refused"}


def test_a_blurred_one_is_refused(checker, ann):
    for one in ann[:6]:
        blurred = cv2.GaussianBlur(opened(one), (0, 0), 5)
        assert verdicts(checker.look(png(blurred)))["sharpness"] == "refused"


def test_a_photograph_is_taken_and_it_is_said_that_it_is_strange(checker):
    from importlib.resources import files

    seen = checker.look(files("printroom").joinpath("samples/cat.jpg").read_bytes())
    assert verdicts(seen)["familiar"] == "noted"


@pytest.mark.parametrize(("mode", "shape"), [("L", 1), ("RGBA", 4), ("LA", 2), ("CMYK", 4)])
def test_all_kinds_of_pixels_become_rgb(mode, shape):
    buffer = io.BytesIO()
    Pillow.new(mode, (700, 90)).save(buffer, "TIFF")
    assert opened(buffer.getvalue()).shape == (90, 90, 3)


def test_a_large_picture_is_made_smaller_and_keeps_its_middle():
    pixels = np.zeros((2100, 3100, 3), np.uint8)
    pixels[:, 1000:2100] = 200
    found = opened(png(pixels))
    assert found.shape == (512, 512, 3)
    assert np.median(found[200:300, 200:300]) == 200


@pytest.mark.parametrize("way", ["jpeg", "larger", "brighter"])
def test_the_same_picture_in_another_shape_is_the_same(ann, way):
    for one in ann[:8]:
        pixels = opened(one)
        if way == "jpeg":
            other = cv2.imdecode(cv2.imencode(".jpg", pixels, [1, 70])[1], 1)
        elif way == "larger":
            other = cv2.resize(pixels, (200, 200), interpolation=cv2.INTER_CUBIC)
        else:
            other = np.clip(pixels * 1.1 + 4, 0, 255).astype(np.uint8)
        assert alike(look_of(pixels), look_of(other)) >= SAME


def test_two_pictures_of_one_person_are_two(ann, bob):
    for person in (ann, bob):
        looks = [look_of(opened(one)) for one in person]
        pairs = [alike(a, b) for at, a in enumerate(looks) for b in looks[:at]]
        assert max(pairs) < SAME


def test_two_people_in_one_set_are_told_apart(generator):
    seen = 0
    for seed in range(6):
        mine, other = photos(100 + seed, 10), photos(200 + seed, 2)
        traits = [kept(generator.traits(opened(one))) for one in [*mine, *other]]
        found = set(odd_ones(traits))
        seen += len(found & {10, 11})
        assert len(found - {10, 11}) <= 1
        assert len(odd_ones(traits[:10])) <= 1
    assert seen >= 9  # of 12


@given(st.lists(st.binary(max_size=64).filter(lambda one: len(one) % 2 == 0), max_size=9))
@settings(max_examples=40)
def test_odd_ones_takes_whatever_a_table_has(features):
    with np.errstate(all="ignore"):
        assert all(0 <= place < len(features) for place in odd_ones(features))


def test_a_classifier_that_the_owner_bound_says_whether_there_is_a_face(
    generator, ann, tmp_path, reddish
):
    (tmp_path / "reddish.onnx").write_bytes(reddish)
    digest = hashlib.sha256(reddish).hexdigest()
    path = tmp_path / "faces.toml"
    path.write_text(
        f'[face]\nmodel = "reddish.onnx"\ndigest = "{digest}"\nclasses = "other, red"\n'
        'flag = "red"\nwidth = 8\nheight = 8\nscores = "logits"\n'
    )
    checker = Checker(generator, Faces(path))
    tinted = opened(ann[0]).astype(float)
    for scale, verdict in (((1.6, 0.3, 0.3), "passed"), ((0.2, 1.0, 1.0), "refused")):
        picture = np.clip(tinted * scale, 0, 255).astype(np.uint8)
        assert verdicts(checker.look(png(picture)))["face"] == verdict


@pytest.mark.parametrize(
    "text", ["", "[faces]", "[face]\n", '[face]\nmodel = "x"\nnone = 1', "]", '[face]\nwidth = "x"']
)
def test_a_file_that_binds_nothing_sound_is_refused(tmp_path, text):
    path = tmp_path / "faces.toml"
    path.write_text(text)
    with pytest.raises(BadOption):
        Faces(path)
    with pytest.raises(BadOption):
        Faces(tmp_path / "none.toml")

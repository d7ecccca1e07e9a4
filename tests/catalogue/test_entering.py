"""Files of strangers become entries: found out, proved, entered whole, and corrected."""

import contextlib
import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import printroom.models
from printroom.catalogue.detecting import Kind, kind_of
from printroom.catalogue.entering import About, checked_name, correct, enter
from printroom.catalogue.models import Catalogue
from printroom.catalogue.opening import open_model
from printroom.catalogue.wishes import Wishes
from printroom.core.errors import BadModel, BadOption, NotFound, PrintroomError
from printroom.isolation.house import Isolation

SHARED = Path(__file__).parents[3] / "shared"


def bicubic_net(*, floor=0.0, ceiling=1.0, gain=1.0, planes=3, result=None):
    """Enlarges twice by cubic interpolation what it first holds between two values."""
    nodes = [
        helper.make_node("Clip", ["x", "floor", "ceiling"], ["a"]),
        helper.make_node("Resize", ["a", "", "scales"], ["b"], mode="cubic", cubic_coeff_a=-0.5),
        helper.make_node("Mul", ["b", "gain"], ["y"]),
    ]
    held = {
        "floor": np.array(floor, "f"),
        "ceiling": np.array(ceiling, "f"),
        "gain": np.array(gain, "f"),
        "scales": np.array([1, 1, 2, 2], "f"),
    }
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", planes, None, None])
        for name in ("x", result or "y")
    ]
    weights = [numpy_helper.from_array(array, name) for name, array in held.items()]
    graph = helper.make_graph(nodes, "net", ports[:1], ports[1:], weights)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


@pytest.fixture
def entered(tmp_path):
    """Bytes of a model -> its entry, and what was said."""

    def make(data, name="net.onnx", about=None, wishes=None):
        file, said = tmp_path / name, []
        file.write_bytes(data)
        isolation = Isolation(tmp_path / "data")
        return enter(file, tmp_path / "models", isolation, about, wishes, said.append, (64,)), said

    return make


def test_a_range_is_proved_by_the_example(entered):
    model, said = entered(bicubic_net(floor=8, ceiling=300))
    card = model.card
    assert card.reading.input.range == card.reading.output.range == (0, 255)
    assert (card.task, card.geometry.scale) == ("upscale", 2)
    assert "rgb 0..255" in said[1]
    assert card.origin["proof"] == said[1]
    result = open_model(model).run(np.full((1, 3, 9, 9), 0.5, np.float32))
    assert np.allclose(result, 0.5)


def test_input_and_output_may_have_ranges_of_their_own(entered):
    model, _said = entered(bicubic_net(gain=255))
    assert model.card.reading.input.range == (0, 1)
    assert model.card.reading.output.range == (0, 255)


def test_a_net_of_one_plane_that_enlarges_is_shown_luma(entered):
    model, _said = entered(bicubic_net(planes=1))
    assert model.card.reading.input.channels == "y"
    session = open_model(model)
    shown = np.random.default_rng(0).random((2, 3, 8, 9), np.float32)
    assert session.channels == 3
    assert session.run(shown).shape == (2, 3, 16, 18)


def test_what_is_said_is_not_guessed(entered):
    wishes = Wishes(channels="bgr", input_range=(0, 2), output_range=(0, 2))
    about = About("me/mine", "deblur", "Mine", "MIT")
    model, _said = entered(bicubic_net(), about=about, wishes=wishes)
    card = model.card
    assert (card.id, card.task, card.title, card.licence) == ("me/mine@1", "deblur", "Mine", "MIT")
    assert (card.reading.input.channels, card.reading.input.range) == ("bgr", (0, 2))


def test_the_catalogue_lists_what_was_entered(entered, tmp_path):
    model, _said = entered(bicubic_net())
    found = Catalogue([tmp_path / "models"]).get("local/net")
    assert found == model
    assert found.card.origin["file"] == "net.onnx"
    assert json.loads((model.weights.parent / "card.json").read_text())["digest"]


def test_the_same_file_is_the_same_entry_and_another_is_the_next_version(entered, tmp_path):
    first, _said = entered(bicubic_net())
    assert entered(bicubic_net())[0] == first
    second, _said = entered(bicubic_net(floor=8, ceiling=300))
    assert second.card.id == "local/net@2"
    assert sorted(home.name for home in (tmp_path / "models").glob("*/*")) == ["1", "2"]


def test_a_correction_is_the_next_version_with_the_same_weights(entered, tmp_path):
    model, _said = entered(bicubic_net())
    changed = correct(model, tmp_path / "models", Wishes(channels="bgr"), About(task="deblur"))
    assert (changed.card.id, changed.card.task) == ("local/net@2", "deblur")
    assert changed.weights.samefile(model.weights)
    assert changed.card.origin["corrected"] == "from version 1"
    assert Catalogue([tmp_path / "models"]).get("local/net@1") == model
    with pytest.raises(BadOption, match="takes 3 channels"):
        correct(model, tmp_path / "models", Wishes(channels="grey"))
    with pytest.raises(BadOption, match="was not imported"):
        correct(model, tmp_path / "elsewhere", Wishes(channels="bgr"))


def test_a_model_of_unknown_effect_is_entered_and_nothing_is_claimed(entered):
    node = helper.make_node("Mul", ["x", "zero"], ["y"])
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, "h", "w"]) for name in "xy"
    ]
    zero = numpy_helper.from_array(np.array(0, "f"), "zero")
    graph = helper.make_graph([node], "net", ports[:1], ports[1:], [zero])
    data = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    model, said = entered(data)
    assert model.card.task == "other"
    assert model.card.reading.plain
    assert "nothing is proved" in said[1]


def test_further_inputs_and_odd_ports_are_found_out_and_opened_as_they_are(entered):
    nodes = [
        helper.make_node("Cast", ["x"], ["a"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["a", "strength"], ["b"]),
        helper.make_node("Clip", ["b", "", "white"], ["y"]),
        helper.make_node("ReduceMean", ["b"], ["mean"]),
    ]
    shape = ["n", "h", "w", 3]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.UINT8, shape),
        helper.make_tensor_value_info("strength", TensorProto.FLOAT, [1]),
    ]
    outputs = [
        helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, 1, 1, 1]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, shape),
    ]
    white = numpy_helper.from_array(np.array(255, "f"), "white")
    graph = helper.make_graph(nodes, "net", inputs, outputs, [white])
    model, said = entered(
        helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
        ).SerializeToString()
    )
    reading = model.card.reading
    assert reading.constants == (("strength", 1.0),)
    assert (reading.input.numbers, reading.input.layout) == ("uint8", "nhwc")
    assert reading.input.range == reading.output.range == (0, 255)
    assert reading.output.name == "y"
    assert (model.card.geometry.halo, model.card.geometry.exact) == (0, True)
    assert "strength 1" in said[1]
    shown = np.random.default_rng(0).random((2, 3, 5, 7), np.float32)
    result = open_model(model).run(shown)
    assert np.array_equal(np.rint(result * 255), np.rint(shown * 255))


@pytest.mark.parametrize(
    "name", ["", "net", "a/b/c", "../x", "A/b", "a/..", "a/b@1", "a//b", "-a/b", "a/" + "b" * 200]
)
def test_names_that_could_lead_elsewhere_are_refused(name):
    with pytest.raises(BadOption, match="owner/name"):
        checked_name(name)


def test_detectors_are_told_as_what_they_are(entered, tmp_path):
    ports = [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 24, 32])]
    made = [
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 2304, 1]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 2304, 1]),
    ]
    shape = numpy_helper.from_array(np.array([1, 2304, 1]), "shape")
    nodes = [helper.make_node("Reshape", ["image", "shape"], [one]) for one in ("boxes", "scores")]
    graph = helper.make_graph(nodes, "net", ports, made, [shape])
    data = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    with pytest.raises(BadModel, match="gives no picture, but 2 of boxes 1x2304x1"):
        entered(data)
    assert not list(tmp_path.glob("models/*"))


@pytest.mark.parametrize("file", ["yunet/yunet_n_dynamic.onnx", "ultraface/version-RFB-320.onnx"])
def test_detectors_of_others_are_refused(tmp_path, file):
    if not (SHARED / "models" / file).exists():
        pytest.skip("the foreign models are not here")
    with pytest.raises(BadModel, match="gives no picture"):
        enter(SHARED / "models" / file, tmp_path / "models", Isolation(tmp_path))


def test_links_and_odd_files_are_not_followed(tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "saved_model.pb").symlink_to("/etc/hostname")
    with pytest.raises(BadModel, match="there are links"):
        enter(folder, tmp_path / "models", Isolation(tmp_path))
    with pytest.raises(NotFound, match=r"none\.onnx"):
        enter(tmp_path / "none.onnx", tmp_path / "models", Isolation(tmp_path))
    assert not list(tmp_path.glob("models/*"))


@given(st.binary(max_size=200), st.sampled_from([".onnx", ".pth", ".pb", ".safetensors", ".zip"]))
def test_any_bytes_are_something_or_refused(tmp_path_factory, data, suffix):
    file = tmp_path_factory.mktemp("any") / f"file{suffix}"
    file.write_bytes(data)
    with contextlib.suppress(BadModel):
        assert kind_of(file) in Kind


def test_kinds_are_told_by_content(tmp_path):
    def file(name, data):
        (tmp_path / name).write_bytes(data)
        return kind_of(tmp_path / name)

    def archive(*names):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as made:
            for name in names:
                made.writestr(name, "")
        return held.getvalue()

    header = b'{"w":{}}'
    assert file("a.bin", len(header).to_bytes(8, "little") + header) is Kind.SAFETENSORS
    assert file("b.onnx", pickle.dumps({"w": 1}, 2)) is Kind.PICKLE
    assert file("c.pt", archive("net/data.pkl", "net/version")) is Kind.PICKLE
    assert file("d.pt", archive("net/archive_format", "net/models/model.json")) is Kind.PROGRAM
    assert file("e.onnx", b"\x08\x08") is Kind.ONNX
    assert file("f.pb", b"\x0a\x08") is Kind.FROZEN
    with pytest.raises(BadModel, match="no model that can be taken"):
        file("g.zip", archive("readme"))
    with pytest.raises(BadModel, match="broken archive"):
        file("h.pth", b"PK\x03\x04" + bytes(40))


@pytest.mark.slow
def test_our_own_models_are_read_as_the_house_reads(tmp_path):
    folder = Path(printroom.models.__path__[0])
    model = Catalogue([folder]).get("printroom/upscale-x2")
    found = enter(model.weights, tmp_path / "models", Isolation(tmp_path), tiles=(64,))
    assert found.card.reading.plain
    assert (found.card.geometry, found.card.task) == (model.card.geometry, "upscale")


@pytest.mark.slow
def test_a_net_of_luma_and_fixed_size(tmp_path):
    file = SHARED / "models" / "subpixel_onnx" / "super_resolution.onnx"
    if not file.exists():
        pytest.skip("the foreign models are not here")
    card = enter(file, tmp_path / "models", Isolation(tmp_path), tiles=(64,)).card
    assert (card.geometry.fixed, card.geometry.exact) == ((224, 224), False)
    assert (card.reading.input.channels, card.reading.input.range) == ("y", (0, 1))


def test_errors_of_a_broken_file_are_ours(entered):
    for data in (b"", b"\x08\x08", b"\xff" * 100):
        with pytest.raises(PrintroomError):
            entered(data)

"""Models: cards, a try, and one of one's own, examined before it can be used."""

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save_model
from playwright.sync_api import expect

import printroom

from .conftest import SAMPLE, WAIT, Open, Server

expect.set_options(timeout=WAIT)


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that makes pictures twice as large, each pixel four times."""
    kernel = np.zeros((3, 3, 2, 2), np.float32)
    for band in range(3):
        kernel[band, band] = 1
    shapes = (["n", 3, "h", "w"], ["n", 3, "h2", "w2"])
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in zip(("x", "y"), shapes, strict=True)
    ]
    node = helper.make_node("ConvTranspose", ["x", "k"], ["y"], strides=[2, 2])
    weights = [numpy_helper.from_array(kernel, "k")]
    graph = helper.make_graph([node], "double", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path_factory.mktemp("models") / "double.onnx"
    save_model(model, path)
    return path


def test_models_are_found_and_tried(server: Server, visit: Open, tmp_path: Path) -> None:
    page = visit(f"{server.url}#/models")
    page.get_by_label("Search").fill("upscale-x2")
    cards = page.get_by_role("main").get_by_role("listitem")
    expect(cards).to_have_count(1)
    (card,) = (Path(printroom.__file__).parent / "models" / "upscale-x2").glob("*/card.json")
    expect(cards).to_contain_text(f"{json.loads(card.read_text('utf-8'))['scores']['set5']} dB")
    cards.get_by_role("link").click()
    expect(page.get_by_role("region", name="Measured quality")).to_contain_text("set14")
    page.get_by_role("button", name="Try the sample").click()
    after = page.get_by_role("img", name="After")
    expect(after).to_be_visible()
    assert after.evaluate("node => node.naturalWidth") == 902
    (tmp_path / "cat.jpg").write_bytes(SAMPLE.read_bytes())
    page.get_by_test_id("picture").set_input_files(str(tmp_path / "cat.jpg"))
    expect(page.get_by_role("slider")).to_be_visible()


def test_a_model_is_sent_examined_and_deleted(server: Server, visit: Open, double: Path) -> None:
    page = visit(f"{server.url}#/models/new", expect="404")
    page.get_by_label("Weights, an ONNX file").set_input_files(str(double))
    page.get_by_label("Name").fill("double")
    page.get_by_label("What it does").fill("Each pixel four times")
    page.get_by_label("Licence").fill("MIT")
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("heading", name="Each pixel four times")).to_be_visible()
    examination = page.get_by_role("region", name="Examination")
    expect(examination).to_contain_text("Passed")
    expect(page.get_by_role("main").get_by_text("Ready").first).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    expect(page.get_by_text("Each pixel four times")).to_have_count(0)


def test_what_is_no_model_is_refused_with_its_reason(
    server: Server, visit: Open, tmp_path: Path
) -> None:
    (tmp_path / "liar.onnx").write_bytes(b"not a network at all" * 100)
    page = visit(f"{server.url}#/models/new", expect="422")
    page.get_by_label("Weights, an ONNX file").set_input_files(str(tmp_path / "liar.onnx"))
    page.get_by_label("Name").fill("liar")
    page.get_by_label("Licence").fill("MIT")
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("main").get_by_text("Refused").first).to_be_visible()
    expect(page.get_by_role("region", name="Examination")).to_contain_text("onnx", ignore_case=True)

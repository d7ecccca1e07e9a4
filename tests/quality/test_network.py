"""A model gives in a benchmark what it gives to users."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save_model

from printroom.catalogue.card import ModelCard
from printroom.core.errors import ScaleNotOffered
from printroom.core.settings import Settings
from printroom.engine.enhancement import EnhanceOptions
from printroom.imaging.bicubic import bicubic
from printroom.imaging.tiling import Geometry
from printroom.quality.network import IMAGE, Mended, Network, method_of
from printroom.quality.pictures import as_picture, as_pixels
from printroom.workshop import Workshop

Scene = Callable[..., Any]


@pytest.fixture
def workshop(models: Path, tmp_path: Path) -> Iterator[Workshop]:
    with Workshop(Settings(models=(models,), data=tmp_path / "data")) as made:
        yield made


@pytest.mark.parametrize("bands", [1, 3])
def test_it_is_what_enhance_gives(workshop: Workshop, scene: Scene, bands: int) -> None:
    pixels = scene(0, 61, 47, bands)
    sent = bytes(cv2.imencode(".png", pixels[..., ::-1] if bands == 3 else pixels)[1])
    name = "printroom/upscale-x2"
    data = workshop.enhance(sent, None, EnhanceOptions(model=name, format="png")).data
    assert data is not None
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    expected = read[..., ::-1] if bands == 3 else read[..., None]
    network = Network(name, workshop.floor.model(name), workshop.floor)
    assert np.array_equal(as_pixels(network.restore(as_picture(pixels), None)), expected)


def test_values_outside_the_range_go_in_as_they_are(workshop: Workshop) -> None:
    network = Network("double", workshop.floor.model("test/double"), workshop.floor)
    wild = np.random.default_rng(0).normal(0.5, 1, (20, 24, 3)).astype(np.float32)
    assert np.array_equal(network.restore(wild, None), wild.repeat(2, 0).repeat(2, 1))


def test_a_network_of_one_channel_gets_luma_and_bicubic_chroma(
    workshop: Workshop, scene: Scene, tmp_path: Path
) -> None:
    file = tmp_path / "luma.onnx"
    _one_channel(file)
    network = Network("luma", workshop.floor.model(file), workshop.floor)
    picture = as_picture(scene())
    found = network.restore(picture, None)
    weights = np.array([65.481, 128.553, 24.966]) / 255
    np.testing.assert_allclose(
        found @ weights, (picture @ weights).repeat(2, 0).repeat(2, 1), atol=1e-5
    )
    chroma = found - (found @ weights)[..., None] * 255 / (65.481 + 128.553 + 24.966)
    smooth = bicubic(picture, 2)
    smooth = smooth - (smooth @ weights)[..., None] * 255 / (65.481 + 128.553 + 24.966)
    np.testing.assert_allclose(chroma, smooth, atol=2e-3)
    grey = picture[..., :1]
    np.testing.assert_allclose(
        network.restore(grey, None), grey.repeat(2, 0).repeat(2, 1), atol=1e-6
    )


def _one_channel(file: Path) -> None:
    kernel = np.zeros((4, 1, 3, 3), np.float32)
    kernel[:, :, 1, 1] = 1
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "kernel"], ["phases"], pads=[1, 1, 1, 1]),
            helper.make_node("DepthToSpace", ["phases"], ["result"], blocksize=2, mode="CRD"),
        ],
        "luma",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, ["n", 1, "h2", "w2"])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    opset = [helper.make_opsetid("", 17)]
    save_model(helper.make_model(graph, opset_imports=opset, ir_version=8), file)


def test_a_model_of_another_scale_is_refused(workshop: Workshop) -> None:
    model, shop = workshop.floor.model("test/double"), (workshop.floor, workshop.steps, workshop)
    assert isinstance(method_of("double", model, 2, *shop), Network)
    with pytest.raises(ScaleNotOffered, match="by 2, the task by 4"):
        method_of("double", model, 4, *shop)


def test_a_model_that_looks_at_a_thumbnail_works_through_its_step(
    scene: Scene, tmp_path: Path
) -> None:
    _brightener(tmp_path / "models" / "bright" / "1")
    settings = Settings(models=(tmp_path / "models",), data=tmp_path / "data")
    with Workshop(settings) as workshop:
        model = workshop.catalogue.for_task("lowlight")
        method = method_of("bright", model, 1, workshop.floor, workshop.steps, workshop)
        dark = as_picture(scene()) * np.float32(0.3)
        made = method.restore(dark, None)
    assert isinstance(method, Mended)
    assert made.shape == dark.shape
    assert (made > dark).all()


def _brightener(home: Path) -> None:
    """A model for `lowlight` that bends every curve upwards, whatever it sees."""
    home.mkdir(parents=True)
    constants = {"nothing": 0.0, "bend": 0.7}
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
            helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
            helper.make_node("Add", ["zero", "bend"], ["bends"]),
        ],
        "bright",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("bends", TensorProto.FLOAT, ["n", 3, 1, 1])],
        [numpy_helper.from_array(np.float32(v), name) for name, v in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    save_model(helper.make_model(graph, opset_imports=opset, ir_version=8), home / "net.onnx")
    card = ModelCard(
        name="test/bright",
        version=1,
        title="Brightens",
        weights="net.onnx",
        digest=hashlib.sha256((home / "net.onnx").read_bytes()).hexdigest(),
        geometry=Geometry(),
        parameters=0,
        licence="CC0-1.0",
        task="lowlight",
    )
    (home / "card.json").write_text(card.to_json())


@pytest.mark.parametrize("bands", [1, 3])
def test_a_pipeline_is_a_method_too(workshop: Workshop, scene: Scene, bands: int) -> None:
    from printroom.pipelines.builder import pipeline
    from printroom.pipelines.graph import Graph
    from printroom.pipelines.registry import Registry
    from printroom.pipelines.step import Planes, TileStep

    class Negative(TileStep):
        """Black for white."""

        name = "negative"

        def apply(self, tile: Planes, parameters: None) -> Planes:
            return 1 - tile

    registry = Registry()
    registry.register(Negative)
    built = pipeline("mending").input(IMAGE).step("turned", "negative", image=f"${IMAGE}")
    graph = Graph.check(built.output(IMAGE, "$turned.image").spec(), registry)
    picture = as_picture(scene(0, 40, 50, bands))
    found = Mended("negative", None, graph, workshop.floor).restore(picture, None)
    np.testing.assert_allclose(found, 1 - picture, atol=1e-6)

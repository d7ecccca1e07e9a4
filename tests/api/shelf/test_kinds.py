"""Models that are no networks, weights without a graph, and models of other people, all the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import numpy as np
import pytest
from safetensors.numpy import save

from printroom.api.models.schemas import Architecture
from printroom.imaging.pixels import from_planes, to_planes
from printroom.runtimes.onnx.ours.chain import UPSCALER, Chain
from printroom.runtimes.onnx.ours.planes import computed
from printroom.runtimes.onnx.ours.telling import ARCHITECTURES
from printroom.runtimes.onnx.session import OnnxSession

SHARED = Path(__file__).parents[4] / "shared" / "models"
Encode, Decode = Callable[..., bytes], Callable[[bytes], Any]


def enhanced(fair: Any, model: str, picture: bytes) -> Any:
    return fair.seller.post("/v1/images/enhance", params={"model": model}, content=picture)


def noise(height: int, width: int, seed: int = 0) -> Any:
    """Blurred a little, so that it has edges and flat parts."""
    levels = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), np.uint8)
    return levels.repeat(4, 0).repeat(4, 1)


def test_a_classical_method_is_listed_and_run(
    fair: Any, example: Callable[[str], ModuleType], encode: Encode, decode: Decode
) -> None:
    graph = bytes(example("guided-filter").made().SerializeToString())
    model = fair.given(fair.seller, graph, "flat", title="Flat tones")
    assert (model["state"], model["examination"]["verdict"]) == ("ready", "passed")
    assert (model["geometry"]["exact"], model["geometry"]["halo"]) == (True, 24)
    assert model["parameters"] < 200  # numbers of formulas, none of them learnt
    alone = fair.good(fair.seller.get(f"/v1/models/{model['id']}/pipeline"))["yaml"]
    fair.good(fair.seller.post("/v1/pipelines", json={"yaml": alone}), 201)
    card = {"kind": "pipeline", "name": "flat-run", "title": "Flat tones"}
    place = f"/v1/listings/{fair.good(fair.seller.post('/v1/listings', json=card), 201)['id']}"
    fair.good(fair.seller.put(f"{place}/offer", json={"price": {}}))
    target = fair.good(fair.seller.post(f"{place}/publish", json={}))["target"]
    pixels = noise(700, 900)
    picture = fair.upload(fair.buyer, encode(pixels), "noise.png")
    run = fair.ran(fair.buyer, target, {"image": picture})
    assert run["status"] == "succeeded", run
    file = run["output"]["image"]["file"]
    made = decode(fair.buyer.get(f"/v1/files/{file}/content").content)
    whole = from_planes(OnnxSession(graph).run(to_planes(pixels)), 3, np.uint8)
    assert np.array_equal(made, whole)  # in tiles, behind walls: the same bits


def test_every_network_of_ours_can_be_declared() -> None:
    assert get_args(Architecture) == ARCHITECTURES


def test_weights_whose_network_is_declared(fair: Any, encode: Encode, decode: Decode) -> None:
    network = Chain(2, 6, 1)
    random = np.random.default_rng(0)
    weights = {
        name: (random.normal(size=shape) * 0.04).astype(np.float32)
        for name, shape in network.shapes.items()
    }
    weights["skip"][:] = 0
    weights["skip"][range(12), np.arange(12) // 4, 2, 2] = 1
    data = save(weights)
    file = {"file": "net.safetensors"}
    model = fair.given(fair.seller, data, "net", architecture=UPSCALER, **file)
    assert model["state"] == "ready", model["examination"]
    assert model["read_as"] == "rgb 0..1"  # as such networks are, whatever an example suggests
    codes = {one["code"]: one["verdict"] for one in model["examination"]["findings"]}
    assert codes["file.converted"] == "passed"
    report = fair.good(fair.seller.get(f"/v1/models/{model['id']}/report"))
    assert model["digest"] == report["digests"]["model.onnx"] == report["card"]["digest"]
    assert report["digests"]["weights.safetensors"] != model["digest"]
    pixels = noise(24, 32)
    answer = enhanced(fair, model["id"], encode(pixels))
    assert answer.status_code == 200, answer.text
    planes = pixels.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    expected = np.clip(computed(network, weights, planes), 0, 1).transpose(1, 2, 0) * 255
    assert np.abs(decode(answer.content) - expected).max() < 0.51

    again = fair.seller.post(f"/v1/models/{model['id']}/examinations")
    assert again.status_code == 202, again.text  # of the graph, which is all there is now

    for more, code in (({}, "file.architecture"), ({"architecture": "printroom-restorer"},) * 2):
        told = fair.given(fair.seller, data, "other", **more, **file)
        findings = told["examination"]["findings"]
        assert told["state"] == "refused"
        if not more:
            assert findings[-1]["code"] == code
        assert "which network" in findings[-1]["reason"] or "was declared" in findings[-1]["reason"]
    unknown = {"file": "file_0", "name": "x", "architecture": "resnet"}
    assert fair.seller.post("/v1/models", json=unknown).status_code == 422


@pytest.fixture(scope="module")
def foreign() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the models of other people are not beside the repository")
    return SHARED


def test_a_foreign_upscaler(foreign: Path, fair: Any, encode: Encode, decode: Decode) -> None:
    """Of one size, on luma, by three."""
    data = next((foreign / "subpixel_onnx").glob("*.onnx")).read_bytes()
    model = fair.given(fair.seller, data, "subpixel")
    assert model["state"] == "ready", model["examination"]
    assert (model["geometry"]["scale"], model["geometry"]["fixed"]) == ("3", [224, 224])
    assert model["reading"]["input"]["channels"] == "y"
    pixels = noise(224, 224)
    answer = enhanced(fair, model["id"], encode(pixels))
    assert answer.status_code == 200, answer.text
    made = decode(answer.content)
    assert made.shape == (672, 672, 3)
    inside = slice(16, -16)
    small = made[1::3, 1::3].astype(float)[inside, inside] - pixels[inside, inside]
    assert np.abs(small).mean() < 20  # the same picture, larger


@pytest.mark.parametrize("name", ["yunet", "ultraface"])
def test_foreign_detectors_are_refused_with_what_to_do(foreign: Path, fair: Any, name: str) -> None:
    data = next((foreign / name).glob("*.onnx")).read_bytes()
    model = fair.given(fair.seller, data, name)
    assert model["state"] == "refused"
    (finding,) = [one for one in model["examination"]["findings"] if one["verdict"] == "refused"]
    assert "gives no picture" in finding["reason"]
    assert "a step that knows its outputs" in finding["reason"]


@pytest.mark.parametrize(
    ("folder", "ending", "said"),
    [
        ("dncnn_kair", "pth", ("archive", "pickle")),
        ("fsrcnn_pb", "pb", ("ONNX",)),
        ("espcn_pb", "pb", ("ONNX",)),
        ("style", "safetensors", ("network",)),
    ],
)
def test_what_is_no_graph_is_refused_and_says_what_to_send(
    foreign: Path, fair: Any, folder: str, ending: str, said: tuple[str, ...]
) -> None:
    path = sorted((foreign / folder).glob(f"*.{ending}"))[0]
    model = fair.given(fair.seller, path.read_bytes(), folder.replace("_", "-"), file=path.name)
    assert model["state"] == "refused"
    reason = model["examination"]["findings"][-1]["reason"]
    assert any(word in reason for word in said), reason

"""Weights of our own networks become graphs behind walls, and nothing else of them is believed."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from printroom.catalogue.entering import enter
from printroom.catalogue.verification.folding import fold, ours
from printroom.catalogue.verification.report import RULES, Declared
from printroom.core.errors import BadModel, ConversionFailed
from printroom.isolation.house import Isolation
from printroom.runtimes.onnx.ours.chain import RESTORER, UPSCALER, Chain
from printroom.runtimes.onnx.ours.unet import UNET, UNet
from printroom.runtimes.onnx.session import OnnxSession

NETWORKS = {
    UPSCALER: Chain(2, 6, 1),
    RESTORER: Chain(1, 6, 1),
    UNET: UNet((6, 8, 8), (1, 1, 1)),
}


def weights(name=UPSCALER, seed=0, dtype=np.float32):
    network = NETWORKS[name]
    random = np.random.default_rng(seed)
    found = {
        name: (random.normal(size=shape) * 0.02).astype(dtype)
        for name, shape in network.shapes.items()
    }
    if "skip" in found:  # each pixel again: what a picture stays recognisable by
        found["skip"][:] = 0
        found["skip"][range(12), np.arange(12) // 4, 2, 2] = 1
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_the_graph_is_what_is_verified(report, walled, name):
    graphs, scale = [], NETWORKS[name].scale
    declared = Declared("acme/net", licence="MIT", architecture=name)
    found = report(save(weights(name)), declared, made=graphs.append)
    assert found.verdict == "passed", found.reasons
    codes = [one.code for one in found.findings]
    assert codes[:4] == ["file.whole", "file.converted", "file.whole", "graph.made"]
    assert found.card.geometry.scale == scale
    assert found.card.geometry.exact
    assert found.card.reading.plain
    assert found.declared == declared
    (graph,) = graphs
    assert OnnxSession(graph).run(np.zeros((1, 3, 8, 8), np.float32)).shape[2] == 8 * scale


def test_on_ones_own_machine_they_are_imported_without_torch(tmp_path):
    file = tmp_path / "mine.safetensors"
    file.write_bytes(save(weights()))
    said = []
    model = enter(file, tmp_path / "models", Isolation(tmp_path / "data"), say=said.append)
    assert model.card.geometry.scale == 2
    assert model.card.reading.plain
    assert model.card.origin["converted"] == "printroom-upscaler (SR), converted to ONNX"
    assert not any("torch" in line for line in said)
    assert not (tmp_path / "data" / "environments").exists()
    file.write_bytes(save(weights())[:-1])
    with pytest.raises(BadModel, match="no safetensors file"):
        enter(file, tmp_path / "models", Isolation(tmp_path / "data"))


def test_half_precision_is_taken_and_whole_numbers_are_not(tmp_path, walled):
    file = tmp_path / "half.safetensors"
    file.write_bytes(save(weights(dtype=np.float16)))
    assert fold(file, RULES).architecture == UPSCALER
    file.write_bytes(save({name: one.astype(np.int32) for name, one in weights().items()}))
    with pytest.raises(ConversionFailed, match="is I32, not one of F32, F16"):
        fold(file, RULES)


def test_what_it_is_not_is_said_from_the_header_alone(tmp_path, refused):
    declared = Declared("acme/net", architecture=UPSCALER)
    tensors = weights()
    tensors["chain.layers.1.bias"] = np.zeros(7, np.float32)
    code, reason = refused(save(tensors), declared=declared)
    assert code == "file.architecture"
    assert "chain.layers.1.bias is [7], and printroom-upscaler has [6]" in reason
    huge = {"chain.layers.0.weight": {"dtype": "F32", "shape": [2**20, 2**20 * 9],
                                      "data_offsets": [0, 2**43 * 36 // 8]}}  # fmt: skip
    head = json.dumps(huge).encode()
    code, _ = refused(len(head).to_bytes(8, "little") + head, declared=declared)
    assert code == "file.header"
    file = tmp_path / "other.safetensors"
    file.write_bytes(save({"k": np.zeros(3, np.float32)}))
    assert "neither chain.layers.0.weight nor first.weight" in ours(file, RULES)


def test_another_of_ours_than_was_declared(refused, walled):
    declared = Declared("acme/net", architecture=RESTORER)
    code, reason = refused(save(weights()), declared=declared)
    assert code == "file.architecture"
    assert "are of printroom-upscaler, and printroom-restorer was declared" in reason


def test_numbers_that_are_none_make_no_model(refused, walled):
    tensors = weights()
    tensors["skip"][0] = np.nan
    code, _ = refused(save(tensors), declared=Declared("a/b", architecture=UPSCALER))
    assert code == "file.conversion"

"""Weights that spandrel knows become ONNX in a sandbox; what a pickle would do is not done.

Takes PyTorch and spandrel, fetched once by uv and kept in its cache.
"""

import subprocess
import textwrap
from pathlib import Path

import cv2
import numpy as np
import pytest

from printroom.catalogue.entering import enter
from printroom.catalogue.opening import open_model
from printroom.core.errors import ConversionFailed, EnvironmentFailed
from printroom.isolation.conversion import (
    FIXED,
    PYTHONS,
    REQUIREMENTS,
    WITHOUT,
    _converted,
    _environment,
    convert,
)
from printroom.isolation.environments import EnvironmentSpec
from printroom.isolation.house import Isolation
from printroom.isolation.sandbox import Sandbox
from printroom.metrics.psnr import psnr
from printroom.runtimes.onnx.session import OnnxSession

pytestmark = pytest.mark.slow
SHARED = Path(__file__).parents[3] / "shared"
MAKE = """
    import sys
    sys.path.insert(0, sys.argv[1])
    import convert_child
    convert_child.stand_in()
    import torch
    from safetensors.torch import save_file
    from spandrel.architectures.DnCNN import DnCNN

    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = DnCNN(in_nc=3, out_nc=3, nc=8, nb=8, act_mode="R").eval()
    torch.save(net.state_dict(), "net.pth")
    torch.save({"params": net.state_dict()}, "old.pth", _use_new_zipfile_serialization=False)
    save_file(net.state_dict(), "net.safetensors")
    x = torch.rand(1, 3, 20, 28)
    x.numpy().tofile("x.bin")
    net(x).detach().numpy().tofile("y.bin")

    class Evil:
        def __reduce__(self):
            import os
            return (os.system, (f"touch {sys.argv[2]}",))

    torch.save({"w": Evil()}, "evil.pth")
    save_file({"w": torch.zeros(3)}, "unknown.safetensors")
"""


@pytest.fixture(scope="module")
def isolation(tmp_path_factory):
    return Isolation(tmp_path_factory.mktemp("convert"))


@pytest.fixture(scope="module")
def made(isolation, tmp_path_factory):
    """A folder of weights, with what their network makes of a picture."""
    try:
        spec = EnvironmentSpec(PYTHONS[0], REQUIREMENTS, without=WITHOUT)
        environment = isolation.environment(spec)
    except EnvironmentFailed as error:
        pytest.skip(f"no PyTorch with spandrel here: {error}")
    if "nvidia" in environment.lock:
        pytest.skip("the build of PyTorch at hand is not for CPUs alone")
    assert "torchvision" not in environment.lock
    folder = tmp_path_factory.mktemp("weights")
    import printroom.runtimes

    beside, marker = Path(printroom.runtimes.__file__).parent, folder / "evil.was.here"
    command = [environment.python, "-I", "-c", textwrap.dedent(MAKE), beside, marker]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name", ["net.pth", "old.pth", "net.safetensors"])
def test_weights_become_a_graph_that_does_the_same(made, isolation, name):
    converted = convert(made / name, isolation, suffix=Path(name).suffix)
    assert converted.architecture == "DnCNN"
    assert converted.difference < 1e-5
    shown = np.fromfile(made / "x.bin", np.float32).reshape(1, 3, 20, 28)
    wanted = np.fromfile(made / "y.bin", np.float32).reshape(shown.shape)
    assert np.abs(OnnxSession(converted.onnx).run(shown) - wanted).max() < 1e-5


def test_what_a_pickle_would_do_is_not_done(made, isolation):
    with pytest.raises(ConversionFailed, match=r"(?i)weights.only"):
        convert(made / "evil.pth", isolation)
    assert not (made / "evil.was.here").exists()


def test_unknown_weights_are_told_as_such(made, isolation):
    with pytest.raises(ConversionFailed, match="spandrel knows no network with these weights"):
        convert(made / "unknown.safetensors", isolation, suffix=".safetensors")
    (made / "broken.pth").write_bytes(b"\x80\x02" + bytes(100))
    with pytest.raises(ConversionFailed):
        convert(made / "broken.pth", isolation)


def test_an_entry_says_how_it_was_converted(made, isolation, tmp_path):
    model = enter(made / "net.pth", tmp_path / "models", isolation, tiles=(64,))
    card = model.card
    assert (card.runtime, card.geometry.halo, card.geometry.exact) == ("onnx", 8, True)
    assert "DnCNN" in card.origin["converted"]
    assert float(card.origin["difference"]) < 1e-5
    assert card.origin["sandbox"]


def test_a_denoiser_of_others_denoises(made, isolation, tmp_path):
    file, photos = SHARED / "models/dncnn_kair/dncnn_25.pth", SHARED / "data" / "classic5"
    if not (file.exists() and photos.is_dir()):
        pytest.skip("the model or the test set is not at hand")
    model = enter(file, tmp_path / "models", isolation, tiles=(64,))
    assert (model.card.task, model.card.reading.input.channels) == ("denoise", "grey")
    assert model.card.geometry.halo == 17
    session, before, after = open_model(model), [], []
    for photo in sorted(photos.glob("*.png")):
        clean = cv2.imread(str(photo), cv2.IMREAD_GRAYSCALE).astype(np.float32)
        noisy = clean + np.random.default_rng(0).normal(0, 25, clean.shape).astype(np.float32)
        result = np.clip(session.run(noisy[None, None] / 255)[0, 0] * 255, 0, 255)
        before.append(psnr(clean, noisy))
        after.append(psnr(clean, result))
    assert np.mean(before) == pytest.approx(20.2, abs=0.2)
    assert np.mean(after) == pytest.approx(30.4, abs=0.15)


def test_a_network_may_be_converted_for_one_size_only(made, isolation):
    environment, sandbox = _environment(isolation), Sandbox()
    converted = _converted(made / "net.pth", environment, sandbox, FIXED)
    session = OnnxSession(converted.onnx)
    assert session.signature.fixed == (FIXED, FIXED)
    assert converted.difference < 1e-5

"""Models of PyTorch and TensorFlow, entered and opened by the same door.

Takes both frameworks, fetched once by uv and kept in its cache.
"""

import subprocess
import textwrap
from pathlib import Path

import numpy as np
import pytest

from printroom.catalogue.entering import enter
from printroom.catalogue.opening import open_model
from printroom.catalogue.wishes import Wishes
from printroom.core.errors import BadModel, BadOption, EnvironmentFailed
from printroom.imaging.bicubic import bicubic
from printroom.isolation.environments import EnvironmentSpec
from printroom.isolation.house import Isolation
from printroom.isolation.pythons import Pythons
from printroom.isolation.session import TENSORFLOW, TORCH
from printroom.metrics.psnr import luma, psnr

pytestmark = pytest.mark.slow
SHARED = Path(__file__).parents[3] / "shared"
TORCH_NET = """
    import torch

    class Net(torch.nn.Module):
        "Twice the size, in 0..255; black is held at 8."
        def forward(self, x):
            x = x.clamp(min=8)
            return torch.nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear")

    any_size = {0: torch.export.Dim("n"), 2: torch.export.Dim("h"), 3: torch.export.Dim("w")}
    x = torch.rand(2, 3, 16, 12)
    torch.export.save(torch.export.export(Net(), (x,), dynamic_shapes=[any_size]), "net.pt2")
"""
TENSORFLOW_NET = """
    import tensorflow as tf

    class Net(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1), tf.float32, "image")])
        def __call__(self, image):
            shape = tf.shape(image)
            return {"large": tf.image.resize(image, (2 * shape[1], 2 * shape[2]), "bicubic")}

    net = Net()
    tf.saved_model.save(net, "saved", signatures=net.__call__)
"""


@pytest.fixture(scope="module")
def isolation(tmp_path_factory):
    return Isolation(tmp_path_factory.mktemp("frameworks"))


@pytest.fixture
def made(isolation, tmp_path):
    """Code and its framework -> the folder in which it was run."""

    def make(framework, code=""):
        here = [version for version in framework.pythons if version in Pythons().versions()]
        if not here:
            pytest.skip(f"no Python here that {framework.name} works with")
        try:
            environment = isolation.environment(EnvironmentSpec(here[0], framework.requirements))
        except EnvironmentFailed as error:
            pytest.skip(f"no {framework.name} here: {error}")
        if "nvidia" in environment.lock:
            pytest.skip("the build at hand is not for CPUs alone")
        command = [environment.python, "-I", "-c", textwrap.dedent(code)]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        return tmp_path

    return make


def test_an_exported_program_is_entered_and_opened(made, isolation, tmp_path):
    folder = made(TORCH, TORCH_NET)
    model = enter(folder / "net.pt2", tmp_path / "models", isolation, tiles=(64,))
    card = model.card
    assert (card.runtime, card.geometry.scale, card.task) == ("torch", 2, "upscale")
    assert card.reading.input.range == card.reading.output.range == (0, 255)
    assert not card.geometry.exact
    assert list(card.costs) == [64]
    session = open_model(model, isolation=isolation)
    try:
        assert session.channels == 3
        assert session.resident_bytes > 2**20
        result = session.run(np.full((1, 3, 9, 7), 0.5, np.float32))
        assert result.shape == (1, 3, 18, 14)
        assert np.allclose(result, 0.5, atol=1e-5)
        session.shrink()
    finally:
        session.close()
    with pytest.raises(BadModel, match="no environments"):
        open_model(model)
    last = Wishes(layout="nhwc")
    with pytest.raises(BadOption, match="leave out layout"):
        enter(folder / "net.pt2", tmp_path / "models", isolation, wishes=last)


def test_a_saved_model_is_entered_and_opened(made, isolation, tmp_path):
    folder = made(TENSORFLOW, TENSORFLOW_NET)
    model = enter(folder / "saved", tmp_path / "models", isolation, tiles=(64,))
    card = model.card
    assert (card.runtime, card.weights, card.geometry.scale) == ("tensorflow", "model", 2)
    assert card.reading.input.channels == "y"
    session = open_model(model, isolation=isolation)
    try:
        shown = np.random.default_rng(0).random((1, 3, 20, 24), np.float32)
        assert session.run(shown).shape == (1, 3, 40, 48)
    finally:
        session.close()


@pytest.mark.parametrize(
    ("file", "score"), [("fsrcnn_pb/FSRCNN_x2.pb", 34.88), ("espcn_pb/ESPCN_x2.pb", 34.79)]
)
def test_frozen_graphs_enlarge_whole_pictures(made, isolation, tmp_path, file, score):
    photos = sorted((SHARED / "data" / "set5").glob("*.png"))
    if not photos or not (SHARED / "models" / file).exists():
        pytest.skip("the model or the test set is not at hand")
    from printroom.training.photos import read_rgb

    made(TENSORFLOW)
    model = enter(SHARED / "models" / file, tmp_path / "models", isolation, tiles=(64,))
    assert model.card.reading.input.channels == "y"
    session, scores = open_model(model, isolation=isolation), []
    try:
        for photo in photos:
            large = read_rgb(photo)
            large = large[: large.shape[0] // 2 * 2, : large.shape[1] // 2 * 2]
            small = np.clip(np.rint(bicubic(large, 0.5)), 0, 255).astype(np.float32) / 255
            made_large = session.run(small.transpose(2, 0, 1)[None])[0].transpose(1, 2, 0)
            result = luma(np.clip(np.rint(made_large * 255), 0, 255))
            scores.append(psnr(luma(large)[2:-2, 2:-2], result[2:-2, 2:-2]))
    finally:
        session.close()
    assert np.mean(scores) == pytest.approx(score, abs=0.03)

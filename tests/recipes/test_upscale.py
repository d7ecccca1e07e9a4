"""The upscaler's recipe: its net is what it says, it learns, and it goes on after a kill."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import pyvips
import skimage

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.imaging.bicubic import bicubic  # noqa: E402
from printroom.recipes import upscale  # noqa: E402

TINY = upscale.Options(steps=12, batch=2, patch=16, channels=16, layers=2, report_every=4)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The recipe's folders, each with one small real photograph."""
    root = tmp_path_factory.mktemp("sets")
    source = Path(skimage.__file__).parent / "data" / "coffee.png"
    for place, name in enumerate((*upscale.TRAIN, *upscale.TEST)):
        (root / name).mkdir()
        photo = pyvips.Image.new_from_file(str(source)).crop(60 * place, 40 * place, 96, 80)
        photo.write_to_file(str(root / name / "photo.png"))
    return root


def test_before_training_the_net_is_bicubic_interpolation():
    picture = np.random.default_rng(0).random((12, 10, 3)).astype(np.float32)
    with torch.inference_mode():
        batch = torch.from_numpy(picture).permute(2, 0, 1)[None]
        result = upscale.Upscaler(16, 2)(batch)[0].permute(1, 2, 0).numpy()
    inner = (slice(6, -6), slice(6, -6))  # the net pads with zeros, MATLAB mirrors
    np.testing.assert_allclose(result[inner], bicubic(picture, 2)[inner], atol=1e-5)


def test_the_graph_computes_what_the_net_computes():
    torch.manual_seed(1)
    net = upscale.Upscaler(16, 2)
    torch.nn.init.normal_(net.chain[-1].project, std=0.1)
    graph = upscale.to_onnx(net).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random((1, 3, 13, 8)).astype(np.float32)
    with torch.inference_mode():
        expected = net(torch.from_numpy(picture)).numpy()
    np.testing.assert_allclose(session.run(None, {"image": picture})[0], expected, atol=1e-5)


def test_patches_of_both_sizes_show_the_same_place():
    large = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    small = large[::2, ::2]
    batch = upscale.sample([(small, large)], TINY, np.random.default_rng(3))
    for low, high in zip(*batch, strict=True):
        phases = [high[:, y::2, x::2] for y in (0, 1) for x in (0, 1)]  # turning moves the phase
        assert any(torch.equal(low, phase) for phase in phases)


def test_the_rate_warms_up_and_ends_at_zero():
    options = upscale.Options(steps=4000)
    rates = [upscale.rate_at(step, options) for step in (0, 199, 2999, 3500, 4000)]
    assert rates == pytest.approx([5e-6, 1e-3, 1e-3, 5e-4, 0])


@pytest.mark.slow
def test_training_beats_its_start_and_leaves_a_card(data, tmp_path):
    start = upscale.Upscaler(TINY.channels, TINY.layers)
    photos = upscale.read_folders([data / "set5"], 2).pictures
    before = upscale.evaluate(start, upscale.shrink(photos))
    card = upscale.main(data, tmp_path, replace(TINY, steps=150, report_every=75))
    assert card.scores["set5"] > before
    assert card.geometry.scale == 2
    assert card.geometry.exact
    assert (tmp_path / card.weights).stat().st_size < 2 << 20


@pytest.mark.slow
def test_a_killed_training_goes_on_from_its_checkpoint(data, tmp_path):
    code = (
        "import sys; from pathlib import Path; from printroom.recipes import upscale as u\n"
        "u.main(Path(sys.argv[1]), Path(sys.argv[2]), u.Options(steps=100_000, batch=2, patch=16,"
        " channels=16, layers=2, report_every=4, threads=1))"
    )
    command = [sys.executable, "-c", code, str(data), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if line.startswith("step 8 "):
                break
        os.kill(child.pid, signal.SIGKILL)
    trainer = upscale.Trainer(tmp_path, TINY)
    assert trainer.step >= 8
    assert trainer.step % 4 == 0

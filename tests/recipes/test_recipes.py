"""Every recipe: learns from any folder, leaves a whole card, and goes on after a kill."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from skimage.data import coffee

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.core.errors import BadOption, NotFound  # noqa: E402
from printroom.recipes import deblur, dejpeg, denoise, upscale  # noqa: E402
from printroom.runtimes.onnx.session import OnnxSession  # noqa: E402
from printroom.training.degradations.compose import Chain  # noqa: E402
from printroom.training.degradations.noise import GaussianNoise  # noqa: E402
from printroom.training.pairs import Degraded  # noqa: E402
from printroom.training.sources import Pictures  # noqa: E402

TINY = {
    "steps": 4,
    "batch": 2,
    "patch": 16,
    "channels": 16,
    "layers": 1,
    "leaves": 1,
    "fabrics": 1,
    "data_kind": "own",
    "report_every": 2,
    "threads": 1,
}
RECIPES = {
    "dejpeg": (dejpeg, {}),
    "denoise": (denoise, {}),
    "deblur": (deblur, {}),
    "upscale-x2": (upscale, {}),
    "upscale-x4": (upscale, {"scale": 4}),
}


@pytest.fixture(params=RECIPES)
def recipe(request):
    """Name of the model, its recipe's main, and tiny options."""
    module, more = RECIPES[request.param]
    return request.param, module.main, module.Options(**TINY | more)


@pytest.mark.slow
def test_a_recipe_leaves_weights_and_a_whole_card(recipe, photos, tmp_path, capsys):
    name, main, options = recipe
    card = main(photos, tmp_path, options)
    scale = getattr(options, "scale", 1)
    assert card.id == f"local/{name}@1"
    assert card.task == name.partition("-")[0]
    assert (card.geometry.scale, card.geometry.exact, card.geometry.tolerance) == (scale, True, 0)
    assert card.licence == "LicenseRef-own"
    assert set(card.data) == {photos.name, "dead leaves", "fabrics"}
    assert "--steps 4" in card.command
    assert "--data-kind own" in card.command
    assert "--threads" not in card.command
    assert all(score > 15 for score in card.scores.values())
    assert any(key.startswith("aside") for key in card.scores)
    assert card.costs
    result = OnnxSession(tmp_path / card.weights).run(np.zeros((1, 3, 32, 24), np.float32))
    assert result.shape == (1, 3, 32 * scale, 24 * scale)
    assert "1 broken" in capsys.readouterr().out


def test_a_finished_training_can_be_made_longer(photos, tmp_path):
    options = dejpeg.Options(**TINY)
    dejpeg.main(photos, tmp_path, options)
    card = dejpeg.main(photos, tmp_path, replace(options, steps=6))
    assert "--steps 6" in card.command
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 6


def test_a_folder_without_a_picture_is_named(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(NotFound, match="in"):
        dejpeg.main(tmp_path / "in", tmp_path / "out", dejpeg.Options(**TINY))


@pytest.mark.slow
def test_a_killed_training_ends_in_the_weights_of_one_that_was_not(photos, tmp_path):
    def command(out, steps):
        flags = [f"--{key.replace('_', '-')}={value}" for key, value in TINY.items()]
        places = ["--data", str(photos), "--out", str(tmp_path / out)]
        words = [*places, *flags, f"--steps={steps}", "--report-every=4"]
        return [sys.executable, "-m", "printroom", "train", "dejpeg", *words]

    subprocess.run(command("whole", 40), check=True, stdout=subprocess.DEVNULL)
    with subprocess.Popen(command("killed", 40), stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if line.startswith("step 8 "):
                break
        os.kill(child.pid, signal.SIGKILL)
    kept = torch.load(tmp_path / "killed" / "checkpoint.pt", weights_only=True)["step"]
    assert 8 <= kept < 40
    subprocess.run(command("killed", 40), check=True, stdout=subprocess.DEVNULL)
    whole, killed = (
        torch.load(tmp_path / out / "checkpoint.pt", weights_only=True)["mean"]
        for out in ("whole", "killed")
    )
    for name, value in whole.items():
        assert torch.equal(value, killed[name]), name


@pytest.mark.slow
def test_an_upscaler_can_learn_on_what_an_earlier_model_leaves(photos, tmp_path):
    first = upscale.main(photos, tmp_path / "alone", upscale.Options(**TINY))
    options = upscale.Options(
        **TINY, after="printroom/dejpeg", start=str(tmp_path / "alone" / "checkpoint.pt")
    )
    card = upscale.main(photos, tmp_path / "after", options)
    assert card.name == "local/upscale-x2-after-dejpeg"
    assert "--after printroom/dejpeg" in card.command
    assert "--start checkpoint.pt" in card.command
    assert card.scores["aside after printroom/dejpeg"] < first.scores["aside"]


def test_noise_is_that_of_files_that_of_papers_and_real():
    pictures = Pictures([coffee()])
    clean = Degraded(pictures, Chain(), 16, greys=0.5)
    noisy = replace(clean, faults=GaussianNoise(50))
    real = np.full((16, 16, 3), 3, np.uint8), np.full((16, 16, 3), 4, np.uint8)
    make = denoise.Mixed(noisy, clean, [real], 16)
    random = np.random.default_rng(0)
    shares = {"file": 0, "paper": 0, "real": 0}
    for source, target in (make(random) for _ in range(400)):
        levels = source * 255
        if (levels == 3).all():
            shares["real"] += 1
            assert (target * 255 == 4).all()
        elif np.abs(levels - np.rint(levels)).max() < 1e-3:
            shares["file"] += 1
            assert source.min() >= 0
            assert source.max() <= 1
        else:
            shares["paper"] += 1
    assert shares["real"] / 400 == pytest.approx(denoise.REAL_SHARE, abs=0.06)
    assert shares["paper"] / 400 == pytest.approx(denoise.PAPER_SHARE * 0.88, abs=0.08)


def test_patches_that_a_denoiser_cannot_halve_are_refused(photos, tmp_path):
    with pytest.raises(BadOption, match="multiple of 8"):
        denoise.main(photos, tmp_path, denoise.Options(**TINY | {"patch": 20}))


@pytest.mark.parametrize("wrong", [{"scale": 3}, {"after": "printroom/colour"}])
def test_what_the_upscaler_cannot_learn_is_refused(photos, tmp_path, wrong):
    with pytest.raises(BadOption, match=r"enlarges|chain"):
        upscale.main(photos, tmp_path, upscale.Options(**TINY | wrong))

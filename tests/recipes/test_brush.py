"""The recipe of the brush: features, hands and card; goes on where it was killed."""

import json

import numpy as np
import pytest
import torch

from printroom import recipes
from printroom.core.errors import BadOption
from printroom.training.brush import fitting
from printroom.training.brush.features import Features
from printroom.training.brush.fitting import fit_features
from printroom.training.brush.loss import Frozen, Target
from printroom.training.brush.nets import FOLD, Hands
from printroom.training.brush.paintings import MOST_BYTES, PAINTERS, packed, painted
from printroom.training.brush.stepcode import STYLISE, part
from printroom.training.brush.textures import texture

WORDS = (
    *("--data-kind", "own", "--leaves", "1", "--textures", "3"),
    *("--feature-steps", "2", "--hands", "dusk,veil", "--hand-steps", "2"),
)


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("brush")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "PHOTOS", 2)
        recipes.train("brush", photos, out, WORDS)
    return out


def test_the_recipe_leaves_what_the_step_reads(trained):
    card = json.loads((trained / "card.json").read_text())
    assert card["hands"] == ["dusk", "veil"]
    assert card["licence"] == "LicenseRef-own"
    assert "--hands dusk,veil" in card["command"]
    picture = np.random.default_rng(0).random((45, 66, 3)).astype(np.float32)
    with np.load(trained / "features.npz") as file:
        features = part("net").Features.of({name: file[name] for name in file.files})
        assert sum(file[name].size for name in file.files) == card["parameters"]["features.npz"]
    assert len(features.forward(part("texture").planes(picture))) == features.layers == 5
    brushes = part("brushes").Brushes.read(trained / "brushes.npz")
    assert brushes.names == ("dusk", "veil")
    assert brushes.painted(picture, "veil").shape == picture.shape


def test_the_same_again_adds_nothing(trained, photos, capsys, monkeypatch):
    monkeypatch.setattr(fitting, "PHOTOS", 1)
    recipes.train("brush", photos, trained, WORDS)
    assert "step" not in capsys.readouterr().out


def test_what_was_killed_goes_on_as_if_it_had_not_been(tmp_path, monkeypatch):
    pictures = [texture(seed, 96) for seed in range(3)]
    whole = fit_features(pictures, _made(tmp_path / "whole"), 4, 0)
    (tmp_path / "part").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(fitting, "EVERY", 1)
        patch.setattr(fitting, "batch", _failing(fitting.batch, 2))
        with pytest.raises(KeyboardInterrupt):
            fit_features(pictures, tmp_path / "part", 4, 0)
    resumed = fit_features(pictures, tmp_path / "part", 4, 0)
    for name, kernel in whole.folded().items():
        assert np.allclose(kernel, resumed.folded()[name], atol=1e-6), name


def test_another_training_is_refused(trained, photos):
    other = [word if word != "3" else "4" for word in WORDS]
    with pytest.raises(BadOption, match=r"features\.pt is no checkpoint of this training"):
        recipes.train("brush", photos, trained, other)
    with pytest.raises(BadOption, match="there is no painting 'mona'"):
        recipes.train("brush", photos, trained, ["--hands", "mona"])


def test_the_step_measures_as_the_training_does():
    """Features, scales and correlations of numpy are those of torch."""
    with np.load(STYLISE / "features.npz") as file:
        parts = {name: file[name].astype(np.float32) for name in file.files}
    random = np.random.default_rng(2)
    picture, painting = (random.random((3, 48, 52)).astype(np.float32) for _ in range(2))
    there = part("texture").Target(part("net").Features.of(parts), painting, picture)
    here = Target(Frozen(parts), torch.from_numpy(painting)[None], 0.15, 6.0)
    for own, other in zip(there.grams, here.grams, strict=True):
        assert np.allclose(own, other[0].numpy(), rtol=1e-3, atol=2e-3)
    order = np.arange(27).reshape(3, 9).T.ravel()  # torch has the places of a colour together
    for own, other in zip(there.ground, here.ground, strict=True):
        wanted = other[0].numpy()[np.ix_(order, order)]
        assert np.allclose(own, wanted, rtol=1e-3, atol=1e-4)
    x = torch.from_numpy(picture)[None].requires_grad_()
    here.loss(x, torch.from_numpy(picture)[None]).backward()
    slope = there.gradient(picture)
    cosine = (slope * x.grad[0].numpy()).sum() / np.linalg.norm(slope) / x.grad.norm().item()
    assert cosine > 0.98  # at the frame the step leaves a little out


def test_the_step_paints_as_the_net_that_was_trained():
    torch.manual_seed(0)
    net = Hands(2)
    torch.nn.init.normal_(net.last.weight, std=0.02)
    torch.nn.init.normal_(net.offsets, std=0.1)
    parts = net.parts()
    for name, weights in (("last", net.last.weight), ("offsets", net.offsets)):
        weights.data = weights.data.half().float()
        assert parts[f"kernel{len(net.inner)}" if name == "last" else name].dtype == np.float16
    picture = np.random.default_rng(3).random((6 * FOLD, 9 * FOLD, 3)).astype(np.float32)
    from tempfile import TemporaryFile

    with TemporaryFile() as file:
        np.savez(file, allow_pickle=False, **parts, names=np.array(["a", "b"]))
        file.seek(0)
        brushes = part("brushes").Brushes.read(file)
    wanted = net(torch.from_numpy(picture.transpose(2, 0, 1))[None], 1)[0].detach().numpy()
    added = brushes._shifted(picture, 1, 0, 0)
    assert np.abs(picture + added - wanted.transpose(1, 2, 0)).max() < 2e-2


def test_painters_draw_the_same_again_and_small():
    first, again = painted("spill"), painted("spill")
    assert first.shape == (480, 640, 3)
    assert (first == again).all()
    assert (first != painted("spill", 2)).any()
    assert len(packed(first)) <= MOST_BYTES
    assert set(PAINTERS) == {file.stem for file in (STYLISE / "paintings").glob("*.webp")}


def test_features_tell_textures_apart():
    maps = Features().eval()(torch.rand(1, 3, 40, 56))
    assert [tuple(m.shape[1:]) for m in maps] == [
        *((16, 40, 56), (32, 20, 28), (64, 10, 14), (96, 5, 7), (128, 2, 3))
    ]


def _made(folder):
    folder.mkdir()
    return folder


def _failing(make, after):
    """`make`, which is stopped as by Ctrl-C at its third call."""
    calls = iter(range(100))

    def made(*arguments):
        if next(calls) == after:
            raise KeyboardInterrupt
        return make(*arguments)

    return made

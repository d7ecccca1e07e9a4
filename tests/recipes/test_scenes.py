"""The recipe of the step `paint`: goes on where it was, and leaves what the step loads."""

import hashlib
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.core.errors import BadOption  # noqa: E402
from printroom.recipes import scenes  # noqa: E402
from printroom.training.scenes.fit import Fit, Training  # noqa: E402
from printroom.training.scenes.reader import KNOWN  # noqa: E402
from printroom.training.scenes.spec import GROUPS, VALUES  # noqa: E402
from printroom.training.scenes.stepcode import PAINT, vision  # noqa: E402

TINY = {
    "pictures": 24,
    "aside": 4,
    "reader_steps": 3,
    "coder_steps": 2,
    "critic_steps": 2,
    "judge_steps": 2,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("scenes")


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """(folder, card) of a training of a few steps."""
    out = tmp_path_factory.mktemp("trained")
    return out, scenes.main(data, out, scenes.Options(**TINY, steps=3, report_every=2))


def test_what_is_left_can_be_loaded(trained):
    out, card = trained
    assert json.loads((out / "paint" / "card.json").read_text())["digest"] == card.digest
    assert "--pictures 24" in card.command
    assert "--threads" not in card.command
    assert 0 <= card.scores["painted"] <= 1
    assert set(card.scores) <= {"painted", "drawn", "seen", *GROUPS}
    assert sum(card.parameters.values()) < 10_000_000
    painter = vision(out / "paint")
    picture = painter.paint("moon", ["moon"], 1, 2.0)
    assert picture.shape == (128, 128, 3)
    assert np.array_equal(picture, painter.paint("moon", ["moon"], 1, 2.0))
    words = json.loads((out / "paint" / "words.json").read_text())
    assert [value for values in words["groups"].values() for value in values] == list(VALUES)


def test_what_ships_is_of_the_words_and_values_of_today():
    words = json.loads((PAINT / "words.json").read_text())
    assert words["words"] == sorted(KNOWN, key=KNOWN.__getitem__)
    assert {group: tuple(values) for group, values in words["groups"].items()} == GROUPS
    card = json.loads((PAINT / "card.json").read_text())
    assert card["scores"]["painted"] >= 0.8
    digest = hashlib.sha256()
    for name in ("reader", "painter", "decoder", "critic"):
        digest.update((PAINT / f"{name}.onnx").read_bytes())
    assert card["digest"] == digest.hexdigest()


def test_graphs_are_as_small_as_they_should_be(trained):
    out, _ = trained
    assert sum(file.stat().st_size for file in (out / "paint").iterdir()) < 15_000_000
    assert (out / "judge.onnx").stat().st_size < 2_000_000


def test_what_is_trained_is_not_trained_again(trained, data):
    out, card = trained
    before = {file.name: file.stat().st_mtime_ns for file in out.glob("*.pt")}
    again = scenes.main(data, out, scenes.Options(**TINY, steps=3))
    assert len(before) == 5
    assert {file.name: file.stat().st_mtime_ns for file in out.glob("*.pt")} == before
    assert again == card


def test_a_checkpoint_of_another_net_is_refused(tmp_path):
    fit = Fit(2, 1e-3, report_every=1)

    def loss(net, _random):
        return net.weight.square().sum()

    Training(tmp_path / "it.pt", torch.nn.Linear(2, 2), fit).run("it", loss)
    with pytest.raises(BadOption, match="no checkpoint of this net"):
        Training(tmp_path / "it.pt", torch.nn.Linear(3, 2), fit)
    (tmp_path / "it.pt").write_bytes(b"cut short")
    with pytest.raises(BadOption, match="no checkpoint of this net"):
        Training(tmp_path / "it.pt", torch.nn.Linear(2, 2), fit)


def test_a_training_stopped_anywhere_ends_the_same(tmp_path):
    target = torch.linspace(-1, 1, 6).view(2, 3)

    def loss(net, random):
        noise = torch.from_numpy(random.normal(size=(2, 3)).astype(np.float32))
        return (net.weight - target + 0.1 * noise + 0.1 * torch.randn(2, 3)).square().sum()

    def ends(name, stops):
        for stop in stops:
            torch.manual_seed(0)
            training = Training(tmp_path / name, torch.nn.Linear(3, 2), Fit(8, 0.1, report_every=1))
            while training.step < stop:
                training.advance(loss)
            training.save()
        return training.mean.weight

    assert torch.equal(ends("once.pt", [8]), ends("often.pt", [3, 4, 8]))

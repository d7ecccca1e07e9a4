"""Training the small generator: stopped anywhere it ends the same, and leaves what can be used."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.core.errors import BadOption  # noqa: E402
from printroom.recipes import portraits  # noqa: E402
from printroom.runtimes.generation import Asked  # noqa: E402
from printroom.runtimes.mini.generator import Mini  # noqa: E402
from printroom.runtimes.mini.weights import weights_in  # noqa: E402
from printroom.training.portraits.codec import codec_of, flat  # noqa: E402
from printroom.training.portraits.loop import EVERY, Course, fit  # noqa: E402

TINY = portraits.Options(
    size=32,
    people=30,
    large=30,
    judged=26,
    reader_steps=2,
    guard_steps=2,
    decoder_steps=2,
    steps=2,
    polish_steps=2,
    judge_steps=2,
)


class Killed(Exception):
    """As if the process had ended."""


def net():
    torch.manual_seed(3)
    return torch.nn.Linear(4, 2)


def test_a_training_that_was_killed_ends_the_same(tmp_path):
    model, steps = net(), []

    def loss(random, until=10**9):
        steps.append(0)
        if len(steps) > until:
            raise Killed
        x = torch.from_numpy(random.standard_normal((8, 4), np.float32))
        return (model(x + 0.1 * torch.randn(8, 4)) - x[:, :2]).square().mean()

    course = Course(steps=3 * EVERY, rate=1e-2)
    whole = fit(model, loss, course, tmp_path / "whole.pt", print)
    model = net()
    steps.clear()
    with pytest.raises(Killed):
        fit(model, lambda r: loss(r, int(1.5 * EVERY)), course, tmp_path / "cut.pt", print)
    model = net()
    steps.clear()
    cut = fit(model, loss, course, tmp_path / "cut.pt", print)
    assert len(steps) == 2 * EVERY
    torch.testing.assert_close(cut.weight, whole.weight, rtol=0, atol=0)
    assert whole.weight[0, 0] > 0.5
    again = fit(net(), lambda r: 1 / 0, course, tmp_path / "whole.pt", print)
    torch.testing.assert_close(again.weight, whole.weight, rtol=0, atol=0)


def test_latents_hold_what_they_can():
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (300, 4, 4, 3), np.uint8)
    pictures = coarse.repeat(8, axis=1).repeat(8, axis=2)
    codec = codec_of(pictures, 48)
    z = codec.encode(pictures)
    assert 0.3 < z.std() < 3
    back = z @ codec.basis + codec.mean
    assert np.abs(back - flat(pictures)).max() < 1e-2  # 4 x 4 x 3 numbers are all there is


@pytest.mark.slow
def test_a_recipe_leaves_a_generator_and_goes_on(tmp_path, capsys):
    made = portraits.main(tmp_path, tmp_path, TINY)
    path = tmp_path / "portraits-32.safetensors"
    first = path.read_bytes()
    card = json.loads((tmp_path / "portraits-32.json").read_text())
    assert card["digest"] == made.digest
    assert "--people 30" in card["command"]
    assert made.scores["loss"] > 0
    generator = Mini(weights_in(path))
    assert generator.base == made.digest
    pictures = generator.generate([Asked("a person", "comic", 1), Asked("", None, 2)])
    assert [picture.shape for picture in pictures] == [(32, 32, 3)] * 2
    generator.close()
    assert portraits.main(tmp_path, tmp_path, TINY).digest == made.digest
    assert path.read_bytes() == first


def test_there_are_two_sizes(tmp_path):
    for options in (portraits.Options(size=48), portraits.Options(judge="perhaps")):
        with pytest.raises(BadOption):
            portraits.main(tmp_path, tmp_path, options)

"""A training goes on after any end as if nothing had been, and refuses what does not fit."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.core.errors import BadOption  # noqa: E402
from printroom.training.degradations.noise import GaussianNoise  # noqa: E402
from printroom.training.judging import exam  # noqa: E402
from printroom.training.nets import make_net, make_unet  # noqa: E402
from printroom.training.pairs import Degraded  # noqa: E402
from printroom.training.shrunk import Shrunk  # noqa: E402
from printroom.training.sources import Pictures  # noqa: E402
from printroom.training.trainer import CHECKPOINT, Options, Trainer, rate_at, train  # noqa: E402

TINY = Options(
    steps=9, batch=2, patch=16, channels=16, layers=1, report_every=3, threads=1, rate=3e-3
)
BUILD = partial(make_net, 1, TINY.channels, TINY.layers)


@pytest.fixture
def bytes_of(photo):
    return np.rint(photo * 255).astype(np.uint8)


@pytest.fixture
def pairs(bytes_of):
    return Degraded(Pictures([bytes_of]), GaussianNoise(25), TINY.patch)


@pytest.fixture
def shrunk(bytes_of):
    return Shrunk.of(Pictures([bytes_of]), TINY.patch, 2)


def weights(trainer):
    return {name: value.clone() for name, value in trainer.mean.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(("kind", "scale"), [("pairs", 1), ("shrunk", 2)])
def test_a_stopped_training_ends_in_the_weights_of_one_that_never_stopped(
    tmp_path, request, kind, scale
):
    pairs = request.getfixturevalue(kind)
    build = partial(make_net, scale, TINY.channels, TINY.layers)
    whole, first = (Trainer(tmp_path / name, build, TINY) for name in "ab")
    for folder in "ab":
        (tmp_path / folder).mkdir()
    train(whole, pairs, None)
    made = first.batches(pairs)
    for _ in range(5):
        first.advance(*next(made))
    first.save()
    first.advance(*next(made))  # lost by the kill
    second = Trainer(tmp_path / "b", build, TINY)
    assert second.step == 5
    train(second, pairs, None)
    assert second.step == whole.step
    assert same(weights(whole), weights(second))


def test_matrices_are_learnt_by_muon_also_after_a_kill(tmp_path, pairs):
    def build():
        torch.manual_seed(0)
        return make_unet(12, 1, 1)

    options = replace(TINY, rate=0.01)
    for folder in "ab":
        (tmp_path / folder).mkdir()
    whole = Trainer(tmp_path / "a", build, options)
    first = {name: value.clone() for name, value in whole.net.named_parameters()}
    train(whole, pairs, None)
    for name, value in whole.net.named_parameters():
        assert not torch.equal(value, first[name]), name
    counts = [len(o.param_groups[0]["params"]) for o in whole.optimisers.values()]
    assert counts == [len(first) // 2] * 2
    killed = Trainer(tmp_path / "b", build, options)
    made = killed.batches(pairs)
    for _ in range(4):
        killed.advance(*next(made))
    killed.save()
    again = Trainer(tmp_path / "b", build, options)
    train(again, pairs, None)
    assert same(weights(whole), weights(again))


def test_the_end_is_computed_in_full(tmp_path, pairs):
    trainer = Trainer(tmp_path, BUILD, replace(TINY, steps=40, bits=16))
    halved = []
    for source, target in trainer.batches(pairs):
        trainer.advance(source, target)
        halved.append(trainer.chains[0].halved)
    assert halved == [True] * 38 + [False] * 2


def test_pairs_made_ahead_are_the_same(tmp_path, pairs):
    here, ahead = (Trainer(tmp_path, BUILD, replace(TINY, workers=n)) for n in (0, 2))
    for one, other in zip(here.batches(pairs), ahead.batches(pairs), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_kill_in_mid_write_leaves_the_last_good_checkpoint(tmp_path, pairs, monkeypatch):
    trainer = Trainer(tmp_path, BUILD, TINY)
    trainer.advance(*next(trainer.batches(pairs)))
    trainer.save()
    good = (tmp_path / CHECKPOINT).read_bytes()
    write = torch.save

    def killed(state, file):
        write(state, file)
        file.truncate(len(good) // 2)
        raise KeyboardInterrupt

    trainer.advance(*next(trainer.batches(pairs)))
    monkeypatch.setattr(torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        trainer.save()
    assert (tmp_path / CHECKPOINT).read_bytes() == good
    assert Trainer(tmp_path, BUILD, TINY).step == 1


def test_it_learns_and_says_how_well(tmp_path, pairs, bytes_of, capsys):
    watched = exam("photo", [bytes_of], GaussianNoise(25))
    trainer = Trainer(tmp_path, BUILD, replace(TINY, steps=60, report_every=30))
    before = watched.score(trainer.run)
    train(trainer, pairs, watched)
    assert watched.score(trainer.run) > before + 0.5
    shown = capsys.readouterr().out
    assert "step 30 " in shown
    assert f"photo {watched.score(trainer.run):.2f} dB" in shown


def test_a_training_can_start_from_the_weights_of_another(tmp_path, pairs):
    first = Trainer(tmp_path, BUILD, TINY)
    first.advance(*next(first.batches(pairs)))
    first.save()
    (tmp_path / "next").mkdir()
    options = replace(TINY, start=str(tmp_path / CHECKPOINT))
    second = Trainer(tmp_path / "next", BUILD, options)
    assert second.step == 0
    assert same(weights(first), weights(second))


def test_a_net_can_start_from_one_less_deep(tmp_path):
    torch.manual_seed(1)
    Trainer(tmp_path, partial(make_unet, 12, 1, 1), TINY).save()
    (tmp_path / "next").mkdir()
    options = replace(TINY, start=str(tmp_path / CHECKPOINT))
    deeper = weights(Trainer(tmp_path / "next", partial(make_unet, 12, 1, 2), options))
    given = torch.load(tmp_path / CHECKPOINT, weights_only=True)["mean"]
    assert same(given, deeper)
    more = deeper.keys() - given.keys()
    assert more == {
        f"going_{way}.0.1.{kind}" for way in ("down", "up") for kind in ("weight", "bias")
    }
    assert not any(deeper[name].any() for name in more)
    with pytest.raises(BadOption, match="no checkpoint of this net"):
        Trainer(tmp_path / "next", partial(make_unet, 24, 1, 2), options)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", None])
def test_a_checkpoint_that_does_not_fit_is_named(tmp_path, pairs, content):
    if content is None:
        Trainer(tmp_path, partial(make_net, 1, 32, 1), TINY).save()
    else:
        (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(BadOption, match="checkpoint"):
        Trainer(tmp_path, BUILD, TINY)


@pytest.mark.parametrize("device", ["nowhere", "cuda:99"])
def test_a_device_that_is_not_there_is_named(tmp_path, device):
    with pytest.raises(BadOption, match=device):
        Trainer(tmp_path, BUILD, replace(TINY, device=device))


def test_the_rate_warms_up_and_ends_at_zero():
    options = Options(steps=4000, rate=1e-3)
    rates = [rate_at(step, options) for step in (0, 199, 1999, 3000, 4000)]
    assert rates == pytest.approx([5e-6, 1e-3, 1e-3, 5e-4, 0])


def test_other_widths_of_numbers_are_refused(tmp_path):
    with pytest.raises(BadOption, match="of 8 bits"):
        Trainer(tmp_path, BUILD, replace(TINY, bits=8))

"""A critic learns to tell, a net learns from it, and a training with one goes on after any end."""

from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.training.adversary import Adversary  # noqa: E402
from printroom.training.degradations.resize import Resize  # noqa: E402
from printroom.training.nets import make_net  # noqa: E402
from printroom.training.pairs import Degraded  # noqa: E402
from printroom.training.sources import Pictures  # noqa: E402
from printroom.training.trainer import Options, Trainer, train  # noqa: E402

TINY = Options(
    steps=6, batch=2, patch=16, channels=16, layers=1, report_every=3, threads=1, rate=3e-3
)
BUILD = partial(make_net, 2, TINY.channels, TINY.layers)


@pytest.fixture
def pairs(photo):
    picture = np.rint(photo * 255).astype(np.uint8)
    return Degraded(Pictures([picture]), Resize(0.5), TINY.patch, 2)


def test_the_critic_learns_to_tell_and_the_net_is_told():
    torch.manual_seed(0)
    adversary = Adversary(rate=1e-3)
    photo = torch.rand(2, 3, 32, 32)
    fake = torch.full_like(photo, 0.5).requires_grad_()
    for _ in range(30):
        adversary.learn(fake.detach(), photo)
    verdicts, _ = adversary.critic(torch.cat([fake, photo]))
    assert verdicts[:2].mean() < verdicts[2:].mean()
    adversary.optimiser.zero_grad()
    adversary.loss(fake, photo).backward()
    assert fake.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in adversary.critic.parameters())


def test_it_joins_in_when_it_should_and_is_mixed_in_by_its_share(tmp_path, pairs):
    trainer = Trainer(tmp_path, BUILD, TINY, adversary=Adversary(after=0.5, share=0.25))
    made = trainer.batches(pairs)
    for _ in range(3):
        trainer.advance(*next(made))
    assert not trainer.adversary.before
    faithful = {name: value.clone() for name, value in trainer.mean.state_dict().items()}
    for batch in made:
        trainer.advance(*batch)
    sharp = {name: value.clone() for name, value in trainer.mean.state_dict().items()}
    trainer.adversary.blend(trainer.mean)
    for name, value in trainer.mean.state_dict().items():
        expected = 0.75 * faithful[name] + 0.25 * sharp[name]
        torch.testing.assert_close(value, expected)
        assert torch.equal(trainer.adversary.before[name], faithful[name])


def test_a_stopped_training_goes_on_with_its_critic(tmp_path, pairs):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    whole = Trainer(tmp_path / "a", BUILD, TINY, adversary=Adversary())
    train(whole, pairs, None)
    first = Trainer(tmp_path / "b", BUILD, TINY, adversary=Adversary())
    made = first.batches(pairs)
    for _ in range(4):
        first.advance(*next(made))
    first.save()
    second = Trainer(tmp_path / "b", BUILD, TINY, adversary=Adversary())
    train(second, pairs, None)
    for one, other in zip(
        (*whole.net.parameters(), *whole.adversary.critic.parameters()),
        (*second.net.parameters(), *second.adversary.critic.parameters()),
        strict=True,
    ):
        assert torch.equal(one, other)

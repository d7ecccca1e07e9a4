"""numpy and onnxruntime compute what PyTorch does; gradients are those of autograd."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the nets are trained with the extra `train` (PyTorch)")

from printroom.runtimes.generation import STYLES  # noqa: E402
from printroom.runtimes.mini.denoiser import Denoiser, PerRow  # noqa: E402
from printroom.runtimes.mini.gradients import Batch, loss_of  # noqa: E402
from printroom.runtimes.mini.graphs import decoder, recogniser  # noqa: E402
from printroom.runtimes.mini.words import FEATURES  # noqa: E402
from printroom.runtimes.onnx.session import load  # noqa: E402
from printroom.training.portraits import nets  # noqa: E402
from printroom.training.portraits.codec import Codec  # noqa: E402
from printroom.training.portraits.reading import guard, judge  # noqa: E402
from printroom.training.portraits.saving import generator_arrays, judge_arrays  # noqa: E402

SHAPE = nets.Shape(side=64, latents=20, width=24, condition=16, blocks=2, planes=8, layers=2)
WORDS = len(FEATURES) + len(STYLES)


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


@pytest.fixture(scope="module")
def trained():
    """Nets with weights that are nowhere zero, and their arrays."""
    torch.manual_seed(0)
    reader, draws, flows = nets.reader(), nets.Decoder(SHAPE), nets.Denoiser(SHAPE)
    with torch.no_grad():
        for net in (draws, flows):
            for parameter in net.parameters():
                parameter.copy_((parameter + 0.1 * torch.randn_like(parameter)).half().float())
    mean, basis = random(3072), random(SHAPE.latents, 3072, seed=1)
    mean, basis = (a.astype(np.float16).astype(np.float32) for a in (mean, basis))
    draws.mean.copy_(torch.from_numpy(mean))
    draws.basis.copy_(torch.from_numpy(basis))
    arrays = generator_arrays(reader, guard(), Codec(mean, basis.T, basis), draws, flows)
    return reader, draws, flows, {name: a.astype(np.float32) for name, a in arrays.items()}


@pytest.mark.parametrize("side", [32, 64])
def test_the_decoder_draws_what_torch_draws(side):
    torch.manual_seed(1)
    shape = nets.Shape(side, 20, 24, 16, 2, 8, 2)
    net = nets.Decoder(shape)
    torch.nn.init.normal_(net.last.weight, std=0.1)
    net.mean.fill_(0.5)
    net.basis.copy_(torch.from_numpy(random(20, 3072) * np.float32(0.02)))
    codec = Codec(net.mean.numpy(), net.basis.numpy().T, net.basis.numpy())
    arrays = generator_arrays(nets.reader(), guard(), codec, net, nets.Denoiser(shape))
    session = load(decoder({name: a.astype(np.float32) for name, a in arrays.items()}))
    z = random(3, 20)
    [drawn] = session.run(["picture"], {"latents": z})
    expected = net(torch.from_numpy(z)).detach().clamp(0, 1).numpy()
    assert drawn.shape == (3, 3, side, side)
    np.testing.assert_allclose(drawn, expected, atol=6e-3)  # weights are kept in 16 bits
    assert 0.05 < expected.std() < 0.5


def test_the_reader_and_the_judge_tell_what_torch_tells(trained):
    reader, *_, arrays = trained
    judging = judge(64)
    kept = {name: a.astype(np.float32) for name, a in judge_arrays(judging).items()}
    for net, side, graph in (
        (reader, 32, recogniser(arrays, "reader", 32)),
        (judging, 64, recogniser(kept, "judge", 64)),
    ):
        x = np.random.default_rng(0).random((2, 3, side, side), np.float32)
        told, answers = load(graph).run(["told", "answers"], {"picture": x})
        expected = net(torch.from_numpy(x))
        np.testing.assert_allclose(told, expected.detach().numpy(), atol=2e-3)
        np.testing.assert_allclose(answers, net.answer(expected).detach().numpy(), atol=2e-3)


def test_velocities_are_those_of_torch(trained):
    *_, flows, arrays = trained
    ours = Denoiser(arrays)
    said = (random(3, WORDS) > 0).astype(np.float32)
    person, z, t = random(3, 16), random(3, 20), np.array([0.1, 0.5, 0.9], np.float32)
    made, _ = ours.velocity(z, t, ours.condition(said, person), {})
    condition = flows.condition(torch.from_numpy(said), torch.from_numpy(person))
    expected = flows(torch.from_numpy(z), torch.from_numpy(t), condition)
    np.testing.assert_allclose(made, expected.detach().numpy(), rtol=1e-4, atol=1e-4)


def corrections(ours, scale):
    drawn = {}
    for place, (name, layer) in enumerate(ours.layers.items()):
        inner, outer = layer.weight.shape
        drawn[f"{name}.thin"] = random(inner, 4, seed=place) * np.float32(scale)
        drawn[f"{name}.wide"] = random(4, outer, seed=place + 50) * np.float32(scale)
    return drawn


def test_gradients_are_those_of_autograd(trained):
    *_, flows, arrays = trained
    ours = Denoiser(arrays)
    learnt = {"person": random(16)} | corrections(ours, 0.2)
    said = (random(5, WORDS) > 0).astype(np.float32)
    t = np.random.default_rng(2).random(5, np.float32)
    batch = Batch(random(5, 20), random(5, 20, seed=3), t, said)
    loss, slopes = loss_of(ours, batch, learnt)

    leaves = {name: torch.from_numpy(a.copy()).requires_grad_() for name, a in learnt.items()}
    corrected = {f"blocks.{name}.weight": name for name in ours.layers}
    weights = {
        name: parameter.detach()
        + (
            (leaves[f"{corrected[name]}.thin"] @ leaves[f"{corrected[name]}.wide"]).T
            if name in corrected
            else 0
        )
        for name, parameter in flows.named_parameters()
    }
    z, noise, t = (torch.from_numpy(a) for a in (batch.z, batch.noise, batch.t))
    person = leaves["person"].expand(5, -1)
    spoken = Spoken(flows)
    noisy = noise + t[:, None] * (z - noise)
    given = (torch.from_numpy(said), person, noisy, t)
    made = torch.func.functional_call(spoken, {f"net.{k}": v for k, v in weights.items()}, given)
    expected = (made - (z - noise)).square().mean()
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-4)
    assert set(slopes) == set(learnt)
    for name, slope in slopes.items():
        np.testing.assert_allclose(
            slope, leaves[name].grad.numpy(), rtol=2e-3, atol=2e-5, err_msg=name
        )


class Spoken(torch.nn.Module):
    """Condition and velocity in one call."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, said, person, z, t):
        return self.net(z, t, self.net.condition(said, person))


def test_corrections_row_by_row_are_those_of_layers_changed(trained):
    arrays = trained[-1]
    ours = Denoiser(arrays)
    own = corrections(ours, 0.2)
    z, t, condition = random(3, 20), np.full(3, 0.5, np.float32), random(3, 16, seed=9)
    rows = np.array([1])
    low = {n: PerRow(rows, own[f"{n}.thin"][None], own[f"{n}.wide"][None]) for n in ours.layers}
    mixed, _ = ours.velocity(z, t, condition, low)
    plain, _ = ours.velocity(z, t, condition, {})
    np.testing.assert_array_equal(mixed[[0, 2]], plain[[0, 2]])
    changed = dict(arrays)
    for name in ours.layers:
        change = (own[f"{name}.thin"] @ own[f"{name}.wide"]).T
        changed[f"denoiser.blocks.{name}.weight"] = (
            arrays[f"denoiser.blocks.{name}.weight"] + change
        )
    expected, _ = Denoiser(changed).velocity(z, t, condition, {})
    np.testing.assert_allclose(mixed[1], expected[1], rtol=1e-3, atol=1e-3)
    assert abs(mixed[1] - plain[1]).max() > 0.1

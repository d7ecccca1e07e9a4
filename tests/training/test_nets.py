"""The nets are what they say before training, and their graphs compute what they compute."""

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.imaging.bicubic import bicubic  # noqa: E402
from printroom.runtimes.onnx.examine import examine  # noqa: E402
from printroom.runtimes.onnx.ours.unet import ALIGN  # noqa: E402
from printroom.training.export import to_onnx  # noqa: E402
from printroom.training.nets import fold, make_net, make_unet  # noqa: E402

KINDS = ["restorer", "unet", 2, 4]
"""Scales of upscalers, and the nets that mend."""


def made(kind):
    if kind == "unet":
        return make_unet(24, 1, 2)
    return make_net(1 if kind == "restorer" else kind, 16, 2)


def run(net, picture):
    """(H, W, 3) through `net`."""
    with torch.inference_mode():
        batch = torch.from_numpy(picture).permute(2, 0, 1)[None]
        return net(batch)[0].permute(1, 2, 0).numpy()


@pytest.fixture
def trained():
    """kind -> a small net whose last layer does something."""

    def make(kind):
        torch.manual_seed(1)
        net = made(kind)
        torch.nn.init.normal_(net.get_parameter(f"{net.ending}.weight"), std=0.02)
        return net

    return make


@pytest.mark.parametrize("scale", [2, 4])
def test_before_training_an_upscaler_is_bicubic_interpolation(scale):
    picture = np.random.default_rng(0).random((12, 10, 3)).astype(np.float32)
    inner = (slice(3 * scale, -3 * scale),) * 2  # the net pads with zeros, MATLAB mirrors
    result = run(made(scale), picture)
    np.testing.assert_allclose(result[inner], bicubic(picture, scale)[inner], atol=1e-5)


@pytest.mark.parametrize("kind", ["restorer", "unet"])
def test_before_training_what_mends_changes_nothing(kind):
    picture = np.random.default_rng(0).random((2 * ALIGN, 3 * ALIGN, 3)).astype(np.float32)
    np.testing.assert_array_equal(run(made(kind), picture), picture)


def test_a_folded_picture_has_each_place_of_a_square_in_all_colours():
    picture = torch.arange(3 * 4 * 6).reshape(1, 3, 4, 6)
    folded = fold(picture)
    assert folded.shape == (1, 12, 2, 3)
    for place, (y, x) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        part = folded[:, 3 * place : 3 * place + 3]
        torch.testing.assert_close(part, picture[:, :, y::2, x::2], rtol=0, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_computes_what_the_net_computes(trained, kind):
    net = trained(kind)
    graph = to_onnx(net, "net").SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random((1, 3, 5 * ALIGN, 4 * ALIGN)).astype(np.float32)
    with torch.inference_mode():
        expected = net(torch.from_numpy(picture)).numpy()
    plain = run(made(kind), picture[0].transpose(1, 2, 0)).transpose(2, 0, 1)
    assert abs(expected[0] - plain).max() > 0.01
    np.testing.assert_allclose(session.run(None, {"image": picture})[0], expected, atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_every_net_tiles_exactly(trained, kind):
    net = trained(kind)
    examined = examine(to_onnx(net, "net").SerializeToString())
    align = {"restorer": 2, "unet": ALIGN}.get(kind, 1)
    geometry = examined.geometry
    assert (geometry.scale, geometry.align) == (net.scale, align)
    assert geometry.halo == reach(net, align)
    assert geometry.exact
    assert geometry.tolerance == 0
    assert examined.channels == 3


def reach(net, align):
    """How far a pixel is seen, by slopes: the farthest that moves the middle of a flat picture."""
    side = 24 * ALIGN
    picture = torch.full((1, 3, side, side), 0.5, requires_grad=True)
    begin, end = side // 2, side // 2 + align
    middle = slice(begin * net.scale, end * net.scale)
    net.double()(picture.double())[..., middle, middle].abs().sum().backward()
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero().ravel()
    farthest = max(begin - int(rows.min()), int(rows.max()) - (end - 1))
    return -(-farthest // align) * align


@pytest.mark.parametrize("kind", KINDS)
def test_half_the_bits_make_nearly_the_same_picture_and_lead_the_same_way(trained, kind):
    picture = torch.rand(1, 3, 4 * ALIGN, 3 * ALIGN)
    net = trained(kind)
    first = net.get_parameter(f"{next(iter(net.kernels()))}.weight")
    pictures, slopes = [], []
    plain = made(kind)(picture).detach()
    for halved in (False, True):
        net.halved = halved
        net.zero_grad()
        change = net(picture) - plain
        assert change.dtype == torch.float32
        change.square().mean().backward()
        pictures.append(change.detach())
        slopes.append(first.grad.flatten().clone())
    assert 0 < float((pictures[1] - pictures[0]).norm()) < 0.05 * float(pictures[0].norm())
    assert float(torch.cosine_similarity(*slopes, dim=0)) > 0.98

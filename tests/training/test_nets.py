"""The nets are what they say before training, and their graphs compute what they compute."""

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.imaging.bicubic import bicubic  # noqa: E402
from printroom.runtimes.onnx.examine import examine  # noqa: E402
from printroom.training.export import to_onnx  # noqa: E402
from printroom.training.nets import fold, make_net  # noqa: E402


def run(net, picture):
    """(H, W, 3) through `net`."""
    with torch.inference_mode():
        batch = torch.from_numpy(picture).permute(2, 0, 1)[None]
        return net(batch)[0].permute(1, 2, 0).numpy()


@pytest.fixture
def trained():
    """scale -> a small net whose last layer does something."""

    def make(scale):
        torch.manual_seed(1)
        net = make_net(scale, 16, 2)
        torch.nn.init.normal_(net.chain.layers[-1].project, std=0.1)
        return net

    return make


@pytest.mark.parametrize("scale", [2, 4])
def test_before_training_an_upscaler_is_bicubic_interpolation(scale):
    picture = np.random.default_rng(0).random((12, 10, 3)).astype(np.float32)
    inner = (slice(3 * scale, -3 * scale),) * 2  # the net pads with zeros, MATLAB mirrors
    result = run(make_net(scale, 16, 2), picture)
    np.testing.assert_allclose(result[inner], bicubic(picture, scale)[inner], atol=1e-5)


def test_before_training_a_restorer_changes_nothing():
    picture = np.random.default_rng(0).random((12, 10, 3)).astype(np.float32)
    np.testing.assert_array_equal(run(make_net(1, 16, 2), picture), picture)


def test_a_folded_picture_has_each_place_of_a_square_in_all_colours():
    picture = torch.arange(3 * 4 * 6).reshape(1, 3, 4, 6)
    folded = fold(picture)
    assert folded.shape == (1, 12, 2, 3)
    for place, (y, x) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        part = folded[:, 3 * place : 3 * place + 3]
        torch.testing.assert_close(part, picture[:, :, y::2, x::2], rtol=0, atol=0)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_the_graph_computes_what_the_net_computes(trained, scale):
    net = trained(scale)
    graph = to_onnx(net, "net").SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random((1, 3, 14, 8)).astype(np.float32)
    with torch.inference_mode():
        expected = net(torch.from_numpy(picture)).numpy()
    np.testing.assert_allclose(session.run(None, {"image": picture})[0], expected, atol=1e-5)


@pytest.mark.parametrize(("scale", "halo", "align"), [(1, 8, 2), (2, 4, 1), (4, 4, 1)])
def test_every_net_tiles_exactly(trained, scale, halo, align):
    examined = examine(to_onnx(trained(scale), "net").SerializeToString())
    geometry = examined.geometry
    assert (geometry.scale, geometry.halo, geometry.align) == (scale, halo, align)
    assert geometry.exact
    assert geometry.tolerance == 0
    assert examined.channels == 3


@pytest.mark.parametrize("scale", [1, 2])
def test_half_the_bits_make_nearly_the_same_picture_and_lead_the_same_way(trained, scale):
    picture = torch.rand(1, 3, 16, 12)
    made, slopes = [], []
    for halved in (False, True):
        net = trained(scale)
        net.chain.halved = halved
        result = net(picture)
        assert result.dtype == torch.float32
        result.square().mean().backward()
        made.append(result.detach())
        slopes.append(net.chain.layers[0].expand.grad.flatten())
    assert 0 < float((made[1] - made[0]).norm()) < 0.05 * float(made[0].norm())
    assert float(torch.cosine_similarity(*slopes, dim=0)) > 0.98

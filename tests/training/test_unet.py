"""The U-Net is what it says before training, and its graph computes what it computes."""

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.runtimes.onnx.examine import examine  # noqa: E402
from printroom.training.export import to_onnx  # noqa: E402
from printroom.training.unet import ALIGN, UNet  # noqa: E402


@pytest.fixture
def trained():
    """A small net whose last layer does something."""
    torch.manual_seed(1)
    net = UNet(24, 1)
    torch.nn.init.normal_(net.last.weight, std=0.01)
    return net


def test_before_training_it_changes_nothing():
    picture = torch.rand(1, 3, 2 * ALIGN, 3 * ALIGN)
    with torch.inference_mode():
        torch.testing.assert_close(UNet(24, 1)(picture), picture, rtol=0, atol=0)


def test_the_graph_computes_what_the_net_computes(trained):
    graph = to_onnx(trained, "net").SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random((1, 3, 5 * ALIGN, 4 * ALIGN)).astype(np.float32)
    with torch.inference_mode():
        expected = trained(torch.from_numpy(picture)).numpy()
    assert abs(expected - picture).max() > 0.01
    np.testing.assert_allclose(session.run(None, {"image": picture})[0], expected, atol=2e-5)


def test_it_tiles_exactly(trained):
    geometry = examine(to_onnx(trained, "net").SerializeToString()).geometry
    assert (geometry.scale, geometry.align) == (1, ALIGN)
    assert geometry.exact
    assert geometry.tolerance == 0
    assert geometry.halo == reach(trained)


def reach(net):
    """How far a pixel is seen, by slopes: the farthest that moves the middle of a flat picture."""
    side = 24 * ALIGN
    picture = torch.full((1, 3, side, side), 0.5, requires_grad=True)
    middle = slice(side // 2, side // 2 + ALIGN)
    net.double()(picture.double())[..., middle, middle].abs().sum().backward()
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero().ravel()
    farthest = max(side // 2 - int(rows.min()), int(rows.max()) - (side // 2 + ALIGN - 1))
    return -(-farthest // ALIGN) * ALIGN


def test_half_the_bits_make_nearly_the_same_picture_and_lead_the_same_way(trained):
    picture = torch.rand(1, 3, 4 * ALIGN, 3 * ALIGN)
    made, slopes = [], []
    for halved in (False, True):
        trained.halved = halved
        trained.zero_grad()
        result = trained(picture)
        assert result.dtype == torch.float32
        (result - picture).square().mean().backward()
        made.append((result - picture).detach())
        slopes.append(trained.first.weight.grad.flatten().clone())
    assert 0 < float((made[1] - made[0]).norm()) < 0.05 * float(made[0].norm())
    assert float(torch.cosine_similarity(*slopes, dim=0)) > 0.98

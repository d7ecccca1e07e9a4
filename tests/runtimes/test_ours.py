"""Weights of our own networks are told by names and shapes, and folded into what torch computes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.runtimes.onnx.ours.chain import RESTORER, UPSCALER, Chain
from printroom.runtimes.onnx.ours.graph import graph
from printroom.runtimes.onnx.ours.planes import computed
from printroom.runtimes.onnx.ours.telling import told_apart
from printroom.runtimes.onnx.ours.unet import UNET, UNet
from printroom.runtimes.onnx.session import OnnxSession

NETWORKS = {
    UPSCALER: [Chain(2, 6, 1), Chain(3, 6, 0), Chain(4, 8, 2)],
    RESTORER: [Chain(1, 6, 1), Chain(1, 12, 2)],
    UNET: [UNet((6, 8, 10), (1, 2, 0)), UNet((12, 12, 12), (0, 1, 1))],
}
ALL = [network for networks in NETWORKS.values() for network in networks]


def random_weights(shapes, seed=0):
    random = np.random.default_rng(seed)
    return {
        name: (random.normal(size=shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32)
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize("network", ALL)
def test_the_graph_computes_what_was_trained(network):
    assert told_apart(network.shapes) == network
    assert network in NETWORKS[network.architecture]
    weights = random_weights(network.shapes)
    picture = np.random.default_rng(1).random((3, 24, 16)).astype(np.float32)
    made = OnnxSession(graph(network, "net", weights).SerializeToString()).run(picture[None])[0]
    assert made.shape == (3, 24 * network.scale, 16 * network.scale)
    expected = computed(network, weights, picture)
    np.testing.assert_allclose(made, expected, atol=1e-5 * max(1, abs(expected).max()))


@pytest.mark.parametrize("network", ALL)
def test_torch_says_the_same(network):
    torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")
    from printroom.training.nets import Net

    net = Net(network)
    weights = random_weights(network.shapes)
    net.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    picture = torch.rand(1, 3, 24, 16)
    with torch.inference_mode():
        found = net(picture)[0].numpy()
    expected = computed(network, weights, picture[0].numpy())
    np.testing.assert_allclose(found, expected, atol=1e-5 * max(1, abs(expected).max()))


@settings(max_examples=60)
@given(st.data())
def test_other_shapes_are_refused_without_being_made(data):
    shapes = data.draw(st.sampled_from(ALL)).shapes
    name = data.draw(st.sampled_from(sorted(shapes)))
    kind = data.draw(st.sampled_from(["gone", "longer", "axis", "more"]))
    if kind == "gone":
        del shapes[name]
    elif kind == "longer":
        place = data.draw(st.integers(0, len(shapes[name]) - 1))
        shape = list(shapes[name])
        shape[place] = data.draw(st.sampled_from([0, shape[place] + 1, 2**40]))
        shapes[name] = tuple(shape)
    elif kind == "axis":
        shapes[name] = (*shapes[name], 1)
    else:
        shapes["more"] = (1,)
    with pytest.raises(ValueError, match=r"\w"):
        told_apart(shapes)


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        ({}, "neither chain.layers.0.weight nor first.weight"),
        ({"chain.layers.0.weight": ()}, "0 channels"),
        (Chain(2, 600, 1).shapes, "up to"),
        (Chain(2, 6, 70).shapes, "up to"),
        (Chain(2, 6, 1).shapes | {"skip": (7, 3, 5, 5)}, "enlarges by none"),
        ({"first.weight": ()}, r"levels of \[0, 0, 0\] channels"),
        (UNet((6, 600, 6), (1, 1, 1)).shapes, "up to"),
        (UNet((6, 6, 6), (1, 1, 70)).shapes, "up to"),
        (
            UNet((6, 8, 10), (1, 2, 0)).shapes | {"last.bias": (13,)},
            r"is \[13\], and .* has \[12\]",
        ),
    ],
)
def test_what_is_none_says_why(shapes, reason):
    with pytest.raises(ValueError, match=reason):
        told_apart(shapes)

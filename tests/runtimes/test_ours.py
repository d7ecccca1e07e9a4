"""Weights of our own networks are told by names and shapes, and folded into what torch computes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.runtimes.onnx.ours import RESTORER, UPSCALER, assembled, folded, told_apart, wide
from printroom.runtimes.onnx.session import OnnxSession


def random_weights(shapes, seed=0):
    random = np.random.default_rng(seed)
    return {
        name: (random.normal(size=shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32)
        for name, shape in shapes.items()
    }


def shapes_of(scale=2, channels=6, layers=1, across=10):
    ends = (3, 3 * scale**2) if scale > 1 else (12, 12)
    sizes = [ends[0], *[channels] * (layers + 1), ends[1]]
    found = {"skip": (3 * scale**2, 3, 5, 5)} if scale > 1 else {}
    for place in range(len(sizes) - 1):
        found[f"chain.layers.{place}.expand"] = (across, sizes[place], 3, 3)
        found[f"chain.layers.{place}.project"] = (sizes[place + 1], across)
        found[f"chain.layers.{place}.bias"] = (sizes[place + 1],)
    return found


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_the_graph_computes_what_was_trained(scale):
    sizes = told_apart(shapes_of(scale))
    assert (sizes.architecture, sizes.scale) == (UPSCALER if scale > 1 else RESTORER, scale)
    weights = random_weights(sizes.shapes)
    picture = np.random.default_rng(1).random((3, 12, 8)).astype(np.float32)
    graph = assembled("net", scale, folded(sizes, weights), weights.get("skip"))
    session = OnnxSession(graph.SerializeToString())
    made = session.run(picture[None])[0]
    assert made.shape == (3, 12 * scale, 8 * scale)
    np.testing.assert_allclose(made, wide(sizes, weights, picture), atol=2e-4)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_torch_says_the_same(scale):
    torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")
    from printroom.training.nets import make_net

    torch.manual_seed(3)
    net = make_net(scale, 8, 2)
    torch.nn.init.normal_(net.chain.layers[-1].project, std=0.1)
    weights = {name: value.numpy() for name, value in net.state_dict().items()}
    sizes = told_apart({name: value.shape for name, value in weights.items()})
    assert (sizes.channels, sizes.layers) == (8, 2)
    picture = torch.rand(1, 3, 10, 12)
    with torch.inference_mode():
        expected = net(picture)[0].numpy()
    np.testing.assert_allclose(wide(sizes, weights, picture[0].numpy()), expected, atol=1e-4)


@settings(max_examples=60)
@given(st.data())
def test_other_shapes_are_refused_without_being_made(data):
    shapes = shapes_of(data.draw(st.sampled_from([1, 2])))
    name = data.draw(st.sampled_from(sorted(shapes)))
    kind = data.draw(st.sampled_from(["gone", "longer", "axis", "more"]))
    if kind == "gone":
        del shapes[name]
        if name == "skip":  # without it, what is left enlarges nothing, and has too many outputs
            assert "chain.layers.0.bias" in shapes
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
    ("change", "reason"),
    [
        ({}, "no chain.layers.0.expand"),
        (shapes_of(channels=600), "up to"),
        (shapes_of(across=2000), "up to"),
        (shapes_of() | {"skip": (7, 3, 5, 5)}, "enlarges by none"),
    ],
)
def test_what_is_none_says_why(change, reason):
    with pytest.raises(ValueError, match=reason):
        told_apart(change)

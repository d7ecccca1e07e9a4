"""What the graph alone says: known nets have known scale, halo and alignment."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

from printroom.core.errors import BadModel
from printroom.imaging.tiling import Geometry
from printroom.runtimes.onnx.geometry import derive
from printroom.runtimes.onnx.parse import parse
from printroom.runtimes.onnx.probe import confirm
from printroom.runtimes.onnx.session import OnnxSession

NewNet = Callable[..., Any]


def summary(geometry: Geometry) -> tuple[Any, ...]:
    return geometry.scale, geometry.halo, geometry.align, geometry.exact


def test_a_chain_reaches_as_far_as_its_convolutions(new_net: NewNet) -> None:
    assert summary(derive(new_net().upscaler(scale=2, layers=10))) == (2, 10, 1, True)
    assert summary(derive(new_net().upscaler(scale=3, layers=4))) == (3, 4, 1, True)


def test_an_unshuffled_net_reaches_twice_as_far(new_net: NewNet) -> None:
    net = new_net()
    tensor = net.node("SpaceToDepth", ["x"], blocksize=2)
    tensor = net.conv(net.conv(tensor, 12, 16), 16, 12)
    model = net.model(net.node("DepthToSpace", [tensor], blocksize=2))
    assert summary(derive(model)) == (1, 4, 2, True)


def test_an_hourglass_with_a_skip_is_aligned_to_its_waist(new_net: NewNet) -> None:
    net = new_net()
    half = net.conv("x", 3, 8, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    quarter = net.conv(half, 8, 8, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    scales = net.constant([1, 1, 2, 2])
    back = net.node("Add", [net.node("Resize", [quarter, "", scales], mode="nearest"), half])
    full = net.node("Resize", [back, "", scales], mode="nearest")
    geometry = derive(net.model(net.conv(full, 8, 3)))
    assert summary(geometry) == (1, 8, 4, True)
    assert geometry.tolerance == 0


@pytest.mark.parametrize("unshuffle", [False, True])
def test_shuffles_made_of_reshapes_with_sizes_from_the_picture(
    new_net: NewNet, unshuffle: bool
) -> None:
    """As PyTorch exports them when height and width are free."""
    net = new_net()
    tensor = "x" if unshuffle else net.conv("x", 3, 12)
    shape = net.node("Shape", [tensor])
    n, c, h, w = (net.node("Gather", [shape, net.constant([i], "int64")]) for i in range(4))
    two = net.constant([2], "int64")
    if unshuffle:
        halved = [net.node("Div", [side, two]) for side in (h, w)]
        apart = net.node("Concat", [n, c, halved[0], two, halved[1], two], axis=0)
        moved = net.node(
            "Transpose", [net.node("Reshape", [tensor, apart])], perm=[0, 1, 3, 5, 2, 4]
        )
        joined = net.node("Concat", [n, net.constant([-1], "int64"), *halved], axis=0)
        result = net.conv(net.node("Reshape", [moved, joined]), 12, 3)
        expected = (Fraction(1, 2), 2, 2, True)
    else:
        quarter = net.node("Div", [c, net.constant([4], "int64")])
        apart = net.node("Concat", [n, quarter, two, two, h, w], axis=0)
        moved = net.node(
            "Transpose", [net.node("Reshape", [tensor, apart])], perm=[0, 1, 4, 2, 5, 3]
        )
        doubled = [net.node("Mul", [side, two]) for side in (h, w)]
        joined = net.node("Concat", [n, quarter, *doubled], axis=0)
        result = net.node("Reshape", [moved, joined])
        expected = (Fraction(2), 1, 1, True)
    model = net.model(result)
    assert summary(derive(model)) == expected
    assert confirm(OnnxSession(model.SerializeToString()), derive(model)) == derive(model)


def test_resizing_to_sizes_computed_from_the_picture(new_net: NewNet) -> None:
    net = new_net()
    shape = net.node("Shape", ["x"])
    doubled = net.node("Mul", [shape, net.constant([1, 1, 2, 2], "int64")])
    model = net.model(net.node("Resize", ["x", "", "", doubled], mode="linear"))
    assert summary(derive(model)) == (2, 1, 1, True)


def blamed(net: Any, tensor: str) -> str:
    geometry = derive(net.model(tensor))
    assert not geometry.exact
    return geometry.why


def test_whole_picture_operators_are_named(new_net: NewNet) -> None:
    net = new_net()
    tensor = net.conv("x", 3, 3)
    pooled = net.node("GlobalAveragePool", [tensor])
    why = blamed(net, net.node("Mul", [tensor, net.node("Sigmoid", [pooled])]))
    assert why == f"GlobalAveragePool at node {pooled} looks at the whole picture"


def test_a_model_that_is_not_exact_still_has_scale_and_halo(new_net: NewNet) -> None:
    net = new_net()
    tensor = net.conv("x", 3, 12, 5)
    tensor = net.node("Mul", [tensor, net.node("GlobalAveragePool", [tensor])])
    geometry = derive(net.model(net.node("DepthToSpace", [tensor], blocksize=2)))
    assert summary(geometry) == (2, 2, 1, False)


@pytest.mark.parametrize(
    ("op", "inputs", "attributes"),
    [
        ("InstanceNormalization", ["x", "ones", "ones"], {}),
        ("ReduceMean", ["x", "sides"], {}),
        ("Softmax", ["x"], {"axis": 3}),
        ("Flatten", ["x"], {}),
        ("MatMul", ["x", "x"], {}),
        ("Pad", ["x", "pads"], {"mode": "wrap"}),
        ("Resize", ["x", "", "scales"], {"coordinate_transformation_mode": "align_corners"}),
        ("Resize", ["x", "", "", "sizes"], {}),
        ("Concat", ["x", "x"], {"axis": 2}),
        ("GridSample", ["x", "x"], {}),
        ("Add", ["x", "map"], {}),
    ],
)
def test_what_is_not_local_is_not_exact(
    new_net: NewNet, op: str, inputs: list[str], attributes: dict[str, Any]
) -> None:
    net = new_net()
    known = {
        "ones": net.constant(np.ones(3)),
        "sides": net.constant([2, 3], "int64"),
        "pads": net.constant([0, 0, 1, 1, 0, 0, 1, 1], "int64"),
        "scales": net.constant([1, 1, 2, 2]),
        "sizes": net.constant([1, 3, 256, 256], "int64"),
        "map": net.constant(np.zeros((1, 1, 8, 8))),
    }
    tensor = net.node(op, [known.get(name, name) for name in inputs], **attributes)
    assert op in blamed(net, tensor) or "size of the picture" in blamed(net, tensor)


def test_computing_with_the_size_of_the_picture_is_not_exact(new_net: NewNet) -> None:
    net = new_net()
    height = net.node("Gather", [net.node("Shape", ["x"]), net.constant(2, "int64")])
    tensor = net.node("Div", ["x", net.node("Cast", [height], to=TensorProto.FLOAT)])
    assert "computes with the size of the picture" in blamed(net, tensor)


def test_convolutions_that_shrink_the_picture_are_refused(new_net: NewNet) -> None:
    net = new_net()
    model = net.model(net.conv("x", 3, 3, 5, pads=[0, 0, 0, 0]))
    geometry = derive(model)
    assert geometry.why == "it drops border pixels: its result lacks 4 rows, 4 columns"
    with pytest.raises(BadModel, match="drops border pixels"):
        confirm(OnnxSession(model.SerializeToString()), geometry)


def test_padding_made_up_for_in_another_node_is_exact(new_net: NewNet) -> None:
    net = new_net()
    pads = net.constant([0, 0, 2, 2, 0, 0, 2, 2], "int64")
    tensor = net.node("Pad", ["x", pads], mode="reflect")
    model = net.model(net.conv(tensor, 3, 3, 5, pads=[0, 0, 0, 0]))
    assert summary(derive(model)) == (1, 2, 1, True)


def test_a_fixed_size_is_never_exact(new_net: NewNet) -> None:
    net = new_net()
    model = net.model(net.conv("x", 3, 3), (48, 64))
    geometry = confirm(OnnxSession(model.SerializeToString()), derive(model))
    assert (geometry.fixed, geometry.exact) == ((48, 64), False)
    assert geometry.why == "it takes pictures of 64 x 48 only"


def test_the_probe_finds_what_a_wrong_geometry_hides(new_net: NewNet) -> None:
    model = new_net().upscaler(layers=4)
    session = OnnxSession(model.SerializeToString())
    found = confirm(session, Geometry(scale=Fraction(2), halo=2, least=9))
    assert not found.exact
    assert "tiles differ" in found.why
    with pytest.raises(BadModel, match="enlarges by 2"):
        confirm(session, Geometry(scale=Fraction(3), halo=4))


def test_malformed_nodes_end_in_a_reason(new_net: NewNet) -> None:
    net = new_net()
    tensor = net.node("Conv", ["x", net.weights(3, 3, 3, 3)], strides=[0, 0])
    assert "Conv at node" in blamed(net, tensor)
    assert "Pad at node" in blamed(net, net.node("Pad", ["x", net.constant([1], "int64")]))
    huge = net.node("ConstantOfShape", [net.constant([2**40], "int64")])
    assert "makes a map of its own" in blamed(net, net.node("Add", ["x", huge]))


def external(model: ModelProto) -> bytes:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    data: bytes = model.SerializeToString()
    return data


def test_what_is_not_a_whole_onnx_graph_is_refused(new_net: NewNet) -> None:
    for data in (b"", b"\x00" * 64, b"not a model", new_net().upscaler().SerializeToString()[:900]):
        with pytest.raises(BadModel):
            parse(data)
    with pytest.raises(BadModel, match="other files"):
        parse(external(new_net().upscaler()))
    model = new_net().upscaler()
    node = helper.make_node("Identity", ["a"], ["b"])
    function = helper.make_function("f", "g", ["a"], ["b"], [node], [])
    model.functions.append(function)
    with pytest.raises(BadModel, match="functions"):
        parse(model.SerializeToString())

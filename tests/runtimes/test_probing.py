"""What trials tell of a model whose graph is not read agrees with what its graph says."""

import pytest

from printroom.core.errors import BadModel
from printroom.runtimes.onnx.geometry import derive
from printroom.runtimes.onnx.session import OnnxSession
from printroom.runtimes.probing import WHY, probed


@pytest.mark.parametrize(("scale", "layers", "planes"), [(1, 4, 3), (2, 3, 3), (3, 2, 1)])
def test_trials_agree_with_the_graph(new_net, scale, layers, planes):
    model = new_net(channels=planes).upscaler(scale, layers)
    derived = derive(model)
    found = probed(OnnxSession(model.SerializeToString()), planes)
    assert (found.scale, found.align, found.exact, found.why) == (derived.scale, 1, False, WHY)
    assert derived.halo <= found.halo <= derived.halo + 1


def test_an_alignment_is_found(new_net):
    net = new_net()
    small = net.node("SpaceToDepth", ["x"], blocksize=4)
    model = net.model(net.node("DepthToSpace", [net.conv(small, 48, 48)], blocksize=4))
    derived = derive(model)
    found = probed(OnnxSession(model.SerializeToString()), 3)
    assert (found.scale, found.align) == (derived.scale, 4)
    assert derived.halo <= found.halo <= derived.halo + 8


def test_one_size_is_taken_as_it_is_said(new_net):
    model = new_net().upscaler(2)
    for place, side in ((2, 40), (3, 48)):
        model.graph.input[0].type.tensor_type.shape.dim[place].dim_value = side
    session = OnnxSession(model.SerializeToString())
    found = probed(session, 3, (40, 48))
    assert (found.scale, found.fixed, found.exact) == (2, (40, 48), False)
    with pytest.raises(BadModel, match="any size"):
        probed(session, 3)
    with pytest.raises(BadModel, match="fails on 41 x 40"):
        probed(session, 3, (40, 41))
    assert found.halo == 5


def test_a_model_of_other_channels_is_refused(new_net):
    session = OnnxSession(new_net(channels=1).upscaler(2).SerializeToString())
    with pytest.raises(BadModel, match="3 channels"):
        probed(session, 3)

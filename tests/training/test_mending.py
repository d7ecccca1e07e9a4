"""What recipes of nets that mend share: a U-Net, and patches that fit it."""

import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")
import torch

from printroom.core.errors import BadOption
from printroom.training.mending import Mending, fitting


def test_the_net_is_as_deep_and_wide_as_the_options_say():
    options = Mending(channels=16, layers=1, upper=2, patch=32)
    net = fitting(options)(1, options.channels, options.layers)
    assert net.network.widths[0] == 16
    assert net.network.depths == (2, 1, 1)
    picture = torch.rand(1, 3, 32, 40)
    assert torch.equal(net(picture), picture)  # it mends nothing before it has learnt


@pytest.mark.parametrize("patch", [44, 98])
def test_patches_that_cannot_be_halved_are_refused(patch):
    with pytest.raises(BadOption, match=f"patches of {patch} pixels .*multiple of 8"):
        fitting(Mending(patch=patch))

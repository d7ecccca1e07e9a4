"""An earlier model of a chain, as a degradation."""

import numpy as np
import pytest

from printroom.core.errors import BadOption, NotFound
from printroom.training.degradations.compose import Chain
from printroom.training.degradations.compress import EightBits, Jpeg
from printroom.training.frozen import Restored


def test_what_an_earlier_model_leaves_is_nearer_to_the_picture(photo, random):
    compressed = Chain(Jpeg(10), EightBits())(photo, random)
    mended = Restored("printroom/dejpeg")(compressed, random)
    assert mended.shape == photo.shape
    assert np.square(mended - photo).mean() < np.square(compressed - photo).mean()


def test_a_model_that_is_missing_or_enlarges_is_refused(photo, random):
    with pytest.raises(NotFound, match="printroom/none"):
        Restored("printroom/none")(photo, random)
    with pytest.raises(BadOption, match="upscale-x4 changes the size"):
        Restored("printroom/upscale-x4")(photo, random)

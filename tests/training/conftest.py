"""A photograph, a flat picture, and a source of chance that is the same each time."""

import numpy as np
import pytest
from skimage import data


@pytest.fixture(scope="session")
def photo():
    """(96, 128, 3) float32, read-only, of bytes: 0..1 in steps of 1/255."""
    picture = data.astronaut()[20:116, 150:278].astype(np.float32) / np.float32(255)
    picture.flags.writeable = False
    return picture


@pytest.fixture
def flat():
    """(height, width, value) -> a picture of that one value."""
    return lambda height, width, value: np.full((height, width, 3), value, np.float32)


@pytest.fixture
def random():
    return np.random.default_rng(7)

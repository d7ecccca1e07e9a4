import numpy as np
import pytest

from printroom.runtimes.mini.generator import mini
from printroom.training.portraits.look import OURS, look
from printroom.training.portraits.people import somebody
from printroom.training.portraits.styles import render


@pytest.fixture(scope="session")
def generator():
    """The one for tests: 32 px."""
    made = mini(32)
    yield made
    made.close()


@pytest.fixture(scope="session")
def photos():
    """Eight photos of each of two people."""
    random = np.random.default_rng(5)
    people = [somebody(random) for _ in range(2)]
    return [[render(one, "photo", look(OURS, random), 64) for _ in range(8)] for one in people]


@pytest.fixture(scope="session")
def files(generator, photos):
    """What was learnt of both."""
    return [generator.personalise(taken, seed=1) for taken in photos]

"""TensorFlow in an environment of its own: SavedModel folders and frozen graphs.

Takes some 300 MB of packages, fetched once by uv and kept in its cache.
"""

import subprocess
import textwrap
from pathlib import Path

import numpy as np
import pytest

from printroom.core.errors import BadModel, EnvironmentFailed
from printroom.imaging.bicubic import bicubic
from printroom.isolation.environments import Environments, EnvironmentSpec
from printroom.isolation.house import Isolation
from printroom.isolation.pythons import Pythons
from printroom.isolation.session import TENSORFLOW, IsolatedSession
from printroom.metrics.psnr import luma, psnr

pytestmark = pytest.mark.slow
SHARED = Path(__file__).parents[3] / "shared"
MAKE = """
    import numpy as np, tensorflow as tf

    class Net(tf.Module):
        def __init__(self):
            self.kernel = tf.Variable(tf.random.stateless_normal((3, 3, 1, 4), (1, 2)))

        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1), tf.float32, "image")])
        def __call__(self, image):
            return {"large": tf.nn.depth_to_space(tf.nn.conv2d(image, self.kernel, 1, "SAME"), 2)}

    net = Net()
    tf.saved_model.save(net, "saved", signatures=net.__call__)
    x = np.random.default_rng(0).random((2, 1, 9, 7), np.float32)
    np.save("x.npy", x)
    y = net(tf.constant(x.transpose(0, 2, 3, 1)))["large"].numpy()
    np.save("y.npy", y.transpose(0, 3, 1, 2))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("tensorflow")


@pytest.fixture(scope="module")
def python(data):
    """An interpreter that has TensorFlow."""
    here = [version for version in TENSORFLOW.pythons if version in Pythons().versions()]
    if not here:
        pytest.skip("no Python here that TensorFlow works with")
    try:
        spec = EnvironmentSpec(here[0], TENSORFLOW.requirements)
        return Environments(data / "environments").get(spec).python
    except EnvironmentFailed as error:
        pytest.skip(f"no TensorFlow here: {error}")


@pytest.fixture
def session(data, python):
    """A file -> its session, closed after the test."""
    opened = []

    def make(path):
        opened.append(IsolatedSession.open(Isolation(data), path))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_a_saved_model_is_a_session(session, python, tmp_path):
    command = [python, "-I", "-c", textwrap.dedent(MAKE)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    result = session(tmp_path / "saved").run(np.load(tmp_path / "x.npy"))
    assert result.shape == (2, 1, 18, 14)
    assert np.abs(result - np.load(tmp_path / "y.npy")).max() < 1e-5


@pytest.mark.parametrize(
    ("model", "score"), [("fsrcnn_pb/FSRCNN_x2.pb", 34.86), ("espcn_pb/ESPCN_x2.pb", 34.76)]
)
def test_frozen_graphs_score_what_their_authors_say(session, model, score):
    photos = sorted((SHARED / "data" / "set5").glob("*.png"))
    if not photos or not (SHARED / "models" / model).exists():
        pytest.skip("the model or the test set is not at hand")
    from printroom.training.photos import read_rgb

    net, scores = session(SHARED / "models" / model), []
    for photo in photos:
        large = luma(read_rgb(photo))
        large = large[: large.shape[0] // 2 * 2, : large.shape[1] // 2 * 2]
        small = (bicubic(large, 0.5) / 255).astype(np.float32)
        result = np.clip(net.run(small[None, None])[0, 0] * 255, 0, 255)
        scores.append(psnr(large[2:-2, 2:-2], result[2:-2, 2:-2]))
    assert np.mean(scores) == pytest.approx(score, abs=0.03)


def test_what_is_no_graph_is_refused(session, tmp_path):
    (tmp_path / "bad.pb").write_bytes(b"no graph")
    with pytest.raises(BadModel, match="cannot be loaded"):
        session(tmp_path / "bad.pb")

"""Any step from `batch` to `result` is a model."""

import numpy as np
import pytest

from printroom.core.errors import BadModel, ModelFailed
from printroom.isolation.policy import Policy
from printroom.isolation.session import IsolatedSession, framework_of

NET = """
    from printroom_step import Array, step

    @step
    class Net:
        def __init__(self):
            self.gain = 3

        def run(self, batch: Array("float32")) -> Array("float32"):
            {}
            return batch.repeat(2, 2).repeat(2, 3) * self.gain
"""


def test_a_step_is_a_model(opened):
    session = IsolatedSession(opened(NET.format("pass"), requirements=["numpy"]))
    batch = np.random.default_rng(0).random((2, 3, 4, 5), np.float32)
    assert np.array_equal(session.run(batch), batch.repeat(2, 2).repeat(2, 3) * 3)
    assert session.resident_bytes > 2**20
    session.close()


def test_no_memory_is_told_from_other_failures(opened):
    does = "bytearray(2**30) if batch.sum() else 1 / 0"
    policy = Policy(memory=2**29, retries=0)
    session = IsolatedSession(opened(NET.format(does), requirements=["numpy"], policy=policy))
    with pytest.raises(MemoryError):
        session.run(np.ones((1, 3, 4, 4), np.float32))
    with pytest.raises(ModelFailed, match="division by zero"):
        session.run(np.zeros((1, 3, 4, 4), np.float32))


def test_a_result_that_is_no_picture_is_refused(opened):
    session = IsolatedSession(opened(NET.format("return batch[0]"), requirements=["numpy"]))
    with pytest.raises(ModelFailed, match="made float32"):
        session.run(np.ones((1, 3, 4, 4), np.float32))


def test_a_step_with_other_ports_is_no_model(opened):
    step = opened("from printroom_step import step\n@step\ndef one() -> int:\n    return 1\n")
    with pytest.raises(BadModel, match="does not take"):
        IsolatedSession(step)


def test_files_are_told_apart(tmp_path):
    (tmp_path / "saved").mkdir()
    with pytest.raises(BadModel):
        framework_of(tmp_path / "saved")
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"")
    assert framework_of(tmp_path / "saved").name == "tensorflow"
    assert framework_of(tmp_path / "net.pb").name == "tensorflow"
    assert framework_of(tmp_path / "NET.PT2").name == "torch"
    with pytest.raises(BadModel, match=r"net\.pkl"):
        framework_of(tmp_path / "net.pkl")

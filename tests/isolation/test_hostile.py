"""Whatever a child does, we notice, say why, and go on."""

import logging
import re

import numpy as np
import pytest

from printroom.core.errors import StepFailed, StepLost
from printroom.isolation.policy import Policy

both = pytest.mark.parametrize("isolation", ["shared", "socket"], indirect=True)
SHORT = Policy(backoff=0, retries=0, timeout=1, start=60)
STEP = """
    import os, signal, struct, sys, time
    import printroom_step
    from printroom_step import Array, step

    line = printroom_step.host._line
    sock = line._socket

    @step
    def bad(array: Array("uint8")) -> Array("uint8"):
        {}
        return array
"""


def lost(opened, does, policy=SHORT):
    step = opened(STEP.format(does), policy=policy)
    with pytest.raises(StepLost) as caught:
        step.run({"array": np.zeros(10, np.uint8)})
    assert "step tried" in str(caught.value)
    assert step.pids == []
    return str(caught.value)


@both
@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("os._exit(3)", "ended by itself with status 3"),
        ("os._exit(0)", "ended by itself with status 0"),
        ("time.sleep(60)", "longer than it may"),
        ("sock.close(); time.sleep(60)", "longer than it may|closed its connection"),
        ("sock.shutdown(2); time.sleep(60)", "closed its connection"),
        ("sock.sendall(b'x' * 100)", "where a message should start"),
        ("sock.sendall(struct.pack('>4sIQ', b'PRM1', 2**31, 0))", "a message of 2147483648 bytes"),
        ("sock.sendall(struct.pack('>4sIQ', b'PRM1', 2, 2**60))", "bytes of arrays"),
        ("sock.sendall(struct.pack('>4sIQ', b'PRM1', 3, 0) + b'{]}')", "not JSON"),
        ("sock.sendall(struct.pack('>4sIQ', b'PRM1', 90, 0)); time.sleep(60)", "longer than"),
        ("line.write({'did': 'dance'})", "none that we know"),
        ("line.write({})", "none that we know"),
        ("line.write({'did': 'need', 'bytes': -1})", "none that we know"),
        ("line.write({'did': 'result', 'outputs': {}})", "none that we know"),
        ("line.write({'did': 'result', 'outputs': {}, 'asked': []})", "no values for the ports"),
        ("line.write({'did': 'result', 'outputs': {'result': 3}, 'asked': []})", "no value"),
    ],
)
def test_it_is_noticed(opened, does, reason):
    assert re.search(reason, lost(opened, does))


@pytest.mark.parametrize("segment", [0, 2**40])
def test_memory_that_it_was_not_given_cannot_be_returned(opened, segment):
    array = f"{{'dtype': 'uint8', 'shape': [4], 'segment': {segment}, 'offset': 0}}"
    outputs = f"{{'result': {{'array': {array}}}}}"
    does = f"line.write({{'did': 'result', 'asked': [], 'outputs': {outputs}}})"
    assert "memory that was not given to it" in lost(opened, does)


def test_a_flood_of_messages_ends_with_its_time(opened):
    does = "while True: line.write({'did': 'progress', 'done': 1.0, 'total': 2.0})"
    assert "longer than it may" in lost(opened, does)


def test_a_process_it_left_behind_does_not_hide_its_death_and_is_ended(opened, gone, tmp_path):
    note = tmp_path / "pid"
    does = (
        "pid = os.fork()\n"
        "        if pid == 0: time.sleep(600)\n"
        f"        open({str(note)!r}, 'w').write(str(pid))\n"
        "        os._exit(1)"
    )
    assert "status 1" in lost(opened, does)
    gone(int(note.read_text()))


@both
def test_garbage_on_its_streams_is_logged_and_bounded(opened, caplog):
    caplog.set_level(logging.INFO, "printroom.step")
    does = (
        "os.write(1, b'\\x00\\xff\\x1b[2J' * 3 + b'\\n')\n"
        "        for n in range(5000): print('line', n, 'x' * 1000)\n"
        "        os.write(2, b'y' * 1_000_000)"
    )
    step = opened(STEP.format(does), policy=Policy(retries=0))
    result = step.run({"array": np.arange(5, dtype=np.uint8)})["result"]
    assert result.tolist() == [0, 1, 2, 3, 4]
    assert r"\x00\xff\x1b[2J" in caplog.text
    assert "(4801 more lines)" in caplog.text
    assert max(len(record.message) for record in caplog.records) <= 400
    assert len(caplog.records) < 500


@both
def test_a_limit_of_memory_is_an_error_of_the_step(opened):
    policy = Policy(memory=300 * 2**20, retries=0)
    does = "held = bytearray(400 * 2**20)"
    step = opened(STEP.format(does), policy=policy)
    with pytest.raises(StepFailed, match="ran out of memory") as caught:
        step.run({"array": np.zeros(10, np.uint8)})
    assert caught.value.memory


def test_more_memory_for_results_than_allowed_is_an_error_of_the_step(opened):
    policy = Policy(arrays=2**20, retries=0)
    step = opened(
        STEP.format("return bytearray(2**22) and memoryview(bytes(2**22))"), policy=policy
    )
    with pytest.raises(StepFailed, match="ran out of memory"):
        step.run({"array": np.zeros(10, np.uint8)})


def test_the_last_lines_it_wrote_are_in_the_error(opened):
    does = "print('the disk is on fire', file=sys.stderr, flush=True); os._exit(9)"
    assert "the disk is on fire" in lost(opened, does)


def test_no_variable_of_ours_reaches_it(opened, monkeypatch):
    monkeypatch.setenv("SECRET_OF_OURS", "1")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    step = opened(
        """
        import os
        from printroom_step import List, step

        @step
        def names() -> List(str):
            return sorted(os.environ)
        """
    )
    names = step.run({})["result"]
    assert "PATH" in names
    assert not {"SECRET_OF_OURS", "PYTHONPATH"} & set(names)

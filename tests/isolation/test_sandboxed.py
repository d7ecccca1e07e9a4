"""A stranger's model at work: the same as anywhere else, and nothing but that."""

import os
import platform
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from printroom.core.errors import BadModel, LimitCrossed, ModelFailed, NoSandbox
from printroom.isolation.sandbox import Sandbox
from printroom.isolation.sandboxed import Limits, SandboxedSession
from printroom.isolation.seccomp import FATAL, REFUSED, program
from printroom.isolation.walls import bubblewrap, homes, walled, walls
from printroom.runtimes.onnx.session import OnnxSession
from printroom.runtimes.reading import Pixels, Reading

PICTURE = ["n", 3, "h", "w"]


@pytest.fixture(autouse=True)
def _walls(request):
    if "nowhere" not in request.fixturenames and bubblewrap() is None:
        pytest.skip("there is no bubblewrap here")


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """There is no bubblewrap."""
    bubblewrap.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    yield
    bubblewrap.cache_clear()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


def written(path, nodes, *, kind=TensorProto.FLOAT, shape=PICTURE, **arrays):
    held = [numpy_helper.from_array(np.asarray(one), name) for name, one in arrays.items()]
    ports = [helper.make_tensor_value_info(name, kind, shape) for name in "xy"]
    graph = helper.make_graph(nodes, "graph", ports[:1], ports[1:], held)
    opset = [helper.make_opsetid("", 17)]
    path.write_bytes(
        helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    )
    return path


@pytest.fixture(scope="module")
def doubling(folder):
    """A convolution and a pixel shuffle."""
    kernel = np.random.default_rng(0).normal(0, 0.2, (12, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["c"], pads=[1] * 4),
        helper.make_node("DepthToSpace", ["c"], ["y"], blocksize=2, mode="CRD"),
    ]
    return written(folder / "doubling.onnx", nodes, k=kernel)


@pytest.fixture(scope="module")
def turncoat(folder):
    """Does as it should on pictures; on a value above 2 it loops for ever, on one below -2 it takes
    all memory, and of pictures with 7 columns it fails."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["again"]),
            helper.make_node("Identity", ["held"], ["out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("held", TensorProto.FLOAT, PICTURE),
        ],
        [
            helper.make_tensor_value_info("again", TensorProto.BOOL, []),
            helper.make_tensor_value_info("out", TensorProto.FLOAT, PICTURE),
        ],
    )
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["most"], keepdims=0),
        helper.make_node("ReduceMin", ["x"], ["least"], keepdims=0),
        helper.make_node("Greater", ["most", "two"], ["much"]),
        helper.make_node("Where", ["much", "ever", "once"], ["turns"]),
        helper.make_node("Loop", ["turns", "yes", "x"], ["same"], body=body),
        helper.make_node("Less", ["least", "less"], ["little"]),
        helper.make_node("Where", ["little", "huge", "one"], ["size"]),
        helper.make_node("Reshape", ["size", "list"], ["sizes"]),
        helper.make_node("ConstantOfShape", ["sizes"], ["zeros"]),
        helper.make_node("ReduceMax", ["zeros"], ["zero"], keepdims=0),
        helper.make_node("Add", ["same", "zero"], ["y"]),
    ]
    return written(
        folder / "turncoat.onnx", nodes, two=np.float32(2), less=np.float32(-2),
        ever=np.array(2**62), once=np.array(1), huge=np.array(10**11), one=np.array(1),
        list=np.array([1]), yes=np.array(True),
    )  # fmt: skip


@pytest.fixture
def opened():
    """Weights -> a session, closed after the test; `breaches` hears of it."""
    sessions = []

    def make(weights, reading=None, **limits):
        breaches = []
        session = SandboxedSession(
            weights,
            reading or Reading(),
            name="acme/ink@1",
            limits=Limits(**{"children": 1, **limits}),
            breached=breaches.append,
        )
        sessions.append(session)
        session.breaches = breaches
        return session

    yield make
    for session in sessions:
        session.close()


def batch(*shape, value=None):
    if value is not None:
        return np.full(shape, value, np.float32)
    return np.random.default_rng(1).random(shape, np.float32)


def test_it_makes_the_same_bits_as_here(opened, doubling):
    session, here = opened(doubling), OnnxSession(doubling)
    for shape in ((1, 3, 16, 24), (4, 3, 33, 17), (1, 3, 200, 300)):
        assert np.array_equal(session.run(batch(*shape)), here.run(batch(*shape)))
    assert session.resident_bytes > 2**20
    here.close()


def test_a_reading_with_other_ports_is_mended_inside(opened, folder):
    nodes = [helper.make_node("Mul", ["x", "half"], ["y"])]
    weights = written(
        folder / "last.onnx", nodes, kind=TensorProto.FLOAT16, shape=["n", "h", "w", 3],
        half=np.float16(0.5),
    )  # fmt: skip
    pixels = Pixels(layout="nhwc", numbers="float16")
    session = opened(weights, Reading(pixels, pixels))
    given = batch(2, 3, 8, 9)
    made = session.run(given)
    assert made.shape == given.shape
    assert np.allclose(made, given / 2, atol=1e-3)


@pytest.mark.parametrize("most", [1, 3])
def test_many_threads_take_turns(opened, doubling, most):
    session, here = opened(doubling, children=most), OnnxSession(doubling)
    given = [batch(1, 3, 8 + place, 8) for place in range(6)]
    made = [None] * len(given)

    def work(place):
        made[place] = session.run(given[place])

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(given))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, here.run(b)) for a, b in zip(made, given, strict=True))
    assert 1 <= len(session.pids) <= most
    here.close()


def test_a_loop_that_starts_after_the_trial_is_ended_by_the_clock(opened, turncoat, gone):
    session = opened(turncoat, seconds=2.0)
    good = batch(1, 3, 8, 8)
    assert np.array_equal(session.run(good), good)
    (wall,) = session.pids
    with pytest.raises(LimitCrossed, match="longer than it may") as caught:
        session.run(batch(1, 3, 8, 8, value=9))
    assert caught.value.limit == "seconds"
    assert [(one.model, one.limit) for one in session.breaches] == [("acme/ink@1", "seconds")]
    gone(wall)
    assert np.array_equal(session.run(good), good)  # by a fresh child
    assert session.pids != [wall]


def test_it_may_take_so_much_cpu_time_and_no_more(opened, turncoat):
    session = opened(turncoat, seconds=60, spent=1)
    with pytest.raises(LimitCrossed, match="SIGXCPU") as caught:
        session.run(batch(1, 3, 8, 8, value=9))
    assert caught.value.limit == "cpu"


def test_memory_is_ended_where_it_begins(opened, turncoat):
    session = opened(turncoat, memory=1 << 30)
    with pytest.raises(LimitCrossed) as caught:
        session.run(batch(1, 3, 8, 8, value=-9))
    assert caught.value.limit == "memory"
    assert session.breaches[0].limit == "memory"
    assert session.pids == []
    assert session.run(batch(1, 3, 8, 8)).shape == (1, 3, 8, 8)


def test_what_merely_fails_crosses_no_limit(opened, doubling):
    session = opened(doubling)
    before = session.pids
    with pytest.raises(ModelFailed):
        session.run(batch(1, 5, 8, 8))
    assert session.breaches == []
    assert session.pids == before
    assert session.run(batch(1, 3, 8, 8)).shape == (1, 3, 16, 16)


def test_a_child_that_is_killed_is_a_breach_and_replaced(opened, doubling, children):
    session = opened(doubling)
    for child in children(recursive=True):
        child.kill()
    with pytest.raises(LimitCrossed):
        session.run(batch(1, 3, 8, 8))
    assert len(session.breaches) == 1
    assert session.run(batch(1, 3, 8, 8)).shape == (1, 3, 16, 16)


def test_it_outlives_the_thread_that_opened_it_and_ends_with_its_session(
    opened, doubling, children
):
    made = []
    thread = threading.Thread(target=lambda: made.append(opened(doubling)))
    thread.start()
    thread.join()
    assert made[0].run(batch(1, 3, 8, 8)).shape == (1, 3, 16, 16)
    assert made[0].breaches == []
    made[0].close()
    assert not children(recursive=True)
    with pytest.raises(ModelFailed, match="closed"):
        made[0].run(batch(1, 3, 8, 8))


def test_when_we_are_killed_nothing_of_it_is_left(doubling, gone):
    code = """
        import sys, time
        from pathlib import Path
        import psutil
        from printroom.isolation.sandboxed import Limits, SandboxedSession
        from printroom.runtimes.reading import Reading
        session = SandboxedSession(Path(sys.argv[1]), Reading(), name="a/b", limits=Limits())
        print(*(one.pid for one in psutil.Process().children(recursive=True)), flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(doubling)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        started = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
    assert len(started) >= 3  # the wall, what reaps inside of it, and the child
    for pid in started:
        gone(pid)


def test_what_is_no_model_is_said_so(opened, folder):
    (folder / "none.onnx").write_bytes(b"hello")
    with pytest.raises(BadModel, match="acme/ink@1 cannot be loaded"):
        opened(folder / "none.onnx")


def test_where_there_are_no_walls_nothing_is_run(opened, doubling, nowhere):
    with pytest.raises(NoSandbox, match="bubblewrap"):
        opened(doubling)


@pytest.fixture
def inside(tmp_path):
    """Code -> what it said behind the wall, line by line."""

    def run(code, *arguments, memory=1 << 29, seconds=20):
        folder = tmp_path / "scripts"
        folder.mkdir(exist_ok=True)
        script = folder / "script.py"
        script.write_text(textwrap.dedent(code))
        lines = []
        sandbox = Sandbox(memory=memory, seconds=seconds, cpu=1)
        sandbox.tell(Path(sys.executable), script, arguments, lines.append)
        return lines

    return run


def test_the_walls_hold(inside, tmp_path, monkeypatch):
    secret = tmp_path / "secret.txt"
    secret.write_text("sesame")
    monkeypatch.setenv("PRINTROOM_OWNER_KEY", "sesame")
    with socket.create_server(("127.0.0.1", 0)) as server:
        lines = inside(
            """
            import ctypes, os, pathlib, socket, sys

            def tried(name, does):
                try:
                    print(name, does())
                except OSError as error:
                    print(name, type(error).__name__)

            libc = ctypes.CDLL(None, use_errno=True)
            tried("secret", lambda: pathlib.Path(sys.argv[1]).read_text())
            tried("network", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2))
            tried("socket", lambda: socket.socket(socket.AF_UNIX))
            tried("root", lambda: pathlib.Path("/evil").write_text("x"))
            tried("device", lambda: pathlib.Path("/dev/evil").write_text("x"))
            tried("package", lambda: pathlib.Path(sys.prefix, "evil").write_text("x"))
            tried("scratch", lambda: pathlib.Path("/tmp/fine").write_text("x"))
            print("namespace", libc.unshare(0x10000000), ctypes.get_errno())
            print("variables", [one for one in os.environ if "PRINTROOM" in one])
            print("processes", len([one for one in os.listdir("/proc") if one.isdigit()]))
            print("homes", os.path.exists("/home"), os.path.exists("/etc/passwd"))
            print("group", os.getsid(0) != 0)
            """,
            secret,
            server.getsockname()[1],
        )
    assert lines == [
        "secret FileNotFoundError",
        "network PermissionError",
        "socket PermissionError",
        "root OSError",
        "device OSError",
        "package OSError",
        "scratch 1",
        "namespace -1 1",
        "variables []",
        "processes 2",
        "homes False False",
        "group True",
    ]


@pytest.mark.parametrize("call", ["ptrace", "mount", "keyctl", "bpf", "perf_event_open",
                                  "userfaultfd", "io_uring_setup"])  # fmt: skip
def test_calls_that_are_never_needed_end_it(inside, call):
    number = FATAL[call][0 if platform.machine() == "x86_64" else 1]
    code = "import ctypes, sys; ctypes.CDLL(None).syscall(int(sys.argv[1]), 0, 0, 0, 0, 0)"
    with pytest.raises(LimitCrossed) as caught:
        inside(code, number)
    assert caught.value.limit == "walls"


@pytest.mark.skipif(os.geteuid() == 0, reason="the kernel counts no processes of root")
def test_it_cannot_split_itself_without_end(inside):
    lines = inside("""
        import os
        count = 0
        try:
            while True:
                if not os.fork():
                    import time; time.sleep(30)
                count += 1
        except OSError as error:
            print(count < 300)
    """)
    assert lines == ["True"]


def test_what_runs_models_can_have_threads_and_no_processes(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import os, subprocess, sys, threading
            thread = threading.Thread(target=print, args=("thread",))
            thread.start()
            thread.join()
            for start in (os.fork, lambda: subprocess.run([sys.executable, "-c", ""])):
                try:
                    start()
                    print("process")
                except PermissionError:
                    print("refused")
        """)
    )
    python = Path(sys.executable)
    command, sees = [str(python), "-I", "-u", str(script)], [script, *homes(python)]
    with walled(walls(), command, sees=sees, alone=True) as (behind, files):
        done = subprocess.run(behind, pass_fds=files, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["thread", "refused", "refused"]


def test_it_cannot_talk_without_end(inside):
    with pytest.raises(LimitCrossed) as caught:
        inside("while True: print('x' * 10000)")
    assert caught.value.limit == "output"


def test_it_cannot_fill_memory_by_files(inside):
    with pytest.raises(LimitCrossed, match="scratch"):
        inside("""
            for number in range(100):
                with open(f"/tmp/{number}", "wb") as file:
                    file.write(bytes(2**24))
        """, memory=2**28)  # fmt: skip


def test_a_filter_for_each_processor_that_is_known():
    machines = ("x86_64", "aarch64")
    filters = [program(machine, alone=alone) for machine in machines for alone in (True, False)]
    assert program("riscv64") is None
    assert not set(REFUSED) & set(FATAL)
    for rules in filters:
        assert len(rules) % 8 == 0
        assert len(rules) // 8 < 4096  # the kernel takes no more

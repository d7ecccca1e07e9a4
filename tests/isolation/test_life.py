"""Processes are started, lost, replaced and ended; nothing is left behind."""

import gc
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from printroom.core.errors import Cancelled, NeedsMemory, StepLost
from printroom.isolation.policy import Policy

both = pytest.mark.parametrize("isolation", ["shared", "socket"], indirect=True)
KILLS = int(os.environ.get("PRINTROOM_TEST_KILLS", "100"))
"""A thousand were tried by hand; each takes a start of Python."""
SICK = """
    import os, signal, time
    from pathlib import Path
    from printroom_step import Array, step

    @step
    def sick(array: Array("uint8"), ails: str = "", note: str = "") -> Array("uint8"):
        if note and not Path(note).exists():
            Path(note).write_text(str(os.getpid()))
        elif note:
            ails = ""
        if ails == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if ails == "sleeps":
            time.sleep(600)
        if ails == "deaf":
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            time.sleep(600)
        if ails == "slow":
            time.sleep(0.3)
        return array
"""
ARRAY = np.arange(100, dtype=np.uint8)


@both
def test_a_run_whose_process_died_goes_to_another(opened, tmp_path):
    step = opened(SICK, policy=Policy(backoff=0, retries=1))
    note = tmp_path / "note"
    result = step.run({"array": ARRAY, "ails": "dies", "note": str(note)})["result"]
    assert np.array_equal(result, ARRAY)
    assert step.pids != [int(note.read_text())]


def test_retries_end(opened):
    step = opened(SICK, policy=Policy(backoff=0, retries=2))
    with pytest.raises(StepLost, match="3 times in a row"):
        step.run({"array": ARRAY, "ails": "dies"})
    assert np.array_equal(step.run({"array": ARRAY})["result"], ARRAY)


def test_restarts_wait_longer_each_time_and_not_after_a_success(opened):
    step = opened(SICK, policy=Policy(backoff=0.4, retries=0))
    started = time.monotonic()
    for _ in range(3):  # pauses of 0, 0.4 and 0.8 seconds
        with pytest.raises(StepLost):
            step.run({"array": ARRAY, "ails": "dies"})
    assert time.monotonic() - started >= 1.2
    step.run({"array": ARRAY})
    assert step._pool._losses == 0


@pytest.mark.slow
def test_nothing_leaks_after_many_kills(opened, open_files, children):
    step = opened(SICK, policy=Policy(backoff=0, retries=0, children=2))
    kept = step.run({"array": ARRAY})["result"]
    gc.collect()
    files, memory = open_files(), psutil.Process().memory_info().rss
    for number in range(KILLS):
        if number % 2:
            os.kill(step.pids[0], signal.SIGKILL)
            with pytest.raises(StepLost):
                step.run({"array": ARRAY})
        else:
            with pytest.raises(StepLost):
                step.run({"array": np.zeros(2**20, np.uint8), "ails": "dies"})
            step.run({"array": ARRAY})
    gc.collect()
    assert np.array_equal(kept, ARRAY)
    assert open_files() <= files
    assert len(children(recursive=True)) == len(step.pids) <= 2
    assert psutil.Process().memory_info().rss < memory + 16 * 2**20
    assert len(step._launcher.arena.numbers) <= 4
    step.close()
    assert children() == []


def test_work_is_done_by_several_processes_and_no_more_than_allowed(opened):
    step = opened(SICK, policy=Policy(children=2))
    with ThreadPoolExecutor(6) as threads:
        runs = [
            threads.submit(step.run, {"array": ARRAY + number, "ails": "slow"})
            for number in range(6)
        ]
        seen = set()
        while not all(run.done() for run in runs):
            seen |= set(step.pids)
            time.sleep(0.01)
    for number, run in enumerate(runs):
        assert np.array_equal(run.result()["result"], ARRAY + number)
    assert len(seen) == 2


def cancelled(step, ails, eventually):
    """Cancel a run that is under way; seconds that it took to end."""
    cancel, started = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(step.run, {"array": ARRAY, "ails": ails}, cancel)
        eventually(lambda: step.pids)
        started.wait(0.3)
        cancel.set()
        since = time.monotonic()
        with pytest.raises(Cancelled):
            run.result()
        return time.monotonic() - since


def test_a_cancelled_run_leaves_its_process_whole(opened, eventually):
    step = opened(SICK)
    step.preflight()
    pids = step.pids
    assert cancelled(step, "sleeps", eventually) < 60
    assert np.array_equal(step.run({"array": ARRAY})["result"], ARRAY)
    assert step.pids == pids


def test_a_process_that_does_not_listen_is_ended(opened, eventually, gone):
    step = opened(SICK, policy=Policy(grace=0.2, backoff=60))
    step.preflight()
    [pid] = step.pids
    assert cancelled(step, "deaf", eventually) < 60
    gone(pid)
    assert np.array_equal(step.run({"array": ARRAY})["result"], ARRAY)


def test_a_process_that_is_still_loading_is_ended(opened, eventually, children):
    step = opened(
        """
        import time
        from pathlib import Path
        from printroom_step import step

        if Path("slow").exists():
            time.sleep(600)

        @step
        def one() -> int:
            return 1
        """,
        policy=Policy(backoff=60),
    )
    slow = step._launcher.source.folder / "slow"
    slow.write_text("")
    cancel = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(step.run, {}, cancel)
        eventually(children)
        cancel.set()
        with pytest.raises(Cancelled):
            run.result()
    assert children() == []
    slow.unlink()
    assert step.run({})["result"] == 1


def test_no_file_left_to_open_is_an_error_and_leaves_nothing(opened, open_files, children):
    step = opened(SICK, policy=Policy(backoff=0, retries=0))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    gc.collect()
    files = open_files()
    highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    for more in range(12):
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + more, before[1]))
        try:
            step.run({"array": ARRAY})
        except StepLost as error:
            assert "cannot be started" in str(error)
        except NeedsMemory:
            pass
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert np.array_equal(step.run({"array": ARRAY})["result"], ARRAY)
    step.close()
    gc.collect()
    assert open_files() == files
    assert children() == []


def test_a_run_that_waits_for_its_turn_can_be_cancelled(opened, eventually):
    step = opened(SICK)
    cancel = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(step.run, {"array": ARRAY, "ails": "sleeps"}, cancel)
        eventually(lambda: step.pids)
        second = threads.submit(step.run, {"array": ARRAY}, cancel)
        cancel.set()
        for run in (first, second):
            with pytest.raises(Cancelled):
                run.result()


def test_closing_ends_what_runs(opened, eventually, gone, children):
    step = opened(SICK, policy=Policy(retries=0))
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(step.run, {"array": ARRAY, "ails": "sleeps"})
        eventually(lambda: step.pids)
        [pid] = step.pids
        time.sleep(0.2)
        step.close()
        with pytest.raises(Cancelled):
            run.result()
    gone(pid)
    assert children() == []


def test_processes_die_with_ours(data, source, gone, tmp_path):
    written = source(SICK)
    note = tmp_path / "pid"
    code = f"""
        import signal, os, threading, time
        from pathlib import Path
        import numpy as np
        from printroom.isolation.environments import EnvironmentSpec
        from printroom.isolation.folder import StepSource
        from printroom.isolation.house import Isolation

        source = StepSource("sick", Path({str(written.file)!r}), EnvironmentSpec(
            {written.environment.python!r}))
        step = Isolation(Path({str(data)!r})).open(source)
        inputs = {{"array": np.zeros(9, np.uint8), "ails": "deaf", "note": {str(note)!r}}}
        threading.Thread(target=step.run, args=[inputs]).start()
        while not Path({str(note)!r}).exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    gone(int(Path(note).read_text()))

"""Steps with graphics cards: what their processes see, who gives way, who waits, who rests."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from printroom.core.errors import Cancelled, EnvironmentFailed, NoCard, Overloaded, StepLost
from printroom.isolation import pool
from printroom.isolation.cards import Card, Place, Slice, here, places
from printroom.isolation.environments import EnvironmentSpec
from printroom.isolation.folder import StepSource
from printroom.isolation.grants import Ask, CardLedger
from printroom.isolation.house import Isolation
from printroom.isolation.policy import Policy

HERE = f"3.{sys.version_info[1]}"
CARDS = (
    Card(0, "Alpha", "GPU-a"),
    Card(1, "Beta", "GPU-b"),
    Card(2, "Gamma", "GPU-c", (Slice("1g.10gb", "MIG-1"),)),
)
TOLD = """
    import os, time
    from pathlib import Path
    from printroom_step import step

    @step
    def told(until: str = "") -> str:
        while until and not Path(until).exists():
            time.sleep(0.01)
        names = "CUDA_VISIBLE_DEVICES", "PRINTROOM_GPU_SHARE", "XLA_PYTHON_CLIENT_MEM_FRACTION"
        return " ".join(os.environ.get(name, "-") or "none" for name in names)
"""
CARELESS = """
    import os
    from printroom_step import step

    @step
    class Careless:
        def __init__(self) -> None:
            self.card = os.environ["CUDA_VISIBLE_DEVICES"].split("GPU-")[1]

        def run(self) -> str:
            return self.card
"""

TORCH = """
    told = []

    class cuda:
        is_available = lambda: True
        device_count = lambda: 2
        set_per_process_memory_fraction = lambda *given: told.append(given)
"""


@pytest.fixture
def ledger(tmp_path):
    return CardLedger(tmp_path / "cards", lambda: CARDS)


@pytest.fixture
def house(data, ledger):
    """Its steps share the cards, and processes rest for ever."""
    return Isolation(data, cards=ledger, idle=0)


@pytest.fixture
def having(house, source):
    """What a step has, its code -> the step; closed after the test."""
    steps = []

    def make(ask, code=TOLD, at=None, **limits):
        policy = Policy(backoff=0, cards=ask, **limits)
        steps.append((at or house).open(source(code, policy=policy)))
        return steps[-1]

    yield make
    for step in steps:
        step.close()


def said(step, **inputs):
    return step.run(inputs)["result"]


@pytest.mark.parametrize(
    ("ask", "seen"),
    [
        (Ask(), "none - -"),
        (Ask(0.25), "GPU-a 0.25 0.25"),
        (Ask(1), "GPU-a 1 0.9"),
        (Ask(2), "GPU-a,GPU-b 1 0.9"),
        (Ask(mig="1g.10gb"), "MIG-1 1 0.9"),
    ],
    ids=str,
)
def test_a_process_sees_what_it_was_given(having, monkeypatch, ask, seen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    assert said(having(ask)) == seen


@pytest.mark.gpu
@pytest.mark.skipif(not any(one.profile == "" for one in places(here())), reason="needs a card")
def test_a_process_sees_a_card_of_this_machine(data, tmp_path, having):
    machine = Isolation(data, cards=CardLedger(tmp_path / "machine"))
    visible, share, _ = said(having(Ask(0.25), at=machine)).split()
    assert visible in {place.uuid for place in places(here())}
    assert share == "0.25"


def test_step_toml_is_acted_on(house, tmp_path):
    (tmp_path / "step.py").write_text(textwrap.dedent(TOLD))
    text = f'name = "told"\nentry = "step.py"\npython = "{HERE}"\n'
    (tmp_path / "step.toml").write_text(f"{text}[resources]\ngpu = 0.5\n[limits]\nidle = 7\n")
    source = StepSource.of(tmp_path)
    assert (source.policy.cards, source.policy.idle) == (Ask(0.5), 7)
    with house.open(source) as step:
        assert said(step) == "GPU-a 0.5 0.5"


def test_a_killed_process_gives_its_card_back(having, ledger, gone):
    step = having(Ask(2), retries=0)
    said(step)
    assert ledger.take(Ask(0.05), "another") is None
    [pid] = step.pids
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    both = ledger.take(Ask(2), "another")
    both.close()
    with pytest.raises(StepLost):
        said(step)
    assert said(step).startswith("GPU-a,GPU-b")


def test_when_we_are_killed_the_cards_of_our_steps_are_free(
    data, tmp_path, source, ledger, eventually
):
    file, note = source(TOLD).file, tmp_path / "note"
    code = f"""
        import os, signal
        from pathlib import Path
        from printroom.isolation.cards import Card
        from printroom.isolation.environments import EnvironmentSpec
        from printroom.isolation.folder import StepSource
        from printroom.isolation.grants import Ask, CardLedger
        from printroom.isolation.house import Isolation
        from printroom.isolation.policy import Policy

        cards = Card(0, "Alpha", "GPU-a"), Card(1, "Beta", "GPU-b")
        ledger = CardLedger(Path({str(tmp_path / "cards")!r}), lambda: cards)
        policy = Policy(cards=Ask(2))
        source = StepSource("told", Path({str(file)!r}), EnvironmentSpec({HERE!r}), policy=policy)
        step = Isolation(Path({str(data)!r}), cards=ledger).open(source)
        assert step.run({{}})["result"].startswith("GPU-a,GPU-b")
        assert ledger.take(Ask(0.05), "us") is None
        Path({str(note)!r}).write_text("had both")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert note.read_text() == "had both"
    taken = []
    eventually(lambda: (grant := ledger.take(Ask(2), "us")) and taken.append(grant) is None)
    taken[0].close()


def test_idle_processes_of_other_steps_give_way(having, gone):
    first, second = having(Ask(2)), having(Ask(1))
    said(first)
    [pid] = first.pids
    assert said(second).startswith("GPU-")
    gone(pid)
    assert first.pids == []


def test_a_process_of_a_step_without_cards_is_left_alone(having):
    plain, first, second = having(Ask()), having(Ask(2)), having(Ask(2))
    said(plain)
    [pid] = plain.pids
    said(first)
    said(second)
    assert plain.pids == [pid]


def test_idle_processes_of_another_house_give_way_to_who_waits(having, data, ledger, eventually):
    other = Isolation(data, cards=ledger, idle=0)
    first, second = having(Ask(2), at=other), having(Ask(2))
    said(first)
    assert said(second).startswith("GPU-a,GPU-b")
    eventually(lambda: first.pids == [])


def test_who_waits_for_a_card_gets_it_when_it_comes_free(having, tmp_path, eventually):
    first, second = having(Ask(2)), having(Ask(0.5))
    with ThreadPoolExecutor(2) as threads:
        busy = threads.submit(said, first, until=str(tmp_path / "over"))
        eventually(lambda: first.pids)
        waits = threads.submit(said, second)
        eventually(lambda: second._pool._seats._cards.wanted)
        assert not waits.done()
        (tmp_path / "over").touch()
        assert busy.result().startswith("GPU-a,GPU-b")
        assert waits.result().startswith("GPU-")


def test_a_run_takes_a_process_that_comes_free_while_it_waits_for_another_card(
    having, tmp_path, eventually
):
    step = having(Ask(2), children=2)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(said, step, until=str(tmp_path / "over"))
        eventually(lambda: step.pids)
        second = threads.submit(said, step)
        eventually(lambda: step._pool._seats._cards.wanted)
        (tmp_path / "over").touch()
        assert first.result() == second.result()
    assert len(step.pids) == 1


def test_waiting_for_a_card_can_be_cancelled(having, ledger, eventually):
    grant = ledger.take(Ask(2), "somebody")
    step, cancel = having(Ask(1)), threading.Event()
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(step.run, {}, cancel)
        eventually(lambda: ledger.wanted)
        cancel.set()
        with pytest.raises(Cancelled):
            run.result()
    grant.close()
    assert not ledger.wanted


def test_waiting_for_a_card_ends(having, ledger, monkeypatch):
    monkeypatch.setattr(pool, "LONGEST", 0.2)
    grant = ledger.take(Ask(2), "somebody")
    step = having(Ask(1))
    with pytest.raises(Overloaded, match=r"step tried waited .* \(gpu = 1\)"):
        said(step)
    grant.close()
    assert said(step).startswith("GPU-")


def test_a_machine_without_cards_refuses_at_once_and_still_knows_the_step(having, data, tmp_path):
    bare = Isolation(data, cards=CardLedger(tmp_path / "none", lambda: ()))
    step = having(Ask(1), CARELESS, at=bare)
    assert list(step.outputs) == ["result"]
    for _ in range(3):
        with pytest.raises(NoCard, match=r"step tried asks for gpu = 1 .*printroom work"):
            said(step)


def test_what_a_start_that_failed_had_is_free_again(having, ledger, open_files):
    step = having(Ask(mig="1g.10gb"), CARELESS)  # it finds no `GPU-` in its variable
    before = open_files()
    with pytest.raises(Exception, match="list index out of range"):
        said(step)
    assert open_files() == before
    ledger.take(Ask(mig="1g.10gb"), "another").close()


def test_torch_is_told_its_share_of_each_card(house, tmp_path):
    (tmp_path / "torch.py").write_text(textwrap.dedent(TORCH))
    (tmp_path / "step.py").write_text(
        "import torch\nfrom printroom_step import step\n"
        "@step\ndef told() -> str:\n    return str(torch.told)\n"
    )
    spec = EnvironmentSpec(HERE)
    for ask, seen in ((Ask(0.25), "[(0.25, 0), (0.25, 1)]"), (Ask(1), "[]"), (Ask(), "[]")):
        source = StepSource(
            "told", tmp_path / "step.py", spec, folder=tmp_path, policy=Policy(cards=ask)
        )
        with house.open(source) as step:
            assert said(step) == seen


def test_processes_end_when_they_have_rested(having, ledger, eventually, gone):
    plain, carded = having(Ask(), idle=0.2), having(Ask(1), idle=0.2)
    said(plain)
    said(carded)
    pids = plain.pids + carded.pids
    for pid in pids:
        gone(pid)
    eventually(lambda: plain.pids == carded.pids == [])
    assert said(plain) == "none - -"
    eventually(lambda: ledger.take_of(Place("GPU-a", ""), 1, "us") is not None)


def test_a_busy_process_does_not_rest(having, tmp_path, eventually):
    step, other = having(Ask(), idle=0.1), having(Ask(), idle=0.1)
    said(other)
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(said, step, until=str(tmp_path / "over"))
        eventually(lambda: step.pids and other.pids == [])
        [pid] = step.pids
        (tmp_path / "over").touch()
        run.result()
    eventually(lambda: step.pids == [])
    assert pid


def test_processes_rest_for_ever_where_no_time_is_set(having):
    assert having(Ask())._pool.due() is None
    step = having(Ask())
    said(step)
    assert step._pool.due() == float("inf")


def test_a_step_of_an_image_runs_with_the_images_own_python(data, tmp_path, source, monkeypatch):
    """The image has a Python of that version on PATH, here one of a venv of its own."""
    made = Isolation(data).environment(EnvironmentSpec(HERE))
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / f"python{HERE}").symlink_to(made.python)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    spec = EnvironmentSpec(HERE, ("no-such-package-anywhere",), image="acme/steps:1")
    inside = Isolation(tmp_path / "data", image="acme/steps:1")
    environment = inside.environment(spec)
    assert environment.python == bin_ / f"python{HERE}"
    assert not (tmp_path / "data" / "environments").exists()
    written = source(
        "import sys\nfrom printroom_step import step\n"
        "@step\ndef where() -> str:\n    return sys.executable\n"
    )
    with inside.open(replace(written, environment=spec)) as step:
        assert Path(said(step)).parent == bin_


def test_elsewhere_a_step_of_an_image_needs_requirements(data):
    for image in (None, "acme/steps:2"):
        house = Isolation(data, image=image)
        with pytest.raises(EnvironmentFailed, match=r"acme/steps:1.*PRINTROOM_IMAGE"):
            house.environment(EnvironmentSpec(HERE, image="acme/steps:1"))
        assert house.environment(EnvironmentSpec(HERE, lock="", image="acme/steps:1")).python


def test_one_thread_looks_after_all_however_often_they_run(having):
    before = set(threading.enumerate())
    step = having(Ask(), idle=60)
    seen = set()
    for _ in range(50):
        said(step)
        seen |= {thread for thread in threading.enumerate() if thread.name == "steps-idle"}
    assert len(seen - before) == 1

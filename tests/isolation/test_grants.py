"""Parts of cards over several processes: never more than there is, and all back when one dies."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from printroom.core.errors import NoCard, Unwritable
from printroom.isolation.cards import Card, Place, Slice, places
from printroom.isolation.grants import NOTHING, UNITS, Ask, CardLedger, chosen, units

TWO = (Card(0, "Alpha", "GPU-a"), Card(1, "Beta", "GPU-b"))
CUT = (
    Card(0, "Gamma", "GPU-c", (Slice("1g.10gb", "MIG-1"), Slice("1g.10gb", "MIG-2"))),
    Card(1, "Delta", "GPU-d", (Slice("3g.40gb", "MIG-3"),)),
)
HOLDER = """
    import sys
    from pathlib import Path
    from printroom.isolation.cards import Card
    from printroom.isolation.grants import Ask, CardLedger

    cards = (Card(0, "Alpha", "GPU-a"), Card(1, "Beta", "GPU-b"))
    ledger = CardLedger(Path(sys.argv[1]), lambda: cards)
    kept = []
    for line in sys.stdin:
        grant = ledger.take(Ask(float(line)), "the holder")
        kept.append(grant)
        print(",".join(grant.uuids) if grant else "none", flush=True)
"""


@pytest.fixture
def ledger(tmp_path):
    return CardLedger(tmp_path / "cards", lambda: TWO)


@pytest.fixture
def holder(tmp_path):
    """Start a process that takes what it is told; killed afterwards."""
    started = []

    def start():
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(HOLDER), str(tmp_path / "cards")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def asked(process, gpu):
    """What the process was given."""
    process.stdin.write(f"{gpu}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def free(ledger, place=Place("GPU-a", "Alpha")):  # noqa: B008
    """How many units of a card can still be had, one by one."""
    grants = []
    while grant := ledger.take_of(place, 1 / UNITS, "the counter"):
        grants.append(grant)
    for grant in grants:
        grant.close()
    return len(grants)


def test_who_asks_for_none_sees_none(ledger, tmp_path):
    assert ledger.take(Ask(), "step one") is NOTHING
    assert NOTHING.variables() == {"CUDA_VISIBLE_DEVICES": ""}
    assert not (tmp_path / "cards").exists()


def test_a_part_comes_from_the_card_with_the_least_left(ledger):
    first = ledger.take(Ask(0.5), "one")
    second = ledger.take(Ask(0.25), "two")
    large = ledger.take(Ask(0.75), "three")
    assert first.uuids == second.uuids != large.uuids
    assert second.share == 0.25
    assert second.variables() == {
        "CUDA_VISIBLE_DEVICES": first.uuids[0],
        "PRINTROOM_GPU_SHARE": "0.25",
        "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.25",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }
    assert ledger.take(Ask(0.5), "four") is None
    assert ledger.take(Ask(1), "five") is None
    for grant in (first, second, large):
        grant.close()
    whole = ledger.take(Ask(2), "six")
    assert whole.uuids == ("GPU-a", "GPU-b")
    assert whole.variables()["PRINTROOM_GPU_SHARE"] == "1"
    whole.close()


def test_slices_are_taken_whole_and_by_profile(tmp_path):
    ledger = CardLedger(tmp_path, lambda: CUT)
    taken = [ledger.take(Ask(mig="1g.10gb"), "one") for _ in range(2)]
    assert {grant.uuids for grant in taken} == {("MIG-1",), ("MIG-2",)}
    assert ledger.take(Ask(mig="1g.10gb"), "two") is None
    with pytest.raises(NoCard, match=r'mig = "7g\.80gb".*MIG-1.*printroom work'):
        ledger.take(Ask(mig="7g.80gb"), "step large")
    with pytest.raises(NoCard, match=r"step whole asks for gpu = 0\.5"):
        ledger.take(Ask(0.5), "step whole")
    for grant in taken:
        grant.close()


def test_a_machine_without_cards_refuses_by_name(tmp_path):
    with pytest.raises(NoCard, match=r"step large asks for gpu = 3 .* has none: .*printroom work"):
        CardLedger(tmp_path, lambda: ()).take(Ask(3), "step large")


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable, match="file"):
        CardLedger(tmp_path / "file", lambda: TWO).take(Ask(1), "one")


def test_processes_share_one_ledger_and_the_dead_have_nothing(ledger, holder):
    first, second = holder(), holder()
    assert asked(first, 0.75) == "GPU-a"
    assert asked(second, 0.5) == "GPU-b"
    assert asked(first, 0.5) == "GPU-b"
    assert asked(second, 0.5) == "none"
    assert ledger.take(Ask(0.5), "us") is None
    assert ledger.holders(Place("GPU-b", "Beta")) == ["the holder"]
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert free(ledger) == UNITS
    assert asked(second, 1) == "GPU-a"
    second.kill()
    second.wait()
    both = ledger.take(Ask(2), "us")
    assert both.uuids == ("GPU-a", "GPU-b")
    both.close()


def test_many_that_ask_at_once_never_get_more_than_there_is(ledger, holder):
    processes = [holder() for _ in range(4)]
    for process in processes:
        process.stdin.write("0.35\n" * 3)
        process.stdin.flush()
    answers = [process.stdout.readline().strip() for process in processes for _ in range(3)]
    assert sorted(answers) == ["GPU-a"] * 2 + ["GPU-b"] * 2 + ["none"] * 8


def test_a_grant_lasts_as_long_as_the_process_it_was_for(ledger):
    grant = ledger.take(Ask(1), "one")
    child = subprocess.Popen(["sleep", "600"], pass_fds=grant.files)
    grant.close()
    assert free(ledger) == 0
    child.kill()
    child.wait()
    assert free(ledger) == UNITS


def test_somebody_who_waits_is_seen_by_others_until_the_end(ledger, tmp_path):
    assert not ledger.wanted
    code = f"""
        import os, sys
        from pathlib import Path
        from printroom.isolation.grants import CardLedger
        with CardLedger(Path({str(tmp_path / "cards")!r})).waiting():
            print(flush=True)
            sys.stdin.read()
    """
    waiter = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    waiter.stdout.readline()
    assert ledger.wanted
    os.kill(waiter.pid, signal.SIGKILL)
    waiter.communicate()
    assert not ledger.wanted


def test_no_file_is_left_open(ledger, open_files):
    before = open_files()
    grant = ledger.take(Ask(1), "one")
    assert open_files() == before + UNITS
    assert ledger.take(Ask(2), "two") is None
    ledger.holders(Place("GPU-a", "Alpha"))
    assert not ledger.wanted
    grant.close()
    assert open_files() == before


@given(st.dictionaries(st.integers(0, 5), st.integers(0, UNITS)), st.floats(0.01, 1))
def test_the_best_fit_is_the_one_with_the_least_left(left, gpu):
    free = {Place(str(number), ""): count for number, count in left.items()}
    found = chosen(free, gpu)
    able = [count for count in left.values() if count >= units(gpu)]
    assert (found is None) == (not able)
    if found is not None:
        assert [free[place] for place in found] == [min(able)]


@given(st.floats(1e-9, 1))
def test_units_are_rounded_up(share):
    assert units(share) - 1 <= share * UNITS <= units(share) + 1e-6


class Machine(RuleBasedStateMachine):
    """Grants come and go: what is free is what nobody has."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.ledger = CardLedger(Path(self.folder.name), lambda: (*TWO, *CUT))
        self.grants = []

    @rule(gpu=st.floats(0.01, 1) | st.sampled_from([1.0, 2.0]), who=st.text(max_size=300))
    def take(self, gpu, who):
        before = {place: self.free(place) for place in places(TWO)}
        grant = self.ledger.take(Ask(gpu), who)
        assert (grant is None) == (chosen(before, gpu) is None)
        if grant is not None:
            assert len(grant.uuids) == max(1, gpu)
            self.grants.append((grant, units(min(gpu, 1.0))))

    @rule()
    def cut(self):
        grant = self.ledger.take(Ask(mig="3g.40gb"), "one")
        assert (grant is None) == any(one.uuids == ("MIG-3",) for one, _ in self.grants)
        if grant is not None:
            self.grants.append((grant, UNITS))

    @rule(data=st.data())
    def give_back(self, data):
        if self.grants:
            number = data.draw(st.integers(0, len(self.grants) - 1))
            self.grants.pop(number)[0].close()

    @invariant()
    def nothing_is_given_twice(self):
        for place in places(TWO):
            assert free(self.ledger, place) == self.free(place) >= 0

    def free(self, place):
        return UNITS - sum(count for one, count in self.grants if place.uuid in one.uuids)

    def teardown(self):
        for grant, _ in self.grants:
            grant.close()
        self.folder.cleanup()


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)

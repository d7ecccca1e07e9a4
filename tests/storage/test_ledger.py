"""Each version of each object is done once, whatever is cut short where."""

import hashlib
import subprocess
import sys

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from printroom.core.errors import BadOption, PrintroomError, Unwritable
from printroom.storage.disk import DiskStore
from printroom.storage.flows import Flow, Place
from printroom.storage.keys import Key, Prefix
from printroom.storage.ledger import DONE, FlowLedger, Intent, Work
from printroom.storage.memory import MemoryStore

KEYS = [f"in/{name}" for name in ("a.png", "b.png", "deep/c.png")]


class Killed(PrintroomError):
    """The process ended here."""


class Frail(MemoryStore):
    """A store whose user dies before or after what it writes arrives."""

    dies = None
    puts = 0

    def _put(self, key, source, when):
        if self.dies == "before":
            raise Killed("before")
        stat = super()._put(key, source, when)
        self.puts += 1
        if self.dies == "after":
            raise Killed("after")
        return stat


class Flowing(RuleBasedStateMachine):
    """Objects come and change; workers come, do some, and die at any point."""

    @initialize(folder=st.uuids())
    def begin(self, folder):
        import tempfile
        from pathlib import Path

        self.folder = Path(tempfile.mkdtemp())
        self.source, self.target = MemoryStore(), Frail()
        self.wanted, self.put_of = {}, {}
        self.ledger = FlowLedger(self.folder / "results.db")

    def teardown(self):
        import shutil

        if hasattr(self, "ledger"):
            self.ledger.close()
            shutil.rmtree(self.folder)

    def flow(self, options="x"):
        return Flow(
            Place(self.source, Prefix("in"), "in/"),
            Place(self.target, Prefix("out"), "out/"),
            self.ledger,
            options,
            deep=True,
        )

    @rule(key=st.sampled_from(KEYS), content=st.integers(0, 2))
    def lands(self, key, content):
        self.source.put(key, f"{content}".encode())

    @rule(
        most=st.integers(0, 3), dies=st.sampled_from([None, None, "before", "after", "meanwhile"])
    )
    def works(self, most, dies):
        flow = self.flow()
        for number, stat in enumerate(list(flow.found())):
            last = number == most
            try:
                claim = flow.claim(stat, (".png",), resume=False, overwrite=False)
                result = self.folder / "result"
                result.write_bytes(b"".join(flow.pieces(stat)) + stat.etag.encode())
                if last and dies == "meanwhile":
                    return
                self.target.dies = dies if last else None
                version = (stat.key, stat.etag)
                before = self.target.puts
                try:
                    flow.finish(stat, claim, result)
                finally:
                    self.target.dies = None
                    done = self.target.puts - before
                    self.put_of[version] = self.put_of.get(version, 0) + done
            except Killed:
                return
            if last:
                return

    @invariant()
    def no_version_was_put_twice(self):
        assert all(count <= 1 for count in getattr(self, "put_of", {}).values())

    @rule()
    def everything_is_done_in_the_end(self):
        self.works(100, None)
        assert list(self.flow().found()) == []
        for stat in self.source.list("in"):
            made = self.target.read(f"out/{stat.key.removeprefix('in/')}")
            assert made == self.source.read(stat.key) + stat.etag.encode()


TestFlowing = Flowing.TestCase
TestFlowing.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


@pytest.fixture
def ledger(tmp_path):
    made = FlowLedger(tmp_path / "results.db")
    yield made
    made.close()


def flow_of(ledger, source, target, options="x", **more):
    return Flow(
        Place(source, Prefix(), "store://in/"), Place(target, Prefix(), "store://out/"), ledger,
        options, **more,
    )  # fmt: skip


def do(flow, **wishes):
    """Do all that is to be done; the names of it."""
    names = []
    for stat in flow.found():
        claim = flow.claim(
            stat, (".jpg", ".jpeg"), **{"resume": False, "overwrite": False} | wishes
        )
        names.append((str(stat.key), str(claim.target), claim.there))
        if not claim.there:
            path = __import__("pathlib").Path(ledger_file(flow)).with_name("made")
            path.write_bytes(b"made of " + b"".join(flow.pieces(stat)))
            flow.finish(stat, claim, path)
    return names


def ledger_file(flow):
    return flow._ledger._path


def test_names_are_kept_and_end_as_the_format_has_it(ledger):
    source, target = MemoryStore(), MemoryStore()
    for key in ("a.jpg", "b.JPEG", "c.png", "c.jpg"):
        source.put(key, key.encode())
    names = sorted(do(flow_of(ledger, source, target)))
    assert [name[1] for name in names] == ["a.jpg", "b.JPEG", "c.jpg", "c.png.jpg"]
    assert target.read("c.png.jpg") == b"made of c.png"


def test_two_pictures_never_become_one(ledger):
    source, target = MemoryStore(), MemoryStore()
    source.put("c.png", b"1")
    do(flow_of(ledger, source, target))
    source.put("c.png.jpg", b"2")
    with pytest.raises(Unwritable, match="already the result"):
        do(flow_of(ledger, source, target))
    assert target.read("c.png.jpg") == b"made of 1"


def test_what_others_put_there_is_in_the_way(ledger):
    source, target = MemoryStore(), MemoryStore()
    target.put("a.jpg", b"theirs")
    source.put("a.jpg", b"1")
    with pytest.raises(Unwritable, match="exists"):
        do(flow_of(ledger, source, target))
    with pytest.raises(Unwritable, match="exists"):  # it is older than the picture
        do(flow_of(ledger, source, target), resume=True)
    target.put("a.jpg", b"newer")
    assert do(flow_of(ledger, source, target), resume=True) == [("a.jpg", "a.jpg", True)]
    assert do(flow_of(ledger, source, target)) == []
    source.put("b.jpg", b"2")
    target.put("b.jpg", b"theirs")
    do(flow_of(ledger, source, target), overwrite=True)
    assert target.read("b.jpg") == b"made of 2"


def test_a_new_version_and_new_options_are_done_anew(ledger):
    source, target = MemoryStore(), MemoryStore()
    source.put("a.jpg", b"1")
    assert len(do(flow_of(ledger, source, target))) == 1
    source.put("a.jpg", b"2")
    assert len(do(flow_of(ledger, source, target))) == 1
    assert target.read("a.jpg") == b"made of 2"
    assert len(do(flow_of(ledger, source, target, "y"))) == 1
    assert len(do(flow_of(ledger, source, target, "x"))) == 1  # what is there is of other options
    assert do(flow_of(ledger, source, target, "x")) == []


def test_places_that_overlap_are_refused(ledger, tmp_path):
    store = DiskStore(tmp_path / "store")
    for here, there in (("", ""), ("a", "a/b"), ("a/b", "a"), ("", "a")):
        with pytest.raises(BadOption, match="overlap"):
            Flow(
                Place(store, Prefix(here), "in"), Place(DiskStore(tmp_path / "store"),
                Prefix(there), "out"), ledger, "x",
            )  # fmt: skip
    Flow(Place(store, Prefix("a"), "in"), Place(store, Prefix("ab"), "out"), ledger, "x")
    store.put("a.jpg", b"1")
    only = Flow(Place(store, Prefix(), "in/"), Place(store, Prefix(), "out/"), ledger, "x",
                only=Key("a.jpg"))  # fmt: skip
    with pytest.raises(Unwritable, match="itself"):
        do(only, overwrite=True)


def test_one_process_at_a_time_does_a_flow(ledger, tmp_path):
    source, target = DiskStore(tmp_path / "in"), DiskStore(tmp_path / "out")
    flow = flow_of(ledger, source, target)
    code = (
        "import sys; from pathlib import Path; from printroom.storage.ledger import FlowLedger\n"
        "with FlowLedger(Path(sys.argv[1])).alone(sys.argv[2]): print('alone')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "results.db"), flow._id]
    with flow.alone():
        other = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "BadOption" in other.stderr
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "alone\n"


def test_what_was_entered_outlasts_a_kill(tmp_path):
    code = (
        "import os, sys; from pathlib import Path\n"
        "from printroom.storage.ledger import *\n"
        "ledger = FlowLedger(Path(sys.argv[1]))\n"
        "ledger.intend(Work('f', 'a', '1', 'x'), Intent('t', 3, 'd'))\n"
        "ledger.done(Work('f', 'b', '1', 'x'), Intent('t2', 3, 'd'))\n"
        "os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "results.db"
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    ledger = FlowLedger(path)
    assert ledger.standing(Work("f", "a", "1", "x")) == Intent("t", 3, "d")
    assert ledger.standing(Work("f", "b", "1", "x")) == DONE
    assert ledger.standing(Work("f", "b", "2", "x")) is None
    assert ledger.owner("f", "t") == "a"
    ledger.close()


def test_a_file_that_is_no_ledger_is_told(tmp_path):
    (tmp_path / "results.db").write_bytes(b"no database" * 1000)
    with pytest.raises(Unwritable, match=r"results\.db"):
        FlowLedger(tmp_path / "results.db")


def test_the_digest_of_a_result_is_that_of_its_bytes(ledger):
    source, target = MemoryStore(), MemoryStore()
    source.put("a.jpg", b"1")
    flow = flow_of(ledger, source, target)
    do(flow)
    rows = ledger._run("SELECT target, size, digest FROM results", ())
    expected = hashlib.sha256(b"made of 1").hexdigest()
    assert rows == [("a.jpg", 9, expected)]
